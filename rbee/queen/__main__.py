"""``queen-rbee``: started by a keeper, or by hand.

Phase 1.2. With her imports done she forks a spare hive, which forks a spare worker: what a cold
run will need is there before anybody asks for it, and most of it is imported once.
"""

# ruff: noqa: E402 -- what is imported next is not to come from the current folder
from rbee.process.folder import forget_the_folder

forget_the_folder(__name__)

import sys


def main() -> None:
    """Orders on stdin when a keeper started this process, else flags."""
    if sys.argv[1:2] == ["--ready-fd"]:
        _as_child(int(sys.argv[2]), sys.argv[3:])
    else:
        from rbee.queen.cli import queen

        queen()


def _as_child(ready_fd: int, wanted: list[str]) -> None:
    """`wanted`: ``--hive`` where one will be, and what will be wanted of that."""
    from rbee.process.imports import quick_imports

    with quick_imports():
        import asyncio

        from rbee.process.child import Child
        from rbee.process.home import Home
        from rbee.process.lifeline import Lifeline
        from rbee.queen.daemon import live
        from rbee.wire.messages.orders import QueenOrders

    home = Home.of_environment()
    spare = None
    if wanted[:1] == ["--hive"]:
        spare = Child.fork("hive", home.log("hive", "localhost"), *wanted[1:])
    lifeline = Lifeline(ready_fd)
    settings = lifeline.or_say_why(home.settings)
    orders = lifeline.orders(QueenOrders)
    asyncio.run(live(orders, home, settings, lifeline, spare))


if __name__ == "__main__":
    main()
