"""The tools of a request to ``/v1/responses``, and what of them the model is told. Pure.

A model knows functions alone. A custom tool, which takes a text, is one with that text as its
argument `input`; one of a namespace has the namespace before its name. What is called is told back
as what it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from rbee.queen.front.fields import taken
from rbee.queen.front.tools import left_out, loosened
from rbee.queen.openai.responses.requests import (
    CustomTool,
    FunctionTool,
    Namespace,
    ResponseRequest,
    ToolChoice,
)
from rbee.wire.errors import RbeeError, invalid
from rbee.wire.messages.basics import encode
from rbee.wire.messages.inference import ToolFunction

_BETWEEN = "__"
_TEXT = {
    "type": "object",
    "properties": {"input": {"type": "string"}},
    "required": ["input"],
}


class Meant(NamedTuple):
    """What a client calls a tool: of type ``function`` or ``custom``, maybe in a namespace."""

    type: str
    name: str
    namespace: str = ""

    @property
    def function_name(self) -> str:
        """What the model is told that it is called."""
        return f"{self.namespace}{_BETWEEN}{self.name}" if self.namespace else self.name


class Tools(NamedTuple):
    """What may be called, or with `must_call` has to be; `meant` is what each is to the client, by
    the name that the model knows. Those of the types `left_out` are none that can be had."""

    functions: Sequence[ToolFunction]
    meant: dict[str, Meant]
    left_out: Sequence[str]
    must_call: bool


def tools_of(asked: ResponseRequest, *, refuse_unknown: bool) -> Tools:
    """The tools of a request. Raises `invalid_request`, with `refuse_unknown` also for those of
    other servers."""
    found: dict[Meant, ToolFunction] = {}
    others: list[str] = []
    for at, tool in enumerate(asked.tools or ()):
        path = f"tools[{at}]"
        read = list(_functions(tool, path, "", ""))
        if not read:
            others.append(left_out(tool.get("type"), path, refuse_unknown=refuse_unknown))
        found.update(read)
    chosen, must_call = _chosen(asked.tool_choice, list(found))
    functions = [found[meant] for meant in chosen]
    return Tools(functions, {meant.function_name: meant for meant in found}, others, must_call)


def text_of(arguments: str) -> str:
    """The text that a custom tool is called with."""
    try:
        said = msgspec.json.decode(arguments or "{}")
    except msgspec.DecodeError:
        return arguments  # the answer was cut off in it
    text = said.get("input", "") if isinstance(said, dict) else said
    return text if isinstance(text, str) else encode(text).decode()


def arguments_of(text: str) -> str:
    """The arguments of the function that a custom tool is, for a call with this text."""
    return encode({"input": text}).decode()


def _functions(
    tool: dict[str, Any], path: str, namespace: str, about: str
) -> Iterator[tuple[Meant, ToolFunction]]:
    """What a tool is to a model; nothing: it cannot be had."""
    kind = tool.get("type")
    if kind == "function":
        function = taken(_flat(tool), FunctionTool, path)
        said = function.parameters or {}
        schema = said if function.strict else loosened(said)
        yield _named(Meant(kind, function.name, namespace), function, about, schema)
    elif kind == "custom":
        custom = taken(tool, CustomTool, path)
        if custom.format is None or custom.format.type == "text":
            yield _named(Meant(kind, custom.name, namespace), custom, about, _TEXT)
    elif kind == "namespace" and not namespace:
        group = taken(tool, Namespace, path)
        for at, each in enumerate(group.tools):
            inner = f"{path}.tools[{at}]"
            yield from _functions(each, inner, group.name, group.description or "")


def _flat(tool: dict[str, Any]) -> dict[str, Any]:
    """A function as this API has it; programs send the form of chats, too."""
    inner = tool.get("function")
    return {"type": "function", **inner} if isinstance(inner, dict) else tool


def _named(
    meant: Meant,
    tool: FunctionTool | CustomTool,
    about: str,
    parameters: dict[str, Any],
) -> tuple[Meant, ToolFunction]:
    description = " ".join(text for text in (about, tool.description) if text)
    strict = isinstance(tool, FunctionTool) and bool(tool.strict)
    function = ToolFunction(
        name=meant.function_name, description=description, parameters=parameters, strict=strict
    )
    return meant, function


def _chosen(choice: Any, offered: Sequence[Meant]) -> tuple[Sequence[Meant], bool]:
    """Those that may be called, and whether one must be."""
    if choice == "none":
        return [], False
    chosen, must_call = offered, choice == "required"
    if isinstance(choice, dict):
        restricted = taken(choice, ToolChoice, "tool_choice")
        must_call = restricted.type != "allowed_tools" or restricted.mode == "required"
        names = [choice] if restricted.type != "allowed_tools" else restricted.tools or []
        wanted = [(each.get("name"), each.get("namespace") or "") for each in names]
        chosen = [meant for meant in offered if (meant.name, meant.namespace) in wanted]
        if must_call and not chosen:
            raise _wrong("names none of the tools that can be had")
    if must_call and not chosen:
        raise _wrong("demands a call, and there are no tools")
    return chosen, must_call


def _wrong(what: str) -> RbeeError:
    return invalid(f"tool_choice {what}", "change tool_choice", field="tool_choice")
