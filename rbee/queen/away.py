"""What machines had that are not awake now, for who plans with them. Pure.

Of a machine that sleeps, or is off, the catalog knows what its hive told last. What is free there
is reckoned as its hive would: all of a GPU, the RAM that was free, each less what is left free.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rbee.queen.catalog import HiveRow
from rbee.queen.scheduler import HiveFacts
from rbee.queen.state import Hive, Place
from rbee.wire.messages.devices import Devices, PartRoom
from rbee.wire.messages.plans import How
from rbee.wire.messages.sides import FreeDevice
from rbee.wire.placement import CPU, DEVICE_FLOOR, Part
from rbee.wire.settings import Settings

_GIB = 1024**3
_MIB = 1024**2


def remembered(row: HiveRow, devices: Devices) -> Hive:
    """A hive as the catalog has it, whose machine does not answer."""
    models = {each.model_ref: each for each in row.models}
    speed = row.bytes_per_second
    return Hive(row.hive_id, row.host, "", devices=devices, models=models, bytes_per_second=speed)


class Away(NamedTuple):
    """A machine that is not awake: what it had, and how that is; `why` it could not be woken."""

    facts: HiveFacts
    how: How
    why: str = ""


def free_of(devices: Devices, settings: Settings) -> list[FreeDevice]:
    """What parts of a model may take of each device of a machine once it is awake, in bytes."""
    margin = max(DEVICE_FLOOR, settings.vram_margin_mib * _MIB)
    free = [
        FreeDevice(device=gpu.id, free_bytes=max(0, round(gpu.vram_gb * _GIB) - margin))
        for gpu in devices.gpus
    ]
    ram = round(devices.cpu.ram_free_gb * _GIB / settings.ram_factor)
    return [*free, FreeDevice(device=CPU, free_bytes=ram)]


def needs_of(known: Iterable[PartRoom]) -> Mapping[bool, int]:
    """What a model takes in one piece on a GPU (False) and on a processor (True), in bytes, by what
    was heard of such places."""
    return {part.device == CPU: part.need_bytes for part in known if not part.layers}


def room_of(
    place: Place, has: Mapping[str, list[FreeDevice]], needs: Mapping[bool, int]
) -> tuple[list[PartRoom], int | None]:
    """What a place has whose machines are all away, and how much of that a model is short of; None:
    nobody knows what it takes there. Layers are not dealt out: who is awake does that."""
    parts = [
        PartRoom(
            device=part.device, need_bytes=0, free_bytes=_free(has, part), hive_id=part.hive_id
        )
        for part in place.placement.parts
    ]
    if not needs:
        return parts, None
    need = needs.get(place.device == CPU, max(needs.values()))
    if len(parts) == 1:
        parts[0].need_bytes = need
    return parts, max(0, need - sum(part.free_bytes for part in parts))


def _free(has: Mapping[str, list[FreeDevice]], part: Part) -> int:
    found = (each.free_bytes for each in has[part.hive_id] if each.device == part.device)
    return next(found, 0)
