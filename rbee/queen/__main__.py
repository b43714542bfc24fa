"""``queen-rbee``: started by a keeper, or by hand.

Phase 1.2. Before her own imports she starts a spare hive, which starts a spare worker: what a
cold run will need loads side by side.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Orders on stdin when a keeper started this process, else flags."""
    if sys.argv[1:2] == ["--ready-fd"]:
        _as_child(int(sys.argv[2]), sys.argv[3:])
    else:
        from rbee.queen.cli import queen

        queen()


def _as_child(ready_fd: int, spare_options: list[str]) -> None:
    """`spare_options`: ``--spare ENGINE`` where a hive will be wanted, handed on to it."""
    from rbee.process.child import Child
    from rbee.process.home import Home

    home = Home.of_environment()
    spare = None
    if spare_options:
        spare = Child.start("hive", home.log("hive", "localhost"), *spare_options)

    from rbee.process.imports import quick_imports

    with quick_imports():
        from rbee.process.lifeline import Lifeline
        from rbee.queen.daemon import run
        from rbee.wire.messages import QueenOrders

    lifeline = Lifeline(ready_fd)
    settings = lifeline.or_say_why(home.settings)
    run(lifeline.orders(QueenOrders), home, settings, lifeline, spare)


if __name__ == "__main__":
    main()
