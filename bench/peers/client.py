"""The one client of all servers: streamed chats over OpenAI's API, counted from their bytes.

``python -m bench.peers.client ORDER`` is the load generator, a process of its own: ORDER is an
`Order` as JSON, its result comes out as JSON. While an answer comes, each piece of it costs one
callback; it is parsed when all are over, so that little of the processor is taken from the server.
It imports nothing but
what is made of the standard library.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import re
import resource
import sys
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from harness.rig.client import EventReader

_HOST = "127.0.0.1"
_ROUTE = "/v1/chat/completions"
#: A piece of text that is not empty, in any server's way to write JSON.
_TEXT = re.compile(rb'"content"\s*:\s*"[^"]')
_DONE = b"[DONE]"
#: Words that are one token each in the vocabularies of today.
_WORDS = ("time", "people", "way", "water", "day", "part", "sound", "work", "place", "year", "back")


class AnswerFailed(Exception):
    """A server answered with an error, or broke off."""


class Address(NamedTuple):
    """Where a server listens, what it calls the model, and the key it wants (or nothing)."""

    port: int
    model: str
    token: str = ""


class Order(NamedTuple):
    """What the load generator is to do: each of `streams` asks `requests` times in turn.

    With `pause` each request comes as a pair: one after so many idle seconds, one at once. With
    `words` each asks with so many words more, which nobody has asked with before, drawn by `seed`.
    """

    port: int
    model: str
    token: str
    prompt: str
    max_tokens: int
    streams: int
    requests: int
    pause: float = 0.0
    words: int = 0
    seed: int = 0


class Answer(NamedTuple):
    """Moments of one answer (seconds of the performance counter) and what came."""

    began: float
    first: float
    end: float
    tokens: int
    text: str


def chat_of(address: Address, prompt: str, max_tokens: int) -> dict[str, Any]:
    """A streamed chat, always with the likeliest token."""
    return {
        "model": address.model,
        "messages": [{"role": "user", "content": prompt}],
        "max_tokens": max_tokens,
        "temperature": 0,
        "stream": True,
    }


def request_of(address: Address, prompt: str, max_tokens: int) -> bytes:
    """That chat as it goes over the wire."""
    body = json.dumps(chat_of(address, prompt, max_tokens)).encode()
    return message(address, "POST", _ROUTE, body)


def message(address: Address, method: str, path: str, body: bytes = b"") -> bytes:
    """A request as it goes over the wire, on a connection that is closed behind its answer."""
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {_HOST}:{address.port}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    if address.token:
        lines.append(f"Authorization: Bearer {address.token}")
    return "\r\n".join([*lines, "", ""]).encode() + body


async def ask(port: int, request: bytes) -> Answer:
    """One answer, over a connection of its own. Raises AnswerFailed and OSError."""
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    _, stream = await loop.create_connection(lambda: _Stream(request, loop), _HOST, port)
    await stream.over
    return stream.answer(began)


class _Stream(asyncio.Protocol):
    """Keeps what comes until the server closes."""

    def __init__(self, request: bytes, loop: asyncio.AbstractEventLoop) -> None:
        self.over: asyncio.Future[None] = loop.create_future()
        self._request = request
        self._pieces: list[bytes] = []
        self._beginning = b""
        self._first = 0.0
        self._end = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self._first:
            self._beginning += data
            if _TEXT.search(self._beginning):
                self._first = time.perf_counter()
        if _DONE in data:
            self._end = time.perf_counter()
        self._pieces.append(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.over.done():
            self.over.set_result(None)

    def answer(self, began: float) -> Answer:
        """What came. Raises AnswerFailed."""
        received = b"".join(self._pieces)
        head, _, body = received.partition(b"\r\n\r\n")
        if b" 200 " not in head.partition(b"\r\n")[0] or not self._first or not self._end:
            raise AnswerFailed(received[-400:].decode(errors="replace") or "no answer at all")
        if b"transfer-encoding: chunked" in head.lower():
            body = b"".join(_chunks(body))
        texts = [text for event in _events(body) for text in _texts(event)]
        return Answer(began, self._first, self._end, len(texts), "".join(texts))


def _chunks(body: bytes) -> Iterator[bytes]:
    """The chunks of a body, to the last one that is whole."""
    at = 0
    while (line := body.find(b"\r\n", at)) >= 0:
        size = int(body[at:line].partition(b";")[0], 16)
        yield body[line + 2 : line + 2 + size]
        at = line + 2 + size + 2


def _events(body: bytes) -> Iterator[dict[str, Any]]:
    reader = EventReader()
    for line in body.decode(errors="replace").split("\n"):
        event = reader.take(line)
        if event is not None and event.data != "[DONE]":
            told = event.json()
            if "error" in told:
                raise AnswerFailed(event.data)
            yield told


def _texts(event: dict[str, Any]) -> Iterator[str]:
    """The text of an event, of which there is one for each token."""
    for choice in event.get("choices") or ():
        text = (choice.get("delta") or {}).get("content")
        if text:
            yield text


async def _carry_out(order: Order) -> dict[str, Any]:
    address = Address(order.port, order.model, order.token)
    chance = random.Random(order.seed)

    def request() -> bytes:
        words = [order.prompt, *chance.choices(_WORDS, k=order.words)]
        return request_of(address, " ".join(words), order.max_tokens)

    # What is imported and allocated with a client's first answer is no part of the measurement.
    warm_up = await ask(order.port, request_of(address, order.prompt, 1))
    answers: list[Answer] = []

    async def stream() -> None:
        for _ in range(order.requests):
            if order.pause:
                await asyncio.sleep(order.pause)
                answers.append(await ask(order.port, request()))
            answers.append(await ask(order.port, request()))

    gc.disable()
    await asyncio.gather(*(stream() for _ in range(order.streams)))
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "first_ms": [round((answer.first - answer.began) * 1e3, 3) for answer in answers],
        "writing_s": [round(answer.end - answer.first, 6) for answer in answers],
        "tokens": [answer.tokens for answer in answers],
        "seconds": max(answer.end for answer in answers) - min(each.began for each in answers),
        "warm_up_tokens": warm_up.tokens,
        "client_cpu_seconds": used.ru_utime + used.ru_stime,
    }


def main(order: str) -> None:
    """Carries out the order, and prints what came of it."""
    print(json.dumps(asyncio.run(_carry_out(Order(**json.loads(order))))))


if __name__ == "__main__":
    main(sys.argv[1])
