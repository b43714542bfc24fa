"""What a stream feels of a long prompt beside it: rbee over the engine's own HTTP server.

A worker reads a prompt in batches, and makes no token for anybody else while it reads one. Here a
stream runs, another request comes with thousands of words, and the longest silence of the stream
until the first token of that request is taken. Both servers have the same model, slots, context,
batch and threads; one client asks both by OpenAI's API, in turns, each time with another prompt.
"""

from __future__ import annotations

import http.client
import itertools
import json
import math
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from bench.engine_alone import default_threads
from bench.figures import Figure, Target
from bench.report import Part
from bench.swarm import KEEPER, STUCK, RunFailed, Swarm, end, free_port
from fixtures.hub.models import endless_minillama

WORDS = 7500
CONTEXT = 8192
_SLOTS = 2
#: Tokens that a worker has its engine read at once.
_BATCH = 512
#: Tokens of the stream before the prompt comes, and at most.
_BEFORE, _MOST = 20, 8000
#: Between two looks at whether a server answers yet (seconds).
_BETWEEN_LOOKS = 0.05
#: A prompt takes seconds: it is read once in so many rounds.
_ROUNDS_A_PROMPT = 2
#: How much longer the silence may be than at the engine's own server.
SILENCE_TARGET = Target(1.15)


class _Address(NamedTuple):
    port: int
    model: str
    token: str = ""


class _Silence(NamedTuple):
    """The longest silence of the stream, and how long the prompt took to read (seconds)."""

    longest: float
    reading: float


class _Stream:
    """A story without end that a thread reads, and the moments at which its pieces came."""

    def __init__(self, address: _Address) -> None:
        self._connection, response = _asked(address, "tell me a story", _MOST)
        self._enough = threading.Event()
        self.moments: list[float] = []
        self._thread = threading.Thread(target=self._read, args=[response], daemon=True)
        self._thread.start()

    def until_it_runs(self) -> None:
        """Waits for its first tokens. Raises RunFailed."""
        if not self._enough.wait(STUCK):
            raise RunFailed("a stream did not begin")

    def leave(self) -> None:
        """Hangs up."""
        sock = self._connection.sock
        if sock is not None:
            sock.shutdown(2)
        self._thread.join(STUCK)
        self._connection.close()

    def _read(self, response: http.client.HTTPResponse) -> None:
        try:
            for _ in _pieces(response):
                self.moments.append(time.perf_counter())
                if len(self.moments) == _BEFORE:
                    self._enough.set()
        except (OSError, http.client.HTTPException):
            pass  # it was left


def measure_beside(rounds: int) -> Part:
    """The silences of both. Raises RunFailed."""
    threads = default_threads()
    engine_port = free_port()
    settings = {"engine_threads": threads, "context": CONTEXT, "slots": _SLOTS}
    with Swarm(settings) as swarm:
        # It never ends a story by itself, and takes that many words; the bundled one takes 500.
        model = swarm.folder / "endless-llama.gguf"
        story = endless_minillama(CONTEXT)
        model.write_bytes(story.read(0, story.size))
        arguments = [model, engine_port, _SLOTS, threads, CONTEXT, _BATCH]
        command = [sys.executable, "-m", "bench.peers.engine_server", *map(str, arguments)]
        with open(swarm.folder / "engine.log", "wb") as log:
            engine = swarm.start(command, stdout=log, stderr=log)
        try:
            if swarm.time([KEEPER, "up", "--quiet"]).status:
                swarm.failed("rbee-keeper up failed")
            token = (swarm.home / "token").read_text().strip()
            servers = {
                "engine": _Address(engine_port, model.name),
                "rbee": _Address(swarm.queen_port, f"file:{model}", token),
            }
            _warm_up(servers)
            silences = _in_turns(servers, rounds)
        finally:
            end(engine)
            swarm.time([KEEPER, "down", "--quiet"])
    return Part(_figures(silences), {name: [*map(list, of)] for name, of in silences.items()})


def _warm_up(servers: dict[str, _Address]) -> None:
    """One answer of each, once it can be asked."""
    end_of_patience = time.monotonic() + STUCK
    for address in servers.values():
        while True:
            try:
                _reading(address, "hello")
                break
            except OSError:
                if time.monotonic() > end_of_patience:
                    raise RunFailed("a server does not answer") from None
                time.sleep(_BETWEEN_LOOKS)


def _in_turns(servers: dict[str, _Address], rounds: int) -> dict[str, list[_Silence]]:
    silences: dict[str, list[_Silence]] = {name: [] for name in servers}
    for number in range(math.ceil(rounds / _ROUNDS_A_PROMPT)):
        # What an engine has read once it does not read again.
        prompt = f"{number} " + "bee " * (WORDS - 1)
        for name, address in servers.items():
            silences[name].append(_silence(address, prompt))
    return silences


def _silence(address: _Address, prompt: str) -> _Silence:
    stream = _Stream(address)
    stream.until_it_runs()
    began = time.perf_counter()
    _reading(address, prompt)
    ended = time.perf_counter()
    stream.leave()
    within = [began, *(each for each in stream.moments if began < each < ended), ended]
    return _Silence(max(b - a for a, b in itertools.pairwise(within)), ended - began)


def _reading(address: _Address, prompt: str) -> None:
    """Asks for one token behind a prompt, and waits for it."""
    connection, response = _asked(address, prompt, 1)
    try:
        next(_pieces(response), None)
        response.read()
    finally:
        connection.close()


def _asked(
    address: _Address, prompt: str, max_tokens: int
) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    wanted: dict[str, Any] = {
        "model": address.model,
        "messages": [{"role": "user", "content": prompt}],
        "max_tokens": max_tokens,
        "temperature": 0,
        "stream": True,
    }
    headers = {"Content-Type": "application/json"}
    if address.token:
        headers["Authorization"] = f"Bearer {address.token}"
    connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=STUCK)
    connection.request("POST", "/v1/chat/completions", json.dumps(wanted), headers)
    response = connection.getresponse()
    if response.status != http.client.OK:
        raise RunFailed(f"answered with {response.status}: {response.read(400)!r}")
    return connection, response


def _pieces(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """The events of a stream that hold text."""
    for line in response:
        if b'"content":"' in line and b'"content":""' not in line:
            yield line


def _figures(silences: dict[str, list[_Silence]]) -> list[Figure]:
    longest = {
        name: statistics.median(each.longest for each in of) * 1e3 for name, of in silences.items()
    }
    reading = {
        name: statistics.median(each.reading for each in of) for name, of in silences.items()
    }
    return [
        Figure(
            f"silence of a stream beside {WORDS} words, over the engine's",
            longest["rbee"] / longest["engine"],
            "x",
            f"{longest['rbee']:.0f} ms over {longest['engine']:.0f} ms, "
            f"{len(silences['rbee'])} each",
            SILENCE_TARGET,
        ),
        *(Figure(f"{name} reads them in", seconds, "s") for name, seconds in reading.items()),
    ]
