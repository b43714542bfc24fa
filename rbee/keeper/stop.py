"""``rbee-keeper stop``: one worker less."""

from __future__ import annotations

from rbee.keeper.awake import find_queen
from rbee.keeper.queen_target import QueenTarget
from rbee.keeper.screen import Screen
from rbee.wire import narration
from rbee.wire.errors import RbeeError, no_such
from rbee.wire.messages.basics import Named
from rbee.wire.messages.workers import STOP_WORKER, WORKERS


def stop(screen: Screen, where: QueenTarget, name: str) -> None:
    """Ends the worker with this id, or the one whose id begins so, and waits until it is gone.

    Raises `worker_not_found` where none or several do.
    """
    client = find_queen(where)
    workers = client.call(WORKERS).workers
    worker_id = _meant(name, [worker.worker_id for worker in workers])
    client.call(STOP_WORKER, Named(id=worker_id), patience=2 * where.settings.stop_total)
    screen.say(narration.WORKER_STOPPED, worker_id=worker_id)


def _meant(name: str, known: list[str]) -> str:
    if name in known:
        return name
    begin_so = [worker_id for worker_id in known if worker_id.startswith(name)]
    if len(begin_so) == 1:
        return begin_so[0]
    if begin_so:
        raise RbeeError(
            "worker_not_found",
            f"{len(begin_so)} workers begin with {name!r}",
            f"type more of it: {', '.join(sorted(begin_so))}",
        )
    raise no_such("worker", name, known, "rbee-keeper ps lists the workers")
