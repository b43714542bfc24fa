"""What a test needs and the product does not.

A scenario gets one `rig.cluster.Cluster`: its own home, environment and ports, on which it runs the
real programs. Around it stand the guards that make a green run worth believing: `rig.census` (no
process, no held port is left), `rig.logs` (no traceback, no secret), `rig.loop_guard` (no lost
coroutine) and `speclint` (no feature that checks nothing). `run` runs the suite in several
processes and `faults` shows that it can turn red.

`decisions` asks the product in this process, `scenes` is what scenarios do to real programs and see
of them, `programs` are clients of others.
"""
