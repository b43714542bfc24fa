"""How a command runs, and how it ends."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

from rbee.keeper.interrupt import INTERRUPTED, raise_on_interrupt
from rbee.keeper.options import Options
from rbee.keeper.queen_target import QueenTarget
from rbee.keeper.screen import Screen
from rbee.process.home import UPGRADE, Home
from rbee.wire import addresses
from rbee.wire.errors import RbeeError

#: What a command does once it knows its options; what it returns is its exit status.
Deed = Callable[[Screen, QueenTarget], int | None]

_EXIT_STATUS = {"deadline_exceeded": 124, "invalid_request": 2, "payload_too_large": 2}
_BROKEN_PIPE = 141


class Misuse(Exception):
    """Options that do not go together, though each is well-formed; in words for people."""


class Terminated(KeyboardInterrupt):
    """SIGTERM: ends a command, also where Ctrl+C would end the current answer alone."""


def run_with_queen(command: Callable[[Options], Deed], options: Options) -> NoReturn:
    """Runs a command that means a queen, and exits with its status; see `run_at_home`.

    Raises Misuse before anything is done.
    """
    screen = _screen_of(options)
    queen, token_file = options["queen"], options["token_file"]
    if queen is None:
        wait_for_upgrade(screen)
    deed = command(options)

    def run(home: Home) -> int | None:
        where = QueenTarget.of(home, queen, token_file)
        is_open = queen is not None and not queen.startswith("https://")
        is_far = is_open and not addresses.is_loopback(addresses.host_of(where.url))
        if is_far and not options.get("quiet"):
            from rbee.keeper.unencrypted_queen import warning

            screen.warn(warning(where.url))  # before anything is sent
        if not screen.tells_all or options.get("no_calm", True):
            return deed(screen, where)
        from rbee.keeper.calm_after import grown_calm  # late: a pipe gets all of it

        with grown_calm(screen, home.path, where.settings.calm_after):
            return deed(screen, where)

    run_at_home(screen, run)


def wait_for_upgrade(screen: Screen) -> None:
    """Begins this command anew once an upgrade has come to its end, where there is one."""
    home = os.path.expanduser(os.environ.get("RBEE_HOME") or "~/.rbee")
    if os.path.exists(os.path.join(home, UPGRADE)):
        from rbee.keeper import upgrading  # late: that is seldom

        try:
            upgrading.wait_for_upgrade(screen, Home.open())
        except RbeeError as error:
            screen.error(error)
            leave(1)


def run_at_home(screen: Screen, run: Callable[[Home], int | None]) -> NoReturn:
    """Runs a command in this machine's RBEE_HOME and exits with its status: what `run` returns."""

    def terminate(*_: object) -> None:
        raise Terminated

    status = 0
    try:
        signal.signal(signal.SIGTERM, terminate)
        if sys.platform != "win32":
            signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        raise_on_interrupt()
        status = run(Home.open()) or 0
    except RbeeError as error:
        screen.error(error)
        status = _EXIT_STATUS.get(error.code, 1)
    except KeyboardInterrupt:
        status = INTERRUPTED
    except BrokenPipeError:
        status = _BROKEN_PIPE
    except OSError as error:
        where = f"cannot use {error.filename}: " if error.filename else ""
        what_to_do = "mend that, or name another folder: export RBEE_HOME=/path/to/folder"
        message = f"{where}{error.strerror or error}"
        screen.error(RbeeError("home_unusable", message, what_to_do))
        status = 1
    with contextlib.suppress(OSError):  # who reads no more has seen enough
        screen.close()
    leave(status)


def _screen_of(options: Options) -> Screen:
    """The screen that the options ask for."""
    quiet, as_json = options.get("quiet", False), options["as_json"]
    if quiet and as_json:
        raise Misuse("--quiet and --json exclude each other")
    shown, hidden = options.get("show_thinking", False), options.get("hide_thinking", False)
    if shown and hidden:
        raise Misuse("--show-thinking and --hide-thinking exclude each other")
    thoughts = shown or (False if hidden else None)
    calm = options.get("calm", False)
    if calm and options["no_calm"]:
        raise Misuse("--calm and --no-calm exclude each other")
    return Screen(quiet=quiet, as_json=as_json, thoughts=thoughts, calm=calm)


def leave(status: int) -> NoReturn:
    """Ends at once: nothing is left to tear down that the kernel would not."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):  # what could not be written has been told
            stream.flush()
    os._exit(status)
