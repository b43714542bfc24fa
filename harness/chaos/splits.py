"""Chaos on a model that lies on two machines: ``python -m harness.chaos --splits``.

In each round somebody reads what such a model writes, and one of those who make it is struck: the
head, the side, either hive, the queen, the keeper, the cable between the machines, or the plug of
the one with the side. Then all who asked have their ends, nothing is left on either machine, and
the next prompt is answered by such a model again.
"""

from __future__ import annotations

import contextlib
import enum
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import psutil

from harness.chaos.campaign import SETTINGS
from harness.chaos.load import RoundLoad
from harness.chaos.plan import Client, Moment, Opening
from harness.chaos.round import SETTLE_S, AnyRound, RoundResult
from harness.complaints import Concern
from harness.rig import census, logs
from harness.rig.cluster import Cluster, freeze, kill, thaw
from harness.rig.ports import Ports
from harness.rig.program import Running
from harness.scenes import machines

_HERE, _THERE = "blep", "attic"
#: So large is the GPU of each that the model fits on both and on neither alone.
_GPU_GB = 0.75
_ENDLESS = "--model file:$MODELS/smollm2-endless.gguf --no-cpu"
_SHORT = "--model file:$MODELS/smollm2.gguf --max-tokens 2 --no-cpu"
_ROUNDS_IN_A_HOUSE = 8
#: How long the programs may take to leave (seconds).
_LEAVE_S = 30.0


class Struck(enum.Enum):
    """Who is struck, or what."""

    HEAD = "head"
    SIDE = "side"
    HIVE = "hive of the head"
    ITS_HIVE = "hive of the side"
    QUEEN = "queen"
    KEEPER = "keeper"
    CABLE = "cable"
    PLUG = "plug"


#: Who is frozen, and not killed: who is on the queen's own machine is struck by the other rounds.
_FREEZES = (Struck.HEAD, Struck.SIDE, Struck.ITS_HIVE)
#: What is started anew for a job that has no token yet.
_STARTED_ANEW = (Struck.HEAD, Struck.SIDE, Struck.HIVE, Struck.ITS_HIVE)
_MOMENTS = (
    Moment(line="queen: asking hive if there's room on GPU0 + GPU0 of attic..."),
    Moment(line="queen: parts of the model are awake on attic"),
    Moment(line="worker: loading model from <path>"),
    Moment(line="queen: <backend> worker is awake and ready"),
    Moment(line="queen: connection to worker established; starting inference"),
    Moment(characters=1),
    Moment(characters=60),
)
_LAST_MOMENTS = (
    Moment(line="queen: worker finished inference"),
    Moment(line="queen: shutting down workers..."),
)


@dataclass(frozen=True)
class SplitPlan:
    """A round: a pure function of the seed and its number. Who is frozen, and a cable that is cut,
    is as before after `mended_s` seconds, or once all commands have ended (None)."""

    seed: str
    number: int
    since: int
    opening: Opening
    clients: tuple[Client, ...]
    moment: Moment
    jitter_s: float
    struck: Struck
    is_frozen: bool
    mended_s: float | None

    @property
    def flag(self) -> str:
        """What asks for rounds of this kind."""
        return " --splits"

    def __str__(self) -> str:
        return f"{self.opening.value}: {' | '.join(map(str, self.clients))}"


def draw(seed: str, number: int) -> SplitPlan:
    """The round of this number, from 1; all who may be struck are, in each eight of them."""
    dice = Random(f"{seed}/split/{number}")
    since = number - (number - 1) % _ROUNDS_IN_A_HOUSE
    order = list(Struck)
    Random(f"{seed}/split/{since}/order").shuffle(order)
    struck = order[(number - since) % len(order)]
    opening = dice.choice((Opening.ASLEEP, Opening.ASLEEP, Opening.KEPT))
    moments = _MOMENTS if opening is Opening.ASLEEP else _MOMENTS[4:]
    ends = opening is Opening.ASLEEP and dice.random() < 0.15
    moment = dice.choice(_LAST_MOMENTS if ends else moments)
    tokens = dice.choice((2, 8)) if ends else 120
    first = Client(f"rbee-keeper infer {_ENDLESS} --max-tokens {tokens} 'once upon a time'")
    others = [
        Client(f"rbee-keeper infer {_ENDLESS} --max-tokens {dice.choice((2, 20))} 'once'")
        for _ in range(dice.choice((0, 0, 1, 2)))
    ]
    return SplitPlan(
        seed,
        number,
        since,
        opening,
        (first, *others),
        moment,
        round(dice.choice((0.0, dice.uniform(0, 0.05), dice.uniform(0, 0.5))), 3),
        struck,
        struck in _FREEZES and dice.random() < 0.4,
        dice.choice((None, round(dice.uniform(0.05, 0.6), 2), round(dice.uniform(2.0, 4.0), 2))),
    )


def assert_all_struck(plans: Sequence[SplitPlan]) -> None:
    """In each run of as many rounds as there are to be struck, all are."""
    everybody = list(Struck)
    for begin in range(0, len(plans), len(everybody)):
        struck = {plan.struck for plan in plans[begin : begin + len(everybody)]}
        assert struck == set(everybody), (begin, struck)


class SplitCampaign:
    """Rounds on a house of two machines, which lasts for several of them."""

    def __init__(self, seed: str, ports: Ports) -> None:
        self.seed = seed
        self._ports = ports
        self._cluster: Cluster | None = None
        self._since = 0

    def __enter__(self) -> SplitCampaign:
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()

    def run(self, number: int) -> RoundResult:
        """Carries out the round of this number and looks at what it left."""
        plan = draw(self.seed, number)
        began = time.monotonic()
        if self._cluster is None or plan.since != self._since:
            self._leave()
            self._since, self._cluster = plan.since, self._house()
        verdict = _SplitRound(plan, self._cluster).run()
        verdict.seconds = time.monotonic() - began
        if verdict.complaints:
            verdict.report = self._cluster.report()
            self._leave()
        else:
            self._cluster.started.clear()
        return verdict

    def _house(self) -> Cluster:
        cluster = Cluster(self._ports, patience_s=_LEAVE_S)
        cluster.set(**SETTINGS)
        machines.sit_beside_equal(cluster, _HERE, _THERE, _GPU_GB)
        return cluster

    def _leave(self) -> None:
        cluster, self._cluster = self._cluster, None
        if cluster is not None:
            cluster.close()
            cluster.remove()


class _SplitRound(AnyRound):
    """A round to be carried out in a house."""

    def __init__(self, plan: SplitPlan, cluster: Cluster) -> None:
        super().__init__(plan, cluster)
        self._plan = plan
        self._frozen: census.Member | None = None
        self._keeper = 0

    def run(self) -> RoundResult:
        """Carries it out; what goes wrong stands in the verdict."""
        for host in self._cluster.hosts:
            for log in (host.rbee_home / "logs").glob("*"):
                log.unlink()
        if self._complaints.check(Concern.NEXT, self._open):
            load = RoundLoad(self._cluster, self._plan.clients, None)
            when = self._wait_for(load, self._plan.moment, self._plan.jitter_s)
            self._strike(load)
            self._verdict.struck += when
            self._settle(load)
        self._complaints.check(Concern.PROCESSES, self._put_to_sleep)
        self._complaints.check(Concern.NEXT, self._ask_again)
        for told in logs.faults_in(self._cluster.logs()):
            self._complaints.add(Concern.LOGS, told)
        return self._verdict

    def _open(self) -> None:
        if self._plan.opening is Opening.KEPT:
            self._succeed(f"rbee-keeper infer --keep-alive {_ENDLESS} --max-tokens 2 'hello'")

    def _strike(self, load: RoundLoad) -> None:
        plan, cluster = self._plan, self._cluster
        if plan.struck is Struck.CABLE:
            cluster.hosts.cut_cable(_THERE)
            self._verdict.struck = "cable cut"
        elif plan.struck is Struck.PLUG:
            cluster.hosts.pull_plug(_THERE)
            self._verdict.struck = "plug pulled"
        else:
            victim = self._victim(load)
            if victim is None:
                return
            self._verdict.struck = f"{plan.struck.value} {'frozen' if plan.is_frozen else 'killed'}"
            # Who ends in this very moment is struck in vain.
            with contextlib.suppress(ProcessLookupError):
                if plan.is_frozen:
                    freeze(victim)
                    self._frozen = victim
                else:
                    kill(victim)
        if plan.mended_s is not None and (plan.is_frozen or plan.struck is Struck.CABLE):
            self._verdict.struck += f" for {plan.mended_s:g} s"
            time.sleep(plan.mended_s)
            self._mend()

    def _victim(self, load: RoundLoad) -> census.Member | None:
        struck = self._plan.struck
        if struck is Struck.KEEPER:
            self._keeper = load.commands[0].pid
        where = _THERE if struck in (Struck.SIDE, Struck.ITS_HIVE) else _HERE
        if struck in (Struck.HIVE, Struck.ITS_HIVE):
            with contextlib.suppress(AssertionError):
                return machines.hive_of(self._cluster, where)
            return None
        found = []
        for member in self._cluster.hosts.processes(where):
            is_it = {
                Struck.HEAD: member.role == "worker" and not machines.is_side(member),
                Struck.SIDE: machines.is_side(member),
                Struck.QUEEN: member.role == "queen",
                Struck.KEEPER: member.pid == self._keeper,
            }
            if is_it[struck]:
                found.append(member)
        # A worker that its hive keeps at hand has loaded nothing yet.
        return max(found, key=_memory_of, default=None)

    def _mend(self) -> None:
        """All is as it was, but for who was killed."""
        frozen, self._frozen = self._frozen, None
        if frozen is not None:
            with contextlib.suppress(ProcessLookupError):
                thaw(frozen)
        if self._plan.struck is Struck.CABLE:
            self._cluster.hosts.mend_cable(_THERE)
        elif self._plan.struck is Struck.PLUG:
            self._cluster.hosts.mend_cable(_THERE)
            self._cluster.hosts[_THERE].switch_on()

    def _settle(self, load: RoundLoad) -> None:
        for told in load.wait_for_end(SETTLE_S):
            self._complaints.add(Concern.COMMANDS, told)
        if self._plan.mended_s is None or self._plan.struck is Struck.PLUG:
            self._mend()
        self._verdict.came_of_it = ", ".join(map(self._status_of, load.commands))

    def _status_of(self, running: Running) -> str:
        finished = self._ended(running, self._keeper)
        if finished is None:
            return "no end"
        if finished.status == 1 and not finished.stdout and self._can_go_on:
            told = f"had no token yet, and did not go on\n{finished}"
            self._complaints.add(Concern.COMMANDS, told)
        return str(finished.status)

    @property
    def _can_go_on(self) -> bool:
        """Whether who has no token yet is answered all the same."""
        return self._plan.struck in _STARTED_ANEW and not self._plan.is_frozen

    def _put_to_sleep(self) -> None:
        self._succeed("rbee-keeper down")
        self._look_for_remains()

    def _ask_again(self) -> None:
        finished = self._succeed(f"rbee-keeper infer {_SHORT} 'hello'")
        assert finished.stdout.strip(), f"no answer\n{finished}"
        self._cluster.assert_narrated("queen: parts of the model are awake on attic", finished)
        self._look_for_remains()

    def _look_for_remains(self) -> None:
        self._cluster.assert_nothing_left()
        machines.assert_nothing_runs(self._cluster, _THERE)


def _memory_of(member: census.Member) -> int:
    """What a process has of the RAM, in bytes; 0 once it has ended."""
    with contextlib.suppress(psutil.Error):
        return int(psutil.Process(member.pid).memory_info().rss)
    return 0
