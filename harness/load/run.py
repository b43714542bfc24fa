"""Load, carried out: a warm swarm, the programs that call it, and a look at what came of it."""

from __future__ import annotations

import asyncio
import math
import statistics
import time
from collections import Counter
from collections.abc import Callable

from bench.figures import percentile
from harness.complaints import Complaints, Concern
from harness.load.callers import Models, Seen, call_all, serve_at_once
from harness.load.held import AllHeld, all_held, memory
from harness.rig import swarm
from harness.rig.cluster import Cluster
from harness.rig.waiting import wait_until
from harness.scenes import inside

#: They never end a story by themselves, so that every answer is as long as was asked for.
TOY = "author/endless-llama"
REAL = "author/endless-smollm2"
_READER = "author/minibert"
_SLOTS = 4
#: How long a program waits for an answer of each before it says that it was lost, in seconds.
_LOST_S = {TOY: 60.0, REAL: 180.0}
#: How long jobs may take to be over once nobody asks any more, in seconds.
_SETTLE_S = 60.0
#: How long connections that wait for a next request are kept at most, in seconds.
_KEPT_S = 90.0
#: For so many that get in, one more calls who finds no place and has to come again.
_ONE_TOO_MANY_IN = 8


class Load:
    """A load of `streams` programs that are let in at once, and of some who find no place."""

    def __init__(self, cluster: Cluster, seed: str, streams: int, model: str = TOY) -> None:
        self._cluster = cluster
        self._model = model
        self._seed = seed
        self._streams = streams
        self.complaints = Complaints()
        self._seconds = 0.0
        self._before: AllHeld
        self._memory: dict[str, int] = {}
        self.seen = Seen()

    def open(self) -> None:
        """Wakes a swarm of its own, and counts what it holds before the load."""
        cluster = self._cluster
        cluster.set(
            slots=_SLOTS,
            # Who shows the same key may wait with as many jobs as there are places left.
            jobs_waiting=2 * max(1, self._streams - _SLOTS),
            reader_grace=0.2,
        )
        assert cluster.hub.url
        inside.open_up(cluster)
        swarm.wake_queen(cluster)
        asked = {"model": _READER, "input": "bee"}
        assert cluster.http("POST", "queen", "/v1/embeddings", asked, timeout=180).status == 200
        # Every slot was taken once: threads are there from the first time on that they work.
        before = self._call("before", 2 * _SLOTS, lambda number: number < 2)
        assert not before.complaints.about(), before.complaints.about()
        self._assert_free()
        self._before = self._at_rest()
        self._memory = memory(cluster)

    def call(self, goes_on: Callable[[int], bool]) -> None:
        """All programs call; `goes_on` tells of a number whether a program asks that often."""
        began = time.monotonic()
        count = self._streams + max(1, self._streams // _ONE_TOO_MANY_IN)
        self.seen = self._call(self._seed, count, goes_on)
        self._seconds = time.monotonic() - began

    def _call(self, seed: str, count: int, goes_on: Callable[[int], bool]) -> Seen:
        cluster = self._cluster
        queen = cluster.url("queen")
        models = Models(self._model, _READER, _LOST_S[self._model])
        calls = call_all(queen, cluster.token, models, seed, count, goes_on)
        return asyncio.run(calls)

    def look(self, *, patient: bool) -> None:
        """Looks at what came of it. `patient`: also that the connections which the roles keep
        to one another for a next request are closed in the end."""
        self.complaints = Complaints(self.seen.complaints)
        self.complaints.check(Concern.JOBS, self._look_at_board)
        self.complaints.check(Concern.SLOTS, self._assert_free)
        self.complaints.check(Concern.HELD, lambda: self._assert_as_before(patient))

    def assert_all_happened(self) -> None:
        """Programs were answered, cut early and late, turned away, and read a second time."""
        seen = self.seen
        for what in ("answered", "cut", "cut_unnamed", "turned_away", "replayed"):
            assert getattr(seen, what), f"no program was {what}"

    @property
    def told(self) -> str:
        """The load in a line."""
        seen = self.seen
        waits = seen.first_tokens or [math.nan]
        cut = len(seen.cut) + seen.cut_unnamed
        grown = {
            role: (now - self._memory[role]) / 2**20 for role, now in memory(self._cluster).items()
        }
        return (
            f"{self._streams} streams for {self._seconds:.1f} s: {seen.requests} requests, "
            f"{len(seen.answered)} answered, {cut} cut, {seen.turned_away} times turned away, "
            f"{seen.replayed} replayed; {seen.tokens / self._seconds:.0f} tokens/s; first token "
            f"after {statistics.median(waits):.2f} s (p50), "
            f"{percentile(waits, 99):.2f} s (p99); memory grew by "
            + ", ".join(f"{mib:.1f} MiB ({role})" for role, mib in grown.items())
        )

    # What is looked at.

    def _look_at_board(self) -> None:
        """Each job that the queen still lists is over, in the way in which its program saw it."""

        states = swarm.wait_until_jobs_are_over(self._cluster, _SETTLE_S)
        assert "failed" not in states.values(), Counter(states.values())
        answered = {states[each] for each in self.seen.answered if each in states}
        assert answered <= {"done"}, f"who was answered had jobs that are {answered}"

    def _assert_free(self) -> None:
        """No slot is taken by its worker's word, and as many jobs at once are served."""
        cluster = self._cluster
        swarm.wait_for_slots(cluster, free=True)
        asyncio.run(serve_at_once(cluster.url("queen"), cluster.token, self._model, _SLOTS))

    def _at_rest(self) -> AllHeld:
        """What is held once two looks, the one after the other, see the same."""
        last = all_held(self._cluster)

        def same() -> AllHeld:
            nonlocal last
            before, last = last, all_held(self._cluster)
            assert last == before, (before, last)
            return last

        return wait_until("all is at rest", same, _SETTLE_S)

    def _assert_as_before(self, patient: bool) -> None:
        def as_before() -> bool:
            now = all_held(self._cluster)
            differences = now.differences(self._before)
            if patient and now.kept > self._before.kept:
                differences.append(f"{self._before.kept} connections kept before, {now.kept} now")
            assert not differences, "; ".join(differences)
            return True

        wait_until("all that is held is as before", as_before, _KEPT_S if patient else _SETTLE_S)
