"""How much context a request has: what the worker and the queen decide, on paper."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from harness.decisions.side_by_side import beat, hive_with
from rbee.queen.context import guessed, is_too_long, wanted
from rbee.queen.scheduler import takes_one, warm_worker
from rbee.wire.errors import RbeeError
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.messages.workers import WorkerState
from rbee.worker.cells import Cells, Reservation
from rbee.worker.inference import need_of

_MODEL = "HF:author/minillama"


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


class SharedContext:
    """A context that requests share, which come, grow and end by their names."""

    def __init__(self, total: int) -> None:
        self._cells = Cells(total)
        self._ends: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._holds: dict[str, Reservation] = {}
        self._cut: set[str] = set()

    async def happens(self, what: str) -> dict[str, str]:
        """Where each is after ``1 takes 60; 2 takes 40; 1 fills 50 of 90; 2 is cancelled``."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._end_all)
            for each in what.split("; "):
                name, does, *rest = each.split()
                self._do(name, does, rest)
                for _ in range(4):
                    await asyncio.sleep(0)
            return {name: self._stands(name) for name in self._tasks}

    def _do(self, name: str, does: str, rest: list[str]) -> None:
        if does == "takes":
            self._ends[name] = asyncio.Event()
            self._tasks[name] = asyncio.ensure_future(self._hold(name, int(rest[0])))
        elif does == "fills":
            filled, most = int(rest[0]), int(rest[2])
            if not self._holds[name].lasts(filled, most):
                self._cut.add(name)
        elif does == "ends":
            self._ends[name].set()
        else:
            self._tasks[name].cancel()

    async def _hold(self, name: str, count: int) -> None:
        async with self._cells.held(count, lambda: None) as hold:
            self._holds[name] = hold
            await self._ends[name].wait()

    def _stands(self, name: str) -> str:
        if name in self._cut:
            return "is cut"
        if self._tasks[name].done():
            return "is over"
        return f"holds {self._holds[name].size}" if name in self._holds else "waits"

    async def _end_all(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


def shared(total: int, what: str) -> dict[str, str]:
    """Where each request stands that shares a context of so many tokens."""
    return asyncio.run(SharedContext(total).happens(what))


def held(tokens: int, max_tokens: str, most: int, share: int) -> str:
    """What a request holds before it begins, and how far it may grow."""
    need = need_of(tokens, _number(max_tokens), most, share)
    return f"{need.cells}, up to {need.most}" if need.most else str(need.cells)


def refused(tokens: int, max_tokens: str, context: str) -> tuple[JobRequest, RbeeError]:
    """A job, and the words of a worker that it does not fit into."""
    asked = JobRequest(
        model_ref=_MODEL, prompt="hello", max_tokens=_number(max_tokens), ctx=_number(context)
    )
    details = {"tokens": tokens, "context": 4096}
    return asked, RbeeError("invalid_request", "it does not fit", "", details)


def becomes(tokens: int, max_tokens: str, named: str, trained: int) -> str:
    """What the queen does with a job that a worker with 4,096 tokens has refused."""
    asked, error = refused(tokens, max_tokens, named)
    worker = beat("A", "cpu", WorkerState.READY, 0, context=4096, trained=trained)
    larger = wanted(error, asked, worker)
    if not larger:
        return "is refused"
    content = "" if is_too_long(error) else ", or stays"
    return f"wants {larger}{content}"


def goes_to(contexts: str, size: int, max_tokens: str, taken: str) -> str:
    """Which of the workers A, B, ... with these contexts a job of so many bytes goes to."""
    workers = [
        beat(name, "cpu", WorkerState.READY, 0, context=int(context))
        for name, context in zip("ABC", contexts.split(", "))
    ]
    for worker in workers:
        worker.slots = worker.slots_free = 0 if worker.worker_id == taken else 4
    asked = JobRequest(model_ref=_MODEL, prompt="hello", max_tokens=_number(max_tokens))
    hives = [hive_with(workers)]
    warm = warm_worker(asked, hives, {}, tokens=guessed(size, asked))
    return warm.worker.worker_id if takes_one(warm) else "nobody"
