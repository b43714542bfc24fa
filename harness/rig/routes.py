"""The table of routes, as the code of each role has it, and the page that is made of it.

The page is docs/routes.md, made by `harness.settings_page`.
"""

from __future__ import annotations

import importlib
import re
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from rbee.http.server import Server
from rbee.http.serving import Served, served_by
from rbee.wire.routes import NONE, Events, Route, Who

_ROOT = Path(__file__).resolve().parents[2]
PAGE = _ROOT / "docs" / "routes.md"
ROLES = ("queen", "hive", "worker")
_HEAD = """\
# Routes

What the three daemons answer over HTTP. Bodies are JSON; every route but `GET /health` wants
`Authorization: Bearer SECRET`. The queen's is the token of `RBEE_HOME/token`; some of her routes
take an API key, too. A hive and a worker have secrets of their own, which follow from the token and
their names (`rbee/wire/proof.py`): `hive_secret(token, "localhost")`, and from that
`worker_secret(that, "worker-1a2b3c")`. `GET /health` with `X-Rbee-Challenge` is answered with the
proof that the secret is known, in `X-Rbee-Proof`: rbee's own programs ask for it on each connection
before they send anything else.

Requests and answers are named by their types in `rbee/wire/messages/`, below `/v1` in
`rbee/queen/openai/`, at `/v1/messages` in `rbee/queen/anthropic/` and below `/api` in
`rbee/queen/ollama/messages.py`; `GET /openapi.json` of each daemon has all their fields. A stream
is `text/event-stream`; it has exactly one of `done`, `error` and `cancelled`, and `[DONE]` at its
end. Errors are `{"error": {"code", "message", "suggestion", "details"}}`. Below `/v1` streams and
errors are OpenAI's, at `/v1/messages` Anthropic's; below `/api` a stream is `application/x-ndjson`,
and errors are `{"error": "..."}`. `GET /v1/models` is answered in Anthropic's words to requests
that have a header `anthropic-version`, and in OpenAI's to others. What is open to the page wants
its cookie and, in `X-Rbee-Page`, the token that came with that. `x-api-key: KEY` does for an
`Authorization` that is not there. `HEAD` is answered where `GET` is, with its head, and each answer
has an `x-request-id`: that of the request, where it has one. Made by `make docs` out of the code.
"""
_NAMED = re.compile(r"\{\w+\}")
_COLUMNS = ("route", "is asked", "answers", "open to", "what it does")
_OPEN_TO = {
    Who.OWNER: "",
    Who.KEYS: "API keys",
    Who.HIVE: "hives, for themselves",
    Who.WORKER: "workers, for themselves",
    Who.ANYBODY: "everybody",
}


def served(role: str) -> list[Route[Any, Any]]:
    """The rows of a daemon, by path and method."""
    return [each.route for each in _served(role)]


def _served(role: str) -> list[Served]:
    owners: list[type] = [Server]
    for file in sorted((_ROOT / "rbee" / role).rglob("*.py")):
        if "from rbee.http.serving import" in file.read_text():
            name = ".".join(file.relative_to(_ROOT).with_suffix("").parts)
            module = importlib.import_module(name)
            found = [each for each in vars(module).values() if isinstance(each, type)]
            owners += [each for each in found if each.__module__ == name]
    bound = [each for owner in owners for each in served_by(owner)]
    return sorted(bound, key=lambda each: (each.route.path, each.route.method))


def example(route: Route[Any, Any]) -> str:
    """A path that leads to it."""
    return _NAMED.sub("x", route.path)


def page() -> str:
    """The page, in Markdown."""
    lines = [_HEAD]
    for role in ROLES:
        rows = [
            _COLUMNS,
            tuple("---" for _ in _COLUMNS),
            *(_row(role, each) for each in _served(role)),
        ]
        lines += [f"## {role.capitalize()}", "", *(f"| {' | '.join(row)} |" for row in rows), ""]
    return "\n".join(lines).rstrip() + "\n"


def _row(role: str, served: Served) -> tuple[str, ...]:
    route, about, _ = served
    asked = f"`{route.request.__name__}`" if route.has_body else ", ".join(_said(route))
    open_to = "" if route.who is Who.KEYS and role != "queen" else _OPEN_TO[route.who]
    if route.on_page and role == "queen":
        open_to = f"{open_to}, the page".removeprefix(", ")
    paths = "".join(f", `{path}`" for path in route.also)
    return f"`{route}`{paths}", asked, _answered(route), open_to, about


def _said(route: Route[Any, Any]) -> Iterator[str]:
    """What may stand in the query."""
    if route.request is not NONE:
        for field in msgspec.structs.fields(route.request):
            if field.encode_name not in route.named:
                yield f"`{field.encode_name}=`"


def _name_of(kind: Any) -> str:
    """What a type of an answer is called: alternatives, a list."""
    inner = typing.get_args(kind)
    if typing.get_origin(kind) is list:
        return f"a list of {_name_of(inner[0])}"
    return " or ".join(map(_name_of, inner)) if inner else f"`{kind.__name__}`"


def _answered(route: Route[Any, Any]) -> str:
    answers = []
    if route.answer not in (NONE, Events):
        answers.append("JSON" if route.answer is dict else _name_of(route.answer))
    if route.event is not None or route.line is not None:
        answers.append("a stream")
    told = " or ".join(answers)
    return told if route.status in (200, 204) else f"{route.status} {told}".strip()
