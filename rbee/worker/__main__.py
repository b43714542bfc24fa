"""``llm-worker-rbee``: started by a hive, never by a person.

Phase 9.2. The engine is imported and asked what it finds on this machine before the orders
come, so that a hive can keep a spare worker that only waits for its model.
"""

# ruff: noqa: E402 -- what is imported next is not to come from the current folder
from rbee.process.folder import forget_the_folder

forget_the_folder(__name__)

import signal
import sys
import tempfile

from rbee.process.imports import quick_imports
from rbee.process.lifeline import Lifeline, die_with_parent
from rbee.worker.confined import first_to_go

_USAGE = """\
Usage: llm-worker-rbee --ready-fd N --engine NAME [--side]

A worker holds one model, or computes a part of one on another machine. A hive starts it
and gives it its orders on stdin; to run a model yourself, type: rbee-keeper infer "hello"
"""


def main() -> None:
    """Imports the engine, reports what it can do, waits for orders, serves."""
    arguments = sys.argv[1:]
    is_side = arguments[4:] == ["--side"]
    fits = arguments[:1] == ["--ready-fd"] and arguments[2:3] == ["--engine"]
    if not fits or len(arguments) != 4 + is_side:
        asked = arguments in (["--help"], ["-h"])
        print(_USAGE, end="", file=sys.stdout if asked else sys.stderr)
        sys.exit(0 if asked else 2)
    die_with_parent(signal.SIGKILL)
    first_to_go()
    lifeline = Lifeline(int(arguments[1]))
    if is_side:
        from rbee.worker.side import compute

        compute(lifeline, arguments[3])
        return
    with quick_imports():
        import asyncio

        from rbee.process import own_folder
        from rbee.wire.messages.inference import InferRequest
        from rbee.wire.messages.orders import WorkerOrders
        from rbee.worker.engines import engine_called

        engine = lifeline.or_say_why(lambda: engine_called(arguments[3]))
        facts = lifeline.or_say_why(engine.facts)
        lifeline.facts(facts)

        from rbee.worker.daemon import WorkerDaemon
        from rbee.worker.trial import Trial

    tempfile.gettempdir()  # Python finds out where by writing a file: now, while nobody waits
    orders = lifeline.orders(WorkerOrders, InferRequest)
    if orders.streams and engine.remote is not None:
        lifeline.or_say_why(engine.remote.load)  # now: once it is confined it may read no library
    # While there is no second thread: this process may be copied for it.
    folder = own_folder.make("worker")
    trial = Trial.begin(orders, engine, facts, folder)
    asyncio.run(WorkerDaemon(orders, lifeline, engine, trial, folder).live())


if __name__ == "__main__":
    main()
