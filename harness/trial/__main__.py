"""``python -m harness.trial [ROOM...]``: tries each trick of the rooms, or of all, and tells of it.

As root alone: only who is root can become another user, and make machines. Prints a row for each
trick, and in the end how many held; the status is 1 when one did not.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence

from harness.rig import census, lending
from harness.rig.ports import PortSlice
from harness.trial import (
    hive,
    hub,
    impostor,
    key_holder,
    lan,
    neighbour,
    shell,
    stranger,
    terminal,
    worker,
)
from harness.trial.stage import Stage, staged
from harness.trial.tricks import TrickOutcome

_ON_A_WARM_SWARM: dict[str, Callable[[Stage], list[TrickOutcome]]] = {
    "neighbour": neighbour.play,
    "stranger": stranger.play,
    "key_holder": key_holder.play,
    "terminal": terminal.play,
}
_APART: dict[str, Callable[[Stage], list[TrickOutcome]]] = {
    "impostor": impostor.play,
    "worker": worker.play,
    "hive": hive.play,
    "shell": shell.play,
    "lan": lan.play,
    "hub": hub.play,
}
ROOMS = {**_ON_A_WARM_SWARM, **_APART}


def main(arguments: Sequence[str]) -> int:
    """Carries the trial out and returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m harness.trial", description=__doc__)
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=f"of {', '.join(ROOMS)}")
    chosen = parser.parse_args(list(arguments)).rooms or list(ROOMS)
    if unknown := set(chosen) - set(ROOMS):
        parser.error(f"no room is called {', '.join(sorted(unknown))}")
    if os.name != "posix" or os.geteuid() != 0:
        print("not tried: only root can become another user of the machine", file=sys.stderr)
        return 2
    census.adopt_orphans()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    began, outcomes = time.monotonic(), list[TrickOutcome]()
    ports = PortSlice()
    for room in chosen:
        print(f"\n{room}", flush=True)
        with staged(ports) as stage:
            if room in _ON_A_WARM_SWARM:
                stage.warm()
            outcomes += ROOMS[room](stage)
    ports.close()
    lending.end()
    failed = [each for each in outcomes if not each.held]
    took = time.monotonic() - began
    print(f"\n{len(outcomes)} tricks in {took:.0f} s, {len(failed)} not held")
    print("\n".join(each.told for each in failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
