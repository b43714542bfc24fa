"""What a token costs its queen: her processor time while answers stream through her.

A real queen, and a worker of `simulated_hives` that takes no processor time from an engine: so many
answers at once, over each of the two ways that clients have, with the tokens in the rhythm in which
a real worker tells them.
"""

from __future__ import annotations

import asyncio
import statistics
from typing import Any

import msgspec

from bench.figures import Figure, Target
from bench.fleet import Fleet
from bench.peers.client import Address, message, request_of
from bench.report import Part
from bench.simulated_hives import MODEL, SPEED
from bench.swarm import STUCK, cpu_seconds
from rbee.wire.messages.basics import encode
from rbee.wire.messages.jobs import SUBMIT_JOB, JobAccepted, JobRequest

#: Answers at once, and tokens of each.
LOADS = {1: 4096, 8: 1024, 32: 512}
_ROUNDS = 3
#: Microseconds of the queen's processor time by token, with the most answers at once.
TARGET = Target(80.0)
#: What stands once in the event of a token of the simulated worker.
_TOKEN = {"native": b'"t":" word"', "v1": b'"content":" word"'}
_HOST = "127.0.0.1"


def measure_streams(_rounds: int) -> Part:
    """Rounds of each load by turns. Raises RunFailed."""
    found: dict[tuple[str, int], list[float]] = {}
    with _Streaming(1) as queen:
        for way in _TOKEN:
            queen.cost(way, 1, 1)  # what she imports and makes once is no part of it
        for _ in range(_ROUNDS):
            for streams, tokens in LOADS.items():
                for way in _TOKEN:
                    cost = queen.cost(way, streams, tokens)
                    found.setdefault((way, streams), []).append(cost)
    figures = [
        Figure(
            f"queen's cpu, {streams} {way} stream" + "s" * (streams > 1),
            statistics.median(costs),
            "us/token",
            f"{min(costs):.0f} to {max(costs):.0f}; {SPEED} tokens/s together",
            TARGET if streams == max(LOADS) else None,
        )
        for (way, streams), costs in found.items()
    ]
    samples: dict[str, Any] = {f"{way} {streams}": costs for (way, streams), costs in found.items()}
    return Part(figures, samples)


class _Streaming(Fleet):
    """A queen and the streams that go through her."""

    def cost(self, way: str, streams: int, tokens: int) -> float:
        """Microseconds of the queen's processor time by token of so many answers at once.

        What it takes to begin an answer is among them.
        """
        before = cpu_seconds([self._queen])
        answers = asyncio.run(self._answers(way, streams, tokens))
        used = cpu_seconds([self._queen]) - before
        for answer in answers:
            if answer.count(_TOKEN[way]) != tokens:
                self._swarm.failed(f"of {tokens} tokens not all came: {answer[-500:]!r}")
        return used * 1e6 / (streams * tokens)

    async def _answers(self, way: str, streams: int, tokens: int) -> list[bytes]:
        ask = self._ask_v1 if way == "v1" else self._ask
        work = asyncio.gather(*(ask(tokens) for _ in range(streams)))
        return list(await asyncio.wait_for(work, STUCK))

    async def _ask(self, tokens: int) -> bytes:
        wanted = JobRequest(model_ref=MODEL, prompt="hello", max_tokens=tokens)
        asked = message(self._address, "POST", SUBMIT_JOB.path, encode(wanted))
        answer = await self._exchange(asked)
        job = msgspec.json.decode(answer.partition(b"\r\n\r\n")[2], type=JobAccepted)
        return await self._exchange(message(self._address, "GET", job.events_url))

    async def _ask_v1(self, tokens: int) -> bytes:
        return await self._exchange(request_of(self._address, "hello", tokens))

    @property
    def _address(self) -> Address:
        return Address(self._queen_port, MODEL.removeprefix("HF:"), self._swarm.token)

    async def _exchange(self, request: bytes) -> bytes:
        """All that the queen answers until she closes the connection."""
        reader, writer = await asyncio.open_connection(_HOST, self._queen_port)
        try:
            writer.write(request)
            return await reader.read()
        finally:
            writer.close()
