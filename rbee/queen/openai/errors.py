"""Errors in OpenAI's form, and whether its clients are to try again by themselves."""

from __future__ import annotations

import re

from aiohttp import web

from rbee.http.server import caller_of
from rbee.queen.openai.messages import Failed, Failure
from rbee.queen.rights import not_granted
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import encode

#: OpenAI's word where it is another one.
_CODES = {"unauthorized": "invalid_api_key", "not_found": "unknown_url"}
#: Its status where ours would be taken for something else: its clients repeat a 409.
_STATUS = {409: 503, 422: 400, 507: 503}
_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
#: Names of fields at a worker whose name in OpenAI's requests is another.
_PARAMS = {
    "json_schema": "response_format",
    "functions": "tools",
    "model_ref": "model",
    "inputs": "input",
}
_PASSES = (
    "queue_full",
    "worker_busy",
    "worker_crashed",
    "hive_unreachable",
    "queen_unreachable",
    "download_failed",
    "database_unusable",
)
#: What is typed, in words for programs; what is typed beside it, in brackets, is left out.
_WORDS = {"--model ": "model ", "--engine ": "engine "}
_TYPED = re.compile(r" \((?:rbee-keeper [^()]*)?--[^()]*\)")
_COMMANDS = ("pip ", "rbee-keeper ")
_OPTION = re.compile(r"(?<![\w-])--\w")
_NAMED = re.compile(r"at `\$\.([^`]+)`|field `(\w+)`")

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


def failed(error: RbeeError) -> Failed:
    """An error as OpenAI would tell it, with what to do about it in its message."""
    status = _status(error)
    kind = "server_error" if status >= 500 else "invalid_request_error"
    suggestion = advice_of(error.suggestion)
    advice = f"; try: {suggestion}" if suggestion else ""
    return Failed(
        error=Failure(
            message=f"{error.message}{advice}",
            type=_TYPES.get(status, kind),
            param=_param(error),
            code=_code(error),
        )
    )


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
    return _PATH.sub(lambda found: found[0] if found[0].startswith("/v1") else "(a file)", text)


def failure(request: web.Request, error: RbeeError) -> web.Response:
    """The answer to a request that failed."""
    if caller_of(request):
        error = for_key(error)
    passes = error.code in _PASSES
    headers = {"x-should-retry": "true" if passes else "false"}
    retry = error.details.get("retry_after_s")
    if retry is not None:
        headers["Retry-After"] = str(retry)
    return web.Response(
        status=_status(error),
        body=encode(failed(error)),
        content_type="application/json",
        headers=headers,
    )


def _status(error: RbeeError) -> int:
    return _STATUS.get(error.http_status, error.http_status)


def _code(error: RbeeError) -> str:
    # Programs shorten a conversation by themselves when they read this.
    if error.code == "invalid_request" and "context" in error.details:
        return "context_length_exceeded"
    return _CODES.get(error.code, error.code)


def _param(error: RbeeError) -> str | None:
    named = error.details.get("field")
    if named is None and error.code == "model_not_found":
        return "model"
    if named is None and error.code == "invalid_request":
        found = _NAMED.search(error.message)
        named = found and (found[1] or found[2])
    return _PARAMS.get(named, named) if named else None
