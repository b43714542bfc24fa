"""Chaos: the swarm under load, and at a random moment somebody in it is struck.

`plan` draws a round from a seed, `load` and `relay` are what runs in it, `campaign` carries it out,
`disk` looks at what is left. ``python -m harness.chaos --seed S --rounds N``.
"""
