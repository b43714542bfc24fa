"""The swarm as a Python program uses it: ``rbee.swarm()``.

::

    import rbee

    with rbee.swarm() as swarm:  # wakes what is asleep, and puts it to sleep again
        print(swarm.chat("hello", model="HF:owner/repo").text)
        for piece in swarm.stream("tell me a story"):
            print(piece, end="", flush=True)

``async with rbee.swarm() as swarm`` gives an `AsyncSwarm`, which has the same to be awaited.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from rbee.keeper.awake import NOTHING, AwakeQueen, awake_queen
from rbee.keeper.options import MODEL
from rbee.keeper.queen_client import QueenClient
from rbee.keeper.queen_target import QueenTarget
from rbee.keeper.screen import Screen
from rbee.process.home import Home
from rbee.process.tasks import Threads, in_thread
from rbee.wire.errors import ErrorBody, RbeeError
from rbee.wire.messages.basics import Named, decode, encode
from rbee.wire.messages.events import Done, Token, Vector, floats_of
from rbee.wire.messages.hives import HIVES, HiveView
from rbee.wire.messages.jobs import CANCEL_JOB, SUBMIT_JOB, JobAccepted, JobRequest
from rbee.wire.messages.models import CLUSTER_MODELS, ClusterModelView
from rbee.wire.narration import Narration
from rbee.wire.shown import shown
from rbee.wire.sse import Frame

#: What is said to a model: a text, or messages as OpenAI's API has them (`role` and `content`).
Said = str | Sequence[Mapping[str, Any]]
#: Awaited calls run in threads. Ending a call has threads of its own: all others may be taken by
#: the very calls that are to end.
_CALLS, _ENDS = Threads("swarm", 64), Threads("swarm-ends", 4)


class Answer(NamedTuple):
    """What a model has answered, what it thought before, and how many tokens that took.

    `finish_reason` is ``stop``, ``length`` or ``tool_calls``.
    """

    text: str
    thought: str
    tokens_in: int
    tokens_out: int
    finish_reason: str


class Story:
    """An answer that comes in pieces: iterate over it. What is not read to its end is cancelled by
    `close`, or by ``with``. After the end there is an `answer`."""

    def __init__(self, client: QueenClient, canceller: QueenClient, request: JobRequest) -> None:
        self.answer: Answer | None = None
        self._text, self._thought = "", ""
        self._canceller = canceller
        self._job: JobAccepted | None = client.call(SUBMIT_JOB, request)
        self._pieces = self._read(client, self._job.events_url)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return next(self._pieces)

    def __enter__(self) -> Story:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.close()

    def close(self) -> None:
        """Cancels what is not over yet. May be called from another thread."""
        job, self._job = self._job, None
        if job is not None:
            with contextlib.suppress(RbeeError):  # it is over, or the queen is gone
                self._canceller.call(CANCEL_JOB, Named(id=job.job_id))
            self._canceller.close()

    def _read(self, client: QueenClient, path: str) -> Iterator[str]:
        try:
            for frame in _frames(client, path):
                if frame.event == "token":
                    token = decode(frame.data, Token)
                    self._text += token.t
                    self._thought += token.thought
                    if token.t:
                        yield token.t
                elif frame.event == "done":
                    self._job = None
                    self.answer = self._whole(decode(frame.data, Done))
                elif frame.event == "cancelled":
                    self._job = None
                    raise RbeeError("job_not_found", "this job was cancelled", "ask again")
        except RbeeError:
            self._job = None
            raise
        finally:
            client.close()

    def _whole(self, done: Done) -> Answer:
        return Answer(
            self._text, self._thought, done.tokens_in, done.tokens_out, done.finish_reason
        )


class Swarm:
    """A queen who is awake. Its methods may be called from several threads.

    All raise `rbee.RbeeError`, with a `message` and a `suggestion`. `how` are the fields of
    ``POST /jobs``: `max_tokens`, `temperature`, `json_schema`, `node`, `device`, `ctx`, ...
    """

    def __init__(self, queen: AwakeQueen, where: QueenTarget) -> None:
        self._queen = queen
        self._where = where

    def chat(self, said: Said, *, model: str | None = None, **how: Any) -> Answer:
        """The whole answer."""
        with self.stream(said, model=model, **how) as story:
            for _ in story:
                pass
        assert story.answer is not None, "a job that ends without an error has answered"
        return story.answer

    def stream(self, said: Said, *, model: str | None = None, **how: Any) -> Story:
        """The answer as it is made."""
        asked = {"prompt": said} if isinstance(said, str) else {"messages": list(said)}
        return Story(self._client(), self._client(), self._request(model, {**asked, **how}))

    def embed(
        self, texts: Sequence[str], *, model: str | None = None, **how: Any
    ) -> list[list[float]]:
        """A vector of length 1 for each of the texts."""
        request = self._request(model, {"inputs": list(texts), **how})
        vectors: list[list[float]] = [[] for _ in texts]
        client = self._client()
        try:
            job = client.call(SUBMIT_JOB, request)
            for frame in _frames(client, job.events_url):
                if frame.event == "vector":
                    vector = decode(frame.data, Vector)
                    vectors[vector.i] = floats_of(vector.v)
        finally:
            client.close()
        return vectors

    def models(self) -> list[ClusterModelView]:
        """The models that are on the disks of the machines that are awake."""
        with contextlib.closing(self._client()) as client:
            return client.call(CLUSTER_MODELS, patience=client.patience_for_lists).models

    def machines(self) -> list[HiveView]:
        """The machines, awake and asleep, with their devices."""
        with contextlib.closing(self._client()) as client:
            return client.call(HIVES).hives

    def keep(self) -> None:
        """What is awake stays so when this program has ended, until ``rbee-keeper down``."""
        self._queen.keep()

    def _client(self) -> QueenClient:
        return self._queen.another_client()

    def _request(self, model: str | None, asked: Mapping[str, Any]) -> JobRequest:
        ref = MODEL.read(model) if model else self._where.default_model
        token = {"hub_token": self._where.hub_token(ref)}
        return decode(encode({"model_ref": ref, **token, **asked}), JobRequest, "the request")


class AsyncSwarm:
    """A `Swarm` whose methods are awaited; each runs in a thread of its own."""

    def __init__(self, swarm: Swarm) -> None:
        self._swarm = swarm

    async def chat(self, said: Said, *, model: str | None = None, **how: Any) -> Answer:
        """The whole answer; cancelling it cancels the job."""
        pieces = self.stream(said, model=model, **how)
        async for _ in pieces:
            pass
        assert pieces.answer is not None, "a job that ends without an error has answered"
        return pieces.answer

    def stream(self, said: Said, *, model: str | None = None, **how: Any) -> AsyncStory:
        """The answer as it is made; leaving it early cancels the job."""
        return AsyncStory(lambda: self._swarm.stream(said, model=model, **how))

    async def embed(
        self, texts: Sequence[str], *, model: str | None = None, **how: Any
    ) -> list[list[float]]:
        """A vector of length 1 for each of the texts."""
        wanted = functools.partial(self._swarm.embed, texts, model=model, **how)
        return await in_thread(_CALLS, wanted)

    async def models(self) -> list[ClusterModelView]:
        """See `Swarm.models`."""
        return await in_thread(_CALLS, self._swarm.models)

    async def machines(self) -> list[HiveView]:
        """See `Swarm.machines`."""
        return await in_thread(_CALLS, self._swarm.machines)


class AsyncStory:
    """A `Story` to iterate over with ``async for``."""

    def __init__(self, begin: Callable[[], Story]) -> None:
        self.answer: Answer | None = None
        self._begin = begin

    async def __aiter__(self) -> AsyncIterator[str]:
        story = await in_thread(_CALLS, self._begin)
        try:
            while (piece := await in_thread(_CALLS, next, story, None)) is not None:
                yield piece
            self.answer = story.answer
        finally:
            await asyncio.shield(in_thread(_ENDS, story.close))


class swarm:
    """The swarm of this machine, as a context: what is asleep is woken, and sleeps again behind it.

    `queen` is the URL of another queen (``http://host:8500``), who is not woken, and `token_file`
    where her token is. `narrate` is called with each line of narration, in any thread.
    Entering raises `rbee.RbeeError` where no queen can be had.
    """

    def __init__(
        self,
        queen: str | None = None,
        token_file: str | None = None,
        narrate: Callable[[str], object] | None = None,
    ) -> None:
        self._named = queen, token_file
        self._screen = _Narrated(narrate) if narrate is not None else Screen(quiet=True)
        self._lasting = contextlib.ExitStack()

    def __enter__(self) -> Swarm:
        # Files of the daemons that are woken are private to the user; the umask of this program is
        # restored.
        umask = os.umask(0o077)
        try:
            where = QueenTarget.of(Home.open(), *self._named)
            queen = self._lasting.enter_context(awake_queen(self._screen, where, NOTHING))
        finally:
            os.umask(umask)
        return Swarm(queen, where)

    def __exit__(self, *_: object) -> None:
        self._lasting.close()

    async def __aenter__(self) -> AsyncSwarm:
        return AsyncSwarm(await in_thread(_CALLS, self.__enter__))

    async def __aexit__(self, *_: object) -> None:
        await in_thread(_ENDS, self._lasting.close)


class _Narrated(Screen):
    """Tells a program what a person would read on stderr."""

    def __init__(self, narrate: Callable[[str], object]) -> None:
        super().__init__(quiet=True)
        self._tell_program = narrate

    def narrate(self, said: Narration) -> None:
        self._tell_program(shown(f"{said.actor}: {said.human}"))


def _frames(client: QueenClient, path: str) -> Iterator[Frame]:
    """The events of a job. Raises the error in which it ended."""
    for frames in client.events(path):
        for frame in frames:
            if frame.event == "error":
                raise RbeeError.from_body(decode(frame.data, ErrorBody))
            yield frame
