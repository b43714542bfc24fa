"""Programs that call the queen at the same time, each on a connection and a thread of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from fixtures import real
from harness.rig import client
from harness.rig.cluster import Cluster
from harness.rig.waiting import wait_in_turns, wait_until

_SILENCE_S = 60.0
#: Tokens of an answer; a story goes on until its reader leaves.
_ANSWER = 5


class Caller(client.Listener):
    """A program that reads a streamed answer. `key` is whose it is, empty for the swarm's own;
    ``$MODELS`` in a model's name is the folder of the real models.

    Its `events` and the moments at which they came are those with text of the answer.
    """

    def __init__(
        self, cluster: Cluster, model: str, key: str, token: str, max_tokens: int | None
    ) -> None:
        self.key = key
        self.is_answered = False
        asked: dict[str, Any] = {
            "model": model.replace("$MODELS", str(real.HOME)),
            "messages": [{"role": "user", "content": "tell me a story"}],
            "stream": True,
        }
        if max_tokens is not None:
            asked["max_tokens"] = max_tokens
        url = cluster.url("queen", "/v1/chat/completions")
        super().__init__(url, token=token, body=asked, silence_s=_SILENCE_S)

    @property
    def pieces(self) -> int:
        """How many pieces of the answer have come."""
        return len(self.events)

    @property
    def answer_id(self) -> str:
        """What the answer is called; empty before its first piece."""
        return str(self.events[0].json()["id"]) if self.events else ""

    @property
    def last(self) -> str:
        """The last line that was sent, so far."""
        return next((line for line in reversed(self.lines) if line), "")

    def is_told(self, text: str) -> bool:
        """Whether a remark before or between the pieces has this in it."""
        # A remark may stand alone, with no event behind it yet.
        return any(line.startswith(":") and text in line for line in list(self.lines))

    def wait_for_tokens(self) -> None:
        """Until the first piece of the answer has come."""
        wait_until("tokens of a story come", lambda: self.events, 30.0)

    def wait_for_place(self) -> None:
        """Until the queen has said where it stands in the queue."""
        wait_until("it is told its place", lambda: self.is_told(" in the queue for "))

    def wait_for_status(self) -> None:
        """Until the queen has let it in, or turned it away."""
        wait_until("the queen has answered", lambda: self.status)

    def take(self, event: client.Event) -> None:
        """A piece of the answer, what stands around it, or its end."""
        if event.data == "[DONE]":
            self.is_answered = True
        elif '"content"' in event.data:
            super().take(event)


class Callers:
    """All programs of a scenario."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._tokens = {"": cluster.token}
        self._callers: list[Caller] = []
        self._vector = ""
        cluster.on_close(self.leave)

    def add_keys(self, *names: str) -> None:
        """A key of its own for each of these callers."""
        for name in names:
            answer = self._cluster.http("POST", "queen", "/keys", {"name": name})
            assert answer.status == 200, answer
            self._tokens[name] = answer.json()["key"]

    def add_key(self, name: str, command_line: str) -> None:
        """A key that its owner makes by a command, which says what it may use."""
        finished = self._cluster.run(command_line)
        self._cluster.assert_status(0, finished)
        self._tokens[name] = finished.stdout.strip()

    def secret_of(self, key: str) -> str:
        """What the program with this key shows."""
        return self._tokens[key]

    def ask_for(self, key: str, model: str) -> client.Answer:
        """What a program with this key is answered that asks a model for three tokens."""
        body = {"model": model, "max_tokens": 3, "messages": [{"role": "user", "content": "hi"}]}
        url = self._cluster.url("queen", "/v1/chat/completions")
        return client.ask("POST", url, token=self._tokens[key], body=body, timeout=90.0)

    def models_of(self, key: str) -> list[dict[str, Any]]:
        """What it is told of the models."""
        url = self._cluster.url("queen", "/v1/models")
        answer = client.ask("GET", url, token=self._tokens[key])
        assert answer.status == 200, answer
        listed: list[dict[str, Any]] = answer.json()["data"]
        return listed

    def read_story_with(self, key: str, model: str) -> None:
        """A program with this key reads a story, until it has begun."""
        self._call(model, key, None).wait_for_tokens()

    def wait_for_fetching(self, key: str, model: str) -> None:
        """A program with this key asks for a model, until it hears that it is being fetched."""
        story = self._call(model, key, None)
        wait_until("it hears of the download", lambda: story.is_told("starting download"))

    def assert_cut_off(self, within_s: float) -> None:
        """The stories of all who read one end, with an error that says why, within so many seconds
        in which the queen has her turn."""

        def told() -> bool:
            return all('"invalid_api_key"' in caller.last for caller in self._callers)

        what = "each story ends with the error of a key that is none"
        wait_in_turns(what, told, lambda: self._cluster.queen_get("/health"), within_s)

    def heard(self) -> str:
        """All that was sent to those who read, as text."""
        return "\n".join(line for caller in self._callers for line in caller.lines)

    def status(self, key: str, request: str) -> int:
        """What a program with this key is answered to a request such as ``GET /jobs``."""
        method, path = request.split(" ")
        url = self._cluster.url("queen", path)
        body: dict[str, str] | None = {} if method == "POST" else None
        return client.ask(method, url, token=self._tokens[key], body=body).status

    def read_stories(self, model: str, count: int) -> None:
        """Programs that read endless stories, each until it has begun."""
        stories = [self._call(model, "", None) for _ in range(count)]
        for story in stories:
            story.wait_for_tokens()

    def pieces(self) -> list[int]:
        """How many pieces have come of each story."""
        return [caller.pieces for caller in self._callers]

    def wait(self, model: str, count: int, key: str = "") -> None:
        """Programs that ask for a short answer and wait in the queue, the one behind the other."""
        for _ in range(count):
            self._call(model, key, _ANSWER).wait_for_place()

    def wait_for_vector(self, model: str, device: str) -> None:
        """A job for a vector, made on this device and no other, that waits in the queue."""
        body = {"model_ref": f"HF:{model}", "device": device, "inputs": ["hello"]}
        answer = self._cluster.http("POST", "queen", "/jobs", body)
        assert answer.status == 202, answer
        self._vector = answer.json()["job_id"]
        wait_until("it waits in the queue", lambda: self._job(self._vector)["place"])

    def assert_vector_first(self) -> None:
        """The job for a vector was done before the answer to the program that came last."""
        last = self._callers[-1]
        wait_until("the last one is answered", lambda: last.is_answered)
        vector, answer = self._job(self._vector), self._job(last.answer_id.partition("-")[2])
        assert vector["state"] == answer["state"] == "done", (vector, answer)
        assert vector["finished_at_ms"] <= answer["finished_at_ms"], (vector, answer)

    def _job(self, job_id: str) -> dict[str, Any]:
        jobs: list[dict[str, Any]] = self._cluster.queen_get("/jobs")["jobs"]
        return next(job for job in jobs if job["job_id"] == job_id)

    def ask(self, model: str, count: int, key: str = "") -> None:
        """Programs that ask for a short answer, each once the queen has answered the one before
        with a status."""
        for _ in range(count):
            self._call(model, key, _ANSWER).wait_for_status()

    def leave(self) -> None:
        """All of them hang up."""
        for caller in self._callers:
            caller.leave()

    def leave_story(self) -> None:
        """Who reads a story leaves."""
        self._callers[0].leave()

    def assert_together(self) -> None:
        """Each of them gets tokens while the others do."""
        before = [caller.pieces for caller in self._callers]

        def all_went_on() -> bool:
            return all(now.pieces > had for now, had in zip(self._callers, before, strict=True))

        wait_until("every story has gone on", all_went_on)
        assert not any(caller.is_answered for caller in self._callers)

    def assert_not_broken_off(self) -> None:
        """Each story goes on, or has been told to its own end."""
        before = [caller.pieces for caller in self._callers]

        def whole() -> bool:
            pairs = zip(self._callers, before, strict=True)
            return all(now.is_answered or now.pieces > had for now, had in pairs)

        wait_until("every story goes on, or has its end", whole)

    def assert_full(self) -> None:
        """Each of them is answered until there is no context left for it, and none is cut off."""
        ended = "all have their ends"
        wait_until(ended, lambda: all(one.is_answered for one in self._callers), _SILENCE_S)
        for caller in self._callers:
            told = "\n".join(caller.lines)
            assert caller.pieces > 1 and '"error"' not in told, told[-500:]
            assert '"finish_reason":"length"' in told, told[-500:]

    def assert_order(self, keys: Sequence[str]) -> None:
        """The answers to all but the first came in this order of keys, as the queen tells it."""
        waiting = self._callers[1:]
        wait_until("all are answered", lambda: all(caller.is_answered for caller in waiting))
        jobs = self._cluster.queen_get("/jobs")["jobs"]
        ends = {f"chatcmpl-{job['job_id']}": job["finished_at_ms"] for job in jobs}
        answered = sorted(waiting, key=lambda caller: ends[caller.answer_id])
        assert [caller.key for caller in answered] == list(keys), jobs

    def assert_told(self, text: str) -> None:
        """The one who came last is told this; ``<seconds>`` is any duration."""
        pattern = re.escape(f"queen: {text}").replace("<seconds>", r"\d+(\.\d)? seconds")
        last = self._callers[-1]

        def is_told() -> bool:
            remarks = [line[2:] for line in last.lines if line.startswith(": ")]
            assert any(re.fullmatch(pattern, remark) for remark in remarks), remarks
            return True

        wait_until(f"the last one is told {text!r}", is_told)

    def assert_turned_away(self, count: int) -> None:
        """So many were told to come again, and when."""
        away = [caller for caller in self._callers if caller.status == 429]
        assert len(away) == count, [caller.status for caller in self._callers]
        assert all(int(caller.headers["Retry-After"]) >= 1 for caller in away)

    def assert_others_answered(self) -> None:
        """Everybody who was let in gets the whole answer."""
        let_in = [one for one in self._callers[1:] if one.status == 200]
        wait_until("all are answered", lambda: all(one.is_answered for one in let_in))
        assert "phone" in {one.key for one in let_in}

    def _call(self, model: str, key: str, max_tokens: int | None) -> Caller:
        caller = Caller(self._cluster, model, key, self._tokens[key], max_tokens)
        self._callers.append(caller)
        return caller
