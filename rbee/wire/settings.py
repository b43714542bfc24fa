"""Every number and address that can be set, with its default, in one place.

Order of precedence: flag, environment (``RBEE_QUEEN_PORT=0``), ``config.toml``
(``queen_port = 0``), default. This module is pure: it is handed the environment and the text of
the file. Durations are seconds, sizes say their unit.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

from rbee.wire.errors import RbeeError, nearest

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]
Count = Annotated[int, msgspec.Meta(ge=1)]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a person may change; field names are also the names in ``config.toml``."""

    # Addresses. Port 0 means: any free port.
    queen_host: str = "127.0.0.1"
    queen_port: Port = 8500
    hive_host: str = "127.0.0.1"
    hive_port: Port = 8600
    worker_host: str = ""
    """Empty: where its hive listens."""
    worker_port: Port = 8601
    database: str = ""
    """URL of the queen's catalog, ``sqlite:////path`` or
    ``postgresql+psycopg://USER:PASSWORD@SERVER/NAME``; empty: ``queen.db`` in RBEE_HOME."""

    database_busy: Seconds = 10.0
    """How long a catalog waits for a transaction of another program."""

    # Waiting for another program.
    health_wait_first: Seconds = 0.01
    health_wait_factor: Annotated[float, msgspec.Meta(ge=1)] = 1.5
    health_wait_longest: Seconds = 0.25
    health_wait_total: Seconds = 30.0
    connect_timeout: Seconds = 5.0
    connect_tries: Count = 3
    ssh_connect_timeout: Seconds = 10.0
    """For each of the `connect_tries` at a machine reached over SSH."""

    hive_patience: Seconds = 10.0
    """How much longer than the first machine to wake the others may take."""
    hive_retry: Annotated[float, msgspec.Meta(ge=0)] = 60.0
    """How long a machine that could not be woken is left alone, unless a job names it."""

    # Heartbeats.
    heartbeat_interval: Seconds = 15.0
    heartbeats_missed: Count = 3
    lease: Seconds = 60.0
    """How long a hive that no queen answers stays awake."""

    # Devices.
    capabilities_fresh: Seconds = 600.0
    """How long what a hive told of its devices is believed."""
    processor_query_after: Seconds = 5.0
    """How long a hive has to live before it spends a second of CPU on its processor's name."""

    # Workers.
    load_stall: Seconds = 300.0
    token_stall: Seconds = 60.0
    idle_worker: Seconds = 300.0
    restart_delays: tuple[Annotated[float, msgspec.Meta(ge=0)], ...] = (1.0, 2.0, 4.0)
    engine: str = "llamacpp"
    engine_threads: Annotated[int, msgspec.Meta(ge=0)] = 0
    """0: one for each physical core that may be used; one for a model so small that more of them
    would only wait for one another (up to 16 MiB of weights)."""
    slots: Count = 4
    """How many jobs a worker takes at once; fewer where the memory of its device is too small."""
    context: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Tokens of context of a worker; 0: what the model was trained with, at most 8192."""
    prompt_cache_mib: Annotated[int, msgspec.Meta(ge=0)] = 0
    ram_factor: Annotated[float, msgspec.Meta(ge=1)] = 1.2
    vram_margin_mib: Annotated[int, msgspec.Meta(ge=0)] = 457

    # Downloads.
    download_stall: Seconds = 60.0
    download_tries: Count = 6

    # Stopping: after POST /shutdown, after SIGTERM, and in all.
    stop_request: Seconds = 5.0
    stop_term: Seconds = 10.0
    stop_total: Seconds = 30.0

    # Limits of the queen.
    jobs_waiting: Count = 512
    """For each model; one key may wait with as many jobs as there are places left."""
    jobs_kept: Count = 1024
    jobs_kept_for: Seconds = 3600.0
    stream_comment: Seconds = 15.0
    stream_patience: Seconds = 2.0
    """A streamed answer of ``/v1`` that has no token by then begins with comments; a failure that
    comes before has an HTTP status of its own."""

    cors_origins: tuple[str, ...] = ()
    """Whose pages may call ``/v1`` from a browser: ``http://localhost:3000``, or ``*``; none."""

    reader_grace: Annotated[float, msgspec.Meta(ge=0)] = 2.0
    """A job whose last reader has left is cancelled, unless one resumes within this time."""


_FIELDS = {field.name: field for field in msgspec.structs.fields(Settings)}

#: What else of the environment is rbee's, besides RBEE_ and the name of each setting.
VARIABLES = {
    "RBEE_HOME": "The folder of all state; ``~/.rbee`` where it is not set.",
    "RBEE_SIMULATE_GPUS": "A JSON file that describes GPUs to act on as if they were there.",
    "RBEE_SABOTAGE": "A fault on purpose, for the specification.",
}
_PREFIX = "RBEE_"


def settings_from(
    environ: Mapping[str, str], toml_text: str = "", toml_name: str = "config.toml"
) -> Settings:
    """Settings from the environment over the text of a config file over the defaults.

    Raises `invalid_request` naming the line, variable, value and what would be accepted, also for
    a name that means nothing: it is misspelt.
    """
    _refuse_unknown(environ)
    values: dict[str, Any] = {}
    if toml_text:
        values.update(_from_toml(toml_text, toml_name))
    for name in _FIELDS:
        text = environ.get(f"RBEE_{name.upper()}")
        if text is not None:
            values[name] = _checked(name, _split(name, text), f"RBEE_{name.upper()}={text}")
    return Settings(**values)


def with_flags(settings: Settings, flags: Mapping[str, Any]) -> Settings:
    """`settings` with the flags that were given (those that are not None) on top."""
    given = {name: value for name, value in flags.items() if value is not None}
    return msgspec.structs.replace(settings, **given) if given else settings


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    known = [*VARIABLES, *(f"{_PREFIX}{name.upper()}" for name in _FIELDS)]
    for name in environ:
        if name.startswith(_PREFIX) and name not in known:
            raise _unknown(name, known, f"environment: {name} is no setting", f"unset {name}")


def _unknown(name: str, known: Sequence[str], message: str, remove: str) -> RbeeError:
    """The error for a setting that there is not."""
    # Without what all of them have in common, which makes each near to each.
    by_end = {each.removeprefix(_PREFIX): each for each in known}
    near = by_end.get(nearest(name.removeprefix(_PREFIX), by_end))
    return RbeeError(
        "invalid_request",
        message,
        f"did you mean {near}? else {remove}"
        if near
        else f"{remove}; settings: {', '.join(known)}",
        {"setting": name},
    )


def _split(name: str, text: str) -> Any:
    return text.split(",") if name in ("restart_delays", "cors_origins") else text


def _checked(name: str, value: Any, where: str) -> Any:
    try:
        return msgspec.convert(value, _FIELDS[name].type, strict=False)
    except msgspec.ValidationError as error:
        raise RbeeError(
            "invalid_request",
            f"{where}: {error}",
            f"the default is {_FIELDS[name].default!r}",
            {"setting": name},
        ) from None


def _from_toml(text: str, name: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RbeeError("invalid_request", f"{name}: {error}", f"mend or remove {name}") from None
    checked = {}
    for key, value in table.items():
        where = f"{name}, line {_line_of(key, text)}: {key}"
        if key not in _FIELDS:
            raise _unknown(key, list(_FIELDS), f"{where} is no setting", "remove that line")
        checked[key] = _checked(key, value, f"{where} = {value!r}")
    return checked


def _line_of(key: str, text: str) -> int:
    for number, line in enumerate(text.splitlines(), 1):
        if line.split("=")[0].strip().strip("\"'") == key:
            return number
    return 1
