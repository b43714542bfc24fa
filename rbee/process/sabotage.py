"""Faults on purpose, so that the specification can show it would notice them.

``RBEE_SABOTAGE=worker:drop-token`` makes the worker lose a token. Each fault is asked about at
the one place where the behaviour lives.
"""

from __future__ import annotations

import os

_FAULT = os.environ.get("RBEE_SABOTAGE")


def sabotaged(fault: str) -> bool:
    """Whether this run is meant to have `fault`, written ``<role>:<what is wrong>``."""
    return fault == _FAULT
