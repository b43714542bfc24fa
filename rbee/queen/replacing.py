"""When a worker that is not where it would be best is replaced, and by what. Pure.

The claim for the replacement is decided upon like one of a job; see `decisions`.
"""

from __future__ import annotations

from collections.abc import Mapping

from rbee.queen.state import Claim, Place, Room, State
from rbee.queen.troubles import ROOM
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.placement import CPU, DEVICE_FLOOR, OF, devices_in, within

#: The fields of a request that the claim for a replacement takes over.
_OF_A_WORKER = ("model_ref", "node", "engine", "ctx", "spread", "chat_template")
_NO_PROMPT = "-"
_GIB = 1024**3


def may_move(claim: Claim, place: Place) -> bool:
    """Whether a worker is replaced where a better place for it has room later: it, or a part of it,
    is on a processor, or it is on several machines, and nobody has said where it is to be."""
    request = claim.request
    named = request.node or request.device or request.backend
    return not named and (place.is_on_several or place.has_ram)


def waits_for_a_gpu(claim: Claim) -> bool:
    """Whether a GPU, or several of one machine, will have room once running jobs end."""
    return any(room.passes for (spot, _), room in claim.rooms.items() if OF not in spot[1])


def replacement(claim: Claim, worker_id: str, known: frozenset[str]) -> Claim:
    """What takes the place of a worker, once running jobs, or a machine that is not `known` yet,
    leave room for it on the GPUs of one machine."""
    asked = {name: getattr(claim.request, name) for name in _OF_A_WORKER}
    wanted = JobRequest(**asked, allow_cpu=False, prompt=_NO_PROMPT)
    if not within(wanted.spread or "swarm", "cards"):
        wanted.spread = "cards"
    move = Claim("", "", wanted, claim.number, claim.holders, moves=worker_id, known=known)
    move.rooms = {
        on: room for on, room in claim.rooms.items() if room.passes and OF not in on[0][1]
    }
    move.look_at(())
    return move


def short_of(claim: Claim) -> dict[tuple[str, str], int]:
    """The GPUs that had no room for all of a model though no job kept it, by hive and device, and
    the bytes that it takes there: another program may have had them."""
    return {
        (trouble.hive_id, trouble.device): trouble.error.details.get("need_bytes", 0)
        for trouble in claim.troubles
        if trouble.error.code in ROOM
        and trouble.device != CPU
        and len(devices_in(trouble.device)) == 1
    }


def look_again(state: State, move: Claim, short: Mapping[tuple[str, str], int]) -> bool:
    """Whether one of the GPUs that were `short` of room for a worker has that now, by what its hive
    told last; the replacement of the worker is to ask there again."""
    found = False
    for spot, need in short.items():
        hive = state.hives.get(spot[0])
        gpus = hive.devices.gpus if hive is not None and hive.devices is not None else ()
        if any(
            gpu.id == spot[1] and gpu.vram_free_gb * _GIB - DEVICE_FLOOR >= need for gpu in gpus
        ):
            move.rooms[spot, move.request.ctx] = Room(False, passes=True)
            found = True
    return found
