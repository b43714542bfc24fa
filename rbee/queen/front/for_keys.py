"""Errors of the swarm, as a program and the holder of a key are told them. Pure."""

from __future__ import annotations

import re

from rbee.queen.rights import not_granted
from rbee.wire.errors import RbeeError

#: What is typed, in words for programs; what is typed beside it, in brackets, is left out.
_WORDS = {"--model ": "model ", "--engine ": "engine "}
_TYPED = re.compile(r" \((?:rbee-keeper [^()]*)?--[^()]*\)")
_COMMANDS = ("pip ", "rbee-keeper ")
_OPTION = re.compile(r"(?<![\w-])--\w")

#: Errors that say what is wrong with a request, in the queen's words or those of an engine.
_OF_REQUESTS = ("invalid_request", "unauthorized", "not_found", "payload_too_large")
_TOLD_TO_KEYS = ("field", "context", "retry_after_s", "limit")
_TROUBLE = ("the swarm cannot answer this now", "ask whoever runs it")
#: What the holder of a key is told of everything else.
_SAID_TO_KEYS = {
    "queue_full": ("too many requests wait for this model already", "try again in a moment"),
    "deadline_exceeded": ("the answer took longer than it may", "ask for less"),
    "worker_crashed": ("what wrote the answer has ended", "ask again"),
    "worker_stuck": ("what wrote the answer has stopped", "ask again"),
    "worker_busy": ("the model is busy", "try again in a moment"),
    "model_gated": ("this model is open to those alone who were let in", "ask for another one"),
    "model_invalid": ("this model cannot be used", "ask for another one"),
    "download_failed": ("the model could not be fetched", "try again later"),
    "checksum_mismatch": ("the model could not be fetched", "try again later"),
    "insufficient_vram": ("no machine has room for this model", "ask for a smaller one"),
    "insufficient_ram": ("no machine has room for this model", "ask for a smaller one"),
    "insufficient_disk": ("no machine has room for this model", "ask for a smaller one"),
    "database_unusable": ("keys cannot be looked up now", "try again in a moment"),
}
#: A path of at least two parts, as it stands in a sentence.
_PATH = re.compile(r"(?:file:)?(?<![\w.:/])~?/[^\s'\",;:]+(?:/[^\s'\",;:]*)+")
#: Those that a caller may know: of what is asked of the queen.
_OF_API = re.compile(r"/v1.*|/api/[a-z]+")


def advice_of(suggestion: str) -> str:
    """What of a suggestion is of use to a program: a whole command is, for whoever reads it;
    an option without its command is not.
    """
    if suggestion.startswith(_COMMANDS):
        return suggestion
    said = _TYPED.sub("", suggestion)
    for option, word in _WORDS.items():
        said = said.replace(option, word)
    return "" if _OPTION.search(said) else said


def for_key(error: RbeeError, model: str = "", ref: str = "") -> RbeeError:
    """An error as the holder of a key is told it: what is wrong with the request, or that the
    swarm cannot serve it, and nothing of machines, paths, logs and other people's work.

    `model` is what it calls the model that it asked for, `ref` what that is here.
    """
    if error.code == "model_not_found":
        return not_granted(model) if model else error
    field = {name: error.details[name] for name in _TOLD_TO_KEYS if name in error.details}
    if error.code not in _OF_REQUESTS or "places" in error.details:
        message, suggestion = _SAID_TO_KEYS.get(error.code, _TROUBLE)
        return RbeeError(error.code, message, suggestion, field)
    suggestion = "" if error.suggestion.startswith(_COMMANDS) else error.suggestion
    message, suggestion = (_unplaced(text, model, ref) for text in (error.message, suggestion))
    return RbeeError(error.code, message, suggestion, field)


def _unplaced(text: str, model: str, ref: str) -> str:
    """`text` without the paths in it, but for those of the API itself."""
    for known in (ref, ref.removeprefix("file:")):
        text = text.replace(known, model) if known else text
    return _PATH.sub(lambda found: found[0] if _OF_API.fullmatch(found[0]) else "(a file)", text)
