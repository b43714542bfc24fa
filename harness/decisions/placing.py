"""The queen's decisions about places, tried on devices that exist on paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from rbee.queen.scheduler import HiveFacts, places
from rbee.queen.several import unlike
from rbee.queen.state import Hive, Place
from rbee.queen.troubles import Troubles, Whose, whose
from rbee.wire.errors import RbeeError
from rbee.wire.messages.devices import Cpu, Devices, Gpu
from rbee.wire.messages.jobs import JobRequest

_NOBODY = ("none", "nothing")


class Placing:
    """A job, the devices it could run on, and what has gone wrong with it."""

    def __init__(self, model_ref: str) -> None:
        self._request = JobRequest(model_ref=model_ref, prompt="hello", spread="no")
        self._gpus: dict[str, list[Gpu]] = {}
        self._holder = ""
        self._degraded: list[str] = []
        self._troubles = Troubles(self._request)
        self._said: RbeeError | None = None
        self._found: list[Place] = []

    def wish(self, **named: str) -> None:
        """The request names a node, a device or a backend."""
        fields = {name: getattr(self._request, name) for name in JobRequest.__struct_fields__}
        self._request = JobRequest(**{**fields, **named})
        self._troubles = Troubles(self._request)

    def have_devices(self, table: Iterable[Mapping[str, str]]) -> None:
        """The GPUs of each hive."""
        for row in table:
            gb = float(row["GB"])
            gpu = Gpu(id=row["device"], name="RTX", vram_gb=gb, vram_free_gb=gb)
            gpu.integrated = gpu.id.startswith("igpu")
            self._gpus.setdefault(row["hive"], []).append(gpu)

    def let_hold(self, hive_id: str) -> None:
        """That hive has the model on its disk."""
        self._holder = "" if hive_id in _NOBODY else hive_id

    def degrade(self, where: str) -> None:
        """Workers of the model kept dying there: ``gpu0@attic``."""
        if where not in _NOBODY:
            self._degraded.append(where)

    def hear(self, code: str, detail: str = "") -> None:
        """Its hive answers with this error; `detail` is the name of one, and its number if any."""
        name, _, number = detail.partition(" ")
        details = {name: int(number) if number else True} if detail else {}
        self._said = RbeeError(code, "it went wrong", "", details)

    def assert_whose(self, expected: str) -> None:
        """Whose trouble that error is."""
        assert self._said is not None, "no error was told"
        told = whose(self._said, self._request.model_ref).value
        assert told == expected, (self._said.code, told)

    def speak(self, versions: str) -> None:
        """What the engines of some machines speak: ``8.0.0 on attic, ...``."""
        told = (each.split(" on ") for each in versions.split(", "))
        self._said = unlike({hive: version for version, hive in told}, "gpu0+gpu0@mac")

    def assert_shared(self, expected: str) -> None:
        """Over which machines it goes after that."""
        assert self._said is not None, "no error was told"
        self._request = msgspec.structs.replace(self._request, spread="swarm", allow_cpu=False)
        self._troubles = Troubles(self._request)
        self._troubles.add("attic", "", self._said)
        self.look()
        found = [_text(place) for place in self._found if place.is_on_several]
        assert found == expected.split(", "), found

    def assert_judged(self, *, refused: bool) -> None:
        """They are refused as a place, and nothing else is, or they are not."""
        assert (self._said is not None) is refused, self._said
        if self._said is not None:
            assert whose(self._said, self._request.model_ref) is Whose.DEVICE, self._said

    def suffer(self, troubles: str) -> None:
        """What goes wrong, in order: ``model_gated at gpu0@attic, no use of gpu0@blep, ...``; the
        first one last."""
        for each in troubles.split(", "):
            if each in _NOBODY:
                continue
            code, _, where = each.replace("no use of", "backend_unavailable at").partition(" at ")
            device, _, hive_id = where.partition("@")
            details = {"backend": "cuda"} if each.startswith("no use of") else {}
            self._said = RbeeError(code, f"{code} over there", "type this", details)
            self._troubles.add(hive_id, device, self._said)

    def lack(self, hive_id: str) -> None:
        """A machine could not be woken."""
        error = RbeeError("ssh_failed", "it does not answer", "look whether it is on")
        self._troubles.missing = {hive_id: error}

    def look(self) -> None:
        """Looks for all places that are left, best first."""
        self._found = list(places(self._request, self._facts(), self._troubles))

    def assert_goes_to(self, expected: str) -> None:
        """Where the job goes, in this order."""
        self.look()
        wanted = [] if expected == "nowhere" else expected.split(", ")
        found = [_text(place) for place in self._found]
        assert found == wanted, found

    def assert_first(self, expected: str) -> None:
        """The best place."""
        assert _text(self._found[0]) == expected, self._found

    def assert_last(self, expected: str) -> None:
        """The last choice."""
        assert _text(self._found[-1]) == expected, self._found

    def assert_over(self, over: bool) -> None:
        """Whether the job ends with what it had."""
        assert self._troubles.is_over is over, list(self._troubles)

    def assert_error(self, code: str, names: str) -> None:
        """The error that it ends with, and the places that it tells of."""
        error = self._troubles.error()
        assert error.code == code, error.code
        for name in names.split(", "):
            assert f"{name}: " in error.message, error.message
        rows = error.details["places"]
        assert len(rows) == len(names.split(", ")), rows
        assert all(row["message"] and row["code"] for row in rows), rows

    def assert_error_as_told(self) -> None:
        """The error is the only one that there was."""
        assert self._troubles.error() is self._said, self._troubles.error()

    def _facts(self) -> list[HiveFacts]:
        return [
            HiveFacts(
                Hive(hive_id, hive_id, ""),
                Devices(cpu=Cpu(name="CPU", cores=4, ram_gb=16.0), gpus=gpus),
                [each.split("@")[0] for each in self._degraded if each.endswith(f"@{hive_id}")],
                hive_id == self._holder,
            )
            for hive_id, gpus in self._gpus.items()
        ]


def _text(place: Place) -> str:
    return f"{place.device}@{place.hive_id}"
