"""The keeper's commands. Phase 0.

Exit status: 0 done, 1 failed, 2 usage, 124 deadline, 130 Ctrl+C.
"""

from __future__ import annotations

import os
import sys
from typing import Any, NoReturn

import click

from rbee import __version__
from rbee.keeper.screen import Screen
from rbee.process.home import Home
from rbee.wire.errors import RbeeError
from rbee.wire.model_ref import BUNDLED, parse_model_ref
from rbee.wire.settings import Settings, with_flags

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_EXIT_STATUS = {"deadline_exceeded": 124, "invalid_request": 2}
_INTERRUPTED = 130
_BROKEN_PIPE = 141


class _ModelRef(click.ParamType[str]):
    """A model reference, checked before anything is started."""

    name = "ref"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return str(parse_model_ref(value))
        except RbeeError as error:
            self.fail(f"{error.message}\n  try: {error.suggestion}", param, ctx)


@click.group(context_settings=_CONTEXT)
@click.version_option(__version__)
def keeper() -> None:
    """Run language models on the computers you have at home.

    \b
    Example:
      rbee-keeper infer --model HF:author/minillama "hello"
    """


@keeper.command()
@click.argument("prompt", required=False)
@click.option("--model", "-m", type=_ModelRef(), default=BUNDLED, help="HF:owner/repo[:quant].")
@click.option("--node", help="Run on this hive.")
@click.option("--device", help="Run on this device: gpu0, gpu1, ..., cpu.")
@click.option("--backend", type=click.Choice(["cuda", "metal", "cpu"]), help="Kind of device.")
@click.option("--engine", type=click.Choice(["llamacpp", "ctransformers"]), help="What infers.")
@click.option("--max-tokens", type=click.IntRange(1, 1_000_000), help="Stop after so many tokens.")
@click.option("--temperature", type=click.FloatRange(0, 5), help="0: always the likeliest token.")
@click.option("--top-p", type=click.FloatRange(0, 1, min_open=True), help="Nucleus sampling.")
@click.option("--top-k", type=click.IntRange(0), help="Only the k likeliest tokens; 0: all.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Makes the draw repeatable.")
@click.option("--stop", multiple=True, help="Stop before this text; may be given again.")
@click.option("--ctx", type=click.IntRange(32), help="Context in tokens.")
@click.option("--no-stream", is_flag=True, help="Show the text when it is complete.")
@click.option("--no-cpu", is_flag=True, help="Fail rather than fall back to the CPU.")
@click.option("--keep-alive", is_flag=True, help="Leave everything warm for the next time.")
@click.option("--deadline", type=click.FloatRange(0, min_open=True), help="Give up after seconds.")
@click.option("--quiet", "-q", is_flag=True, help="No narration.")
@click.option("--json", "as_json", is_flag=True, help="One JSON event a line on stderr.")
@click.option("--queen", metavar="URL", help="Where the queen listens.")
@click.option("--token-file", type=click.Path(exists=True, dir_okay=False), help="Her token.")
@click.pass_context
def infer(ctx: click.Context, /, **options: Any) -> None:
    """Answer PROMPT with a model; PROMPT - or none reads standard input.

    Tokens go to stdout, everything else to stderr. What is not running is woken, and goes to
    sleep again afterwards.

    \b
    Examples:
      rbee-keeper infer "hello"
      rbee-keeper infer --model HF:author/minillama:Q4_0 "tell me a story" > story.txt
      echo "hello" | rbee-keeper infer --max-tokens 20 -
    """
    from rbee.wire.messages import JobRequest

    if options["quiet"] and options["as_json"]:
        raise click.UsageError("--quiet and --json exclude each other")
    request = JobRequest(
        model_ref=options["model"],
        prompt=_prompt(options["prompt"]),
        max_tokens=options["max_tokens"],
        temperature=options["temperature"],
        top_p=options["top_p"],
        top_k=options["top_k"],
        seed=options["seed"],
        stop=list(options["stop"]) or None,
        stream=not options["no_stream"],
        node=options["node"],
        device=options["device"],
        backend=options["backend"],
        engine=options["engine"],
        ctx=options["ctx"],
        allow_cpu=not options["no_cpu"],
        deadline_s=options["deadline"],
    )
    screen = Screen(quiet=options["quiet"], as_json=options["as_json"])

    def run(home: Home, settings: Settings) -> None:
        from rbee.keeper.infer import infer as run_infer

        run_infer(screen, home, settings, request, keep_alive=options["keep_alive"])

    _at_home(screen, options, run)


def main() -> NoReturn:
    """Runs the command that was typed and exits with its status."""
    keeper(prog_name="rbee-keeper")
    sys.exit(0)


def _prompt(given: str | None) -> str:
    if given is None and sys.stdin.isatty():
        raise click.UsageError('no prompt; for example: rbee-keeper infer "hello"')
    text = sys.stdin.read() if given in (None, "-") else given
    if not text.strip():
        raise click.UsageError('the prompt is empty; for example: rbee-keeper infer "hello"')
    return text


def _at_home(screen: Screen, options: dict[str, Any], run: Any) -> NoReturn:
    """Runs a command in this machine's RBEE_HOME and exits with its status."""
    import signal

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    status = 0
    try:
        home = Home.open()
        run(home, with_flags(home.settings(), {}))
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
