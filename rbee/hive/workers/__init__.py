"""Workers of this machine: which kinds it can run (`catalog`), and those that run (`supervisor`).

Phases 8 to 10.
"""
