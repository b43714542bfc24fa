"""``queen-rbee``: started by a keeper, or by hand.

Phase 1.2. Before her own imports she starts a spare hive, which starts a spare worker: what a
cold run will need loads side by side.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Orders on stdin when a keeper started this process, else flags."""
    if sys.argv[1:2] == ["--ready-fd"]:
        _as_child(int(sys.argv[2]), "--spare" in sys.argv[3:])
    else:
        from rbee.queen.cli import queen

        queen()


def _as_child(ready_fd: int, with_spare: bool) -> None:
    from rbee.process.child import Child
    from rbee.process.home import Home
    from rbee.process.lifeline import Lifeline
    from rbee.wire.errors import RbeeError

    lifeline = Lifeline(ready_fd)
    try:
        home = Home.open()
        settings = home.settings()
    except RbeeError as error:
        lifeline.failed(error.body())
        sys.exit(1)
    spare = Child.start("hive", home.log("hive", "localhost"), "--spare") if with_spare else None

    from rbee.queen.daemon import run
    from rbee.wire.messages import QueenOrders

    run(lifeline.orders(QueenOrders), home, settings, lifeline, spare)


if __name__ == "__main__":
    main()
