"""The lending of swarms put to the test: a scenario that says that it only asks, and the next."""

from __future__ import annotations

from typing import NamedTuple

from harness.rig import census, lent_swarms, swarm, tags
from harness.rig.cluster import Cluster
from harness.rig.ports import PortSlice
from harness.rig.waiting import wait_until

#: More than a swarm that idles uses of the processor by then, in seconds.
_WORKED_S = 0.7


class _Sentence(NamedTuple):
    name: str
    text: str = ""
    table: None = None


class _Scenario(NamedTuple):
    """What is looked at of a scenario of behave's."""

    all_steps: list[_Sentence]
    location: str
    effective_tags: tuple[str, ...] = (tags.ONLY_ASKS,)


class LentQueen:
    """A queen who is lent to rehearsed scenarios."""

    def __init__(self, stage: Cluster, ports: PortSlice) -> None:
        """`stage` is that of the real scenario, at whose end nobody rests any more."""
        stage.on_close(lent_swarms.end)
        self._ports = ports
        self._cluster = self._begun("a rehearsal")
        self.complaints: list[str] = []
        self._used = 0.0

    def add_machine(self) -> None:
        """Has the queen remember what nobody takes away again."""
        self._cluster.assert_status(0, self._cluster.run("rbee-keeper add-hive localhost"))

    def set_for_itself(self) -> None:
        """Has the programs that it starts know something."""
        self._cluster.set(idle_worker=1)

    def end(self) -> None:
        """Ends the scenario as the hooks do, and keeps its complaints."""
        lent = self._cluster.lent
        assert lent is not None
        self.complaints = lent_swarms.take_back(lent)
        self._used = census.used_s(self._cluster.processes())
        if self.complaints:
            self._cluster.close()
            self._cluster.remove()

    def keep_at_work(self) -> None:
        """Until the queen has used more of the processor than one that idles."""
        wait_until("the queen has worked", self._has_worked)

    def _has_worked(self) -> bool:
        self._cluster.http("POST", "queen", "/v1/embeddings", "bee" * (4 << 20))
        return census.used_s(self._cluster.processes()) > self._used + _WORKED_S

    def assert_end_complains(self, text: str) -> None:
        """Her end is one of a swarm that was at work for nobody."""
        try:
            lent_swarms.end()
        except AssertionError as error:
            assert text in str(error), error
        else:
            raise AssertionError("it is not told of anything")

    def assert_next(self, begins: str, *, same: bool) -> None:
        """The next scenario, which begins like this, has this queen, or another one."""
        before = self._cluster
        after = self._begun(begins)
        assert (after is before) is same, (after.home, before.home)
        assert "RBEE_IDLE_WORKER" not in after.environment
        assert "left-behind" not in after.http("GET", "queen", "/names").text
        self._cluster = after
        self.end()

    def assert_complains(self, text: str) -> None:
        """It was told what is wrong."""
        assert text in "\n".join(self.complaints), self.complaints

    def _begun(self, begins: str) -> Cluster:
        steps = [_Sentence(begins), _Sentence("a queen that is awake")]
        cluster = lent_swarms.cluster_for(_Scenario(steps, "a rehearsal"), self._ports)
        swarm.wake_queen(cluster)
        return cluster
