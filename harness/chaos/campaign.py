"""Rounds of chaos, carried out one after the other on homes that last for several of them."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from fixtures.hub.control import FixtureHub
from harness.chaos.plan import TOYS, RoundModels, draw
from harness.chaos.round import Round, RoundResult
from harness.complaints import Concern
from harness.rig.cluster import Cluster
from harness.rig.lending import HubProcess
from harness.rig.ports import Ports

#: How long the programs may take to leave once everything was told to, in seconds.
LEAVE_S = 30.0
#: The product's long times, made short; a machine under load, where a program may wait for a
#: processor for seconds, still keeps them.
SETTINGS: dict[str, object] = {
    "heartbeat_interval": 0.3,
    "heartbeats_missed": 14,
    "lease": 5.0,
    "connect_timeout": 5.0,
    "health_wait_total": 30.0,
    "load_stall": 5.0,
    "token_stall": 5.0,
    "download_stall": 4.0,
    "download_tries": 3,
    "stop_request": 3.0,
    "stop_term": 3.0,
    "stop_total": 10.0,
    "reader_grace": 0.2,
    "stream_comment": 0.5,
}


class Campaign:
    """Everything that outlives a round: the hub, the homes, and the ports."""

    def __init__(self, seed: str, ports: Ports, models: RoundModels = TOYS) -> None:
        self.seed = seed
        self._models = models
        self._ports = ports
        self._folder = Path(tempfile.mkdtemp(prefix="rbee-chaos-")).resolve()
        self._home = self._folder / "home"
        self._since = 0
        self._hub: HubProcess | None = None
        self._told: list[str] = []

    def __enter__(self) -> Campaign:
        return self

    def __exit__(self, *_: object) -> None:
        self._drop_hub()
        shutil.rmtree(self._folder, ignore_errors=True)

    def run(self, number: int) -> RoundResult:
        """Carries out the round of this number and looks at what it left."""
        plan = draw(self.seed, number, self._models)
        if plan.since != self._since:
            self._since = plan.since
            shutil.rmtree(self._home, ignore_errors=True)
        shutil.rmtree(self._home / "logs", ignore_errors=True)
        began = time.monotonic()
        cluster = Cluster(self._ports, patience_s=LEAVE_S)
        cluster.use_home(self._home)
        cluster.set(**SETTINGS)
        verdict = Round(plan, cluster, self._live_hub).run()
        verdict.seconds = time.monotonic() - began
        for told in self._hub_complaints():
            verdict.complaints.add(Concern.LOGS, told)
        if verdict.complaints:
            verdict.report = cluster.report()
        cluster.remove()
        return verdict

    def _live_hub(self) -> FixtureHub:
        """The hub, or another one in place of one that was struck."""
        if self._hub is None or not _answers(self._hub.hub):
            self._drop_hub()
            self._hub = HubProcess()
        return self._hub.hub

    def _drop_hub(self) -> None:
        lent, self._hub = self._hub, None
        if lent is not None:
            self._note(lent.end)

    def _hub_complaints(self) -> list[str]:
        """What hubs have complained about since the last call; one that did is lent no more."""
        if self._hub is not None and self._note(self._hub.assert_well):
            self._drop_hub()
        told, self._told = list(dict.fromkeys(self._told)), []
        return told

    def _note(self, look: Callable[[], object]) -> bool:
        try:
            look()
        except AssertionError as error:
            self._told.append(str(error))
            return True
        return False


def _answers(hub: FixtureHub) -> bool:
    """Whether it was struck neither by a kill nor by a stop."""
    struck = (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD, psutil.STATUS_STOPPED)
    return psutil.Process(hub.pid).status() not in struck
