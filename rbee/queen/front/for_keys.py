"""Errors of the swarm, as a program and the holder of a key are told them. Pure."""

from __future__ import annotations

import re

from rbee.queen.rights import not_granted
from rbee.wire import addresses
from rbee.wire.errors import RbeeError

#: What is typed at the machine of the swarm; whoever calls an API may sit at another.
_TYPED = re.compile(r"rbee-keeper|pip install|\bsudo |RBEE_|config\.toml|(?<![\w-])--\w")
_IN_BRACKETS = re.compile(r" \((?:rbee-keeper [^()]*)?--[^()]*\)")
#: What separates the alternatives in an advice.
_ALTERNATIVES = re.compile(r"(; (?:or )?|, (?:or )?| or )")
_MODEL = re.compile(r"--model (\S+)")
#: The advice for callers where every alternative is something to type on the swarm's machine.
_INSTEAD = {
    "unauthorized": "send a key of this swarm as `Authorization: Bearer KEY`",
    "worker_crashed": "ask again",
    "worker_stale": "ask again",
    "worker_stuck": "ask for less, or another model",
    "hive_unreachable": "ask again in a moment",
    "hive_asleep": "ask again in a moment",
    "deadline_exceeded": "ask for less: a lower max_tokens",
    "insufficient_vram": "take a smaller model",
    "insufficient_ram": "take a smaller model",
    "model_not_found": "GET /v1/models lists what there is",
    "model_invalid": "take another model",
}
_ASK = "ask whoever runs the swarm"

#: Codes of errors that say what is wrong with a request, in words of the queen or of an engine.
_OF_REQUESTS = (
    "invalid_request",
    "unauthorized",
    "not_found",
    "method_not_allowed",
    "payload_too_large",
    "key_spent",
)
#: Codes of errors that may be gone when the request is sent again.
_PASSES = (
    "queue_full",
    "worker_busy",
    "worker_stale",
    "worker_crashed",
    "hive_unreachable",
    "hive_asleep",
    "queen_unreachable",
    "download_failed",
    "database_unusable",
)
_TOLD_TO_KEYS = ("field", "tokens", "context", "retry_after_s", "limit")
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
#: Paths that are not hidden from a caller: the queen's own routes for callers.
_OF_API = re.compile(rf"(?:{'|'.join(addresses.CALLED)})(?:[/?].*)?")


def advice_of(suggestion: str) -> str:
    """What of a suggestion is of use to whoever calls an API, and can type nothing here."""
    said = _IN_BRACKETS.sub("", _MODEL.sub(r"model \1", suggestion))
    first, *others = _ALTERNATIVES.split(said)
    kept = "" if _TYPED.search(first) else first
    for between, other in zip(others[::2], others[1::2]):
        if not _TYPED.search(other):
            kept += f"{between}{other}" if kept else other
    return kept


def advice_for(error: RbeeError) -> str:
    """What to advise whoever calls an API about an error; empty: nothing."""
    advice = advice_of(error.suggestion)
    if not _TYPED.search(_MODEL.sub("", error.suggestion)):
        return advice
    return _INSTEAD.get(error.code, advice or (_ASK if error.http_status >= 500 else ""))


def passes(error: RbeeError) -> bool:
    """Whether the same request may well be answered when it is sent again.

    A worker that was lost is another one's chance; several that were lost by one request, or one
    that never came up, will be so again.
    """
    if error.code == "worker_crashed" and {"device", "places"} & set(error.details):
        return False
    return error.code in _PASSES


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
    texts = (error.message, error.suggestion)
    message, suggestion = (_unplaced(text, model, ref) for text in texts)
    return RbeeError(error.code, message, suggestion, field)


def _unplaced(text: str, model: str, ref: str) -> str:
    """`text` without the paths in it, but for those of the API itself."""
    for known in (ref, ref.removeprefix("file:")):
        text = text.replace(known, model) if known else text
    return _PATH.sub(lambda found: found[0] if _OF_API.fullmatch(found[0]) else "(a file)", text)
