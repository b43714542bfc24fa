"""What several commands have in common: options, how they run, how they end."""

from __future__ import annotations

import os
import sys
import urllib.parse
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import click

from rbee.keeper.screen import Screen
from rbee.keeper.whereabouts import Whereabouts
from rbee.process.home import Home
from rbee.wire.errors import RbeeError
from rbee.wire.model_ref import BUNDLED, parse_model_ref

Command = TypeVar("Command", bound=Callable[..., Any])

_EXIT_STATUS = {"deadline_exceeded": 124, "invalid_request": 2}
_INTERRUPTED = 130
_BROKEN_PIPE = 141


class Terminated(KeyboardInterrupt):
    """SIGTERM: as Ctrl+C, where that would not end one answer alone."""


class ModelRefText(click.ParamType[str]):
    """A model reference, checked before anything is started."""

    name = "ref"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Its canonical text."""
        try:
            return str(parse_model_ref(value))
        except RbeeError as error:
            self.fail(f"{error.message}\n  try: {error.suggestion}", param, ctx)


class QueenUrl(click.ParamType[str]):
    """The address of a queen."""

    name = "url"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """``http://host:port`` without a slash at its end."""
        try:
            parts = urllib.parse.urlsplit(value)
            fits = parts.scheme == "http" and parts.hostname and parts.port
            if not fits or parts.path not in ("", "/") or parts.query or parts.username:
                raise ValueError
        except ValueError:  # or a port that is none, brackets without an address
            self.fail(f"{value!r} is no address of a queen; try: http://HOST:8500", param, ctx)
        return f"http://{parts.netloc}"


_MODEL_OPTIONS = (
    click.option(
        "--model", "-m", type=ModelRefText(), default=BUNDLED, help="HF:owner/repo[:quant]."
    ),
    click.option("--node", help="Run on this hive."),
    click.option("--device", help="Run on this device: gpu0, gpu1, ..., cpu."),
    click.option("--backend", type=click.Choice(["cuda", "metal", "cpu"]), help="Kind of device."),
    click.option("--engine", type=click.Choice(["llamacpp", "ctransformers"]), help="What infers."),
    click.option(
        "--max-tokens", type=click.IntRange(1, 1_000_000), help="Stop after so many tokens."
    ),
    click.option(
        "--temperature", type=click.FloatRange(0, 5), help="0: always the likeliest token."
    ),
    click.option("--top-p", type=click.FloatRange(0, 1, min_open=True), help="Nucleus sampling."),
    click.option("--top-k", type=click.IntRange(0), help="Only the k likeliest tokens; 0: all."),
    click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Makes the draw repeatable."),
    click.option("--ctx", type=click.IntRange(32), help="Context in tokens."),
    click.option("--no-cpu", is_flag=True, help="Fail rather than fall back to the CPU."),
)


def model_options(command: Command) -> Command:
    """What answers, where, and how it draws its tokens; `asked_of` gives what they say."""
    for option in reversed(_MODEL_OPTIONS):
        command = option(command)
    return command


def asked_of(options: dict[str, Any]) -> dict[str, Any]:
    """The fields of a job that `model_options` decide."""
    sampling = ("max_tokens", "temperature", "top_p", "top_k", "seed")
    placing = ("node", "device", "backend", "engine", "ctx")
    asked = {name: options[name] for name in (*sampling, *placing)}
    return {**asked, "model_ref": options["model"], "allow_cpu": not options["no_cpu"]}


def queen_options(command: Command) -> Command:
    """``--queen`` and ``--token-file``."""
    token = click.Path(exists=True, dir_okay=False, readable=True)
    command = click.option("--token-file", type=token, help="Her token.")(command)
    return click.option(
        "--queen", type=QueenUrl(), metavar="URL", help="Where the queen listens; never wakes her."
    )(command)


def list_options(command: Command) -> Command:
    """``--json`` of a command that lists, and the queen's options."""
    command = queen_options(command)
    return click.option("--json", "as_json", is_flag=True, help="For programs: JSON.")(command)


def story_options(command: Command) -> Command:
    """``--quiet`` and ``--json`` of a command that narrates, and the queen's options."""
    command = queen_options(command)
    command = click.option(
        "--json", "as_json", is_flag=True, help="One JSON event a line on stderr."
    )(command)
    return click.option("--quiet", "-q", is_flag=True, help="No narration.")(command)


def screen_of(options: dict[str, Any]) -> Screen:
    """The screen that the options ask for. Raises click.UsageError for two that exclude."""
    quiet, as_json = options.get("quiet", False), options["as_json"]
    if quiet and as_json:
        raise click.UsageError("--quiet and --json exclude each other")
    return Screen(quiet=quiet, as_json=as_json)


def with_queen(
    screen: Screen, options: dict[str, Any], run: Callable[[Whereabouts], int | None]
) -> NoReturn:
    """Runs a command that means a queen, and exits with its status; see `at_home`."""
    at_home(screen, lambda home: run(Whereabouts.of(home, options["queen"], options["token_file"])))


def at_home(screen: Screen, run: Callable[[Home], int | None]) -> NoReturn:
    """Runs a command in this machine's RBEE_HOME and exits with its status: what `run` returns."""
    import signal

    def terminate(*_: object) -> None:
        raise Terminated

    signal.signal(signal.SIGTERM, terminate)
    status = 0
    try:
        status = run(Home.open()) or 0
    except RbeeError as error:
        screen.error(error)
        status = _EXIT_STATUS.get(error.code, 1)
    except KeyboardInterrupt:
        status = _INTERRUPTED
    except BrokenPipeError:
        status = _BROKEN_PIPE
    _leave(status)


def _leave(status: int) -> NoReturn:
    """Ends at once: nothing is left to tear down that the kernel would not."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        pass  # nobody reads any more, and nothing can be told to them
    os._exit(status)
