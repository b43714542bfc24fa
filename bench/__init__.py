"""Measurements of rbee, each a ratio against something outside the project, in one run.

``python -m bench`` prints a table and writes ``bench/results/latest.json``. It measures and does
not judge: a missed target is marked and the exit status stays 0, while a run that fails ends it
with 1. Everything it starts has a RBEE_HOME of its own in a temporary folder, on free ports.
"""
