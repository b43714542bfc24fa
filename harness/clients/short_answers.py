"""What Schemathesis asks for, made answerable: the model that there is, and a word or two of it."""

from __future__ import annotations

from typing import Any

import schemathesis

_MODEL = "minillama"
#: Each value that is allowed may start a worker of its own, or name a machine that is not there.
_PLACES = ("node", "device", "backend", "engine", "ctx")
_WRITING = ("/api/chat", "/api/generate")
#: The fields that bound an answer, by path.
_TOKENS = {
    "/v1/responses": ("max_output_tokens",),
    "/v1/responses/input_tokens": (),
    "/v1/messages": ("max_tokens",),
    "/v1/messages/count_tokens": (),
}
_ELSE = ("max_tokens", "max_completion_tokens")


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
    """Looks at a request that is about to be sent; what is wrong with it stays wrong."""
    body = case.body
    if not isinstance(body, dict):
        return
    for name in ("model", "model_ref"):
        if isinstance(body.get(name), str) and body[name]:
            body[name] = _MODEL
    for name in _PLACES:
        body.pop(name, None)
    if case.path.startswith("/api/"):
        if case.path in _WRITING:
            _shorten_for_ollama(body)
        return
    for name in _TOKENS.get(case.path, _ELSE):
        if body.get(name) is None or (type(body[name]) is int and 1 < body[name] <= 1_000_000):
            body[name] = 2


def _shorten_for_ollama(body: dict[str, Any]) -> None:
    options = body.setdefault("options", {})
    if isinstance(options, dict):
        options.pop("num_ctx", None)
        options["num_predict"] = 2
