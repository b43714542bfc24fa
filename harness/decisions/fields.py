"""What becomes of the fields that a program sends below ``/v1``, asked of the code here."""

from __future__ import annotations

import ast
import codecs
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from aiohttp.test_utils import make_mocked_request

import rbee
from harness import fields_page
from rbee.queen.anthropic import requests as anthropic_requests
from rbee.queen.front.fields import DONE, fields_of, read
from rbee.queen.openai import ranks, requests, tokens
from rbee.queen.openai.asked import in_words_of
from rbee.queen.openai.errors import failed, failure
from rbee.queen.openai.mapping import Chat, Form, Text, Vectors
from rbee.queen.openai.messages import CHAT
from rbee.queen.openai.ranks import RerankRequest
from rbee.queen.openai.requests import ChatRequest, CompletionRequest, EmbeddingRequest
from rbee.queen.openai.responses import requests as responses
from rbee.queen.openai.tokens import TokenizeRequest
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import encode
from rbee.wire.messages.inference import Samplers
from rbee.wire.messages.jobs import JobRequest

_HELLO = [{"role": "user", "content": "hello"}]
#: The least that each of them says.
_LEAST: dict[str, dict[str, Any]] = {
    "chat": {"model": "minillama", "messages": _HELLO},
    "text": {"model": "minillama", "prompt": "hello"},
    "vectors": {"model": "minillama", "input": "hello"},
    "tokens": {"model": "minillama", "prompt": "hello"},
    "ranks": {"model": "minillama", "query": "hello", "documents": ["bee"]},
}
#: Where requests have their fields, and what reads these.
_REQUESTS = (requests, tokens, ranks, responses, anthropic_requests)
_READERS = ("openai", "anthropic", "front")
_MARKS = {"done", "passes", "refused"}


class Became(NamedTuple):
    """What became of a request: a job, or its refusal, which names a field."""

    job: JobRequest | None
    field: str = ""


def became(what: str, said: str) -> Became:
    """What becomes of a request of that kind for which this JSON is said besides."""
    asked = encode({**_LEAST[what], **json.loads(said)})
    form: Form | Vectors
    try:
        if what == "tokens":
            return Became(read(asked, TokenizeRequest).job("minillama"))
        if what == "ranks":
            return Became(read(asked, RerankRequest).job("minillama"))
        if what == "chat":
            form = Chat(read(asked, ChatRequest))
        elif what == "text":
            form = Text(read(asked, CompletionRequest))
        else:
            form = Vectors(read(asked, EmbeddingRequest))
        return Became(form.jobs()[0])
    except RbeeError as error:
        return Became(None, str(failed(error).error.param))


def became_behind_mark() -> Became:
    """What becomes of the least that a chat says, behind a byte order mark."""
    asked = read(codecs.BOM_UTF8 + encode(_LEAST["chat"]), ChatRequest)
    return Became(Chat(asked).jobs()[0])


def assert_same(found: Became) -> None:
    """It is what becomes of that without the mark."""
    assert found == became("chat", "{}"), found


def assert_became(rows: Sequence[Mapping[str, str]]) -> None:
    """Each row's request `becomes` a job that differs by that from one that says nothing."""
    for row in rows:
        what = row["of a"]
        plain, asked = became(what, "{}").job, became(what, row["said"]).job
        assert asked is not None, row
        there = msgspec.to_builtins(asked)
        before = msgspec.to_builtins(plain)
        told = {name: value for name, value in there.items() if before.get(name) != value}
        assert told == json.loads(row["becomes"]), (row, told)


def assert_refused(rows: Sequence[Mapping[str, str]]) -> None:
    """Each row's request is refused, by the field that it names."""
    for row in rows:
        found = became(row["of a"], row["said"])
        assert found.job is None and found.field == row["field"], (row, found)


def page() -> str:
    """The page of fields, made of the code."""
    return fields_page.page()


def assert_page(made: str) -> None:
    """It is the one in the documentation."""
    assert fields_page.PAGE.read_text("utf-8") == made, "type make docs"


def told(code: str, advice: str, details: str) -> tuple[str, str, str]:
    """How a program is told of an error: its status, type and advice in a line, its `param`, and
    whether to try again."""
    asked = {"guided_json": {}, "enable_thinking": True, "repetition_penalty": 1.1}
    chat = read(encode({**_LEAST["chat"], **asked}), ChatRequest)
    error = in_words_of(chat, RbeeError(code, "it failed", advice, json.loads(details)))
    answer = failure(make_mocked_request("POST", CHAT.path), error)
    body = json.loads(str(answer.text))["error"]
    _, _, advised = body["message"].partition("; try: ")
    line = f"{answer.status} {body['type']}: {advised}"
    return line, body["param"] or "", answer.headers["x-should-retry"]


def unread() -> set[str]:
    """The fields that are said to be done, and that nothing in the code of the doors names."""
    kinds = [
        each
        for module in _REQUESTS
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, msgspec.Struct)
    ]
    said = {name for kind in kinds for name, of in fields_of(kind).items() if of.becomes == DONE}
    assert said
    doors = Path(rbee.__path__[0], "queen")
    files = (file for door in _READERS for file in sorted((doors / door).rglob("*.py")))
    named = {name for file in files for name in _named(ast.parse(file.read_text("utf-8")))}
    return said - named - set(Samplers.__struct_fields__)


def _named(node: ast.AST) -> Iterator[str]:
    """The attributes and words in code, but for those of the mark of a field."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _MARKS:
        return
    if isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for child in ast.iter_child_nodes(node):
        yield from _named(child)
