"""Machines: added, awake, heard of."""

from __future__ import annotations

import enum
from typing import Annotated

import msgspec

from rbee.wire.messages.basics import Answer, Name, Named, NonEmpty, OperationStarted, Request
from rbee.wire.messages.devices import DegradedDevice, Devices
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
    agreed to; `passphrase` opens the key file and is kept in RAM alone.
    """

    host: NonEmpty
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] | None = None
    hive_id: Name | None = None
    ssh: SshTarget | None = None
    install: bool = False
    accept_host_key: str = ""
    passphrase: str = ""


class HiveAddStarted(OperationStarted, kw_only=True):
    """A machine is looked at: an operation that ends in `HiveAdded`."""

    hive_id: str


class HiveAdded(msgspec.Struct, kw_only=True):
    """`done` of adding a hive."""

    hive_id: str
    devices: Devices


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
    """A hive in a list: the catalog joined with what is known live."""

    hive_id: str
    host: str
    port: int
    status: HiveStatus
    url: str | None = None
    devices: Devices | None = None
    workers: int = 0
    last_heartbeat_ms: int | None = None
    degraded: list[DegradedDevice] = []


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


ADD_HIVE = Route("POST", "/add-hive", AddHive, HiveAddStarted, status=202)
HIVES = Route("GET", "/hives", NONE, HiveList, on_page=True)
REMOVE_HIVE = Route("DELETE", "/hives/{id}", Named, NONE)
WAKE_HIVES = Route("POST", "/hives/wake", WakeHives, OperationStarted, status=202)
HEARTBEAT = Route("POST", "/heartbeat", Heartbeat, HeartbeatAnswer, who=Who.HIVE)
ADOPT = Route("POST", "/adopt", Adopt, NONE)
