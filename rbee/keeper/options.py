"""The options that commands share, as data.

`click_options` makes click's of them; `quick_reader` reads a plain command line by them, without
click.
"""

from __future__ import annotations

import os
import urllib.parse
from typing import Any

import msgspec

from rbee.keeper.streams import as_text
from rbee.wire.errors import RbeeError
from rbee.wire.model_ref import BUNDLED, parse_model_ref
from rbee.wire.shown import require_name

#: What was typed: the value of each option, by its name.
Options = dict[str, Any]


class Kind(msgspec.Struct, frozen=True):
    """What the value of an option may be; this one: any text."""

    def read(self, text: str) -> Any:
        """The value that `text` spells. Raises ValueError or RbeeError where it spells none."""
        return as_text(text)


class Something(Kind, frozen=True):
    """Text that is not empty: an empty one would name nothing, and stop nothing."""

    def read(self, text: str) -> str:
        """The text."""
        if not text:
            raise RbeeError("invalid_request", "it is empty", "leave the option out")
        return as_text(text)


class Name(Something, frozen=True):
    """What something is called."""

    def read(self, text: str) -> str:
        """The name."""
        return require_name(super().read(text), "the name")


class Flag(Kind, frozen=True):
    """Given, or not; it has no value."""

    def read(self, text: str) -> Any:
        """Raises ValueError: nothing spells it."""
        raise ValueError(text)


class OneOf(Kind, frozen=True):
    """One of these names."""

    names: tuple[str, ...]

    def read(self, text: str) -> str:
        """The name."""
        if text not in self.names:
            raise ValueError(text)
        return text


class Whole(Kind, frozen=True):
    """A whole number from `low` to `high`, or to any."""

    low: int
    high: int | None = None

    def read(self, text: str) -> int:
        """The number."""
        value = int(text)
        if value < self.low or (self.high is not None and value > self.high):
            raise ValueError(text)
        return value


class Number(Kind, frozen=True):
    """A number from `low`, or `above` it, to `high`, or to any."""

    low: float
    high: float | None = None
    above: bool = False

    def read(self, text: str) -> float:
        """The number."""
        value = float(text)
        enough = value > self.low if self.above else value >= self.low
        if not enough or (self.high is not None and value > self.high):
            raise ValueError(text)
        return value


class ReadableFile(Kind, frozen=True):
    """The path of a file that can be read."""

    def read(self, text: str) -> str:
        """The path, as it was typed."""
        if not os.path.isfile(text) or not os.access(text, os.R_OK):
            raise ValueError(text)
        return text


class TextFile(Kind, frozen=True):
    """The path of a file; its value is the text in it: UTF-8, and not empty."""

    def read(self, text: str) -> str:
        """What the file holds. Raises `invalid_request` that says why it is of no use."""
        try:
            with open(text, encoding="utf-8") as file:
                found = file.read()
        except OSError as error:
            raise _no_text(text, error.strerror or "it cannot be read") from None
        except ValueError:
            raise _no_text(text, "it is no UTF-8 text") from None
        if not found.strip():
            raise _no_text(text, "it is empty")
        return found


def _no_text(path: str, why: str) -> RbeeError:
    return RbeeError("invalid_request", f"{path!r}: {why}", "name a file that holds text")


class ModelName(Kind, frozen=True):
    """A model reference, checked before anything is started."""

    def read(self, text: str) -> str:
        """Its canonical text."""
        return str(parse_model_ref(as_text(text)))


class QueenUrl(Kind, frozen=True):
    """The address of a queen."""

    def read(self, text: str) -> str:
        """``http://host:port`` without a slash at its end."""
        from rbee.wire.names import why_no_host  # late: a queen is seldom named

        text = as_text(text)
        try:
            parts = urllib.parse.urlsplit(text)
            fits = parts.scheme == "http" and parts.hostname and parts.port
            if (
                not fits
                or why_no_host(parts.hostname or "")
                or parts.path not in ("", "/")
                or parts.query
                or parts.username
            ):
                raise ValueError
        except ValueError:  # or a port that is none, brackets without an address
            raise RbeeError(
                "invalid_request", f"{text!r} is no address of a queen", "http://HOST:8500"
            ) from None
        return f"http://{parts.netloc}"


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
        if isinstance(self.kind, Flag):
            return False
        return () if self.many else self.default


_TEXT, _SOMETHING, _NAME, _FLAG = Kind(), Something(), Name(), Flag()

#: What answers, where, and how it draws its tokens; `asked_of` gives what they say.
MODEL_OPTIONS = (
    Option("model", ("--model", "-m"), ModelName(), "HF:owner/repo[:quant].", BUNDLED),
    Option("node", ("--node",), _NAME, "Run on this hive."),
    Option("device", ("--device",), _NAME, "Run on this device: gpu0, gpu1, ..., cpu."),
    Option("backend", ("--backend",), OneOf(("cuda", "metal", "cpu")), "Kind of device."),
    Option("engine", ("--engine",), _NAME, "What infers; doctor lists the engines of a machine."),
    Option("max_tokens", ("--max-tokens",), Whole(1, 1_000_000), "Stop after so many tokens."),
    Option("temperature", ("--temperature",), Number(0, 5), "0: always the likeliest token."),
    Option("top_p", ("--top-p",), Number(0, 1, above=True), "Nucleus sampling."),
    Option("top_k", ("--top-k",), Whole(0), "Only the k likeliest tokens; 0: all."),
    Option("seed", ("--seed",), Whole(0, 2**32 - 1), "Makes the draw repeatable."),
    Option("ctx", ("--ctx",), Whole(32), "Context in tokens."),
    Option("no_cpu", ("--no-cpu",), _FLAG, "Fail rather than fall back to the CPU."),
    Option(
        "chat_template",
        ("--chat-template",),
        TextFile(),
        "A template (Jinja) to take for the model's own.",
        metavar="FILE",
    ),
    Option("no_think", ("--no-think",), _FLAG, "Answer without thinking first."),
    Option("show_thinking", ("--show-thinking",), _FLAG, "Show thoughts, also beside a pipe."),
    Option("hide_thinking", ("--hide-thinking",), _FLAG, "Show no thoughts."),
)

#: Which queen is meant.
QUEEN_OPTIONS = (
    Option(
        "queen",
        ("--queen",),
        QueenUrl(),
        "Where the queen listens; never wakes her.",
        metavar="URL",
    ),
    Option("token_file", ("--token-file",), ReadableFile(), "Her token."),
)

#: Of a command that lists.
LIST_OPTIONS = (
    Option("as_json", ("--json",), _FLAG, "For programs: JSON."),
    *QUEEN_OPTIONS,
)

#: Of a command that narrates.
STORY_OPTIONS = (
    Option("quiet", ("--quiet", "-q"), _FLAG, "No narration."),
    Option("as_json", ("--json",), _FLAG, "One JSON event a line on stderr."),
    *QUEEN_OPTIONS,
)

#: The argument of `infer`.
PROMPT = Option("prompt", (), _TEXT, "")

#: Of `infer`.
INFER_OPTIONS = (
    Option("prompt_option", ("--prompt",), _TEXT, "The same as PROMPT.", metavar="TEXT"),
    *MODEL_OPTIONS,
    Option(
        "stop", ("--stop",), _SOMETHING, "Stop before this text; may be given again.", many=True
    ),
    Option("no_stream", ("--no-stream",), _FLAG, "Show the text when it is complete."),
    Option("keep_alive", ("--keep-alive",), _FLAG, "Leave everything warm for the next time."),
    Option("deadline", ("--deadline",), Number(0, above=True), "Give up after seconds."),
    *STORY_OPTIONS,
)


def asked_of(options: Options) -> dict[str, Any]:
    """The fields of a job that `MODEL_OPTIONS` decide."""
    sampling = ("max_tokens", "temperature", "top_p", "top_k", "seed")
    placing = ("node", "device", "backend", "engine", "ctx", "chat_template")
    asked = {name: options[name] for name in (*sampling, *placing)}
    think = False if options["no_think"] else None
    allow_cpu = not options["no_cpu"]
    return {**asked, "model_ref": options["model"], "allow_cpu": allow_cpu, "think": think}
