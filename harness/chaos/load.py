"""Who wants something of the swarm in a round of chaos: commands, and jobs over HTTP."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Sequence

from harness.chaos.plan import Client, Moment
from harness.rig import client
from harness.rig.cluster import Cluster
from harness.rig.program import Running
from harness.rig.waiting import wait_until

#: How long the moment of a strike is waited for, in seconds.
MOMENT_S = 60.0
_TERMINAL = {"done", "error", "cancelled"}


class HttpJob:
    """A job handed in over HTTP, whose events a thread reads to their end."""

    def __init__(self, cluster: Cluster, wanted: Client, address: str) -> None:
        self._cluster = cluster
        self._address = address
        self._wanted = wanted
        self.came_of_it = "no answer"
        self.stream: client.Stream | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name=str(wanted))
        self._thread.start()

    @property
    def has_ended(self) -> bool:
        """Whether there is nothing more to come."""
        return not self._thread.is_alive()

    def _run(self) -> None:
        order = {
            "model_ref": self._wanted.model,
            "prompt": "once upon a time",
            "max_tokens": self._wanted.max_tokens,
        }
        # Who is struck breaks off in the middle of an answer; that is no fault of the listener.
        try:
            answer = self._cluster.http("POST", self._address, "/jobs", order)
            if answer.status != 202:
                self.came_of_it = f"refused with {answer.status}"
                return
            self.came_of_it = "broken off"
            stream = self._cluster.listen(self._address, answer.json()["events_url"])
        except (OSError, http.client.HTTPException):
            return
        if stream.names()[-1:] == ["[DONE]"]:
            self.stream = stream
            self.came_of_it = " and ".join(terminal_events(stream))


class RoundLoad:
    """The clients of a round; the first of them is the one whose moment is waited for."""

    def __init__(self, cluster: Cluster, wanted: Sequence[Client], relay: int | None) -> None:
        """`relay` is the port of a relay to the queen, for clients that are to use one."""
        queen = "queen" if relay is None else f"http://127.0.0.1:{relay}"
        named = "" if relay is None else f" --queen {queen}"
        self.commands: list[Running] = []
        self.jobs: list[HttpJob] = []
        for each in wanted:
            if each.command:
                line = each.command.replace("rbee-keeper infer", f"rbee-keeper infer{named}")
                self.commands.append(cluster.start(line))
            else:
                self.jobs.append(HttpJob(cluster, each, queen))

    def wait_for(self, moment: Moment) -> bool:
        """Waits for an event of the first command; False: it ended without it."""
        first = self.commands[0]
        try:
            if moment.line:
                first.wait_for_line(moment.line, MOMENT_S)
            elif moment.progress:
                first.wait_for_text('"download"', MOMENT_S, "stderr")
            else:
                wait_until(
                    f"{moment.characters} characters have come",
                    lambda: len(first.stdout) >= moment.characters or first.has_ended,
                    MOMENT_S,
                )
        except AssertionError:
            return False
        return not first.has_ended

    def wait_for_end(self, deadline_s: float, except_for: int | None = None) -> list[str]:
        """Waits until everybody has ended; names who has not, except for the pid given."""

        def over() -> bool:
            return not self._running(except_for)

        try:
            wait_until("every client has ended", over, deadline_s)
        except AssertionError:
            pass
        return self._running(except_for)

    def _running(self, except_for: int | None) -> list[str]:
        commands = [each for each in self.commands if not each.has_ended]
        told = [f"still runs: {each}" for each in commands if each.pid != except_for]
        return told + ["a job over HTTP has no end" for job in self.jobs if not job.has_ended]


def terminal_events(stream: client.Stream) -> list[str]:
    """The events of a stream that end it; there is to be one."""
    return [name for name in stream.names() if name in _TERMINAL]
