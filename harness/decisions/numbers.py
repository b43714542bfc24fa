"""The numbers that a person meets, asked of the code in this process."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from harness import settings_page
from harness.decisions import paper
from rbee.hive import processors
from rbee.hive.models import hub, pooling, provision, provisioner
from rbee.hive.models.pooling import default_context
from rbee.hive.workers import restart
from rbee.hive.workers.restart import restart_delay
from rbee.keeper import doctor, history, machines
from rbee.keeper.lists import job_table, models_in_all
from rbee.keeper.options import INFER_OPTIONS
from rbee.queen import daemon as queen_daemon
from rbee.queen import jobs, other_machine, scheduler, shell, troubles
from rbee.queen.openai.mapping import Text
from rbee.queen.openai.requests import ChatRequest, CompletionRequest
from rbee.wire import errors, filling, names, placement
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import decode
from rbee.wire.messages.jobs import JobRequest, JobState, JobView
from rbee.wire.messages.models import ClusterModelView
from rbee.wire.messages.workers import LEAST_GAIN
from rbee.wire.settings import Settings, settings_from, with_flags
from rbee.worker import telling
from rbee.worker.engines import turns
from rbee.worker.engines.llamacpp import body

_CHAT = {"model": "minillama", "messages": [{"role": "user", "content": "hello"}]}
#: What is handed in, and what it says besides.
_BODIES: dict[str, tuple[type[Any], dict[str, Any]]] = {
    "a job": (JobRequest, {"model_ref": "minillama", "prompt": "hello"}),
    "a job of vectors": (JobRequest, {"model_ref": "minillama"}),
    "a chat of OpenAI": (ChatRequest, _CHAT),
    "a text of OpenAI": (CompletionRequest, {"model": "minillama", "prompt": "hello"}),
}
#: A word for an empty cell.
_NOTHING = ("nothing", "no flag")
_FLAGS = {"--host": "queen_host", "--port": "queen_port", "--database": "database"}


def fixed() -> dict[str, str]:
    """The numbers that nobody can set, by what each is."""
    megabyte, mebibyte = 1e6, 1024 * 1024
    values = {
        "seconds until a queue that was full may be asked again": jobs.RETRY_AFTER,
        "seconds until a queen who leaves may be asked again": queen_daemon._BACK_AFTER_S,
        "seconds that an installation on another machine may take": other_machine._INSTALL_LIMIT,
        "MB of its disk that an installation needs": shell.INSTALLATION_BYTES / megabyte,
        "MB that one needs whose packages are sent": shell.SENT_INSTALLATION_BYTES / megabyte,
        "GB of a disk below which it is short of room for a model": doctor._LITTLE_ROOM / 1e9,
        "MB of a disk below which it has no room": doctor._NO_ROOM / megabyte,
        "MiB of weights up to which one thread is enough": processors._ONE_THREAD_IS_ENOUGH
        / mebibyte,
        "MiB of a device that are never a model's": placement.DEVICE_FLOOR / mebibyte,
        "times as fast with a draft that it is used": LEAST_GAIN,
        "tokens of a prompt beyond which its reading is told": telling._LONG,
        "tokens that an engine works through at once": pooling._BATCH,
        "tokens that it does on a CPU": pooling._BATCH_ON_CPU,
        "seconds of a batch behind which a long prompt rests": turns._LONG_BATCH_S,
        "share of them for which it rests": turns._SHARE_OF_WRITERS,
        "tokens that a picture counts as": body._TOKENS_OF_PICTURE,
        "seconds between two lines about a long prompt or answer": telling._LINE,
        "characters of a line of narration": filling.LONGEST,
        "names that an error lists": errors._LISTED,
        "characters of an error": errors._LONGEST,
        "characters of the name of a machine": names.LONGEST_HIVE,
        "times that a passphrase is asked for": machines._PASSPHRASE_TRIES,
        "entries that a chat remembers": history._ENTRIES,
        "seconds that a hub in trouble is waited for": hub.LONGEST_WAIT_S,
        "seconds between two lines about a download": provision._BETWEEN_PERCENTS,
        "downloads from one host at once": provisioner.OF_ONE_HOST,
        "seconds after which a worker counts as sound": restart._SOUND_AFTER,
        "workers that a job may lose": troubles.WORKERS_LOST,
        "machines that a model may lie on": scheduler._MOST_MACHINES,
    }
    return {what: f"{value:g}" for what, value in values.items()}


def read(environment: str, file: str, flag: str) -> Settings:
    """The settings of a queen that is started with this variable, file and flag."""
    name, _, value = environment.partition("=")
    environ = {} if environment in _NOTHING else {name: value}
    settings = settings_from(environ, "" if file in _NOTHING else file)
    if flag in _NOTHING:
        return settings
    word, _, given = flag.partition(" ")
    field = _FLAGS[word]
    kind = type(getattr(settings, field))
    return with_flags(settings, {field: kind(given)})


def in_words(value: object) -> str:
    """A value as the features write it."""
    if isinstance(value, tuple):
        return ", ".join(map(in_words, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def assert_all(settings: Settings, rows: Sequence[Mapping[str, str]]) -> None:
    """The settings are those of the rows, each with its value, and there is no other."""
    there = {name: in_words(value) for name, value in msgspec.structs.asdict(settings).items()}
    expected = {row["setting"]: row["default"] for row in rows}
    differing = {
        name: f"{expected.get(name, 'not in the table')} is {there.get(name, 'no setting')}"
        for name in sorted(set(there) | set(expected))
        if there.get(name) != expected.get(name)
    }
    assert not differing, differing


def assert_page(page: str) -> None:
    """The page is the one in the documentation."""
    assert settings_page.PAGE.read_text("utf-8") == page, "type make docs"


def assert_tells_all(page: str) -> None:
    """Each setting has a row with its default and some words; each time and size a unit."""
    rows = {
        cells[0].strip("`"): cells[1:]
        for line in page.splitlines()
        if line.startswith("| `")
        for cells in [line.strip("| ").split(" | ")]
    }
    assert set(rows) >= set(Settings.__struct_fields__), set(Settings.__struct_fields__) - set(rows)
    for name in Settings.__struct_fields__:
        default, unit, _, about = rows[name]
        assert default and len(about.split()) > 2, (name, rows[name])
        is_time = isinstance(getattr(Settings(), name), float) and "factor" not in name
        assert unit == "seconds" or not is_time, (name, unit)


# What nobody sets.


def takes(who: str, name: str, values: str) -> list[bool]:
    """Whether each of the values (with commas between) may be said for `name`."""
    return [_takes(who, name, value) for value in values.split(", ")]


def _takes(who: str, name: str, value: str) -> bool:
    try:
        if who == "a command":
            (option,) = (each for each in INFER_OPTIONS if name in each.flags)
            option.kind.read(value)
            return True
        kind, body = _BODIES[who]
        asked = decode(json.dumps({**body, name: _said(value)}).encode(), kind)
        if isinstance(asked, CompletionRequest):
            Text(asked).jobs()  # a list of numbers is one text: that is counted here
    except (ValueError, RbeeError):
        return False
    return True


def _said(value: str) -> object:
    """A number, or so many texts."""
    count, _, of_texts = value.partition(" ")
    return ["bee"] * int(count) if of_texts else json.loads(count)


def default_context_of(encoder: bool, trained: int) -> int:
    """The context of a worker for a model that was trained with so many tokens; 0: unknown."""
    says = {"attention.causal": False} if encoder else {}
    return default_context(paper.header("llama", says, trained=trained))


def restarts() -> list[float]:
    """After how many seconds a worker that dies again and again is started again."""
    delays = Settings().restart_delays
    return _until_none(restart_delay(count, delays) for count in itertools.count())


def questions_of_hub(pause_s: float | None = None) -> list[float]:
    """After how many seconds a hub is asked again that is in trouble, and may want a pause."""
    # Late: the hub's client is heavy.
    from rbee.hive.models.hub import pause_after
    from rbee.hive.models.hub_failures import HubFailure
    from rbee.hive.models.model_plan import Patience

    failure = HubFailure("download_failed", "")
    failure.transient, failure.retry_after_s = True, pause_s
    tries = Patience().tries
    return _until_none(pause_after(failure, count, tries) for count in itertools.count(1))


def _until_none(waits: Iterable[float | None]) -> list[float]:
    found: list[float] = []
    for wait in waits:
        if wait is None:
            break
        found.append(wait)
    return found


def jobs_shown(running: int, over: int) -> int:
    """How many jobs of so many the table shows."""
    states = [JobState.RUNNING] * running + [JobState.DONE] * over
    jobs = [JobView(job_id="job", model_ref="m", state=each, created_at_ms=0) for each in states]
    return len(job_table(jobs).splitlines()) - 1


def models_told(sizes: Sequence[str]) -> str:
    """What is told of models of so many bytes together; one with ``=`` is the same file again."""
    models = [
        ClusterModelView(
            model_ref=f"HF:o/r:{number}",
            path="",
            hive_id="localhost",
            size_bytes=int(each.lstrip("=")),
            content=each.lstrip("="),
        )
        for number, each in enumerate(sizes)
    ]
    return "".join(models_in_all(models))
