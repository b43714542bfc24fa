"""What an engine refuses, in its own words, as errors that say whose fault it is. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rbee.wire.errors import RbeeError

#: How deep brackets may nest in a chat template: engines parse by recursion, and end of it.
_DEEPEST = 200
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
#: How llama.cpp says why a chat template cannot be read, or what a template raises.
_PARSING = re.compile(r"common_chat_templates_init: error: (.+)")
_RAISED = re.compile(r"Jinja Exception: (.+)")
_RENDERING = re.compile(
    r"While executing .*?\nError: (.+)|Automatic parser generation failed: (.+)", re.S
)


def engine_failed(engine: str, words: str) -> RbeeError:
    """The error of an engine that failed for no fault of the request; trying again is no use."""
    return RbeeError(
        "engine_failed",
        f"{engine} failed: {words}",
        "rbee-keeper logs worker shows what happened there",
    )


def unforeseen(engine: str, error: BaseException) -> RbeeError:
    """The same for an exception that nobody foresaw, with its name and its words."""
    words = words_of(str(error))
    name = type(error).__name__
    return engine_failed(f"engine {engine}", f"{name}: {words}" if words else name)


def words_of(message: str) -> str:
    """What an engine says, without the colours and the empty lines that terminals get."""
    return _COLOURS.sub("", message).strip()


def template_reason(log: Sequence[str]) -> str:
    """Why llama.cpp cannot read a chat template, out of its log; empty where it does not say."""
    reasons = [found[1] for line in log if (found := _PARSING.search(words_of(line)))]
    return reasons[-1].strip() if reasons else ""


def refused_by_template(message: str) -> str:
    """What a chat template says of a conversation that it does not take; empty: it is not that."""
    raised = _RAISED.search(message)
    if raised:
        return raised[1].strip()
    rendering = _RENDERING.search(message)
    if rendering is None or "JSON schema" in message:
        return ""
    return " ".join((rendering[1] or rendering[2]).split())


def template_unusable(reason: str) -> RbeeError:
    """The refusal of a conversation with a model whose chat template is broken."""
    return RbeeError(
        "invalid_request",
        f"the model's chat template cannot be used: {reason}",
        "give another one (rbee-keeper infer --chat-template FILE), "
        "or go on with plain text (POST /v1/completions)",
        {"field": "model_ref"},
    )


def nests_too_deep(template: str) -> bool:
    """Whether brackets in a template nest deeper than engines follow."""
    depth = 0
    for character in template:
        if character in "([{":
            depth += 1
            if depth > _DEEPEST:
                return True
        elif character in ")]}":
            depth = max(0, depth - 1)
    return False
