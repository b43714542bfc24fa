"""The options that commands share, as data.

`click_options` makes click's of them; `quick_reader` reads a plain command line by them, without
click.
"""

from __future__ import annotations

import os
import re
import urllib.parse
from collections.abc import Callable
from typing import Any

import msgspec

from rbee.keeper.streams import as_text
from rbee.wire.errors import RbeeError, invalid
from rbee.wire.limits import LARGEST_BODY
from rbee.wire.model_ref import is_short_name, parse_model_ref
from rbee.wire.placement import SPREADS
from rbee.wire.shown import require_name

#: What was typed: the value of each option, by its name.
Options = dict[str, Any]


class Kind(msgspec.Struct, frozen=True):
    """What the value of an option may be.

    `read` gives the value that a text spells, and raises ValueError or RbeeError where it spells
    none. Click has a type for a ``flag``, a ``choice``, a ``whole`` or other ``number`` and a
    ``path``, which it is told `facts` for; what else it is `called` is read by us, and shown so.
    """

    read: Callable[[str], Any]
    called: str = "text"
    facts: dict[str, Any] = {}


def _something(text: str) -> str:
    """Text that is not empty: an empty one would name nothing, and stop nothing."""
    if not text:
        raise invalid("it is empty", "leave the option out")
    return as_text(text)


def _name(text: str) -> str:
    return require_name(_something(text), "the name")


def _no_value(text: str) -> Any:
    raise ValueError(text)


def _one_of(*names: str) -> Kind:
    def read(text: str) -> str:
        if text not in names:
            raise ValueError(text)
        return text

    return Kind(read, "choice", {"choices": names})


def _within(made: Callable[[str], float], **bounds: Any) -> Callable[[str], float]:
    """Reads a number that lies within the bounds, which are called as click calls them."""

    def read(text: str) -> float:
        value, low = made(text), bounds["min"]
        enough = value > low if bounds.get("min_open") else value >= low
        if not enough or value > bounds.get("max", value):
            raise ValueError(text)
        return value

    return read


def _whole(**bounds: Any) -> Kind:
    return Kind(_within(int, **bounds), "whole", bounds)


def _number(**bounds: Any) -> Kind:
    return Kind(_within(float, **bounds), "number", bounds)


def _readable_file(text: str) -> str:
    if not os.path.isfile(text) or not os.access(text, os.R_OK):
        raise ValueError(text)
    return text


def text_in_file(text: str) -> str:
    """What the file of this path holds: UTF-8, neither empty nor longer than a request may be.

    A mark that some editors begin a file with is no part of it. Raises `invalid_request`.
    """
    try:
        with open(text, encoding="utf-8-sig") as file:
            found = file.read(LARGEST_BODY + 1)
    except OSError as error:
        raise _no_text(text, error.strerror or "it cannot be read") from None
    except ValueError:
        raise _no_text(text, "it is no UTF-8 text") from None
    if len(found) > LARGEST_BODY:
        raise _no_text(text, f"it is longer than {LARGEST_BODY} characters")
    if not found.strip():
        raise _no_text(text, "it is empty")
    return found


def _no_text(path: str, why: str) -> RbeeError:
    return invalid(f"{path!r}: {why}", "name a file that holds text")


def _model_name(text: str) -> str:
    """The canonical text of a model reference, which is checked before anything is started, or a
    short name, which the queen knows or does not."""
    text = as_text(text)
    return text if is_short_name(text) else str(parse_model_ref(text))


def _host(text: str) -> str:
    """An address, or a name, to listen at."""
    from rbee.wire.names import why_no_host  # late: seldom named

    text = _something(text).strip("[]")
    if why := why_no_host(text):
        raise invalid(f"{text!r} is no address to listen at: {why}", "0.0.0.0, for all of them")
    return text


def _queen_url(text: str) -> str:
    """``http://host:port`` or ``https://host:port`` without a slash at its end, the second with the
    public key that she has to show behind `KEY_BEGINS`, where one is named."""
    from rbee.wire.names import why_no_host  # late: a queen is seldom named

    text = as_text(text)
    try:
        parts = urllib.parse.urlsplit(text)
        fits = parts.scheme in ("http", "https") and parts.hostname and parts.port
        key = _key_in(parts.fragment) if parts.scheme == "https" else parts.fragment
        if (
            not fits
            or why_no_host(parts.hostname or "")
            or parts.path not in ("", "/")
            or parts.query
            or parts.username
            or (key and not _KEY.fullmatch(key))
        ):
            raise ValueError
    except ValueError:  # or a port that is none, brackets without an address
        raise invalid(f"{text!r} is no address of a queen", "https://HOST:8500") from None
    return f"{parts.scheme}://{parts.netloc}{KEY_BEGINS if key else ''}{key}"


def _key_in(fragment: str) -> str:
    """The public key that stands behind an address; what is none is itself."""
    name, _, key = fragment.partition("=")
    return key.replace(":", "").lower() if name == "sha256" else fragment


#: What stands before a public key in the address of a queen: SHA-256, hexadecimal digits.
KEY_BEGINS = "#sha256="
_KEY = re.compile("[0-9a-f]{64}")

#: The kinds of arguments, too.
TEXT, NAME, MODEL = Kind(as_text), Kind(_name), Kind(_model_name, "ref")
FLAG = Kind(_no_value, "flag")
_READABLE = Kind(_readable_file, "path", {"exists": True, "dir_okay": False, "readable": True})


class Option(msgspec.Struct, frozen=True):
    """One option: the name of its value, what is typed for it, what it may be, what it is for.

    `many`: it may be given again; the value is a tuple.
    """

    name: str
    flags: tuple[str, ...]
    kind: Kind
    help: str
    default: Any = None
    metavar: str | None = None
    many: bool = False

    @property
    def absent(self) -> Any:
        """The value where it is not given."""
        if self.kind is FLAG:
            return False
        return () if self.many else self.default


#: Where a model runs, of which `placed_by` gives the fields of a job.
PLACE_OPTIONS = (
    Option("node", ("--node",), NAME, "Run on this hive."),
    Option("device", ("--device",), NAME, "Run on this device: gpu0, gpu1, ..., cpu."),
    Option(
        "backend",
        ("--backend",),
        _one_of("cuda", "metal", "rocm", "vulkan", "sycl", "cpu"),
        "Kind of device.",
    ),
    Option("engine", ("--engine",), NAME, "What infers; doctor lists the engines of a machine."),
    Option("ctx", ("--ctx",), _whole(min=32), "Context in tokens."),
    Option("spread", ("--spread",), _one_of(*SPREADS), "Over one device, GPUs, RAM too, machines."),
    Option("no_cpu", ("--no-cpu",), FLAG, "Fail rather than fall back to the CPU."),
)

#: What answers, where, and how it draws its tokens; `asked_of` gives what they say.
MODEL_OPTIONS = (
    Option("model", ("--model", "-m"), MODEL, "owner/repo[:quant], or a name."),
    *PLACE_OPTIONS,
    Option(
        "max_tokens", ("--max-tokens",), _whole(min=1, max=1_000_000), "Stop after so many tokens."
    ),
    Option(
        "temperature", ("--temperature",), _number(min=0, max=5), "0: always the likeliest token."
    ),
    Option("top_p", ("--top-p",), _number(min=0, max=1, min_open=True), "Nucleus sampling."),
    Option("top_k", ("--top-k",), _whole(min=0), "Only the k likeliest tokens; 0: all."),
    Option("seed", ("--seed",), _whole(min=0, max=2**32 - 1), "Makes the draw repeatable."),
    Option(
        "chat_template",
        ("--chat-template",),
        Kind(text_in_file, "file"),
        "A template (Jinja) to take for the model's own.",
        metavar="FILE",
    ),
    Option("no_think", ("--no-think",), FLAG, "Answer without thinking first."),
    Option("show_thinking", ("--show-thinking",), FLAG, "Show thoughts, also beside a pipe."),
    Option("hide_thinking", ("--hide-thinking",), FLAG, "Show no thoughts."),
)

#: Of `up`.
HOST_OPTION = Option(
    "host", ("--host",), Kind(_host, "host"), "Listen at this address.", metavar="ADDRESS"
)

#: Which queen is meant.
QUEEN_OPTIONS = (
    Option(
        "queen",
        ("--queen",),
        Kind(_queen_url, "url"),
        "Where the queen listens; never wakes her.",
        metavar="URL",
    ),
    Option("token_file", ("--token-file",), _READABLE, "Her token."),
)

#: Of a command that lists.
LIST_OPTIONS = (Option("as_json", ("--json",), FLAG, "For programs: JSON."), *QUEEN_OPTIONS)

#: Of a command that narrates.
NARRATION_OPTIONS = (
    Option("quiet", ("--quiet", "-q"), FLAG, "No narration."),
    Option("calm", ("--calm",), FLAG, "Narration as one line that changes, on a terminal."),
    Option("no_calm", ("--no-calm",), FLAG, "All of it, however often it was told (calm_after)."),
    Option("as_json", ("--json",), FLAG, "One JSON event a line on stderr."),
    *QUEEN_OPTIONS,
)

#: The argument of `infer`.
PROMPT = Option("prompt", (), TEXT, "")

#: Of `infer`.
INFER_OPTIONS = (
    Option("prompt_option", ("--prompt",), TEXT, "The same as PROMPT.", metavar="TEXT"),
    *MODEL_OPTIONS,
    Option(
        "image",
        ("--image",),
        _READABLE,
        "A picture to show before the prompt; may be given again.",
        metavar="FILE",
        many=True,
    ),
    Option(
        "stop",
        ("--stop",),
        Kind(_something),
        "Stop before this text; may be given again.",
        many=True,
    ),
    Option("no_stream", ("--no-stream",), FLAG, "Show the text when it is complete."),
    Option("keep_alive", ("--keep-alive",), FLAG, "Leave everything warm for the next time."),
    Option("deadline", ("--deadline",), _number(min=0, min_open=True), "Give up after seconds."),
    *NARRATION_OPTIONS,
)


def asked_of(options: Options) -> dict[str, Any]:
    """The fields of a job that `MODEL_OPTIONS` decide."""
    names = ("max_tokens", "temperature", "top_p", "top_k", "seed", "chat_template")
    asked = {name: options[name] for name in names}
    think = False if options["no_think"] else None
    return {**asked, **placed_by(options), "model_ref": options["model"] or "", "think": think}


def placed_by(options: Options) -> dict[str, Any]:
    """The fields of a job that `PLACE_OPTIONS` decide."""
    names = ("node", "device", "backend", "engine", "ctx", "spread")
    return {**{name: options[name] for name in names}, "allow_cpu": not options["no_cpu"]}
