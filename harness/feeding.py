"""Feature files for several behave processes, each of which asks for one when it has done the last.

``--runner harness.feeding:FedRunner`` makes a behave process say on stdout that it is hungry and
read the next location from the descriptor that `VARIABLE` names; the end of it is the end of the
run. The other end is `harness.run`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

from behave.model import Feature
from behave.parser import ParserError
from behave.runner import Runner
from behave.runner_util import FileLocationParser, parse_features

#: Variable that holds the number of the descriptor.
VARIABLE = "HARNESS_FEATURES"
#: The line by which a behave process asks, among its other output.
HUNGRY = "feature wanted"


class FedRunner(Runner):  # type: ignore[misc]
    """behave's runner, for which the paths of the command line are only where to find the steps."""

    def feature_locations(self) -> list[Any]:
        """None at the start: they come one by one."""
        return []

    def run_model(self, features: Any = None) -> bool:
        """Runs what comes. True when anything failed."""
        failed: bool = super().run_model(self._arriving())
        return failed

    def _arriving(self) -> Iterator[Feature]:
        with open(int(os.environ[VARIABLE]), encoding="utf-8") as descriptor:
            while location := self._next(descriptor):
                try:
                    yield from parse_features([FileLocationParser.parse(location)])
                except (ParserError, OSError):
                    # The runner reads every file itself, and counts one that cannot be read.
                    continue

    def _next(self, descriptor: Any) -> str:
        print(HUNGRY, file=sys.__stdout__, flush=True)
        return str(descriptor.readline()).rstrip("\n")
