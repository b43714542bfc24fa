"""Errors in Anthropic's form, and whether its clients are to try again by themselves."""

from __future__ import annotations

from aiohttp import web

from rbee.http.server import mark_for
from rbee.queen.anthropic.messages import AnthropicFailed, AnthropicFailure
from rbee.queen.front.failing import advised, failed_response, retried, status_of
from rbee.queen.front.for_keys import passes
from rbee.wire import addresses
from rbee.wire.errors import RbeeError

#: The status of Anthropic's API for `overloaded_error`.
_OVERLOADED = 529
_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    _OVERLOADED: "overloaded_error",
}
#: What a worker names is here said in another field.
_SAID_BY = {
    "`json_schema`": "`output_config.format`",
    "`functions`": "`tools`",
    "`must_call`": "`tool_choice`",
    "`think`": "`thinking`",
    "`stop`": "`stop_sequences`",
}


def failed(error: RbeeError, mark: str) -> AnthropicFailed:
    """An error as Anthropic would tell it, with what to do about it in its message."""
    status = _status(error)
    kind = "api_error" if status >= 500 else "invalid_request_error"
    failure = AnthropicFailure(type=_TYPES.get(status, kind), message=_message(error))
    return AnthropicFailed(error=failure, request_id=mark)


def failure(request: web.Request, error: RbeeError) -> web.Response:
    """The answer to a request that failed."""
    mark = mark_for(request)
    headers = {**retried(error), addresses.ANTHROPIC_REQUEST_HEADER: mark}
    return failed_response(request, error, lambda shown: failed(shown, mark), _status, headers)


def _status(error: RbeeError) -> int:
    status = status_of(error)
    return _OVERLOADED if status == 503 and passes(error) else status


def _message(error: RbeeError) -> str:
    message = error.message
    context = error.details.get("context")
    if error.code == "invalid_request" and context is not None:
        # Programs shorten a conversation by themselves when they read this.
        tokens = error.details.get("tokens")
        counts = f": {tokens} tokens > {context} maximum" if tokens else ""
        message = f"prompt is too long{counts}; {message}"
    return advised(error, _SAID_BY, message)
