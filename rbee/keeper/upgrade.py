"""``rbee-keeper upgrade``: this rbee, and that of all machines, while the swarm serves.

The new rbee is made beside the one in use and answers in a swarm of its own first; machines get
theirs meanwhile, beside what they have. Then no new job begins, those that run come to their end,
and environments change places in one step. Whatever does not answer then is put back.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from rbee import __version__
from rbee.keeper import environment, installation
from rbee.keeper.awake import AwakeQueen, awake_queen
from rbee.keeper.environment import python_of, upgrade_failed
from rbee.keeper.operation import run_operation
from rbee.keeper.queen_target import QueenTarget
from rbee.keeper.screen import Screen
from rbee.keeper.upgrading import Upgrading
from rbee.wire import narration
from rbee.wire.errors import RbeeError, invalid, no_such
from rbee.wire.messages.basics import DRAIN, Nothing, decode
from rbee.wire.messages.hives import BRING_RBEE, HIVES, BringRbee
from rbee.wire.narration import Narration

#: How long an answer of the bundled model may take on a machine that is busy (seconds).
_ANSWER_LIMIT = 300.0
_ASK = ("-m", "rbee.keeper", "infer", "--model", "minillama", "--max-tokens", "1")
#: What a swarm that is only tried is not to share with the one in use.
_APART = ("RBEE_QUEEN_PORT", "RBEE_HIVE_PORT", "RBEE_WORKER_PORT")
_NOT_TRIED = ("RBEE_DATABASE",)
#: What the queen's own machine is called in her catalog.
_LOCAL = "localhost"


class Wanted(NamedTuple):
    """What was typed: a version, or empty for the newest; one machine, or empty for all."""

    version: str = ""
    only: str = ""
    python: str = ""
    offline: bool = False


class SwarmBefore(NamedTuple):
    """What was there before: whether somebody asked it to stay, and its machines by id."""

    is_kept: bool
    has_local: bool
    others: tuple[str, ...]


def upgrade(screen: Screen, where: QueenTarget, wanted: Wanted) -> int:
    """Upgrades what was asked for. Returns 1 where a machine could not be.

    Raises `upgrade_failed` where the new rbee does not answer; the old one is in use then.
    """
    if wanted.only not in ("", _LOCAL) and wanted.version not in ("", __version__):
        raise invalid(
            "all machines of a swarm have the same rbee",
            f"rbee-keeper upgrade --to {wanted.version}, without --only",
        )
    found = installation.installation()
    if wanted.only in ("", _LOCAL) and wanted.version != __version__:
        if told := installation.obstacle(found):
            if wanted.version:
                why = f"this rbee is not upgraded from here: {told.why}"
                raise RbeeError("upgrade_failed", why, told.type_this)
            screen.say(narration.UPGRADE_STAYS, version=__version__, why=told.why)
            screen.hint(f"  to upgrade it: {told.type_this}; then: rbee-keeper upgrade")
        elif version := _upgrade_own(screen, where, found, wanted):
            screen.result({"version": version, "hives": []}, None)
            return 0
    if wanted.only == _LOCAL:
        screen.result({"version": __version__, "hives": []}, None)
        return 0
    return _upgrade_machines(screen, where, wanted)


# This rbee.


def _upgrade_own(
    screen: Screen, where: QueenTarget, found: installation.Installation, wanted: Wanted
) -> str:
    """The version that is in use then; empty: there is none that is newer. Where there are other
    machines, it goes on as the new rbee, and does not come back."""
    upgrading = Upgrading.begin(where.home, found.prefix)
    assert upgrading.note is not None, "it has been written"
    aside = Path(upgrading.note.aside)
    try:
        version = _made(screen, found, wanted, aside)
        if version is None:
            return ""
        _tried(screen, version, aside)
        swarm = _ended(screen, where, wanted, version, aside)
        _switched(screen, version, found.prefix, aside, swarm)
        others = swarm.others if wanted.only == "" else ()
    finally:
        # Also where somebody presses Ctrl+C: what was in use before is put back.
        if upgrading.restore():
            screen.say(narration.UPGRADE_BACK, version=__version__)
        upgrading.end()
    if swarm.others and not others:
        screen.hint("the other machines have another rbee, and sleep until: rbee-keeper upgrade")
    if others:
        _go_on_as(found.prefix, version, wanted)
    return version


def _made(
    screen: Screen, found: installation.Installation, wanted: Wanted, aside: Path
) -> str | None:
    """Has pip install the new rbee beside the old; its version, None where it is the same."""
    what = installation.to_install(found.origin, wanted.version)
    screen.say(
        narration.UPGRADE_LOOKS, wanted=wanted.version or "that is newer", version=__version__
    )
    environment.copy(found.prefix, aside)
    pip = ("-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--upgrade")
    ran = environment.run(python_of(aside), *pip, what, environ={**os.environ, "PIP_USER": "0"})
    if ran.returncode:
        raise upgrade_failed(
            f"pip cannot install {what}",
            ran.stderr,
            "see to it that pip finds it, for instance in a folder of wheels: "
            "export PIP_FIND_LINKS=/path/to/folder",
        )
    version = environment.version_in(aside)
    if version == __version__:
        screen.say(narration.UPGRADE_NONE, version=version)
        return None
    return version


def _tried(screen: Screen, version: str, aside: Path) -> None:
    """Has the new rbee answer once, at home in a folder that is gone afterwards."""
    screen.say(narration.UPGRADE_TRIES, version=version)
    with tempfile.TemporaryDirectory(prefix="rbee-") as home:
        apart = {name: value for name, value in os.environ.items() if name not in _NOT_TRIED}
        apart |= {"RBEE_HOME": home, **dict.fromkeys(_APART, "0")}
        _ask(python_of(aside), version, apart)


def _ask(python: str, version: str, environ: Mapping[str, str], *options: str) -> None:
    """Has a swarm of this Python answer. Raises `upgrade_failed`."""
    ran = environment.run(python, *_ASK, *options, "hello", environ=environ, limit=_ANSWER_LIMIT)
    if ran.returncode:
        why = f"rbee {version} does not answer on this machine; {__version__} stays in use"
        raise upgrade_failed(why, ran.stderr, "rbee-keeper upgrade --to VERSION takes another one")


def _ended(
    screen: Screen, where: QueenTarget, wanted: Wanted, version: str, aside: Path
) -> SwarmBefore:
    """Brings the new rbee to the machines; then jobs come to their end, and the swarm with them."""
    with awake_queen(screen, where) as queen, tempfile.TemporaryDirectory(prefix="rbee-") as wheels:
        hives = queen.client.call(HIVES).hives
        others = tuple(hive.hive_id for hive in hives if hive.hive_id != _LOCAL)
        if others and not wanted.only:
            every = ("--all",) if wanted.offline else ()
            ran = environment.run(python_of(aside), "-m", "rbee.queen.wheels", wheels, *every)
            if ran.returncode:
                raise upgrade_failed("no wheels can be made for the other machines", ran.stderr)
        for hive_id in () if wanted.only else others:
            with _later(screen, hive_id, {}):
                _bring(screen, queen, _brought(hive_id, wanted, version, wheels))
        environment.at_home_in(aside, Path(sys.prefix))
        is_kept = _drain_and_end(screen, queen)
        return SwarmBefore(is_kept, len(others) < len(hives), others)


def _drain_and_end(screen: Screen, queen: AwakeQueen) -> bool:
    """Ends the queen once no job runs; until then new ones wait. Whether she was to stay."""
    reading = queen.another_client()
    begun = queen.client.call(DRAIN)
    for frames in reading.events(begun.events_url):
        for frame in frames:
            if frame.event != "narration":
                continue
            said = decode(frame.data, Narration, "what the queen says")
            if said.action == narration.DRAINED.action:
                queen.end()
                return begun.kept
            screen.narrate(said)
    raise RbeeError("queen_unreachable", "somebody puts the queen to sleep", "try again")


def _switched(screen: Screen, version: str, prefix: Path, aside: Path, swarm: SwarmBefore) -> None:
    """The new rbee takes the place of the old and answers; else the old one takes it again."""
    environment.exchange(prefix, aside)
    try:
        screen.say(narration.UPGRADE_SWITCHES, version=version, found=__version__)
        local = ("--node", _LOCAL) if swarm.has_local else ()
        kept = ("--keep-alive",) if swarm.is_kept else ()
        _ask(python_of(prefix), version, os.environ, *local, *kept)
        (prefix / environment.UNTRIED).unlink()
    except BaseException:
        environment.run(python_of(prefix), "-m", "rbee.keeper", "down")
        environment.exchange(prefix, aside)
        if swarm.is_kept:
            environment.run(python_of(prefix), "-m", "rbee.keeper", "up")
        screen.say(narration.UPGRADE_BACK, version=__version__)
        raise
    screen.say(narration.UPGRADE_ANSWERS, version=version, found=__version__)


def _go_on_as(prefix: Path, version: str, wanted: Wanted) -> None:
    """The rest is the affair of the new rbee, which is told what was typed."""
    python = python_of(prefix)
    typed = [word for word in sys.argv[1:] if word in ("--json", "--quiet", "-q", "--offline")]
    options = [("--only", wanted.only), ("--python", wanted.python)]
    named = [word for option in options if option[1] for word in option]
    sys.stderr.flush()
    os.execv(python, [python, "-m", "rbee.keeper", "upgrade", "--to", version, *named, *typed])


# Other machines.


def _upgrade_machines(screen: Screen, where: QueenTarget, wanted: Wanted) -> int:
    """Brings this rbee to the machines that have another, and has a hive answer from it."""
    failures: dict[str, str] = {}
    with awake_queen(screen, where) as queen:
        hives = [hive.hive_id for hive in queen.client.call(HIVES).hives]
        if wanted.only and wanted.only not in hives:
            raise no_such("hive", wanted.only, hives, "rbee-keeper hives lists them")
        others = [each for each in hives if each != _LOCAL and wanted.only in ("", each)]
        for hive_id in others:
            with _later(screen, hive_id, failures):
                _bring(screen, queen, _brought(hive_id, wanted))
                screen.say(narration.UPGRADE_MACHINE, hive_id=hive_id, version=__version__)
    told = [
        {"hive_id": each, "version": None if each in failures else __version__}
        | ({"why": failures[each]} if each in failures else {})
        for each in others
    ]
    screen.result({"version": __version__, "hives": told}, None)
    return int(bool(failures))


def _brought(hive_id: str, wanted: Wanted, version: str = "", folder: str = "") -> BringRbee:
    return BringRbee(
        id=hive_id, version=version, folder=folder, python=wanted.python, offline=wanted.offline
    )


def _bring(screen: Screen, queen: AwakeQueen, wanted: BringRbee) -> None:
    try:
        run_operation(screen, queen, BRING_RBEE, wanted, Nothing)
    except RbeeError:
        queen.client.close()  # what follows on it belongs to the story that was left
        raise


@contextlib.contextmanager
def _later(screen: Screen, hive_id: str, failures: dict[str, str]) -> Iterator[None]:
    """Goes on without a machine that cannot be upgraded now, and says what to type when it can."""
    try:
        yield
    except RbeeError as error:
        if error.code == "queen_unreachable":
            raise
        failures[hive_id] = error.message
        screen.say(narration.UPGRADE_LATER, hive_id=hive_id, why=error.message)
        again = f"rbee-keeper upgrade --only {hive_id}"
        advice = f"{error.suggestion}; then: {again}" if error.suggestion else again
        screen.hint(f"  try: {advice}")
