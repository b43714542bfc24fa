"""The trace of a job, made of what was told of it, once it is over.

A worker reaches no collector, nor does a hive behind a tunnel: what each of them did is in the
lines of the job, with the time at which it was said there, and is told by the queen in its name.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from rbee.process.deadline import timeout
from rbee.process.tasks import Threads, begin, in_thread
from rbee.process.traces import LAST_WORDS_S, Span, Traces
from rbee.queen.jobs import Job
from rbee.wire.errors import RbeeError
from rbee.wire.messages.events import Done
from rbee.wire.narration import INFER_CONNECTED, Narration, now_ms

QUEEN, HIVE, WORKER = "rbee-queen", "rbee-hive", "rbee-worker"
_SENDING = Threads("traces", 1)


class Stage(NamedTuple):
    """A part of a job that lines tell of: by which actions it begins and ends. Without an end it is
    over with the next line of the queen that is none of its own."""

    role: str
    name: str
    begins: Collection[str]
    ends: Collection[str] = ()
    within: str = ""


STAGES = (
    Stage(QUEEN, "wake", ("hive.wake", "machine.wake"), ("hive.heartbeat", "machine.awake")),
    Stage(QUEEN, "wait in line", ("schedule.wait", "schedule.place")),
    Stage(HIVE, "download", ("model.provision",), ("model.ready",)),
    Stage(HIVE, "start worker", ("worker.wake",), ("worker.ready",)),
    Stage(WORKER, "load", ("model.load",), ("model.loaded",), "start worker"),
)
_PLACED = ("schedule.pick", "schedule.warm")


class JobTraces:
    """Tells of each job that is over."""

    def __init__(self, traces: Traces) -> None:
        self._traces = traces
        self._sending: asyncio.Task[None] | None = None

    def over(self, api: str, job: Job) -> None:
        """A job that came by this API is over."""
        lines = []
        for event in job.events.kept():
            # A machine may have sent a line that cannot be read.
            with contextlib.suppress(RbeeError):
                if event.name == "narration":
                    lines.append(event.read(Narration))
        self._traces.tell(span_of(api, job, lines), job.trace)
        if self._sending is None or self._sending.done():
            self._sending = begin(in_thread(_SENDING, self._traces.send), "sending traces")

    async def close(self) -> None:
        """What waits is sent, as far as the collector takes it in time."""
        with contextlib.suppress(asyncio.TimeoutError):
            async with timeout(LAST_WORDS_S):
                if self._sending is not None:
                    await self._sending
                await in_thread(_SENDING, self._traces.send)


def span_of(api: str, job: Job, lines: Sequence[Narration]) -> Span:
    """A job that is over, and its parts: neither what was asked, nor what was answered."""
    end_ms = job.finished_at_ms or now_ms()
    facts: dict[str, str | int | float] = {
        "rbee.job": job.job_id,
        "rbee.api": api,
        "gen_ai.request.model": job.request.model_ref,
    }
    places = {"rbee.hive": job.hive_id, "rbee.device": job.device, "rbee.worker": job.worker_id}
    facts |= {name: each for name, each in places.items() if each}
    if job.done is not None:
        facts["gen_ai.usage.input_tokens"] = job.done.tokens_in
        facts["gen_ai.usage.output_tokens"] = job.done.tokens_out
    parts = parts_of(lines, job.created_at_ms, end_ms, job.done)
    error = job.error.code if job.error is not None else ""
    return Span(QUEEN, "job", job.created_at_ms, end_ms, facts, parts, error)


def parts_of(
    lines: Sequence[Narration], begin_ms: float, end_ms: float, done: Done | None
) -> tuple[Span, ...]:
    """The parts of a job between these times, by what was told of it. Pure.

    The clock of another machine may be wrong: what it tells lies within the job all the same.
    """
    parts = [*_placed(lines, begin_ms)]
    for stage in STAGES:
        parts += _spans(stage, lines, end_ms)
    parts += _answered(lines, done)
    inner = {stage.name: stage.within for stage in STAGES if stage.within}
    bound = [_within(part, begin_ms, end_ms) for part in parts]
    outer = [part for part in bound if part.name not in inner]
    for part in bound:
        if part.name not in inner:
            continue
        homes = [at for at, each in enumerate(outer) if each.name == inner[part.name]]
        if not homes:
            outer.append(part)
            continue
        home = outer[homes[-1]]
        inside = _within(part, home.begin_ms, home.end_ms)
        outer[homes[-1]] = home._replace(parts=(*home.parts, inside))
    return tuple(sorted(outer, key=lambda each: each.begin_ms))


def _placed(lines: Sequence[Narration], begin_ms: float) -> Iterator[Span]:
    """From the job's coming to the first place that was chosen for it."""
    for line in lines:
        if line.action in _PLACED:
            yield Span(QUEEN, "choose a place", begin_ms, line.at_ms)
            return


def _spans(stage: Stage, lines: Sequence[Narration], end_ms: float) -> Iterator[Span]:
    since: float | None = None
    for line in lines:
        if line.action in stage.begins:
            since = line.at_ms if since is None else since
        elif since is not None and _ends(stage, line):
            yield Span(stage.role, stage.name, since, line.at_ms)
            since = None
    if since is not None:
        yield Span(stage.role, stage.name, since, end_ms)


def _ends(stage: Stage, line: Narration) -> bool:
    return line.action in stage.ends if stage.ends else line.actor == INFER_CONNECTED.actor


def _answered(lines: Sequence[Narration], done: Done | None) -> Iterator[Span]:
    """What the worker that answered has measured, from when it was asked."""
    begun = [line.at_ms for line in lines if line.action == INFER_CONNECTED.action]
    if done is None or not begun:
        return
    asked = begun[-1]
    first, last = asked + done.ttft_ms, asked + done.duration_ms
    yield Span(WORKER, "read the prompt", asked, first)
    if done.tokens_out:
        yield Span(WORKER, "write", first, last, {"rbee.tokens": done.tokens_out})


def _within(span: Span, begin_ms: float, end_ms: float) -> Span:
    begin_ms = min(max(span.begin_ms, begin_ms), end_ms)
    return span._replace(begin_ms=begin_ms, end_ms=min(max(span.end_ms, begin_ms), end_ms))
