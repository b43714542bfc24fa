"""``rbee-keeper infer``: phases 0 to 12 as the person at the terminal sees them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from rbee.keeper.awake import awake_queen
from rbee.keeper.command import Deed, Misuse
from rbee.keeper.job import JobRun, wanted_by
from rbee.keeper.options import Options, asked_of
from rbee.keeper.queen_target import QueenTarget
from rbee.keeper.screen import Screen
from rbee.keeper.streams import Endless, text_of_stdin, why
from rbee.keeper.traces import traced
from rbee.wire import narration
from rbee.wire.limits import LARGEST_INPUTS
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.model_ref import BUNDLED


def infer_command(options: Options) -> Deed:
    """What `infer` with these options does; reads the prompt where it is on standard input.

    Raises Misuse for a prompt that is none.
    """
    request = JobRequest(
        **asked_of(options),
        **_asked(_prompt(options["prompt"], options["prompt_option"]), options["image"]),
        stop=list(options["stop"]) or None,
        stream=not options["no_stream"],
        deadline_s=options["deadline"],
    )
    keep_alive = options["keep_alive"]
    return lambda screen, where: infer(screen, where, request, keep_alive=keep_alive)


def infer(screen: Screen, where: QueenTarget, request: JobRequest, *, keep_alive: bool) -> None:
    """Runs one job and shows it. Raises `RbeeError` with what went wrong.

    Ctrl+C cancels the job; a queen that was woken for it goes to sleep either way.
    """
    request.model_ref = request.model_ref or where.default_model
    request.hub_token = where.hub_token(request.model_ref)
    screen.say(narration.INFER_START, model_ref=request.model_ref)
    if request.model_ref == BUNDLED:
        screen.say(narration.TEST_MODEL)
    with (
        traced(screen, "infer") as trace,
        awake_queen(screen, where, wanted_by(request, where), request.model_ref) as queen,
    ):
        queen.client.trace = trace
        JobRun(screen, queen).run(request)
        if keep_alive:
            queen.keep()


def _asked(prompt: str, images: Sequence[str]) -> dict[str, Any]:
    """The fields of a job that hold the prompt, and the pictures that are shown before it."""
    if not images:
        return {"prompt": prompt}
    from rbee.keeper.images import message_of  # late: few prompts have any

    return {"messages": [message_of(prompt, images)]}


def _prompt(argument: str | None, option: str | None) -> str:
    if argument is not None and option is not None:
        raise Misuse("PROMPT and --prompt exclude each other")
    given = argument if option is None else option
    if given is None and sys.stdin.isatty():
        raise Misuse('no prompt; for example: rbee-keeper infer "hello"')
    try:
        text = text_of_stdin() if given is None or given == "-" else given
    except OSError as error:
        raise Misuse(
            f"nothing can be read: {why('standard input', error)}; "
            'for example: rbee-keeper infer "hello"'
        ) from None
    except Endless:
        raise Misuse(
            f"the prompt is longer than {LARGEST_INPUTS} bytes; send a shorter prompt"
        ) from None
    except UnicodeError:
        raise Misuse(
            "the prompt is no UTF-8 text; for example: iconv -f latin1 -t utf8 FILE | ..."
        ) from None
    if not text.strip():
        raise Misuse('the prompt is empty; for example: rbee-keeper infer "hello"')
    return text
