"""``queen-rbee``: started by a keeper, or by hand.

Phase 1.2. Once what they all need is imported she forks a spare hive, which forks a spare worker:
what a cold run will need is there before anybody asks for it, most of it is imported once, and the
rest by the three of them at the same time.
"""

# ruff: noqa: E402 -- what is imported next is not to come from the current folder
from rbee.process.folder import forget_the_folder

forget_the_folder(__name__)

import importlib
import sys

#: What a hive imports as well, and these what else they share.
_SHARED = (
    *("rbee.http.client", "rbee.http.server", "rbee.process.database", "rbee.process.supervise"),
    *("rbee.wire.messages.hives", "rbee.wire.messages.orders"),
)


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

        for name in _SHARED:
            importlib.import_module(name)

    home = Home.of_environment()
    spare = None
    if wanted[:1] == ["--hive"]:
        spare = Child.fork("hive", home.log("hive", "localhost"), *wanted[1:])
    with quick_imports():
        from rbee.queen.daemon import live
        from rbee.wire.messages.orders import QueenOrders

    lifeline = Lifeline(ready_fd)
    settings = lifeline.or_say_why(home.settings)
    orders = lifeline.orders(QueenOrders)
    asyncio.run(live(orders, home, settings, lifeline, spare))


if __name__ == "__main__":
    main()
