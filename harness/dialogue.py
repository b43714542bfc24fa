"""A command on a terminal that asks before it goes on."""

from __future__ import annotations

from harness.cluster import Cluster
from harness.waiting import wait_until


class Dialogue:
    """A command that runs on a terminal of its own, and what it asks there."""

    def __init__(self, cluster: Cluster, command_line: str) -> None:
        self._cluster = cluster
        self._running = cluster.start(command_line, terminal=True)
        self._asked = 0

    def assert_asks(self, question: str) -> None:
        """The command asks this, once more than it did before."""
        self._asked += 1
        wait_until(f"it asks {question!r}", lambda: self._has_asked(question))

    def answer(self, text: str) -> None:
        """Types the last answer; the command goes on to its end."""
        self._running.type(text)
        self._cluster.finish(self._running)

    def answer_unseen(self, text: str) -> None:
        """Types what the terminal is not to show, once the terminal is told not to."""
        wait_until("typing is unseen", lambda: self._running.stdout.endswith(" "))
        self._running.type(text)

    def end(self) -> None:
        """Waits for the end of the command."""
        self._cluster.finish(self._running)

    def _has_asked(self, question: str) -> bool:
        running = self._running
        if running.has_ended:
            raise RuntimeError(f"it has ended without asking {question!r}\n{running}")
        # Secrets are asked for on the terminal itself, which shows as stdout.
        shown = running.stdout + running.stderr
        assert shown.count(question) == self._asked, str(running)
        return True
