"""How fast a model would answer in a place, and which of several places is the fastest. Phase 5.
Pure.

To make a token, an engine reads all weights that the token uses, and what it keeps of the context,
once; of a model in parts, one part after the other. So, with what hives tell of devices and parts::

    seconds = sum over parts: token_bytes / bytes that the device reads per second
            + sum over parts on other machines: round trips + link_bytes / bytes of the network
    loading = sum over parts on other machines: loading_bytes / bytes of the network

What is compared is what a token costs with its share of the loading. All else of that is the same
everywhere: whoever answers reads the whole file.

It is what `MaximumTokensPerSecond` of gguf-parser-go has on its side of the memory; computing is
slower than reading on processors with few cores alone. The RAM of a processor is measured, what a
GPU's driver says is what its memory could do at best, of which engines reach a part.
For people: docs/scheduling.md.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rbee.queen.scheduler import HiveFacts
from rbee.queen.state import LOCAL, Place, meet
from rbee.wire.messages.devices import PartRoom
from rbee.wire.placement import CPU

_GB = 1e9
#: GB that a device reads per second where nobody says: a card of the middle class, an Apple chip of
#: the Pro class, a card by way of Vulkan or SYCL, two channels of DDR4 that others use, too.
ASSUMED = {"cuda": 400.0, "rocm": 400.0, "metal": 200.0, "vulkan": 300.0, "sycl": 300.0, CPU: 20.0}
#: What engines reach of the memory speed that a GPU's driver tells.
REACHED = 0.6
#: GB of weights that one core computes with per second. SmolLM2 (Q4_1) here: 5.9 on one core.
_PER_CORE = 6.0
#: How long a message to another machine and its answer take, where no heartbeat has told (seconds).
_ROUND_TRIP = 0.001
#: Bytes per second between machines, where that has not been measured: a network of 1 Gbit/s.
_NETWORK = 125e6
#: Over how many tokens loading is spread: some ten answers, before the model is unloaded again.
_TOKENS = 1000
#: So many times as fast a place has to be as one that is before it.
_CLEARLY = 1.1


class Estimate(NamedTuple):
    """A place that has room, the seconds that one token takes there, and those for which weights
    pass the network before the first."""

    place: Place
    seconds: float
    loading: float = 0.0

    @property
    def cost(self) -> float:
        """The seconds that a token takes with its share of the loading."""
        return self.seconds + self.loading / _TOKENS

    @property
    def tokens_per_second(self) -> float:
        """Tokens per second."""
        return 1 / self.seconds


def estimate(
    place: Place, parts: Sequence[PartRoom], hives: Iterable[HiveFacts]
) -> Estimate | None:
    """What is expected of a place with room for these parts; None: its hives do not say enough."""
    known = {hive.hive_id: hive for hive in hives}
    head = place.hive_id
    seconds = loading = 0.0
    for part in parts:
        hive = known.get(part.hive_id or head)
        if hive is None:
            return None
        seconds += part.token_bytes / _reads(hive, part.device)
        if hive.hive_id != head and part.layers:
            network = min(_network(known[head]), _network(hive))
            seconds += _trip(known[head]) + _trip(hive) + part.link_bytes / network
            loading += part.loading_bytes / network
    return Estimate(place, seconds, loading) if seconds > 0 else None


class Race:
    """The places with room that are found one after the other, of each kind the first."""

    def __init__(self, hives: Sequence[HiveFacts]) -> None:
        self._hives = {hive.hive_id: hive for hive in hives}
        self._kinds: set[str] = set()
        self._bytes = 0
        #: Those that are known, in the order in which they were found.
        self.found: list[Estimate] = []
        #: The one that the model goes to, where that is decided.
        self.best: Place | None = None

    def enter(self, place: Place, parts: Sequence[PartRoom]) -> None:
        """Takes in a place that has room."""
        self._kinds.add(_kind(place))
        found = estimate(place, parts, self._hives.values())
        if found is None:
            self.best = self.best or place
            return
        if self.best is None or (self.found and found.cost * _CLEARLY < self._fastest.cost):
            self.best = place
        self.found.append(found)
        self._bytes = sum(part.token_bytes for part in parts)

    @property
    def is_over(self) -> bool:
        """Whether nothing else is to be looked at: one GPU has room, or what cannot be compared, or
        no device anywhere is fast enough to beat it."""
        if self.best is None or not self.found or "gpu" in self._kinds:
            return self.best is not None
        return self._bytes / self._top * _CLEARLY >= self._fastest.cost

    def is_open_to(self, place: Place) -> bool:
        """Whether it may turn out that a place is faster than the best one so far."""
        if self.best is None:
            return True
        hive = self._hives[place.hive_id]
        if _kind(place) in self._kinds or any(meet(place.device, each) for each in hive.degraded):
            return False
        for known in self.found:
            if not meet(known.place.device, CPU) and set(known.place.placement.parts) <= set(
                place.placement.parts
            ):
                return False  # it is a part of this one, and has room for all
        return self._least(place) * _CLEARLY < self._fastest.cost

    @property
    def estimates(self) -> tuple[Estimate, ...]:
        """What is known, the place that the model goes to first."""
        return tuple(sorted(self.found, key=lambda each: each.place != self.best))

    @functools.cached_property
    def _top(self) -> float:
        """The bytes that the fastest device of all reads per second."""
        return max(
            _reads(hive, device)
            for hive in self._hives.values()
            for device in (CPU, *(gpu.id for gpu in hive.devices.gpus))
        )

    @property
    def _fastest(self) -> Estimate:
        return next(each for each in self.found if each.place == self.best)

    def _least(self, place: Place) -> float:
        """The seconds of a token where all of the model is on the fastest device of a place."""
        parts = place.placement.parts
        fastest = max(_reads(self._hives[part.hive_id], part.device) for part in parts)
        others = [self._hives[hive_id] for hive_id in place.placement.others]
        trips = sum(_trip(self._hives[place.hive_id]) + _trip(hive) for hive in others)
        return self._bytes / fastest + trips


def _kind(place: Place) -> str:
    """The kind of a place. Of places of one kind, the first that has room is the best."""
    spread = place.placement.spread
    has_cpu = any(part.device == CPU for part in place.placement.parts)
    return {"no": CPU if has_cpu else "gpu", "swarm": f"swarm{has_cpu:d}"}.get(spread, spread)


def of_processor(cores: int, ram: float) -> float:
    """The GB per second of a model that so many cores are done with, whose RAM reads `ram` (0: that
    was not measured)."""
    return min(ram or ASSUMED[CPU], cores * _PER_CORE)


def _reads(hive: HiveFacts, device: str) -> float:
    """The bytes that a device reads per second."""
    cpu = hive.devices.cpu
    gpu = next((each for each in hive.devices.gpus if each.id == device), None)
    if gpu is not None and gpu.integrated:
        return (cpu.gb_per_second or ASSUMED[CPU]) * _GB
    if gpu is None:
        return of_processor(cpu.cores, cpu.gb_per_second) * _GB
    return (gpu.gb_per_second or ASSUMED[gpu.backend]) * REACHED * _GB


def _network(facts: HiveFacts) -> float:
    """The bytes per second that pass between the queen and a machine."""
    return math.inf if facts.hive_id == LOCAL else facts.hive.bytes_per_second or _NETWORK


def _trip(facts: HiveFacts) -> float:
    """The seconds until the queen has an answer of a machine, by whom all between machines goes."""
    return 0.0 if facts.hive_id == LOCAL else facts.hive.round_trip or _ROUND_TRIP
