"""Whose trouble an error is, and where a job that had it may still go. Phases 5 to 11. Pure.

A job goes from place to place, best place first, until one serves it. Whatever goes wrong before
its first token is the trouble of somebody:

- of the **request**: it would be the same everywhere, so the job ends with it;
- of the **hub**: it would be the same on each machine that has to fetch the model, and only those
  that hold it are left;
- of the **machine**: none of its devices is tried again for this job;
- of the **device**: that one is not;
- of the **moment**: the place is tried once more, since who died is started anew.

Whoever named the device or the machine gets that or its error. What went wrong is kept, and the
error in the end tells all of it.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from rbee.wire.errors import RbeeError
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.narration import device_name
from rbee.wire.placement import CPU, OF, devices_in

#: How often the trouble of a moment may befall a job in one place.
TIMES_IN_ONE_PLACE = 2
#: How many workers may die of a prompt: one that kills those of two places kills those of a third.
WORKERS_LOST = 4

ROOM = ("insufficient_vram", "insufficient_ram")
#: What the details call the machines that cannot share a model with the others.
APART = "apart"


class Whose(enum.Enum):
    """What a trouble belongs to; see the module."""

    REQUEST = "request"
    HUB = "hub"
    MACHINE = "machine"
    DEVICE = "device"
    MOMENT = "moment"


_OF_THE_REQUEST = (
    "invalid_request",
    "payload_too_large",
    "deadline_exceeded",
    "queue_full",
    "not_found",
    "hive_not_found",
    "job_not_found",
    "key_not_found",
    "name_not_found",
    "key_exists",
    "key_spent",
    "queen_unreachable",
    # An engine that does nothing at all for as long as that is allowed would do so again.
    "worker_stuck",
)
_OF_THE_DEVICE = (*ROOM, "backend_unavailable", "worker_start_timeout")
_OF_THE_MOMENT = (
    "worker_crashed",
    "worker_stale",
    "worker_busy",
    "worker_not_found",
    "hive_unreachable",
)
_OF_THE_MODEL = ("model_not_found", "model_invalid")
#: The status by which a hub refuses who is not logged in.
_NOT_LOGGED_IN = 401


def whose(error: RbeeError, model_ref: str) -> Whose:
    """Whose trouble an error is that a hive or a worker told of a job.

    One that names a device among its details is the device's: a worker that died there as often
    as its hive restarts it, a GPU that was listed and is gone. `silent` among the details says
    that a machine does not even say that it is well, `on_disk` that the model is there already.
    """
    names_device = "device" in error.details
    if error.code in _OF_THE_MODEL:
        # A worker that could not load it has the engine of its machine. To who is not logged in a
        # hub does not say whether a repository is not there, or is not for everybody.
        elsewhere = names_device or error.details.get("on_disk")
        elsewhere = elsewhere or error.details.get("status") == _NOT_LOGGED_IN
        fetched = model_ref.startswith("HF:") and not elsewhere
        return Whose.HUB if fetched else Whose.MACHINE
    if names_device or error.code in _OF_THE_DEVICE:
        return Whose.DEVICE
    if error.code in _OF_THE_MOMENT and not error.details.get("silent"):
        return Whose.MOMENT
    return Whose.REQUEST if error.code in _OF_THE_REQUEST else Whose.MACHINE


def is_deadly(error: RbeeError) -> bool:
    """Whether an error says that workers cannot live on a device, as far as one can tell."""
    given_up = error.code == "worker_crashed" and "device" in error.details
    out_of_memory = bool(error.details.get("out_of_memory"))
    return given_up or out_of_memory or error.code == "worker_start_timeout"


def is_of_room(error: RbeeError) -> bool:
    """Whether memory ran out for a worker that had been ready: one of another size may live."""
    return bool(error.details.get("out_of_memory")) and not error.details.get("loading")


def short_of_room(error: RbeeError) -> int:
    """The bytes that a model is short of in a place, by the error of that; 0: of none."""
    short: int = error.details.get("short_bytes", 0) if error.code in ROOM else 0
    return short


def is_passing(error: RbeeError) -> bool:
    """Whether there would be room if no job ran there: that much is told as `in_use_bytes`."""
    in_use: int = error.details.get("in_use_bytes", 0)
    return 0 < short_of_room(error) <= in_use


def of_degraded(error: RbeeError, hive_id: str, device: str, until: str) -> RbeeError:
    """The error of a device on which workers kept dying, with what that means until `until`."""
    where = f"{device_name(device)} on hive {hive_id}"
    return RbeeError(
        error.code,
        f"{error.message}; {where} is this model's last choice until {until}",
        error.suggestion,
        {**error.details, "device": device},
    )


class Trouble(NamedTuple):
    """What went wrong, and where; without a device it is the machine's."""

    hive_id: str
    device: str
    error: RbeeError

    @property
    def where(self) -> str:
        """``GPU1 on hive workstation``."""
        on = f"hive {self.hive_id}"
        return f"{device_name(self.device)} on {on}" if self.device else on


class Troubles:
    """What has gone wrong with one job so far, in the order in which it did."""

    def __init__(self, request: JobRequest) -> None:
        self._request = request
        self._found: list[Trouble] = []
        self._hives: set[str] = set()
        self._devices: set[tuple[str, str]] = set()
        #: Devices with a trouble other than a lack of room: such a device is not used together with
        #: others, either.
        self._broken: set[tuple[str, frozenset[str]]] = set()
        #: The machines that share no model with others.
        self._apart: set[str] = set()
        self._moments: Counter[tuple[str, str]] = Counter()
        self._lost = 0
        self._only_holders = False
        #: The machines that could not be woken, and why.
        self.missing: Mapping[str, RbeeError] = {}
        #: Whether the job ends with its latest trouble, wherever it could still go.
        self.is_over = False

    def __iter__(self) -> Iterator[Trouble]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def add(self, hive_id: str, device: str, error: RbeeError) -> Whose:
        """Takes a trouble of a place in. Returns whose it is."""
        self._found.append(Trouble(hive_id, device, error))
        its = whose(error, self._request.model_ref)
        if its is Whose.REQUEST:
            self.is_over = True
        elif its is Whose.HUB:
            self._only_holders = True
        elif its is Whose.MACHINE:
            self._hives.add(hive_id)
        elif its is Whose.DEVICE:
            self._devices.add((hive_id, device))
            if error.code not in ROOM:
                self._broken.add((hive_id, devices_in(device)))
            self._apart.update(error.details.get(APART, ()))
            # The engine there has no use of any device of that backend.
            if "backend" in error.details:
                gpus = (each for each in devices_in(device) if each != CPU and OF not in each)
                self._broken.update((hive_id, frozenset({gpu})) for gpu in gpus)
        else:
            self._have_moment(hive_id, device, error)
        # Where a device or a backend was named, no other place is tried after the first.
        named_room = self._request.backend is not None and error.code in ROOM
        if its is not Whose.MOMENT and (self._request.device is not None or named_room):
            self.is_over = True
        return its

    def learn(self, hive_id: str, device: str, error: RbeeError) -> None:
        """Takes in what came of a worker that others waited for, too; once."""
        if (hive_id, device) not in self._devices:
            self._found.append(Trouble(hive_id, device, error))
            self._devices.add((hive_id, device))

    def forgive_silence(self) -> None:
        """The machines that did not answer are waited for after all."""
        self._hives -= set(self.silent)
        self._found = [each for each in self._found if not each.error.details.get("silent")]

    def _have_moment(self, hive_id: str, device: str, error: RbeeError) -> None:
        where = (hive_id, "" if error.code == "hive_unreachable" else device)
        self._moments[where] += 1
        if self._moments[where] >= TIMES_IN_ONE_PLACE:
            if where[1]:
                self._devices.add(where)
            else:
                self._hives.add(hive_id)
        if error.code == "worker_crashed" and not error.details.get("starting"):
            self._lost += 1
        self.is_over = self.is_over or self._lost >= WORKERS_LOST

    @property
    def silent(self) -> list[str]:
        """The machines that did not even say that they are well."""
        return [each.hive_id for each in self._found if each.error.details.get("silent")]

    def rules_out(self, hive_id: str, device: str, holds: bool) -> bool:
        """Whether a place is out of the question; `holds`: the model is on that machine."""
        return (
            hive_id in self._hives
            or (hive_id, device) in self._devices
            or self.is_broken(hive_id, device)
            or (self._only_holders and not holds)
        )

    def is_out(self, hive_id: str) -> bool:
        """Whether nothing of a machine is tried any more."""
        return hive_id in self._hives

    def is_apart(self, hive_id: str) -> bool:
        """Whether a machine cannot share a model with others."""
        return hive_id in self._apart

    def is_broken(self, hive_id: str, device: str) -> bool:
        """Whether a device, or one of several, would not do with more room either."""
        return any(on == hive_id and bad <= devices_in(device) for on, bad in self._broken)

    def error(self) -> RbeeError:
        """All of it in one error; the only one of its kind as it was told.

        The code is that of the best place's trouble that is more than a lack of room. Where room is
        all that is lacking, machines that could not be woken are named, too. That a model was
        replaced is told where nothing has come of it since.
        """
        found = [each for each in self._found if each.error.code != "worker_stale"] or self._found
        distinct = list({(each.where, each.error.message): each for each in found}.values())
        latest = distinct[-1]
        its = whose(latest.error, self._request.model_ref)
        missing = []
        if not self.is_over and all(each.error.code in ROOM for each in distinct):
            missing = [Trouble(hive_id, "", why) for hive_id, why in self.missing.items()]
        if len(distinct) + len(missing) == 1 or (self.is_over and its is Whose.REQUEST):
            return latest.error
        listed = "; ".join(f"{each.where}: {each.error.message}" for each in (*distinct, *missing))
        model_ref = self._request.model_ref
        rest = [each for each in distinct if each.error.code not in ROOM]
        decisive = (rest or [latest])[0].error
        said = (
            f"no machine could run {model_ref}" if rest else f"no device has room for {model_ref}"
        )
        suggestion = decisive.suggestion if rest else distinct[0].error.suggestion
        places = [
            {
                **each.error.details,
                "hive_id": each.hive_id,
                "device": each.device,
                "code": each.error.code,
                "message": each.error.message,
                "suggestion": each.error.suggestion,
            }
            for each in (*distinct, *missing)
        ]
        return RbeeError(decisive.code, f"{said}: {listed}", suggestion, {"places": places})
