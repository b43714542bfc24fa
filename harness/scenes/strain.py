"""What one asks for so that others have to wait for it, and whether they do."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from typing import Any

import psutil

from harness.decisions import costs
from harness.programs.callers import Callers
from harness.rig import swarm
from harness.rig.client import Answer, Listener
from harness.rig.cluster import Cluster
from harness.rig.waiting import INTERVAL_S, wait_until

#: A repository with as many files as are fetched here, and the rate at which a hub trickles.
_MANY = "TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF"
_QUANTS = (
    *("Q2_K", "Q3_K_L", "Q3_K_M", "Q3_K_S", "Q4_0", "Q4_K_M"),
    *("Q4_K_S", "Q5_0", "Q5_K_M", "Q5_K_S", "Q6_K", "Q8_0"),
)
_TRICKLE_BYTES_S = 5000
_HELLO = {"role": "user", "content": "hello"}
#: How long a list or a short answer may take while others have their work done (seconds).
_SOON_S = 30.0
#: How long nothing may come of a story that is being told (seconds).
_SILENCE_S = 1.0


def trickle(cluster: Cluster) -> None:
    """The hub sends each file of a repository a few bytes at a time."""
    cluster.hub.fault(
        f"*{_MANY}/resolve/*", "slow", method="GET", rate_bytes_s=_TRICKLE_BYTES_S, times=None
    )
    cluster.hub.fault(
        f"*{_MANY}/*.gguf", "slow", method="GET", rate_bytes_s=_TRICKLE_BYTES_S, times=None
    )


def fetch_many(cluster: Cluster, count: int) -> list[Listener]:
    """The hive begins to fetch so many models; somebody reads how far each of them is."""
    return [_fetch(cluster, quant) for quant in _QUANTS[:count]]


def _fetch(cluster: Cluster, quant: str) -> Listener:
    wanted = {"model_ref": f"HF:{_MANY}:{quant}"}
    answer = cluster.http("POST", "hive", "/models/provision", wanted)
    assert answer.status == 202, answer
    url = cluster.url("hive", answer.json()["events_url"])
    listener = Listener(url, token=cluster.secret("hive"))
    cluster.on_close(listener.leave)
    return listener


def _has_told(listener: Listener, words: str) -> bool:
    return any(words in line for line in list(listener.lines))


def assert_in_line(models: Sequence[Listener], count: int, line: str) -> None:
    """So many of them wait, and have been told so, while the others have begun."""

    def begun() -> bool:
        return all(_has_told(each, "starting download") for each in models)

    def waiting() -> bool:
        return sum(_has_told(each, line) for each in models) == count

    wait_until("all are known to the hub", begun, _SOON_S)
    wait_until(f"{count} are in line", waiting, _SOON_S)


def seconds_of_others(cluster: Cluster) -> dict[str, float]:
    """How long it takes to list models, and to have a model loaded and answer."""
    hello = {"model": "minillama", "max_tokens": 2, "messages": [_HELLO]}
    asked: dict[str, tuple[str, str, str, Any]] = {
        "the models of the hive": ("GET", "hive", "/models", None),
        "its devices": ("GET", "hive", "/devices", None),
        "an answer": ("POST", "queen", "/v1/chat/completions", hello),
    }
    took = {}
    for name, request in asked.items():
        began = time.monotonic()
        answer = cluster.http(*request, timeout=2 * _SOON_S)
        assert answer.status == 200, f"{name}: {answer}"
        took[name] = time.monotonic() - began
    return took


def assert_soon(took: dict[str, float]) -> None:
    """Nobody has waited for what others have done."""
    late = {name: seconds for name, seconds in took.items() if seconds > _SOON_S}
    assert not late, took


class Silence:
    """How long nothing comes of stories at most, from now on until it is left.

    Of that time counts what the programs of the swarm compute in it: they do something else. A
    machine that serves others keeps them from their processors, and this process from its own.
    """

    def __init__(self, cluster: Cluster, stories: Callers) -> None:
        self._stories = stories
        self._programs = [psutil.Process(each.pid) for each in cluster.processes("worker")]
        self._programs += [
            psutil.Process(swarm.the_one(cluster, role).pid) for role in ("queen", "hive")
        ]
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look, name="silence", daemon=True)
        #: Known once it is left.
        self.longest = math.inf

    def __enter__(self) -> Silence:
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watch.join()

    def _look(self) -> None:
        pieces, since = self._stories.pieces(), self._now()
        is_over, longest = False, 0.0
        while not is_over:
            is_over = self._over.wait(INTERVAL_S)
            now = self._now()
            longest = max(longest, min(now[0] - since[0], now[1] - since[1]))
            if self._stories.pieces() != pieces:
                pieces, since = self._stories.pieces(), now
        self.longest = longest

    def _now(self) -> tuple[float, float]:
        used = [each.cpu_times() for each in self._programs]
        return time.monotonic(), sum(each.user + each.system for each in used)


def ask_for_each(cluster: Cluster, model: str, rows: Sequence[Any]) -> list[Answer]:
    """What is answered to requests for a form, a function, or more of something than there may be,
    each in turn."""
    answers = []
    for row in rows:
        body = {"model": model, "max_tokens": 5, "messages": [_HELLO], **_asked(row["asked for"])}
        answers.append(cluster.http("POST", "queen", "/v1/chat/completions", body, timeout=60.0))
    return answers


def assert_refused(answers: Sequence[Answer], rows: Sequence[Any]) -> None:
    """Each is a 400 about the field of its row, or about something in it."""
    for answer, row in zip(answers, rows, strict=True):
        field, about = answer.json()["error"]["param"], row["about"]
        inside = field.startswith((f"{about}.", f"{about}["))
        assert answer.status == 400 and (field == about or inside), (about, answer.text[:600])


def assert_went_on(silence: Silence) -> None:
    """Nothing was silent for longer than a person takes note of."""
    assert silence.longest < _SILENCE_S, silence.longest


def _asked(what: str) -> dict[str, Any]:
    kind, _, form = what.partition(": ")
    if kind == "a form":
        schema = costs.form(form)
        return {"response_format": {"type": "json_schema", "json_schema": {"schema": schema}}}
    if kind == "a call":
        tools = [{"type": "function", "function": {"name": "f", "parameters": costs.form(form)}}]
        return {"tools": tools, "tool_choice": "required"}
    return _MUCH[what]


_MUCH: dict[str, dict[str, Any]] = {
    "20,000 messages": {"messages": [_HELLO] * 20_000},
    "10,000 words to stop at": {"stop": [f"word {number}" for number in range(10_000)]},
    "a word of 100 kB to stop at": {"stop": "w" * 100_000},
    "40,000 tokens weighed": {"logit_bias": {str(number): -1 for number in range(40_000)}},
    "1,000 functions": {
        "tools": [
            {"type": "function", "function": {"name": f"f{number}"}} for number in range(1000)
        ]
    },
}
