"""One fixture hub for all the scenarios of a test process, lent to one after the other.

Starting a hub costs as much as starting a worker. What makes the hub of one scenario as good as
a new one for the next is `FixtureHub.reset`, which says so itself. A hub that was killed, that
broke or that would not be reset is never lent again.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from harness.rig import census

if TYPE_CHECKING:
    from fixtures.hub.control import FixtureHub


class HubProcess:
    """A hub process and the file with what it complains about."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.host = host
        # Late, so that scenarios without a hub do not pay for it.
        from fixtures.hub.control import FixtureHub

        with tempfile.NamedTemporaryFile(prefix="rbee-hub-", suffix=".log", delete=False) as log:
            self._log = Path(log.name)
        self.hub: FixtureHub = FixtureHub(host=host, log=self._log)
        with census.spawning() as owned:
            self.hub.start()
            self._pid = self.hub.pid
            owned.add(self._pid)

    def assert_well(self) -> None:
        """It has complained about nothing."""
        said = self._log.read_text("utf-8", "replace")
        assert not said.strip(), f"the fixture hub broke:\n{said}"

    def end(self) -> None:
        """Ends the process, and says whether it was well until then."""
        self.hub.stop()
        census.disown(self._pid)
        try:
            self.assert_well()
        finally:
            self._log.unlink()


_resting: list[HubProcess] = []


def borrow(host: str) -> tuple[FixtureHub, Callable[[], None]]:
    """A hub at its beginning that listens on this address, the one that was given back last, and
    what gives it back.

    Giving it back raises AssertionError for a hub that broke or that cannot be reset.
    """
    one = next((one for one in reversed(_resting) if one.host == host), None)
    if one is None:
        one = HubProcess(host)
    else:
        _resting.remove(one)
    return one.hub, lambda: _take_back(one)


def end() -> None:
    """Ends the hubs that nobody has. Raises AssertionError for one that broke."""
    while _resting:
        _resting.pop().end()


def _take_back(one: HubProcess) -> None:
    with contextlib.ExitStack() as broken:
        broken.callback(one.end)
        if one.hub.is_running:
            one.hub.reset()
            one.assert_well()
            broken.pop_all()
            _resting.append(one)
