"""Every number and address that can be set, with its default, in one place.

Order of precedence: flag, environment (``RBEE_QUEEN_PORT=0``), ``config.toml``
(``queen_port = 0``), default. This module is pure: it is handed the environment and the text of
the file. Durations are seconds, sizes say their unit.
"""

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec

from rbee.wire.errors import RbeeError, invalid, nearest, nested_too_deep
from rbee.wire.model_ref import is_short_name, parse_model_ref
from rbee.wire.placement import Spread

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
# The page of settings (`harness.settings_page`) tells the unit of each from here.
Seconds = Annotated[float, msgspec.Meta(gt=0, extra={"unit": "seconds"})]
SecondsOrNone = Annotated[float, msgspec.Meta(ge=0, extra={"unit": "seconds"})]
Count = Annotated[int, msgspec.Meta(ge=1)]
Mebibytes = Annotated[int, msgspec.Meta(ge=0, extra={"unit": "MiB"})]
Tokens = Annotated[int, msgspec.Meta(ge=0, extra={"unit": "tokens"})]
#: May hold a password: its value is shown nowhere.
Secret = Annotated[str, msgspec.Meta(extra={"secret": True})]
Factor = Annotated[float, msgspec.Meta(ge=1, extra={"unit": "times"})]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a person may change; field names are also the names in ``config.toml``.

    The comment above a group is its heading in the page of settings, and the string under a field
    what the page says of it.
    """

    # Addresses. Port 0 means: any free port.
    queen_host: str = "127.0.0.1"
    """Where the queen listens, and where she is looked for."""
    queen_port: Port = 8500
    """The queen's port."""
    hive_host: str = "127.0.0.1"
    """Where a hive listens."""
    hive_port: Port = 8600
    """The port of a hive."""
    worker_host: str = ""
    """Where a worker listens; empty: where its hive does."""
    worker_port: Port = 8601
    """The port of the first worker of a machine; one that is taken is passed over."""
    plain_http: bool = False
    """Whether other machines may speak to the queen without encryption, too: they read and write
    ``http://`` then, and so does whoever is on the network between."""
    tls_certificate: str = ""
    """A file (PEM) with a certificate of an authority that the others know, and what links it to
    that; empty: the queen makes one of her own. It is read again when it is replaced."""
    tls_key: str = ""
    """The file with the private key of `tls_certificate`."""
    database: Secret = ""
    """URL of the queen's catalog, ``sqlite:////path`` or
    ``postgresql+psycopg://USER:PASSWORD@SERVER/NAME``; empty: ``queen.db`` in RBEE_HOME."""

    database_busy: Seconds = 10.0
    """How long a catalog waits for a transaction of another program."""

    # Scheduling.
    spread: Spread = "swarm"
    """Over how much a model may be spread that one GPU has no room for: ``cards``, the GPUs of a
    machine; ``machine``, its RAM as well; ``swarm``, several machines; ``no``."""

    # Models.
    default_model: str = ""
    """What is asked where no model is named: a reference or a name of one's own; empty:
    ``minillama``, and what programs ask of no model is refused."""
    names: dict[str, Any] = {}
    """Names of one's own, each a table ``[names.bee]`` with ``model = "HF:owner/repo"`` and the
    settings of ``rbee-keeper name --help``; in the file alone."""

    # At a terminal.
    calm_after: Annotated[int, msgspec.Meta(ge=0)] = 20
    """After how many commands that told all they did narration is one line that changes, as with
    ``--calm``; 0: never. Pipes and files get all of it."""

    # Waiting for another program.
    health_wait_first: Seconds = 0.01
    """How soon a program that was started is asked again whether it is up."""
    health_wait_factor: Factor = 1.5
    """The factor by which the time until the next question grows."""
    health_wait_longest: Seconds = 0.25
    """How long that time becomes at most."""
    health_wait_total: Seconds = 30.0
    """How long a program that was started has until it answers."""
    connect_timeout: Seconds = 5.0
    """How long another program has to accept a connection, and to answer a short question."""
    connect_tries: Count = 3
    """How often a machine is dialled over SSH before it counts as out of reach."""
    ssh_connect_timeout: Seconds = 10.0
    """How long each of the `connect_tries` may take at a machine that is reached over SSH."""

    hive_patience: Seconds = 10.0
    """How much longer than the first machine to wake others may take before a job goes on without
    them. Where that leaves it no place, it waits for them after all."""
    hive_retry: SecondsOrNone = 60.0
    """How long a machine that could not be woken is left alone, unless a job names it."""

    wake_wait: Seconds = 120.0
    """How long a suspended machine has until it answers, from its first magic packet on."""
    suspend_after: Seconds = 300.0
    """How long a machine that was woken from suspension may have no worker and no download before
    its hive has it suspended again, where nobody is logged in."""

    list_patience: Seconds = 2.0
    """How long a list waits for each machine. A machine that answers neither a question nor, as
    long again, whether it is well, is one that a job goes on without."""

    degraded_for: Seconds = 300.0
    """How long a device on which the workers of a model kept dying is that model's last choice."""

    # Heartbeats.
    heartbeat_interval: Seconds = 15.0
    """How often a hive and a worker say that they live."""
    heartbeats_missed: Count = 3
    """How many heartbeats in a row may stay away before a hive or a worker counts as gone."""
    lease: Seconds = 60.0
    """How long a hive that no queen answers stays awake."""

    # Devices.
    capabilities_fresh: Seconds = 600.0
    """How long what a hive told of its devices is believed."""
    network_fresh: Seconds = 3600.0
    """How long it is believed how fast bytes pass between the queen and a machine."""
    processor_query_after: Seconds = 5.0
    """How long a hive has to live before it spends a second of CPU on its processor's name."""

    # Workers.
    load_stall: Seconds = 300.0
    """How long a worker that loads its model may report no progress."""
    token_stall: Seconds = 60.0
    """How long the engine of a worker may do nothing at all, reading and computing included, while
    jobs wait for it; then its hive ends it."""
    idle_worker: Seconds = 300.0
    """How long a worker that nobody asks anything keeps its model loaded, where no request says
    otherwise (``keep_alive``)."""
    restart_delays: tuple[SecondsOrNone, ...] = (1.0, 2.0, 4.0)
    """How long a worker that died is left before each try to start it again; as many tries."""
    engine: str = "llamacpp"
    """What runs the models; ``rbee-keeper doctor`` lists the engines of a machine."""
    engine_threads: Annotated[int, msgspec.Meta(ge=0)] = 0
    """0: one for each physical core that may be used; one for a model so small that more of them
    would only wait for one another (up to 16 MiB of weights)."""
    slots: Count = 4
    """How many jobs a worker takes at once; fewer where the memory of its device is too small."""
    context: Tokens = 0
    """The context of a worker; 0: what the model was trained with, at most 8192."""
    prompt_cache_mib: Mebibytes = 0
    """Memory in which a worker keeps prompts that it has read, besides those in its slots."""
    ram_factor: Factor = 1.2
    """How much more memory than a model is reckoned to need has to be free, on a processor."""
    worker_margin_mib: Mebibytes = 1024
    """How much more memory than was reckoned for its model a worker may take before the system
    refuses it more; 0: as much as there is. Linux alone keeps to it."""
    confine_workers: bool = True
    """Whether a worker gives up what it does not need before it opens a model; ``false`` is for a
    driver of a GPU that wants more than is left to it."""
    refuse_unknown_tools: bool = False
    """Whether tools are refused where the chat template of a model knows none, and those that only
    other servers have; else it answers without them, and the answer says so."""
    vram_margin_mib: Mebibytes = 457
    """Memory of a GPU that is left free for its driver."""

    # Downloads.
    download_stall: Seconds = 60.0
    """How long a download may bring nothing before it is asked for anew, from where it stood."""
    download_tries: Count = 6
    """How often in a row a download that brings nothing is asked for anew before it fails."""

    # Stopping. A program is asked to end (POST /shutdown), then told (SIGTERM), then ended.
    stop_request: Seconds = 5.0
    """How long a program has to end after it was asked to."""
    stop_term: Seconds = 10.0
    """How long it has after it was told to, before it is killed."""
    stop_total: Seconds = 30.0
    """How long the end of a program may take in all."""

    # Logs, one file for each program.
    log_mib: Mebibytes = 8
    """How long a log becomes before its older half is cut off; 0: it has no bound."""
    logs_kept: Count = 64
    """How many logs of workers are kept, those that run not counted."""

    # Limits of the queen.
    jobs_waiting: Count = 512
    """How many jobs may wait for each model; one key may wait with as many as there are places
    left."""
    jobs_asked_mib: Mebibytes = 256
    """Memory for what the jobs that wait and run are asked, all together."""
    jobs_kept: Count = 1024
    """How many jobs that are over can still be looked up."""
    jobs_kept_for: Seconds = 3600.0
    """How long a job that is over can be looked up."""
    jobs_kept_mib: Mebibytes = 64
    """Memory for what jobs that are over have told; of the oldest no more than the end is kept
    beyond that. As much besides for what ``/v1/responses`` was asked, while its jobs are kept."""
    stream_comment: Seconds = 15.0
    """After how long a silence a stream carries a comment, so that nobody takes it for dead."""
    stream_patience: Seconds = 2.0
    """A streamed answer of ``/v1`` that has no token by then begins with comments; a failure that
    comes before has an HTTP status of its own."""

    cors_origins: tuple[str, ...] = ()
    """Whose pages may call ``/v1`` and ``/api`` from a browser, and the same paths without
    ``/v1``: ``http://localhost:3000``, or ``*``; none."""

    reader_grace: SecondsOrNone = 2.0
    """A job whose last reader has left is cancelled, unless one resumes within this time."""

    # Limits of requests, for the queen, hives and workers alike.
    connections: Count = 4096
    """How many connections a program takes at once; at most half of the descriptors that it may
    open."""
    strangers: Count = 256
    """How many connections may be of somebody who has shown no token and no key; at most a quarter
    of all. The oldest gives way to the newest."""
    request_head: Seconds = 10.0
    """How long a request may take until its headers are there."""
    request_pause: Seconds = 30.0
    """How long the body of a request may pause; without pauses it may come as slowly as 1 kB a
    second."""
    reader_stall: Seconds = 300.0
    """How long who reads an answer may take nothing of it, before the connection is ended."""
    allowed_hosts: tuple[str, ...] = ()
    """Names under which a proxy, a tunnel or a router leads here, besides addresses and the names
    of the machine: ``bee.example.org``, or ``*`` for any."""


_FIELDS = {field.name: field for field in msgspec.structs.fields(Settings)}

#: What else of the environment is rbee's, besides RBEE_ and the name of each setting.
VARIABLES = {
    "RBEE_HOME": "The folder of all state; ``~/.rbee`` where it is not set.",
    "RBEE_SIMULATE_GPUS": "A JSON file that describes GPUs to act on as if they were there.",
}
#: How the settings end that name a machine.
_HOST = "_host"
#: The largest value of a setting that is a float: no clock counts more seconds.
_MOST = 1e9
#: The longest file of settings (characters): reading a number takes a kilobyte of memory a digit.
_LONGEST_FILE = 32 * 1024
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
            where = f"RBEE_{name.upper()}={shown_value(name, text)}"
            values[name] = _checked(name, _split(name, text), where)
    return Settings(**values)


def with_flags(settings: Settings, flags: Mapping[str, Any]) -> Settings:
    """`settings` with the flags that were given (those that are not None) on top."""
    given = {name: value for name, value in flags.items() if value is not None}
    return msgspec.structs.replace(settings, **given) if given else settings


def shown_value(name: str, value: str) -> str:
    """The value of a setting as it may be told: one that may hold a secret is not."""
    return "(not shown)" if _FIELDS[name].type is Secret else value


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    known = [*VARIABLES, *(f"{_PREFIX}{name.upper()}" for name in _FIELDS)]
    for name in environ:
        if name.startswith(_PREFIX) and name not in known:
            raise _unknown(name, known, f"environment: {name} is no setting", f"unset {name}")


def _unknown(name: str, known: Sequence[str], message: str, remove: str) -> RbeeError:
    """The error for a setting that there is not."""
    # Compared without the prefix that all of them share, by which each would be near to each.
    by_end = {each.removeprefix(_PREFIX): each for each in known}
    near = by_end.get(nearest(name.removeprefix(_PREFIX), by_end))
    return invalid(
        message,
        f"did you mean {near}? else {remove}"
        if near
        else f"{remove}; settings: {', '.join(known)}",
        setting=name,
    )


def _split(name: str, text: str) -> Any:
    return text.split(",") if isinstance(_FIELDS[name].default, tuple) else text


def _checked(name: str, value: Any, where: str) -> Any:
    try:
        checked = msgspec.convert(value, _FIELDS[name].type, strict=False)
        numbers = checked if isinstance(checked, tuple | list) else [checked]
        if any(isinstance(each, float) and not each <= _MOST for each in numbers):
            raise msgspec.ValidationError(f"Expected a number up to {_MOST:g}")
        if name == "default_model" and checked and not is_short_name(checked):
            return str(parse_model_ref(checked))
        if name == "names" and checked:
            from rbee.wire.messages.names import configured  # late: hardly ever set

            configured(checked)
        if name.endswith(_HOST) and checked:
            from rbee.wire.names import why_no_host  # late: hardly ever set

            if why := why_no_host(checked):
                raise msgspec.ValidationError(f"Expected the name of a machine: {why}")
        return checked
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        why = "no text in UTF-8" if isinstance(error, UnicodeEncodeError) else str(error)
        raise invalid(f"{where}: {why}", _instead_of(name, value), setting=name) from None
    except RbeeError as error:
        error.message = f"{where}: {error.message}"
        error.details["setting"] = name
        raise


def _instead_of(name: str, value: Any) -> str:
    """What to write for the value of a setting, in the words of ``config.toml``."""
    field = _FIELDS[name]
    if get_origin(field.type) is Literal:
        words = get_args(field.type)
        near = nearest(str(value), words)
        return f"did you mean {near}?" if near else f"it may be {', '.join(words)}"
    if field.default is msgspec.NODEFAULT:
        return f'a table of each: [{name}.bee], and below it model = "HF:owner/repo"'
    if isinstance(field.default, tuple):
        return f"several are written in brackets; the default is {list(field.default)}"
    if isinstance(field.default, bool):
        return f"true or false; the default is {str(field.default).lower()}"
    return f"the default is {field.default!r}"


def _from_toml(text: str, name: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    if len(text) > _LONGEST_FILE:
        raise invalid(
            f"{name} is longer than {_LONGEST_FILE} characters",
            f"leave in {name} what is to be set",
        )
    try:
        table = tomllib.loads(text)
    except ValueError as error:  # no TOML, or a number of thousands of digits
        raise invalid(f"{name}: {error}", f"mend or remove {name}") from None
    except RecursionError:
        raise nested_too_deep(name) from None
    checked = {}
    for key, value in table.items():
        line = f"{name}, line {_line_of(key, text)}"
        where = f"{line}: {key}"
        if key not in _FIELDS:
            raise _unknown(key, list(_FIELDS), f"{where} is no setting", "remove that line")
        if not isinstance(value, dict):
            where += f" = {shown_value(key, repr(value))}"
        elif key == "names":
            where = line  # what is wrong names which of them
        checked[key] = _checked(key, value, where)
    return checked


def _line_of(key: str, text: str) -> int:
    for number, line in enumerate(text.splitlines(), 1):
        begins = line.partition("=")[0].strip().lstrip("[").partition(".")[0]
        if begins.rstrip("]").strip(" \"'") == key:
            return number
    return 1
