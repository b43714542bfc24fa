"""How fast places are, and which of them the queen takes, tried on machines that exist on paper."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rbee.hive.models.fit import worker_need
from rbee.hive.models.gguf.header import GgufHeader
from rbee.hive.models.gguf.tensors import Weights
from rbee.queen.decisions import decide, note
from rbee.queen.next_steps import Check, Look, Start
from rbee.queen.scheduler import HiveFacts
from rbee.queen.speed import Estimate, estimate
from rbee.queen.state import LOCAL, Claim, Hive, Place, Room, State
from rbee.wire.errors import RbeeError
from rbee.wire.messages.devices import Cpu, Devices, Gpu, PartRoom
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.placement import CPU, Part, Placement, Spread

_GB, _MB = 10**9, 10**6
_JOB = "1"
_MACHINE = re.compile(r"(\w+)(?: in ([\d.]+) ms)?(?: at ([\d.]+) MB/s)?")
_DEVICE = re.compile(r"(\w+) (\d+)(?: (\d+) cores)?")


class PaperRace:
    """Machines whose devices read at some speed: ``attic: gpu0 900, cpu 50; blep in 5 ms at 12
    MB/s: ...``. What lies on another one than the head's has passed the network before.

    The first is the queen's own, unless it is some way off; GPUs have 24 GiB, parts of processors
    (``igpu0``) 48.
    """

    def __init__(self, machines: str) -> None:
        self.spread: Spread = "swarm"
        self._hives: dict[str, Hive] = {}
        self._asked: list[str] = []
        for each in machines.split("; "):
            name, _, devices = each.partition(": ")
            matched = _MACHINE.fullmatch(name)
            assert matched, name
            trip, network = float(matched[2] or 0) / 1000, float(matched[3] or 0) * _MB
            hive = Hive(matched[1], matched[1], "", round_trip=trip, bytes_per_second=network)
            cpu, gpus = Cpu(name="CPU", cores=16, ram_gb=64.0), []
            for device in devices.split(", "):
                told = _DEVICE.fullmatch(device)
                assert told, device
                if told[1] == CPU:
                    cpu.gb_per_second, cpu.cores = float(told[2]), int(told[3] or 16)
                    continue
                gpus.append(
                    Gpu(id=told[1], name="RTX", vram_gb=24.0, vram_free_gb=24.0, backend="cuda")
                )
                gpus[-1].gb_per_second = float(told[2])
                if told[1].startswith("igpu"):
                    gpus[-1].vram_gb, gpus[-1].integrated = 48.0, True
            hive.devices = Devices(cpu=cpu, gpus=gpus)
            self._hives[hive.hive_id] = hive

    def expected(self, place: str, gb: str) -> Estimate:
        """What is expected of a place with so many GB on each device."""
        first = next(iter(self._hives.values()))
        if not first.round_trip:
            place = place.replace(f"@{first.hive_id}", f"@{LOCAL}")
            first.hive_id = LOCAL
        hives = self._hives.values()
        facts = [HiveFacts(each, each.devices) for each in hives if each.devices is not None]
        found = _place(place)
        expected = estimate(found, _parts(found, gb), facts)
        assert expected is not None, facts
        return expected

    def decide(self, rooms: str) -> tuple[str, list[str]]:
        """Where a job goes that has room as told, and whom the queen has asked to compare."""
        told = dict(each.split(": ") for each in rooms.split("; "))
        request = JobRequest(model_ref="HF:author/big", prompt="hello", spread=self.spread)
        claim = Claim(_JOB, "", request, 1, acting=False)
        state = State(hives=self._hives, claims={_JOB: claim})
        compared = []
        while (decision := decide(state)) is not None:
            note(state, decision)
            if isinstance(decision, Look):
                claim.look_at(())
            elif isinstance(decision, Check):
                name = _name(decision.place)
                compared += [name] if decision.rival else []
                self._answer(claim, decision, told)
            else:
                assert isinstance(decision, Start), decision
                return _name(decision.place), compared
            claim.acting = False
        raise AssertionError("nothing is decided")

    def _answer(self, claim: Claim, asked: Check, told: Mapping[str, str]) -> None:
        gb = told.get(_name(asked.place))
        room = Room(gb is not None, parts=_parts(asked.place, gb) if gb else ())
        claim.rooms[asked.place.spot, asked.ctx] = room
        if gb is None:
            error = RbeeError("insufficient_vram", "too little", "")
            claim.troubles.add(asked.place.hive_id, asked.place.device, error)


def read_for_a_token(experts: int, used: int) -> int:
    """What a token reads of a model of four layers of 10 MB each with an output, in MB; of each
    layer `experts` MB are experts, of which `used` of eight are."""
    metadata = {
        "llama.block_count": 4,
        "llama.expert_count": 8 if experts else 0,
        "llama.expert_used_count": used,
    }
    weights = Weights(
        n_bytes=45 * _MB,
        embedding=5 * _MB,
        has_output=True,
        layers=dict.fromkeys(range(4), 10 * _MB),
        experts=dict.fromkeys(range(4), experts * _MB),
    )
    header = GgufHeader("llama", dict(metadata), weights, "Q4_0", 1, 0, 0, 0)
    return worker_need([header], 512, 1, on_gpu=True).read_for_a_token(1) // _MB


def _place(name: str) -> Place:
    """``gpu0+gpu0@blep@attic``: the last word is the machine of the head."""
    devices, _, head = name.rpartition("@")
    parts = (each.partition("@") for each in devices.split("+"))
    placement = Placement(tuple(Part(of or head, device) for device, _, of in parts))
    return Place(placement, "cuda")


def _name(place: Place) -> str:
    return f"{place.device}@{place.hive_id}"


def _parts(place: Place, gb: str) -> Sequence[PartRoom]:
    return [
        PartRoom(
            device=part.device,
            hive_id=part.hive_id,
            need_bytes=0,
            free_bytes=0,
            layers=1,
            token_bytes=round(float(each) * _GB),
            loading_bytes=round(float(each) * _GB) if part.hive_id != place.hive_id else 0,
        )
        for part, each in zip(place.placement.parts, gb.split(", "), strict=True)
    ]
