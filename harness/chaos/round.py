"""One round of chaos: load, a strike, and a look at all that the swarm promises afterwards."""

from __future__ import annotations

import contextlib
import functools
import http.client
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from fixtures.hub.control import FixtureHub
from harness.chaos import disk
from harness.chaos.load import RoundLoad, terminal_events
from harness.chaos.plan import Deed, Drawn, Moment, Opening, Plan
from harness.chaos.relay import Relay
from harness.complaints import Complaints, Concern
from harness.rig import census, swarm
from harness.rig.client import Stream
from harness.rig.cluster import Cluster, freeze, kill, thaw
from harness.rig.ports import is_free
from harness.rig.program import Finished, Running

#: How long commands and jobs may take to end once somebody was struck, in seconds.
SETTLE_S = 60.0
#: Exit statuses that a command may have, besides that of the signal it was struck with.
_STATUSES = (0, 1, 124, 130)


@dataclass
class RoundResult:
    """What came of a round. `streams` counts the event streams that were read to their end.

    `report` is what the programs wrote, where there are complaints.
    """

    plan: Drawn
    struck: str = "nobody is there"
    came_of_it: str = ""
    streams: int = 0
    seconds: float = 0.0
    complaints: Complaints = field(default_factory=Complaints)
    report: str = ""

    @property
    def told(self) -> str:
        """The round in a line."""
        concerns = sorted({each.concern.value for each in self.complaints})
        end = f"FAILED: {', '.join(concerns)}" if concerns else "ok"
        return (
            f"round {self.plan.number}: {self.plan} -- {self.struck} "
            f"-- {self.came_of_it} -- {self.seconds:.1f} s, {end}"
        )


class AnyRound:
    """What rounds of every kind do alike."""

    def __init__(self, plan: Drawn, cluster: Cluster) -> None:
        self._cluster = cluster
        self._verdict = RoundResult(plan)
        self._complaints = self._verdict.complaints

    def _wait_for(self, load: RoundLoad, moment: Moment, jitter_s: float) -> str:
        """Waits for the moment to strike; when that is, in words."""
        came = load.wait_for(moment)
        time.sleep(jitter_s)
        return f" {f'{jitter_s:g} s after' if came else 'without'} {moment}"

    def _ended(self, running: Running, struck_pid: int | None) -> Finished | None:
        """A command that has ended, its status looked at; None: it has not."""
        try:
            finished = self._cluster.finish(running, timeout=1.0)
        except AssertionError as error:
            self._complaints.add(Concern.COMMANDS, str(error))
            return None
        by_us = finished.status == -9 and running.pid == struck_pid
        if finished.status not in _STATUSES and not by_us:
            told = f"ended with status {finished.status}\n{finished}"
            self._complaints.add(Concern.COMMANDS, told)
        return finished

    def _succeed(self, command_line: str) -> Finished:
        finished = self._cluster.run(command_line, timeout=SETTLE_S)
        self._cluster.assert_status(0, finished)
        return finished


class Round(AnyRound):
    """A round to be carried out on a cluster, with a hub that is replaced when it was struck."""

    def __init__(self, plan: Plan, cluster: Cluster, live_hub: Callable[[], FixtureHub]) -> None:
        super().__init__(plan, cluster)
        self._plan = plan
        self._live_hub = live_hub
        self._struck: census.Member | None = None
        self._stays_frozen = False

    def run(self) -> RoundResult:
        """Carries it out; what goes wrong stands in the verdict."""
        with contextlib.ExitStack() as last:
            last.callback(self._look_at_texts)
            relay = None
            if self._plan.strike.deed is Deed.CUT:
                relay = Relay(self._cluster.ports.queen)
                last.callback(relay.close)
            self._trouble_hub()
            if self._complaints.check(Concern.NEXT, self._open):
                load = RoundLoad(self._cluster, self._plan.clients, relay.port if relay else None)
                self._strike_in_time(load, relay)
                self._settle(load)
                self._complaints.check(Concern.JOBS, functools.partial(self._look_at_jobs, load))
            self._complaints.check(Concern.PROCESSES, self._put_to_sleep)
            self._look_at_disk()
            self._complaints.check(Concern.NEXT, self._ask_again)
            self._look_at_disk()
        return self._verdict

    # Load and strike.

    def _trouble_hub(self) -> None:
        hub, trouble = self._live_hub(), self._plan.hub
        self._cluster.environment["HF_ENDPOINT"] = hub.url
        hub.clear_faults()
        if trouble.rate_bytes_s is not None:
            hub.fault("*.gguf", "slow", rate_bytes_s=trouble.rate_bytes_s, times=None)
        if trouble.cut_after_bytes is not None:
            hub.fault("*.gguf", "cut", after_bytes=trouble.cut_after_bytes)

    def _open(self) -> None:
        if self._plan.opening is Opening.KEPT:
            self._succeed("rbee-keeper infer --keep-alive --max-tokens 5 'hello'")
        elif self._plan.opening is Opening.UP:
            self._succeed("rbee-keeper up")

    def _strike_in_time(self, load: RoundLoad, relay: Relay | None) -> None:
        when = self._wait_for(load, self._plan.moment, self._plan.jitter_s)
        self._strike(relay)
        self._verdict.struck += when

    def _strike(self, relay: Relay | None) -> None:
        strike, victim = self._plan.strike, self._victim()
        if relay is not None:
            self._verdict.struck = f"{relay.cut()} connections to the queen cut"
        elif victim is not None:
            self._struck = victim
            self._verdict.struck = f"{victim.role} {strike.deed.value}"
            # Who ends in this very moment is struck in vain.
            with contextlib.suppress(ProcessLookupError):
                if strike.deed is Deed.KILL:
                    kill(victim)
                else:
                    self._freeze(victim, strike.thaw_s)

    def _freeze(self, victim: census.Member, thaw_s: float | None) -> None:
        freeze(victim)
        self._stays_frozen = thaw_s is None
        if thaw_s is not None:
            self._verdict.struck += f" for {thaw_s:g} s"
            time.sleep(thaw_s)
            thaw(victim)

    def _victim(self) -> census.Member | None:
        everyone = self._cluster.processes()
        for role in self._plan.strike.victims:
            if role == "hub":
                return census.Member(self._live_hub().pid, 0, "hub", "", (), 0.0)
            found = [one for one in everyone if one.role == role]
            if found:
                return found[int(self._plan.strike.pick * len(found))]
        return None

    # What is looked at.

    def _settle(self, load: RoundLoad) -> None:
        """Waits for the end of all that was asked for; a keeper frozen for good is then killed.

        A queen frozen for good is killed once `down` has told that she cannot be ended.
        """
        frozen = self._struck if self._stays_frozen else None
        if frozen is not None and frozen.role == "queen":
            self._complaints.check(Concern.COMMANDS, self._fail_to_end_her)
            _kill_if_there(frozen)
        waits_for_us = frozen.pid if frozen is not None and frozen.role == "keeper" else None
        for told in load.wait_for_end(SETTLE_S, waits_for_us):
            self._complaints.add(Concern.COMMANDS, told)
        if frozen is not None and frozen.role in ("keeper", "hub"):
            _kill_if_there(frozen)
        ends = [self._status_of(running) for running in load.commands]
        self._verdict.came_of_it = ", ".join(ends + [job.came_of_it for job in load.jobs])

    def _fail_to_end_her(self) -> None:
        holds_port = not is_free(self._cluster.ports.queen)
        ended = self._cluster.run("rbee-keeper down", timeout=SETTLE_S)
        if holds_port:
            self._cluster.assert_status(1, ended)
            assert "error: " in ended.stderr, f"the frozen queen is not told of\n{ended}"
            assert "  try: " in ended.stderr, f"nobody is told what to type next\n{ended}"

    def _status_of(self, running: Running) -> str:
        """The exit status of a command, looked at."""
        finished = self._ended(running, self._struck.pid if self._struck is not None else None)
        return "no end" if finished is None else str(finished.status)

    def _look_at_jobs(self, load: RoundLoad) -> None:
        """Every job that the queen knows, or that was listened to, ended in one way."""
        for job in load.jobs:
            if job.stream is not None:
                self._look_at_stream(job.stream)
            elif self._struck_role not in ("queen", "connections"):
                told = f"a job over HTTP: {job.came_of_it}, and the queen was not struck"
                assert job.came_of_it == "refused with 429", told
        try:
            self._look_at_board()
        except (OSError, http.client.HTTPException):
            self._cluster.assert_running("queen", 0)  # she was just leaving

    def _look_at_board(self) -> None:
        if not self._cluster.processes("queen"):
            return

        for job_id in swarm.wait_until_jobs_are_over(self._cluster, SETTLE_S):
            self._look_at_stream(self._cluster.listen("queen", f"/jobs/{job_id}/events"))

    def _look_at_stream(self, stream: Stream) -> None:
        names = stream.names()
        assert names[-1:] == ["[DONE]"], f"a stream without its mark at the end: {names[-5:]}"
        ends = terminal_events(stream)
        assert len(ends) == 1, f"a stream with the ends {ends}"
        assert names[-2:] == [ends[0], "[DONE]"], f"a stream goes on behind its end: {names[-5:]}"
        self._verdict.streams += 1

    def _put_to_sleep(self) -> None:
        self._succeed("rbee-keeper down")
        self._cluster.assert_nothing_left()

    def _look_at_disk(self) -> None:
        for told in disk.complaints_of(self._cluster, self._plan.removed_so_far):
            self._complaints.add(Concern.DISK, told)

    def _ask_again(self) -> None:
        hub = self._live_hub()
        hub.clear_faults()
        self._cluster.environment["HF_ENDPOINT"] = hub.url
        model = self._plan.next_model
        finished = self._succeed(f"rbee-keeper infer --model {model} --max-tokens 5 'hello'")
        assert finished.stdout.strip(), f"no answer\n{finished}"
        self._cluster.assert_nothing_left()

    def _look_at_texts(self) -> None:
        for told in self._cluster.close():
            self._complaints.add(Concern.LOGS, told)

    # Inside.

    @property
    def _struck_role(self) -> str:
        if self._plan.strike.deed is Deed.CUT:
            return "connections"
        return self._struck.role if self._struck is not None else "nobody"


def _kill_if_there(member: census.Member) -> None:
    with contextlib.suppress(ProcessLookupError):
        kill(member)
