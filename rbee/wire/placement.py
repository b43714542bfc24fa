"""Where a worker is: a model lies on one device, or in parts on several."""

from __future__ import annotations

import msgspec


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """One device of one machine, and the share of the model that lies there (0 to 1)."""

    hive_id: str
    device: str
    share: float = 1.0


class Placement(msgspec.Struct, frozen=True):
    """At least one part. The first is the head: its hive has the process that answers."""

    parts: tuple[Part, ...]

    @classmethod
    def on(cls, hive_id: str, device: str) -> Placement:
        """All of a model on one device."""
        return cls((Part(hive_id, device),))

    @property
    def head(self) -> Part:
        """The part whose hive has the process that answers."""
        return self.parts[0]

    @property
    def devices(self) -> str:
        """How people read it: ``cuda0``, or ``cuda0+cuda1``."""
        return "+".join(part.device for part in self.parts)
