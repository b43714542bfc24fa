"""Where a worker is: a model lies on one device, or in parts on several, of one machine or more."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

CPU = "cpu"
#: Over how much a model may be spread, from the least to the most: one device, the GPUs of a
#: machine, its GPUs and its RAM, several machines.
Spread = Literal["no", "cards", "machine", "swarm"]
SPREADS: tuple[Spread, ...] = ("no", "cards", "machine", "swarm")
#: What stands between the devices of a placement, as programs read it, and between a device of
#: another machine than the head's and that machine.
_AND, OF = "+", "@"
#: What a context of the device's runtime takes before any model is in it (ollama's floor for
#: CUDA and ROCm), and the least that is left free on a GPU (bytes).
DEVICE_FLOOR = 457 * 1024 * 1024
_Count = Annotated[int, msgspec.Meta(ge=0)]


class Part(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One device of one machine.

    Of a model in parts, `layers` of it lie there, its output being one, or the `experts` alone of
    its first layers, and `bytes` are promised to them; its hive fills all of it in.
    """

    hive_id: str
    device: Annotated[str, msgspec.Meta(min_length=1)]
    layers: _Count = 0
    bytes: _Count = 0
    experts: bool = False

    @property
    def spot(self) -> tuple[str, str]:
        """Machine and device."""
        return self.hive_id, self.device


class Placement(msgspec.Struct, frozen=True, gc=False):
    """At least one part. The first is the head: its hive has the process that answers."""

    parts: Annotated[tuple[Part, ...], msgspec.Meta(min_length=1)]

    @classmethod
    def on(cls, hive_id: str, devices: str) -> Placement:
        """All of a model on one device of a machine, or on several: ``gpu0+gpu1``."""
        return cls(tuple(Part(hive_id, device) for device in devices.split(_AND)))

    @property
    def head(self) -> Part:
        """The part whose hive has the process that answers."""
        return self.parts[0]

    @property
    def devices(self) -> str:
        """How people read it: ``gpu0``, ``gpu0+gpu1``, or ``gpu0+gpu0@attic``."""
        if len(self.parts) == 1:  # a queen of a thousand hives asks it of each worker
            return self.parts[0].device
        return _AND.join(
            part.device if part.hive_id == self.head.hive_id else f"{part.device}{OF}{part.hive_id}"
            for part in self.parts
        )

    @property
    def own(self) -> tuple[Part, ...]:
        """The parts on the machine of the head."""
        return self._of(self.head.hive_id)

    @property
    def others(self) -> dict[str, tuple[Part, ...]]:
        """The parts on other machines, by hive, in their order."""
        hives = dict.fromkeys(part.hive_id for part in self.parts)
        return {each: self._of(each) for each in hives if each != self.head.hive_id}

    def _of(self, hive_id: str) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.hive_id == hive_id)

    @property
    def spread(self) -> Spread:
        """Over how much the model is spread."""
        if len(self.parts) == 1:
            return "no"
        if any(part.hive_id != self.head.hive_id for part in self.parts):
            return "swarm"
        return "machine" if any(part.device == CPU for part in self.parts) else "cards"


def devices_in(devices: str) -> frozenset[str]:
    """The devices of a placement, from how people read it."""
    return frozenset(devices.split(_AND))


def within(spread: Spread, widest: Spread | None) -> bool:
    """Whether a model that is spread so is spread over no more than `widest`; None: any will do."""
    return widest is None or SPREADS.index(spread) <= SPREADS.index(widest)
