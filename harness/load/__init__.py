"""Load: many programs call the queen at the same time, and a tenth of them hang up.

`plan` draws what each asks for from a seed, `callers` ask and read, `held` counts what the daemons
hold, `run` carries it out and looks at what came of it.
``python -m harness.load --streams 64 --seconds 60 --seed S``.
"""
