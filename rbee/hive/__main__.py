"""``rbee-hive``: started by a queen, or by hand on a machine that is to be a hive.

Phase 3.2. Before its own imports it starts a spare worker, which then imports its engine beside
them.
"""

from __future__ import annotations

import signal
import sys


def main() -> None:
    """Orders on stdin when a queen started this process, else flags."""
    if sys.argv[1:2] == ["--ready-fd"]:
        _as_child(int(sys.argv[2]), sys.argv[3:])
    else:
        from rbee.hive.cli import hive

        hive()


def _as_child(ready_fd: int, spare_options: list[str]) -> None:
    """`spare_options`: ``--spare ENGINE`` where a worker with that engine will be wanted."""
    from rbee.hive.workers.spare import Spare
    from rbee.process.home import Home

    home = Home.of_environment()
    spare = Spare(home, spare_options[1]) if spare_options else None

    from rbee.process.imports import quick_imports

    with quick_imports():
        from rbee.hive.daemon import run
        from rbee.process.lifeline import Lifeline, die_with_parent
        from rbee.wire.messages import HiveOrders

    die_with_parent(signal.SIGKILL)
    lifeline = Lifeline(ready_fd)
    settings = lifeline.or_say_why(home.settings)
    run(lifeline.orders(HiveOrders), home, settings, lifeline, spare)


if __name__ == "__main__":
    main()
