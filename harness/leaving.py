"""Programs with OpenAI's client that leave before their first token, wherever their job stands.

Two of them ask at once, one for an answer in one piece and one for an answer in pieces.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import psutil

from harness import swarm
from harness.cluster import Cluster
from harness.waiting import wait_until

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_MODEL = "author/endless-llama"
_FILE = "endless-llama-q8_0.gguf"
#: Words that take a while to be read.
_LONG = 7000


def leave_each(cluster: Cluster, phases: Sequence[str]) -> list[list[str]]:
    """The states of the jobs of those who left while each of these was the case."""
    return [asyncio.run(_left(cluster, *_PHASES[phase])) for phase in phases]


def assert_cancelled(states: Sequence[Sequence[str]]) -> None:
    """Both jobs of each phase are."""
    assert states
    assert all(list(two) == ["cancelled", "cancelled"] for two in states), states


async def _left(
    cluster: Cluster,
    circumstances: Callable[[Cluster], contextlib.AbstractContextManager[None]],
    told: Sequence[str],
    prompt: str,
) -> list[str]:
    """The states of both jobs after the programs have left, once each was told one of `told`."""
    from openai import AsyncOpenAI

    with circumstances(cluster):
        before = len(_jobs(cluster))
        url = cluster.url("queen", "/v1")
        async with AsyncOpenAI(base_url=url, api_key=cluster.token, max_retries=0) as openai:
            programs = [
                asyncio.create_task(ask(openai, prompt)) for ask in (_ask_whole, _ask_pieces)
            ]
            await asyncio.to_thread(
                wait_until, "both ask", lambda: len(_jobs(cluster)) == before + 2
            )
            mine = [job["job_id"] for job in _jobs(cluster)[:2]]
            for job_id in mine:
                await asyncio.to_thread(_wait_until_told, cluster, job_id, told)
            for program in programs:
                program.cancel()
            await asyncio.gather(*programs, return_exceptions=True)
        with contextlib.suppress(AssertionError):
            wait_until("both are over", lambda: "running" not in _states(cluster, mine), 1.0)
        return _states(cluster, mine)


async def _ask_whole(openai: AsyncOpenAI, prompt: str) -> None:
    await openai.chat.completions.create(**_asked(prompt))


async def _ask_pieces(openai: AsyncOpenAI, prompt: str) -> None:
    async for piece in await openai.chat.completions.create(**_asked(prompt), stream=True):
        raise AssertionError(f"it is too late: {piece}")


def _asked(prompt: str) -> dict[str, Any]:
    return {"model": _MODEL, "messages": [{"role": "user", "content": prompt}]}


def _wait_until_told(cluster: Cluster, job_id: str, told: Sequence[str]) -> None:
    stream = cluster.listen("queen", f"/jobs/{job_id}/events", until=told)
    last = stream.events[-1]
    assert any(text in last.data for text in told), f"job {job_id} is over: {stream.events}"


def _jobs(cluster: Cluster) -> list[dict[str, Any]]:
    jobs: list[dict[str, Any]] = cluster.queen_get("/jobs")["jobs"]
    return jobs


def _states(cluster: Cluster, job_ids: Sequence[str]) -> list[str]:
    return [job["state"] for job in _jobs(cluster) if job["job_id"] in job_ids]


# What is the case meanwhile.


@contextlib.contextmanager
def _hub_stalls(cluster: Cluster) -> Iterator[None]:
    cluster.hub.fault(f"*/{_FILE}", "stall", after_bytes=300_000, times=None)
    yield
    cluster.hub.clear_faults()


@contextlib.contextmanager
def _worker_hangs(cluster: Cluster) -> Iterator[None]:
    yield
    (worker,) = cluster.processes("worker")
    hung = psutil.Process(worker.pid)
    wait_until("the worker hangs", lambda: hung.status() == psutil.STATUS_STOPPED)
    swarm.thaw(worker)


@contextlib.contextmanager
def _slots_are_taken(cluster: Cluster) -> Iterator[None]:
    from openai import OpenAI

    (worker,) = cluster.queen_get("/workers")["workers"]
    with OpenAI(base_url=cluster.url("queen", "/v1"), api_key=cluster.token) as openai:
        asked = _asked("tell me a story")
        stories = [
            openai.chat.completions.create(**asked, stream=True) for _ in range(worker["slots"])
        ]
        for story in stories:
            next(story)
        yield
        for story in stories:
            story.close()


#: What is the case, what a job is told then, and what it asks, by the words of the feature.
_PHASES: dict[
    str,
    tuple[
        Callable[[Cluster], contextlib.AbstractContextManager[None]],
        tuple[str, ...],
        str,
    ],
] = {
    "the model is fetched": (_hub_stalls, ("starting download", "waiting for it"), "hello"),
    "the worker loads": (
        _worker_hangs,
        ("waiting for heartbeat", "waiting for it", "is loading"),
        "hello",
    ),
    "others have all the slots": (_slots_are_taken, ("is busy; waiting",), "hello"),
    "a long prompt is read": (
        lambda _: contextlib.nullcontext(),
        ("starting inference",),
        "story " * _LONG,
    ),
}
