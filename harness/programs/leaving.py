"""Clients that others wrote, and that leave before their first token, wherever their job stands.

A program asks for two answers at once, one whole and one in pieces; a command asks for one.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import psutil

from harness.clients import ENDLESS, HELLO, LONG
from harness.programs import other_clients
from harness.rig import swarm
from harness.rig.cluster import Cluster
from harness.rig.lent_clients import PATIENCE_S
from harness.rig.program import Running
from harness.rig.waiting import wait_until

_FILE = "endless-llama-q8_0.gguf"
_TWO = "two answers, left when told"


class Leaver(Protocol):
    """Somebody who asks the queen, and leaves before there is an answer."""

    #: How many answers are asked for at once.
    answers: int

    def ask(self) -> None:
        """Asks for as many."""

    def leave(self) -> None:
        """Leaves them all; returns when that is done."""


class Program:
    """Leaves what it awaits; it lives on."""

    answers = 2

    def __init__(self, cluster: Cluster, package: str) -> None:
        self._program = other_clients.start(cluster, package)

    def ask(self) -> None:
        """One whole, one in pieces."""
        self._program.ask(_TWO)

    def leave(self) -> None:
        """By cancelling both."""
        self._program.type("leave")
        assert self._program.answer() == f"{self.answers} left", self._program


class Command:
    """Ends with Ctrl+C; it asks in pieces and for the whole by turns."""

    answers = 1

    def __init__(self, cluster: Cluster) -> None:
        other_clients.install_llm(cluster)
        (cluster.work / "words").write_text(LONG)
        self._cluster = cluster
        self._commands = itertools.cycle(
            ["exec llm -m endless < words", "exec llm -m endless --no-stream < words"]
        )
        self._running: Running | None = None

    def ask(self) -> None:
        """Starts the command."""
        self._running = self._cluster.start(next(self._commands))

    def leave(self) -> None:
        """Ctrl+C, after which it has said nothing."""
        assert self._running is not None
        self._running.interrupt()
        assert self._cluster.finish(self._running).stdout.strip() == "", self._running


def leave_each(cluster: Cluster, client: str, phases: Sequence[str]) -> list[list[str]]:
    """The states of the jobs that were left while each of these was the case."""
    is_command = client == "the command llm"
    leaver = Command(cluster) if is_command else Program(cluster, client)
    return [_left(cluster, leaver, *_PHASES[phase]) for phase in phases]


def assert_cancelled(states: Sequence[Sequence[str]]) -> None:
    """All jobs of each phase are."""
    assert states
    assert all(set(jobs) == {"cancelled"} for jobs in states), states


def _left(
    cluster: Cluster,
    leaver: Leaver,
    circumstances: Callable[[Cluster], contextlib.AbstractContextManager[None]],
    told: Sequence[str],
) -> list[str]:
    """The states of the jobs after they were left, once each was told one of `told`."""
    with circumstances(cluster):
        before = len(_jobs(cluster))
        leaver.ask()
        wait_until(
            "all is asked",
            lambda: len(_jobs(cluster)) == before + leaver.answers,
            PATIENCE_S,
        )
        mine = [job["job_id"] for job in _jobs(cluster)[: leaver.answers]]
        for job_id in mine:
            _wait_until_told(cluster, job_id, told)
        leaver.leave()
        with contextlib.suppress(AssertionError):
            wait_until("all are over", lambda: "running" not in _states(cluster, mine))
        return _states(cluster, mine)


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
        asked: dict[str, Any] = {"model": ENDLESS, "messages": [{"role": "user", "content": HELLO}]}
        stories = [
            openai.chat.completions.create(**asked, stream=True) for _ in range(worker["slots"])
        ]
        for story in stories:
            next(story)
        yield
        for story in stories:
            story.close()


#: What is the case, and what a job is told then, by the words of the feature.
_PHASES: dict[
    str, tuple[Callable[[Cluster], contextlib.AbstractContextManager[None]], tuple[str, ...]]
] = {
    "the model is fetched": (_hub_stalls, ("starting download", "waiting for it")),
    "the worker loads": (_worker_hangs, ("waiting for heartbeat", "waiting for it", "is loading")),
    "others have all the slots": (_slots_are_taken, ("is busy; waiting",)),
    "a long prompt is read": (lambda _: contextlib.nullcontext(), ("starting inference",)),
}
