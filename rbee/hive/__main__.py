"""``rbee-hive``: started by a queen, here or over SSH, or by hand.

Phase 3.2. Once what both need is imported it forks a spare worker, which then imports its engine
while the hive imports the rest and gets ready.
"""

# ruff: noqa: E402 -- what is imported next is not to come from the current folder
from rbee.process.folder import forget_the_folder

forget_the_folder(__name__)

import importlib
import signal
import sys


def main() -> None:
    """Orders on stdin when a queen started this process, else a command or flags."""
    if sys.argv[1:2] == ["--ready-fd"]:
        _as_child(int(sys.argv[2]), sys.argv[3:])
    elif sys.argv[1:] in (["wake"], ["end"]):
        from rbee.hive import over_ssh

        getattr(over_ssh, sys.argv[1])()
    else:
        from rbee.hive.cli import hive

        hive()


def _as_child(ready_fd: int, wanted: list[str]) -> None:
    """`wanted`: ``--worker ENGINE`` where one with that engine will be."""
    from rbee.process.imports import quick_imports

    with quick_imports():
        import asyncio

        from rbee.hive.workers.kinds import Spare
        from rbee.process.child import Child
        from rbee.process.home import Home
        from rbee.process.lifeline import Lifeline, die_with_parent
        from rbee.wire.messages.orders import HiveOrders
        from rbee.wire.messages.workers import StartWorker, WorkerReport

        importlib.import_module("rbee.http.server")  # what a worker begins with, too

    die_with_parent(signal.SIGKILL)
    home = Home.of_environment()
    spare = Spare(home, wanted[1], Child.fork) if wanted[:1] == ["--worker"] else None
    with quick_imports():
        from rbee.hive.daemon import Catalogs, live

    lifeline = Lifeline(ready_fd)
    settings = lifeline.or_say_why(home.settings)
    catalogs = lifeline.or_say_why(lambda: Catalogs.open(home, settings))
    orders = lifeline.orders(HiveOrders, StartWorker, WorkerReport)
    if orders.on_lease:
        die_with_parent(None)
    asyncio.run(live(orders, home, settings, catalogs, lifeline, spare))


if __name__ == "__main__":
    main()
