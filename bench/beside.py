"""What a stream feels of a long prompt beside it: rbee over the engine's own HTTP server.

A worker reads a prompt in batches, and makes no token for anybody else while it reads one. Here a
stream runs, another request comes with thousands of words, and the longest silence of the stream
until that request has its one token is taken. Both servers have the same model, slots, context,
batch and threads; one client asks both by OpenAI's API, in turns, each time with another prompt.
"""

from __future__ import annotations

import functools
import itertools
import math
import statistics
import sys
import threading
import time
from typing import Any, NamedTuple

from bench.engine_alone import default_threads
from bench.figures import Figure, Target
from bench.peers.client import Address, chat_of
from bench.report import Part
from bench.swarm import KEEPER, STUCK, RunFailed, Swarm, answered_well, end, free_port
from fixtures.hub.models import endless_minillama
from harness.rig import client
from harness.rig.waiting import wait_until

WORDS = 7500
CONTEXT = 8192
_SLOTS = 2
#: Tokens that a worker has its engine read at once.
_BATCH = 512
#: Tokens of the stream before the prompt comes, and at most.
_BEFORE, _MOST = 20, 8000
#: A prompt takes seconds: it is read once in so many rounds.
_ROUNDS_A_PROMPT = 2
#: How much longer the silence may be than at the engine's own server.
SILENCE_TARGET = Target(1.15)


class _Silence(NamedTuple):
    """The longest silence of the stream, and how long the prompt took to read (seconds)."""

    longest: float
    reading: float


class _Story(client.Listener):
    """A story without end, whose pieces are read as they come."""

    def __init__(self, address: Address) -> None:
        self.has_begun = threading.Event()
        super().__init__(**_asked(address, "tell me a story", _MOST), silence_s=STUCK)

    def take(self, event: client.Event) -> None:
        """A piece, where it has text."""
        if '"content":"' in event.data and '"content":""' not in event.data:
            super().take(event)
            if len(self.came) == _BEFORE:
                self.has_begun.set()


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
            servers = {
                "engine": Address(engine_port, model.name),
                "rbee": Address(swarm.queen_port, f"file:{model}", swarm.token),
            }
            _warm_up(servers)
            silences = _in_turns(servers, rounds)
        finally:
            end(engine)
            swarm.time([KEEPER, "down", "--quiet"])
    return Part(_figures(silences), {name: [*map(list, of)] for name, of in silences.items()})


def _warm_up(servers: dict[str, Address]) -> None:
    """One answer of each, once it can be asked."""
    for address in servers.values():
        answers = functools.partial(answered_well, address.port, "/health")
        wait_until("a server answers", answers, STUCK)
        _read(address, "hello")


def _in_turns(servers: dict[str, Address], rounds: int) -> dict[str, list[_Silence]]:
    silences: dict[str, list[_Silence]] = {name: [] for name in servers}
    for number in range(math.ceil(rounds / _ROUNDS_A_PROMPT)):
        # What an engine has read once it does not read again.
        prompt = f"{number} " + "bee " * (WORDS - 1)
        for name, address in servers.items():
            silences[name].append(_silence(address, prompt))
    return silences


def _silence(address: Address, prompt: str) -> _Silence:
    story = _Story(address)
    if not story.has_begun.wait(STUCK):
        raise RunFailed("a stream did not begin")
    began = time.perf_counter()
    _read(address, prompt)
    ended = time.perf_counter()
    story.leave()
    within = [began, *(each for each in story.came if began < each < ended), ended]
    return _Silence(max(b - a for a, b in itertools.pairwise(within)), ended - began)


def _read(address: Address, prompt: str) -> None:
    """Asks for one token behind a prompt, and waits for it. Raises RunFailed and OSError."""
    answer = client.ask("POST", **_asked(address, prompt, 1), timeout=STUCK)
    if answer.status != 200:
        raise RunFailed(f"answered with {answer.status}: {answer.text[:400]!r}")


def _asked(address: Address, prompt: str, max_tokens: int) -> dict[str, Any]:
    return {
        "url": f"http://127.0.0.1:{address.port}/v1/chat/completions",
        "token": address.token or None,
        "body": chat_of(address, prompt, max_tokens),
    }


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
