"""Programs that ask, read, and now and then hang up; each goes on until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import aiohttp

from harness.complaints import Complaints, Concern
from harness.load.apis import APIS, AnswerPiece
from harness.load.plan import Cut, CutMoment, Form, Order, orders
from harness.rig.client import EventReader

#: How long it may take until all slots serve, in seconds.
_SERVED_S = 60.0
#: So many tokens are not told before somebody who has got the first hangs up.
_LONG = 2000
_PROMPT = "once upon a time"
_PATHS = {Form.JOB: "/jobs", Form.VECTORS: "/v1/embeddings"}
_TERMINAL = {"done", "error", "cancelled"}


@dataclass
class Seen:
    """What the programs saw. `first_tokens` are seconds from a request to its first token.

    `answered` and `cut` are the ids of jobs; a job that was cut before it had told its id is
    counted in `cut_unnamed` alone. `turned_away` counts the answers 429. `answered_at` is when the
    last answer was whole, in monotonic seconds.
    """

    requests: int = 0
    tokens: int = 0
    turned_away: int = 0
    replayed: int = 0
    cut_unnamed: int = 0
    answered: set[str] = field(default_factory=set)
    cut: set[str] = field(default_factory=set)
    first_tokens: list[float] = field(default_factory=list)
    answered_at: float = field(default_factory=time.monotonic)
    complaints: Complaints = field(default_factory=Complaints)


class Models(NamedTuple):
    """The models that are asked: one that writes, and one that makes vectors. An answer that has
    not come after `lost_s` seconds is lost, and so is who is turned away while nobody else has got
    one for as long."""

    writes: str
    reads: str
    lost_s: float


class _HungUp(Exception):
    """The program has left in the middle of an answer, as it meant to."""


@dataclass
class _Story:
    """What has come of one answer so far; it was asked for at `began`, in monotonic seconds."""

    began: float = 0.0
    job_id: str = ""
    text: str = ""
    tokens: int = 0
    is_over: bool = False


class LoadCaller:
    """One program on connections of its own, as those that keep them open have."""

    def __init__(
        self, session: aiohttp.ClientSession, queen: str, models: Models, seen: Seen, name: str
    ) -> None:
        self._session = session
        self._queen = queen
        self._models = models
        self._seen = seen
        self._name = name

    async def call(self, asked: Iterator[Order], goes_on: Callable[[int], bool]) -> None:
        """Asks for one order after the other, as long as `goes_on` of their number says so."""
        for number, order in enumerate(asked):
            if not goes_on(number):
                return
            try:
                await self._serve(order)
            except (AssertionError, aiohttp.ClientError, OSError) as error:
                told = f"{self._name}, request {number}, {order}: {error!r}"
                self._seen.complaints.add(Concern.ANSWERS, told)
                return

    async def _serve(self, order: Order) -> None:
        """Until it is answered, or cut; who is turned away comes again when it was told to."""
        self._seen.requests += 1
        story = _Story()
        while not story.is_over:
            limit = order.cut.after_s if order.cut is not None else 0
            lost_s = self._models.lost_s
            try:
                again = await asyncio.wait_for(self._ask(order, story), limit or lost_s)
            except _HungUp:
                self._note_cut(story)
                return
            except asyncio.TimeoutError:
                assert limit, f"no whole answer within {lost_s:g} s, {story.tokens} tokens of it"
                self._note_cut(story)
                return
            if again is not None:
                self._seen.turned_away += 1
                silent_s = time.monotonic() - self._seen.answered_at
                assert silent_s < lost_s, f"turned away, and nobody was answered for {lost_s:g} s"
                await asyncio.sleep(again)
        self._seen.answered.add(story.job_id)
        self._seen.answered_at = time.monotonic()
        self._seen.tokens += 0 if order.form is Form.VECTORS else order.tokens
        if order.replayed and story.job_id:
            await self._replay(story)

    def _note_cut(self, story: _Story) -> None:
        if story.job_id:
            self._seen.cut.add(story.job_id)
        else:
            self._seen.cut_unnamed += 1

    async def _ask(self, order: Order, story: _Story) -> float | None:
        """Asks, and reads the answer to its end; the seconds after which to come again, or None."""
        story.began = time.monotonic()
        async with self.post(order) as response:
            if response.status == 429:
                return self._told_to_come_again(response)
            expected = 202 if order.form is Form.JOB else 200
            assert response.status == expected, (response.status, await response.text())
            if order.form is Form.STREAMED:
                await self.read_stream(response, order, story)
            else:
                told = await response.json()
        if order.form is Form.WHOLE:
            self._take_whole(APIS[order.api].whole(told), order, story)
        elif order.form is Form.VECTORS:
            assert len(told["data"]) == order.tokens, f"{len(told['data'])} of {order.tokens}"
        elif order.form is Form.JOB:
            story.job_id = told["job_id"]
            await self._read_job(told["events_url"], order, story)
        story.is_over = True
        return None

    def post(self, order: Order) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """Asks."""
        path = _PATHS.get(order.form) or APIS[order.api].path
        return self._session.post(self._queen + path, json=self._body(order))

    def _body(self, order: Order) -> dict[str, Any]:
        writes, reads, _ = self._models
        if order.form is Form.JOB:
            return {"model_ref": f"HF:{writes}", "prompt": _PROMPT, "max_tokens": order.tokens}
        if order.form is Form.VECTORS:
            return {"model": reads, "input": [_PROMPT] * order.tokens}
        return APIS[order.api].body(writes, order.tokens, order.form is Form.STREAMED)

    def _told_to_come_again(self, response: aiohttp.ClientResponse) -> float:
        after = response.headers.get("Retry-After", "")
        if not after.isdigit() or int(after) < 1:
            told = f"429 with Retry-After {after!r}"
            self._seen.complaints.add(Concern.TURNED_AWAY, told)
        return float(after or 1)

    def _take_whole(self, told: AnswerPiece, order: Order, story: _Story) -> None:
        assert (told.ended, told.tokens) == (APIS[order.api].cut, order.tokens), told
        story.job_id, story.text = told.job_id, told.text

    async def read_stream(
        self, response: aiohttp.ClientResponse, order: Order, story: _Story
    ) -> None:
        """A stream: pieces, how it ended, what it took, and the end, behind which nothing comes."""
        api = APIS[order.api]
        reasons: list[str] = []
        used: list[int] = []
        is_over = False
        async for data in _lines(response) if api.lines else _data(response):
            assert not is_over, f"something comes behind the end: {data}"
            if api.is_marked and data == "[DONE]":
                is_over = True
                continue
            chunk = json.loads(data)
            assert not chunk.get("error"), chunk
            told = api.piece(chunk)
            story.job_id = told.job_id or story.job_id
            used += [] if told.tokens is None else [told.tokens]
            reasons += [told.ended] if told.ended else []
            if told.text:
                self._take(order, story, told.text)
            is_over = told.is_last
        assert is_over, f"the stream broke off after {story.tokens} tokens"
        assert (reasons, used) == ([api.cut], [order.tokens]), (reasons, used)

    async def _read_job(self, path: str, order: Order, story: _Story) -> None:
        """A job's events: numbered from 1, every token, one end, and the mark behind it."""
        names: list[str] = []
        index = 0
        async with self._session.get(self._queen + path) as response:
            assert response.status == 200, (response.status, await response.text())
            async for name, data in _events(response):
                names.append(name or data)
                if name == "token":
                    token = json.loads(data)
                    assert token["i"] == index, f"token {token['i']} comes as number {index}"
                    index += 1
                    self._take(order, story, token["t"])
                elif name == "done":
                    assert json.loads(data)["tokens_out"] == order.tokens, data
        ends = [name for name in names if name in _TERMINAL]
        assert ends == ["done"], f"a stream with the ends {ends}: {names[-5:]}"
        assert names[-2:] == ["done", "[DONE]"], names[-5:]

    def _take(self, order: Order, story: _Story, text: str) -> None:
        """A token more; hangs up where the order says so."""
        if not story.tokens:
            self._seen.first_tokens.append(time.monotonic() - story.began)
        story.tokens += 1
        story.text += text
        if order.cut is not None and story.tokens == order.cut.after_tokens:
            raise _HungUp

    async def _replay(self, story: _Story) -> None:
        """The events of a job that is over tell the same text again, from the start."""
        path = f"{self._queen}/jobs/{story.job_id}/events"
        async with self._session.get(path) as response:
            if response.status == 404:
                return  # so many others are over that it is kept no more
            told = [event async for event in _events(response)]
        text = "".join(json.loads(data)["t"] for name, data in told if name == "token")
        assert text == story.text, f"told as {story.text!r}, and again as {text!r}"
        self._seen.replayed += 1


async def call_all(
    queen: str, token: str, models: Models, seed: str, count: int, goes_on: Callable[[int], bool]
) -> Seen:
    """So many programs call at the same time; what they saw, once all have their answers."""
    seen = Seen()
    async with _session(token) as session:
        callers = [
            LoadCaller(session, queen, models, seen, f"program {number}") for number in range(count)
        ]
        await asyncio.gather(
            *(caller.call(orders(seed, number), goes_on) for number, caller in enumerate(callers))
        )
    return seen


async def serve_at_once(queen: str, token: str, model: str, count: int) -> None:
    """So many programs get tokens at the same time, and hang up. Raises AssertionError."""
    served = 0
    all_served = asyncio.Event()
    order = Order(Form.STREAMED, _LONG, cut=Cut(CutMoment.MIDDLE, after_tokens=1))

    async def call(session: aiohttp.ClientSession) -> None:
        nonlocal served
        caller = LoadCaller(session, queen, Models(model, "", math.inf), Seen(), "a program")
        async with caller.post(order) as response:
            with contextlib.suppress(_HungUp):
                await caller.read_stream(response, order, _Story())
            served += 1
            if served == count:
                all_served.set()
            await all_served.wait()

    async with _session(token) as session:
        calls = asyncio.gather(*(call(session) for _ in range(count)))
        try:
            await asyncio.wait_for(calls, _SERVED_S)
        except asyncio.TimeoutError:
            raise AssertionError(f"{served} of {count} slots serve at the same time") from None


def _session(token: str) -> aiohttp.ClientSession:
    """Connections that are kept open between requests, as most programs do."""
    return aiohttp.ClientSession(
        headers={"Authorization": f"Bearer {token}"},
        timeout=aiohttp.ClientTimeout(total=None),
        connector=aiohttp.TCPConnector(limit=0),
    )


async def _events(response: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, str]]:
    """Name and data of each event of a stream."""
    reader = EventReader()
    async for raw in response.content:
        event = reader.take(raw.decode())
        if event is not None:
            yield event.event, event.data


async def _data(response: aiohttp.ClientResponse) -> AsyncIterator[str]:
    """The data of each event of a stream."""
    async for _, data in _events(response):
        yield data


async def _lines(response: aiohttp.ClientResponse) -> AsyncIterator[str]:
    """Each line of a stream of such."""
    async for raw in response.content:
        if raw.strip():
            yield raw.decode()
