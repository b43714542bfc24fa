"""Whose turn it is in the queue of a model. Phase 5, where every slot is taken. Pure.

A queue is fair between callers: a slot goes to the key that has the fewest, among equals to the
one that was served longest ago, and to the oldest job of that key. And it is bounded: a key may
wait with no more jobs than there are places left, so that one that floods the queue takes half of
it, and the next one still gets in.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

import msgspec

from rbee.wire.messages.jobs import JobRequest

T = TypeVar("T")
#: What a request may say about the worker that it wants; None leaves it open.
_WISHES = ("node", "device", "backend", "engine", "ctx", "spread")


class ModelQueue(msgspec.Struct, Generic[T]):
    """The queue of one model.

    `waiting` are the jobs by key, oldest first; `running` counts the slots that each key has;
    `served` tells, by key, the number of the last slot it was given.
    """

    waiting: dict[str, list[T]]
    running: dict[str, int]
    served: Mapping[str, int]


def in_order(queue: ModelQueue[T]) -> Iterator[T]:
    """The jobs of a queue in the order in which slots go to them, were none to be given back."""
    running, served = dict(queue.running), dict(queue.served)
    rows = {key: iter(jobs) for key, jobs in queue.waiting.items()}
    for number in itertools.count(max(served.values(), default=0) + 1):
        if not rows:
            return
        key = min(rows, key=lambda key: (running.get(key, 0), served.get(key, 0)))
        job = next(rows[key], None)
        if job is None:
            del rows[key]
            continue
        running[key] = running.get(key, 0) + 1
        served[key] = number
        yield job


def has_place(queue: ModelQueue[T], key: str, longest: int) -> bool:
    """Whether a job of `key` may wait in a queue of `longest` places."""
    left = longest - sum(map(len, queue.waiting.values()))
    return len(queue.waiting.get(key, ())) < left


def wait_for(place: int, slots: int, seconds: float | None) -> float | None:
    """The expected wait of the job at `place`, where each takes `seconds`; None: not known."""
    return None if seconds is None or not slots else place * seconds / slots


def may_serve(wanted: JobRequest, request: JobRequest) -> bool:
    """Whether a worker that is started for `wanted` can also serve `request`."""
    if wanted.chat_template != request.chat_template:
        return False  # None means the model's own template
    named = ((getattr(wanted, name), getattr(request, name)) for name in _WISHES)
    return not any(None not in both and both[0] != both[1] for both in named)
