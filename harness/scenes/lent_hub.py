"""The lending of the fixture hub put to the test: a scenario that ill-treats it, and the next."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from urllib.error import HTTPError

from fixtures.hub.control import FixtureHub
from harness.rig import client
from harness.rig.cluster import Cluster
from harness.rig.waiting import wait_until
from harness.scenes.rehearsal import Rehearsal

REPOSITORY = "author/minillama"
INFO = f"/api/models/{REPOSITORY}"
#: How long a stall may take to come, and an answer to be cut off, in seconds.
SOON_S = 30.0


class LentHub:
    """The hub of a rehearsed scenario, before and after that ends."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self._rehearsal = rehearsal
        self._hub: FixtureHub = rehearsal.inner.hub
        self._pid = self._hub.pid
        self._at_first = _ask(self._hub)
        self._stalled = threading.Thread(target=self._ask_in_vain)
        self._was_cut = False

    def use(self) -> None:
        """Leaves on it what a scenario can leave: a request, another version, a fault."""
        self._hub.publish(REPOSITORY)
        assert _ask(self._hub) != self._at_first
        self._hub.fault("*", "stall", times=None)

    def stall(self) -> None:
        """Asks for an answer that does not come."""
        self._stalled.start()
        self._hub.wait_until_stalled(SOON_S)

    def kill(self) -> None:
        """kill -9 of it."""
        os.kill(self._pid, signal.SIGKILL)
        wait_until("the hub is gone", lambda: not self._hub.is_running)

    def break_down(self) -> None:
        """Makes it complain: of a repository that it has not it cannot make another version."""
        with contextlib.suppress(HTTPError):
            self._hub.publish("nobody/nothing")

    def assert_cut_off(self) -> None:
        """Who waited for an answer was told that none comes."""
        self._stalled.join(SOON_S)
        assert self._was_cut

    def assert_next(self, cluster: Cluster, *, same: bool) -> None:
        """The next scenario's hub, the same process or another, is as at its beginning."""
        hub = cluster.hub
        assert (hub.pid == self._pid) is same, (hub.pid, self._pid)
        assert hub.requests() == [], hub.requests()
        assert _ask(hub) == self._at_first

    def _ask_in_vain(self) -> None:
        try:
            _ask(self._hub)
        except OSError:
            self._was_cut = True


def _ask(hub: FixtureHub) -> str:
    """What it tells of a repository."""
    return client.ask("GET", hub.url + INFO, timeout=2 * SOON_S).text
