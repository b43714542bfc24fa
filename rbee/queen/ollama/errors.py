"""Errors in ollama's form: ``{"error": "..."}``."""

from __future__ import annotations

from aiohttp import web

from rbee.queen.front.failing import advised, failed_response
from rbee.queen.ollama.messages import OllamaFailed
from rbee.wire.errors import RbeeError

#: What fields of a job are called in ollama's requests, where an error names them.
_FIELDS = {"`json_schema`": "`format`", "`functions`": "`tools`", "`inputs`": "`input`"}


def failed(error: RbeeError) -> OllamaFailed:
    """An error as ollama would tell it, with what to do about it."""
    return OllamaFailed(error=advised(error, _FIELDS))


def failure(request: web.Request, error: RbeeError) -> web.Response:
    """The answer to a request that failed."""
    return failed_response(request, error, failed)
