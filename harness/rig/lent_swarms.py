"""One swarm for several scenarios that begin alike and only ask, lent to one after the other.

To wake a queen, a hive and a worker, and to see them off, takes most of what such a scenario costs.
A scenario that carries the tag `tags.ONLY_ASKS` says that it leaves the swarm as it found it, jobs
that are over aside; the next one of the same test process that has the same sentences up to the one
that wakes a swarm goes on with it. What a scenario added, workers, models, keys and names, is taken
away by the routes for it. Then the swarm has to be what it was when it was woken, down to its
processes; else the scenario fails, and its swarm is never lent again. Whoever has left it at work
is named when the next one, or nobody, has it.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from harness.rig import census, tags
from harness.rig.cluster import Cluster
from harness.rig.ports import PortSlice
from harness.rig.waiting import wait_until

#: How many swarms rest at once in a test process; each costs 70 MiB, and next to no processor time.
MOST = 5
#: What a swarm that nobody has uses of the processor at most: so many seconds, and this share of
#: one. Thirty of them used 0.1 s in a minute.
_IDLES_S, _IDLES_SHARE = 0.5, 0.02
#: How the sentences begin that wake a swarm.
_WAKES = ("a queen that is awake", "a swarm that is warm", "a swarm that was left warm by")
#: Sentences that come to the same: there is one hub, which holds everything that any of them names.
_ALIKE = (
    (re.compile(r'a hub that holds "[^"]*"'), "a hub"),
    (
        re.compile(r"a swarm that was left warm by \"rbee-keeper infer --keep-alive 'hello'\""),
        "a swarm that is warm",
    ),
)
#: What the catalogs hold, times aside: database, table and columns. What a hive has found out about
#: its engines may stay: whoever comes next would find the same.
_REMEMBERED = (
    ("queen.db", "hives", "id, host, port, ssh"),
    ("queen.db", "api_keys", "name, digest"),
    ("queen.db", "model_names", "name, model_ref, settings"),
    ("hive.db", "models", "ref"),
)
_OVER = ("done", "failed", "cancelled")

State = dict[str, object]


class LentSwarm:
    """A swarm, and what it was when it was woken (None: it has not been)."""

    def __init__(self, begins: str, cluster: Cluster) -> None:
        self.begins = begins
        self.cluster = cluster
        self.found: State | None = None
        self._environment: dict[str, str] = {}
        #: Who has it, or had it last.
        self.borrower = ""
        #: Since when nobody has it, and what it had used of the processor by then, in seconds.
        self._rests: tuple[float, float] | None = None

    def note(self) -> None:
        """The swarm has just been woken: this is what it has to be again."""
        self._environment = dict(self.cluster.environment)
        self.found = _settled(self.cluster)

    def rest(self) -> list[str]:
        """The end of a scenario: makes the swarm what it was, and says what kept it from that."""
        complaints = self.cluster.rest()
        try:
            assert self.found is not None, "it has woken no swarm, which it says it only asks"
            _take_away(self.cluster, self.found)
            _assert_found(self.cluster, self.found)
        except (AssertionError, OSError) as error:
            complaints.append(f"it has not left the swarm as it was: {error}")
        self._rests = time.monotonic(), self._used_s()
        return complaints

    def begin_anew(self) -> None:
        """Another scenario begins with it."""
        self._rests = None
        census.resting.discard(str(self.cluster.home))
        self.cluster.environment = dict(self._environment)
        self.cluster.forget()

    def is_whole(self) -> bool:
        """Whether it is still what it was: a worker that idles is unloaded after a while."""
        with contextlib.suppress(AssertionError, OSError):
            return _state(self.cluster) == self.found and not self._work()
        return False

    def end(self) -> None:
        """Puts it to sleep. Raises AssertionError where that leaves anything to complain about, and
        where it was at work for nobody."""
        census.resting.discard(str(self.cluster.home))
        complaints = self._work() + self.cluster.close()
        self.cluster.remove()
        assert not complaints, f"a swarm that began with {self.begins!r}: " + "\n".join(complaints)

    def _work(self) -> list[str]:
        """What it has done since nobody has it: nothing but to idle, or a complaint."""
        if self._rests is None:
            return []
        since, used = self._rests
        used, seconds = self._used_s() - used, time.monotonic() - since
        if used <= _IDLES_S + _IDLES_SHARE * seconds:
            return []
        return [f"{self.borrower} has left it at work: it used {used:.1f} s in {seconds:.1f} s"]

    def _used_s(self) -> float:
        """What those of its processes that live have used of the processor, in seconds."""
        return census.used_s(self.cluster.processes())


_resting: list[LentSwarm] = []


def cluster_for(scenario: Any, ports: PortSlice) -> Cluster:
    """The cluster of a scenario: a new one, or where it only asks one whose swarm is awake."""
    if tags.ONLY_ASKS not in scenario.effective_tags:
        return Cluster(ports.take())
    begins = beginning(scenario.all_steps)
    for one in [each for each in _resting if each.begins == begins]:
        _resting.remove(one)
        if one.is_whole():
            one.begin_anew()
            one.borrower = str(scenario.location)
            return one.cluster
        one.end()
    cluster = Cluster(ports.take())
    cluster.lent = LentSwarm(begins, cluster)
    cluster.lent.borrower = str(scenario.location)
    return cluster


def beginning(steps: Sequence[Any]) -> str:
    """The sentences up to the one that wakes a swarm. Raises AssertionError where none does."""
    said: dict[str, None] = {}
    for step in steps:
        rows = [row.cells for row in step.table.rows] if step.table else ""
        name = step.name
        for sentence, instead in _ALIKE:
            name = instead if sentence.fullmatch(name) else name
        said[f"{name} {rows} {step.text or ''}"] = None
        if step.name.startswith(_WAKES):
            return "\n".join(said)
    raise AssertionError(f"it only asks, and wakes no swarm: {said}")


def awake(cluster: Cluster, wake: Callable[[], None]) -> None:
    """Wakes the swarm of a scenario, unless it was lent one that is."""
    if cluster.lent is None:
        wake()
    elif cluster.lent.found is None:
        wake()
        cluster.lent.note()
    else:
        cluster.assert_answers("queen")


def take_back(lent: LentSwarm) -> list[str]:
    """A scenario is over and was a success: its swarm waits for the next, unless it complains."""
    complaints = lent.rest()
    if not complaints:
        census.resting.add(str(lent.cluster.home))
        _resting.append(lent)
        while len(_resting) > MOST:
            _resting.pop(0).end()
    return complaints


def end() -> None:
    """Puts the swarms to sleep that nobody has. Raises AssertionError as `LentSwarm.end` does."""
    with contextlib.ExitStack() as ended:
        while _resting:
            ended.callback(_resting.pop().end)


def _settled(cluster: Cluster) -> State:
    """What a swarm is, once it does nothing."""

    def at_rest() -> State:
        jobs = cluster.queen_get("/jobs")["jobs"]
        assert all(job["state"] in _OVER for job in jobs), jobs
        workers = cluster.queen_get("/workers")["workers"]
        assert all(one["slots_free"] == one["slots"] for one in workers), workers
        return _state(cluster)

    return wait_until("the swarm does nothing", at_rest)


def _assert_found(cluster: Cluster, found: State) -> None:
    remembered = _remembered(cluster)
    assert remembered.items() <= found.items(), f"{remembered} is remembered instead of {found}"

    def is_found() -> bool:
        state = _settled(cluster)
        assert state == found, f"{state} instead of {found}"
        return True

    wait_until("the swarm is what it was", is_found)


def _take_away(cluster: Cluster, found: State) -> None:
    """Stops the workers and removes the models, keys and names that were not there at first."""
    _settled(cluster)
    for worker in cluster.queen_get("/workers")["workers"]:
        if worker["worker_id"] not in str(found["workers"]):
            _delete(cluster, f"/workers/{worker['worker_id']}")
    for key in cluster.queen_get("/keys")["keys"]:
        if f"'{key['name']}'" not in str(found["queen.db api_keys"]):
            _delete(cluster, f"/keys/{key['name']}")
    for name in cluster.queen_get("/names")["names"]:
        if f"'{name['name']}'" not in str(found["queen.db model_names"]):
            _delete(cluster, f"/names/{quote(name['name'], safe='')}")
    if found["hives"]:
        for model in cluster.queen_get("/models")["models"]:
            if f"'{model['model_ref']}'" not in str(found["hive.db models"]):
                _delete(cluster, f"/models/{quote(model['model_ref'], safe='')}")


def _delete(cluster: Cluster, path: str) -> None:
    answer = cluster.http("DELETE", "queen", path)
    assert 200 <= answer.status < 300, f"DELETE {path}: {answer}"


def _state(cluster: Cluster) -> State:
    """What a swarm is made of: its processes and what its catalogs remember."""
    hives = cluster.queen_get("/hives")["hives"]
    workers = cluster.queen_get("/workers")["workers"]
    return {
        "queen": cluster.http("GET", "queen", "/health", token=None).json()["instance"],
        "hives": [(one["hive_id"], one["status"]) for one in hives],
        "workers": sorted((one["worker_id"], one["state"]) for one in workers),
        **_remembered(cluster),
    }


def _remembered(cluster: Cluster) -> State:
    state: State = {}
    for database, table, columns in _REMEMBERED:
        if (cluster.home / database).exists():
            rows = cluster.rows(database, f"select {columns} from {table}")
            state[f"{database} {table}"] = sorted(str(tuple(row.values())) for row in rows)
    return state
