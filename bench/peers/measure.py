"""Measures one server after the other, each by turns with the ceiling."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import psutil

from bench.peers import memory
from bench.peers.client import Address, Answer, AnswerFailed, Order, ask, request_of
from bench.peers.environments import NotInstalled
from bench.peers.servers import (
    EngineServer,
    LiteLlm,
    LlamaCppPython,
    Rbee,
    Server,
    Xinference,
)
from bench.swarm import ROOT, RunFailed, cpu_seconds

#: Its answer does not end by itself before `MAX_TOKENS`.
PROMPT = "tell me a long story"
MAX_TOKENS = 256
#: Tokens of an answer of which only the first is timed.
SHORT = 8
#: Streams at once, and requests of each in one round.
LOADS = {1: 6, 8: 2, 32: 1}
#: The idle gap, which is the subject of a measurement (seconds).
GAP = 10.0
#: A round of the slowest server takes less than this (seconds).
_STUCK = 300.0

_FAILURES = (
    NotInstalled,
    AssertionError,
    AnswerFailed,
    OSError,
    asyncio.TimeoutError,
    psutil.Error,
    subprocess.SubprocessError,
)


class Plan(NamedTuple):
    """How often each thing is measured, of one server."""

    cold_starts: int
    rounds: int
    first_tokens: int
    gaps: int


#: In the order in which they are measured; the first is the ceiling of all others.
SERVERS: Sequence[type[Server]] = (EngineServer, Rbee, LiteLlm, LlamaCppPython, Xinference)
FULL: Mapping[str, Plan] = {
    "engine": Plan(5, 0, 0, 4),
    "rbee": Plan(5, 7, 60, 4),
    "litellm": Plan(3, 3, 60, 2),
    "llama-cpp-python": Plan(3, 3, 60, 2),
    "xinference": Plan(3, 3, 60, 2),
}
QUICK = {name: Plan(1, 2 if name == "rbee" else 1, 20, 1) for name in FULL}


def measure(kind: type[Server], plan: Plan) -> dict[str, Any]:
    """All measurements of one server, or `failed` with the reason why there are none."""
    try:
        return _measured(kind, plan)
    except _FAILURES as failure:
        return {"failed": str(failure) or type(failure).__name__}


def _measured(kind: type[Server], plan: Plan) -> dict[str, Any]:
    packages = kind.packages()
    cold = [_cold(kind) for _ in range(plan.cold_starts - 1)]
    found: dict[str, Any] = {
        "packages": packages,
        "differs": kind.differs,
        "cold_s": cold,
    }
    if kind is Rbee:
        found["cold_infer_s"] = [_cold_infer() for _ in range(plan.cold_starts)]
    began = time.perf_counter()
    with kind() as server:
        cold.append(_answer(server.address, SHORT).first - began)
        found["text"] = _warm_up(server)
        # While no other server runs that would share the pages of the engine with this one.
        found["memory"] = {part: of._asdict() for part, of in memory.held(server.parts()).items()}
        found["processes"] = {part: len(of) for part, of in server.parts().items()}
        found["idle_ms"] = _idle(server, plan.gaps)
        if plan.rounds:
            with EngineServer() as ceiling:
                _warm_up(ceiling)
                found["rounds"] = [
                    _round({"ceiling": ceiling, "server": server}, plan, number)
                    for number in range(plan.rounds)
                ]
    return found


def _cold(kind: type[Server]) -> float:
    """Seconds from nothing that runs to the first token of the first answer over HTTP."""
    began = time.perf_counter()
    with kind() as server:
        return _answer(server.address, SHORT).first - began


def _cold_infer() -> float:
    """Seconds to the first token on the stdout of a cold ``rbee-keeper infer``."""
    server = Rbee()
    try:
        return server.seconds_of_infer(PROMPT)
    finally:
        server.__exit__(None, None, None)


def _answer(address: Address, max_tokens: int) -> Answer:
    asked = ask(address.port, request_of(address, PROMPT, max_tokens))
    return asyncio.run(asyncio.wait_for(asked, _STUCK))


def _warm_up(server: Server) -> str:
    """Has every slot answer once, and a single stream; the text of that."""
    _load(server, streams=max(LOADS), requests=1, max_tokens=MAX_TOKENS)
    return _answer(server.address, MAX_TOKENS).text


def _idle(server: Server, gaps: int) -> dict[str, list[float]]:
    """Milliseconds to the first token, after the idle gap and at once after another answer."""
    load = _load(server, streams=1, requests=gaps, max_tokens=SHORT, pause=GAP)
    first = load["first_ms"]
    return {"after_gap": first[0::2], "at_once": first[1::2]}


def _round(sides: Mapping[str, Server], plan: Plan, number: int) -> dict[str, Any]:
    """Everything that is measured warm, of a server and of its ceiling, by turns.

    Who is first changes from round to round.
    """
    turns = list(sides.items())[:: -1 if number % 2 else 1]

    def both(**load: int) -> dict[str, dict[str, Any]]:
        return {side: _load(server, **load) for side, server in turns}

    return {
        "first_token": both(streams=1, requests=plan.first_tokens, max_tokens=SHORT),
        "streams": {
            str(streams): both(streams=streams, requests=requests, max_tokens=MAX_TOKENS)
            for streams, requests in LOADS.items()
        },
    }


def _load(
    server: Server, *, streams: int, requests: int, max_tokens: int, pause: float = 0.0
) -> dict[str, Any]:
    """What a load generator saw, and the processor time of each part. Raises RunFailed."""
    order = Order(*server.address, PROMPT, max_tokens, streams, requests, pause)
    watched = server.parts()
    before = {part: cpu_seconds(of) for part, of in watched.items()}
    seen = carried_out(order, server.name, _STUCK + requests * pause)
    used = {part: cpu_seconds(of) - before[part] for part, of in watched.items()}
    tokens = sum(seen["tokens"])
    answered = tokens + seen.pop("warm_up_tokens")
    return {
        **seen,
        "tokens": tokens,
        "answers": len(seen["tokens"]),
        "tokens_per_s": round(tokens / seen["seconds"], 2),
        "cpu_us_per_token": {part: round(of * 1e6 / answered, 2) for part, of in used.items()},
    }


def carried_out(order: Order, server: str, patience_s: float) -> dict[str, Any]:
    """What the load generator tells of an order, in a process of its own. Raises RunFailed."""
    command = [sys.executable, "-m", "bench.peers.client", json.dumps(order._asdict())]
    try:
        client = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=patience_s)
    except subprocess.TimeoutExpired:
        raise RunFailed(f"{server} did not answer {order.streams} streams in time") from None
    if client.returncode:
        *_, last = [b"without a word", *client.stderr.strip().splitlines()]
        raise RunFailed(f"{server} failed under load: {last.decode(errors='replace')}")
    seen: dict[str, Any] = json.loads(client.stdout)
    return seen


#: Called with the name of each server before it is measured.
Announce = Callable[[str], None]


def measure_all(
    only: Sequence[str], plans: Mapping[str, Plan], announce: Announce
) -> dict[str, dict[str, Any]]:
    """The measurements of the servers of these names, in the order of `SERVERS`."""
    found = {}
    for kind in SERVERS:
        if kind.name in only:
            announce(kind.name)
            found[kind.name] = measure(kind, plans[kind.name])
    return found
