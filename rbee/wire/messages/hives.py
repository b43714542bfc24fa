"""Machines: added, awake, heard of."""

import enum
from typing import Annotated, Literal

import msgspec

from rbee.wire.errors import ErrorBody
from rbee.wire.messages.basics import Answer, Name, Named, NonEmpty, OperationStarted, Request
from rbee.wire.messages.devices import DegradedDevice, Devices
from rbee.wire.messages.models import ModelView
from rbee.wire.messages.workers import WorkerBeat, WorkerFailure
from rbee.wire.narration import Narration
from rbee.wire.routes import NONE, Route, Who


class SshTarget(Request, kw_only=True):
    """How the queen reaches a machine over SSH; what is None is left to ``~/.ssh/config``.

    `tunnel`: HTTP goes through the SSH connection, too, in both directions; False: past it, in the
    open. None: as the machine was added before, and through it where it is new.
    """

    user: NonEmpty | None = None
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] | None = None
    key_path: NonEmpty | None = None
    tunnel: bool | None = None


class AddHive(Request, kw_only=True):
    """A machine that is to become a hive.

    `host` is a name or address, an alias of ``~/.ssh/config``, or localhost, for which `ssh` means
    nothing. `accept_host_key` is the fingerprint (``SHA256:...``) of a key that a person has
    agreed to; `passphrase` opens the key file and is kept in RAM alone. With `install` rbee is
    brought there, in an environment of `python` (a path, or ``3.12``; empty: the first that is new
    enough); `offline`: with all that it needs, so that pip there asks no index.
    `wake` is the address of the network card that wakes it (``aa:bb:cc:dd:ee:ff``), or ``auto``
    where its hive is to find that out; empty: it is never woken from suspension.
    """

    host: NonEmpty
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] | None = None
    hive_id: Name | None = None
    ssh: SshTarget | None = None
    install: bool = False
    python: str = ""
    offline: bool = False
    accept_host_key: str = ""
    passphrase: str = ""
    wake: str = ""


class WakeTarget(msgspec.Struct, frozen=True):
    """How a suspended machine is woken: the address of its network card, and where to a magic
    packet goes for that card to get it."""

    mac: str
    broadcast: str


class BringRbee(Request, kw_only=True):
    """A hive's machine is to have rbee of this version beside the one it has.

    `folder`, on the machine of the queen, holds its wheel; empty: the one that she runs on herself,
    from which that hive is woken then. For the rest see `AddHive`.
    """

    id: Name
    version: str = ""
    folder: str = ""
    python: str = ""
    offline: bool = False


class Examined(msgspec.Struct, kw_only=True):
    """What a look at a machine has found, which changed nothing; `error`: what keeps it from having
    this rbee, or from being looked at."""

    hive_id: str
    host: str
    rbee: str = ""
    python: str = ""
    free_bytes: int = 0
    error: ErrorBody | None = None


class HiveAddStarted(OperationStarted, kw_only=True):
    """A machine is looked at: an operation that ends in `HiveDevices`."""

    hive_id: str


class HiveStatus(str, enum.Enum):
    """What the queen knows of a hive."""

    OFFLINE = "offline"
    WAKING = "waking"
    ONLINE = "online"


class WakeHives(Request, kw_only=True):
    """This hive is to be woken, or all."""

    node: Name | None = None


class HivesAwake(msgspec.Struct, kw_only=True):
    """`done` of waking hives: those that live."""

    hives: list[str]


class HiveView(Answer, kw_only=True):
    """A hive in a list: the catalog joined with what is known live.

    `wakes`: where it is offline its machine may be suspended, and is woken when it is wanted.
    `why_off`: what kept it from being awake when that was tried last, and `advice` what to type.
    """

    hive_id: str
    host: str
    port: int
    status: HiveStatus
    url: str | None = None
    devices: Devices | None = None
    workers: int = 0
    last_heartbeat_ms: int | None = None
    degraded: list[DegradedDevice] = []
    wakes: bool = False
    why_off: str = ""
    advice: str = ""


class HiveList(Answer, kw_only=True):
    """The hives."""

    hives: list[HiveView]


class Heartbeat(Request, kw_only=True):
    """From a hive to its queen. `timestamp` is RFC 3339, for people only.

    `url`: where the hive listens, where that may be news. `news` and `failures` are what happened
    since the last beat that was answered and belongs to no job; `processor` is the name of the
    machine's, once it has been found out, and `ram_gb_per_second` how fast its RAM is read.
    `round_trip` is how long the fastest beat took until it was answered, in seconds. 0: not yet.
    """

    hive_id: Name
    timestamp: str
    url: str = ""
    workers: list[WorkerBeat] = []
    news: list[Narration] = []
    failures: list[WorkerFailure] = []
    processor: str = ""
    ram_gb_per_second: float = 0.0
    round_trip: float = 0.0


class HeartbeatAnswer(Answer, kw_only=True):
    """What the queen answers to a heartbeat it knows the sender of."""

    status: str = "ok"


class Adopt(Request, kw_only=True):
    """From a queen to a hive whose own queen is gone: report to me.

    `hive_id` is what she calls that machine, `instance` who she is, whatever her address is called.
    """

    hive_id: Name
    queen_url: NonEmpty
    instance: str = ""


class Suspending(Request, kw_only=True):
    """From a hive to its queen: nobody needs this machine, which is suspended next.

    `models` are those on its disk, which are listed meanwhile, and woken for.
    """

    hive_id: Name
    models: list[ModelView] = []


class Power(Answer, kw_only=True):
    """How a machine wakes and is suspended, as its hive finds it.

    `interface`, `mac` and `broadcast` are of the network card that its SSH connections come by,
    empty where there is none. `wakes`: whether a magic packet wakes it, as far as the system says
    so; `wake_fix` is what to type there otherwise. `suspends` is the command that suspends it,
    empty where its user may not, for which `suspend_fix` is what to type.
    """

    interface: str = ""
    mac: str = ""
    broadcast: str = ""
    wakes: Literal["yes", "no", "unknown"] = "unknown"
    wake_fix: str = ""
    suspends: str = ""
    suspend_why: str = ""
    suspend_fix: str = ""


class EndOfPower(Answer, kw_only=True):
    """What becomes of a machine when its hive ends: it is suspended, or stays awake, and why."""

    suspends: bool
    why: str = ""


ADD_HIVE = Route("POST", "/add-hive", AddHive, HiveAddStarted, status=202)
BRING_RBEE = Route("POST", "/bring-rbee", BringRbee, OperationStarted, status=202)
HIVES = Route("GET", "/hives", NONE, HiveList, on_page=True)
REMOVE_HIVE = Route("DELETE", "/hives/{id}", Named, NONE)
WAKE_HIVES = Route("POST", "/hives/wake", WakeHives, OperationStarted, status=202)
HEARTBEAT = Route("POST", "/heartbeat", Heartbeat, HeartbeatAnswer, who=Who.HIVE)
SUSPENDING = Route("POST", "/suspending", Suspending, NONE, who=Who.HIVE)
ADOPT = Route("POST", "/adopt", Adopt, NONE)
POWER = Route("GET", "/power", NONE, Power)
SUSPEND_WHEN_IDLE = Route("POST", "/suspend-when-idle", NONE, NONE)
SUSPEND_AT_END = Route("POST", "/suspend-at-end", NONE, EndOfPower)
