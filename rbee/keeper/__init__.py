"""The keeper: what a person types.

Phases 0 to 2 and 12. It finds the queen or wakes her, hands in the job, shows narration on stderr
and tokens on stdout, and puts to sleep what it woke. It blocks and imports little: its start is
part of every cold run.
"""
