"""Errors in OpenAI's form, and whether its clients are to try again by themselves."""

from __future__ import annotations

import re

from aiohttp import web

from rbee.queen.front.failing import advised, failed_response, retried, status_of
from rbee.queen.openai.messages import Failed, Failure
from rbee.wire.errors import RbeeError

#: OpenAI's word where it is another one.
_CODES = {
    "unauthorized": "invalid_api_key",
    "not_found": "unknown_url",
    "key_spent": "insufficient_quota",
}
_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_NAMED = re.compile(r"at `\$\.([^`]+)`|field `(\w+)`")


def failed(error: RbeeError) -> Failed:
    """An error as OpenAI would tell it, with what to do about it in its message."""
    status = status_of(error)
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return Failed(
        error=Failure(
            message=advised(error, {}),
            type=_TYPES.get(status, kind),
            param=_param(error),
            code=_code(error),
        )
    )


def failure(request: web.Request, error: RbeeError) -> web.Response:
    """The answer to a request that failed."""
    return failed_response(request, error, failed, status_of, retried(error))


def _code(error: RbeeError) -> str:
    # Programs shorten a conversation by themselves when they read this.
    if error.code == "invalid_request" and "context" in error.details:
        return "context_length_exceeded"
    if error.code == "not_found" and "field" in error.details:
        return error.code
    return _CODES.get(error.code, error.code)


def _param(error: RbeeError) -> str | None:
    named = error.details.get("field")
    if named is None and error.code == "model_not_found":
        return "model"
    if named is None and error.code == "invalid_request":
        found = _NAMED.search(error.message)
        named = found and (found[1] or found[2])
    return named or None
