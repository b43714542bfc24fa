"""What may be next for a claim: `decisions` gives it, whoever has asked does it. Phases 4 to 10."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from rbee.queen.scheduler import WarmWorker
from rbee.queen.speed import Estimate
from rbee.queen.state import Claim, Place, Wait
from rbee.wire.errors import RbeeError


class Grant(NamedTuple):
    """A job gets a slot of a worker that holds its model."""

    claim: Claim
    warm: WarmWorker


class Look(NamedTuple):
    """Hives are woken, and asked what a new name means, before a place is chosen."""

    claim: Claim


class Rouse(NamedTuple):
    """A machine that sleeps is woken, since the best place that is left is on it."""

    claim: Claim
    place: Place
    hive_id: str


class Check(NamedTuple):
    """A hive is asked whether there is room. `beside`: the job has a worker that it can wait for,
    and hears nothing of it. `rival`: another place has room, and this one may be faster."""

    claim: Claim
    place: Place
    ctx: int | None
    beside: bool = False
    rival: bool = False


class Prepare(NamedTuple):
    """A model is brought to where room is waited for, before it is waited for."""

    claim: Claim
    place: Place


class Start(NamedTuple):
    """A worker is started where there is room; its hive ends those that idle in its way.

    `beside` is what the job can wait for all the same; `up_to`: the new one makes vectors alone, of
    inputs of so many tokens. `estimates` tell how fast it is, and the places that were compared.
    """

    claim: Claim
    place: Place
    ctx: int | None
    up_to: int = 0
    beside: Wait | None = None
    estimates: Sequence[Estimate] = ()


class Hold(NamedTuple):
    """A job waits."""

    claim: Claim
    wait: Wait


class Refuse(NamedTuple):
    """A job can run nowhere."""

    claim: Claim
    error: RbeeError


class MakeWay(NamedTuple):
    """A worker over several machines ends, which idles and has parts where room is wanted."""

    claim: Claim
    place: Place
    ctx: int | None
    hive_id: str
    worker_id: str


class MakeRoom(NamedTuple):
    """A worker ends that has been replaced by one in a better place, and that nobody uses."""

    claim: Claim
    hive_id: str


class Stay(NamedTuple):
    """A worker is not replaced: no better place has room, nor will have once running jobs end."""

    claim: Claim


Decision: TypeAlias = (
    "Grant | Look | Rouse | Check | Prepare | Start | Hold | Refuse | MakeWay | MakeRoom | Stay"
)
