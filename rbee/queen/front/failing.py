"""The answer to a caller's request that failed: what every door does alike with an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aiohttp import web

from rbee.http.server import caller_of
from rbee.queen.front.for_keys import advice_for, for_key, passes
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import encode


def retried(error: RbeeError) -> dict[str, str]:
    """The header that has clients of OpenAI and Anthropic repeat a request or not."""
    return {"x-should-retry": "true" if passes(error) else "false"}


def status_of(error: RbeeError) -> int:
    """The status for clients of OpenAI and Anthropic, where ours would be taken for something else:
    they repeat a 409."""
    return {409: 503, 422: 400, 507: 503}.get(error.http_status, error.http_status)


def advised(error: RbeeError, words: Mapping[str, str], message: str = "") -> str:
    """The message of an error, or this one, with what to do about it, and in the `words` of a door
    for what is called otherwise here."""
    message, suggestion = message or error.message, advice_for(error)
    for ours, theirs in words.items():
        message = message.replace(ours, theirs)
    return f"{message}; try: {suggestion}" if suggestion else message


def failed_response(
    request: web.Request,
    error: RbeeError,
    form: Callable[[RbeeError], object],
    status: Callable[[RbeeError], int] = lambda error: error.http_status,
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """The error in the `form` of a door; the holder of a key is told less of it."""
    if caller_of(request):
        error = for_key(error)
    retry = error.details.get("retry_after_s")
    return web.Response(
        status=status(error),
        body=encode(form(error)),
        content_type="application/json",
        headers={**(headers or {}), **({} if retry is None else {"Retry-After": str(retry)})},
    )
