"""Where a worker is: a model lies on one device, or in parts on several."""

from __future__ import annotations

from typing import Annotated

import msgspec


class Part(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One device of one machine, and the share of the model that lies there (above 0, to 1)."""

    hive_id: str
    device: Annotated[str, msgspec.Meta(min_length=1)]
    share: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0


class Placement(msgspec.Struct, frozen=True, gc=False):
    """At least one part. The first is the head: its hive has the process that answers."""

    parts: Annotated[tuple[Part, ...], msgspec.Meta(min_length=1)]

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
        """How people read it: ``gpu0``, or ``gpu0+gpu1``."""
        if len(self.parts) == 1:  # a queen of a thousand hives asks it of each worker
            return self.parts[0].device
        return "+".join(part.device for part in self.parts)
