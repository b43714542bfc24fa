"""Somebody watches what is at work, on a terminal."""

from __future__ import annotations

from harness.rig.cluster import Cluster
from harness.rig.waiting import wait_until


class Watching:
    """A command that draws its page anew until Ctrl+C."""

    def __init__(self, cluster: Cluster, command_line: str) -> None:
        self._cluster = cluster
        self._running = cluster.start(command_line, terminal=True)

    def assert_page(self, *texts: str) -> None:
        """One page has all of these, now or in a moment."""

        def shows() -> bool:
            pages = self._running.stdout.split("\x1b[H\x1b[J")
            return any(all(text in page for text in texts) for page in pages)

        wait_until(f"a page shows {texts}", shows)

    def interrupt(self) -> int:
        """Ctrl+C; the exit status."""
        self._running.interrupt()
        return self._cluster.finish(self._running).status
