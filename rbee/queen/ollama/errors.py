"""Errors in ollama's form: ``{"error": "..."}``."""

from __future__ import annotations

from aiohttp import web

from rbee.queen.front.failing import failed_response
from rbee.queen.front.for_keys import advice_for
from rbee.queen.ollama.messages import OllamaFailed
from rbee.wire.errors import RbeeError

#: What fields of a job are called in ollama's requests, where an error names them.
_FIELDS = {"`json_schema`": "`format`", "`functions`": "`tools`", "`inputs`": "`input`"}


def failed(error: RbeeError) -> OllamaFailed:
    """An error as ollama would tell it, with what to do about it."""
    suggestion = advice_for(error)
    message = error.message
    for field, name in _FIELDS.items():
        message = message.replace(field, name)
    return OllamaFailed(error=f"{message}; try: {suggestion}" if suggestion else message)


def failure(request: web.Request, error: RbeeError) -> web.Response:
    """The answer to a request that failed."""
    return failed_response(request, error, failed)
