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
        _as_child(int(sys.argv[2]), "--spare" in sys.argv[3:])
    else:
        from rbee.hive.cli import hive

        hive()


def _as_child(ready_fd: int, with_spare: bool) -> None:
    from rbee.hive.workers.spare import Spare
    from rbee.process.home import Home
    from rbee.process.lifeline import Lifeline, die_with_parent
    from rbee.wire.errors import RbeeError

    die_with_parent(signal.SIGKILL)
    lifeline = Lifeline(ready_fd)
    try:
        home = Home.open()
        settings = home.settings()
    except RbeeError as error:
        lifeline.failed(error.body())
        sys.exit(1)
    spare = Spare(home, settings.engine) if with_spare else None

    from rbee.hive.daemon import run
    from rbee.wire.messages import HiveOrders

    run(lifeline.orders(HiveOrders), home, settings, lifeline, spare)


if __name__ == "__main__":
    main()
