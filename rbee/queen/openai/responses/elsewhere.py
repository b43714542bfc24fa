"""Items of tools of other servers, as a conversation that was begun elsewhere holds them. Pure.

What a model can be told of them it is told: a call, and what came of it. The rest, which holds
nothing that can be read, is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from rbee.wire.messages.basics import encode

#: Items that hold nothing to read: what was found, drawn or offered by somebody else.
UNREADABLE = (
    *("web_search_call", "image_generation_call", "computer_call", "computer_call_output"),
    *("mcp_list_tools", "mcp_approval_request", "mcp_approval_response"),
    *("tool_search_call", "tool_search_output", "additional_tools"),
)
#: By the type of a call that its client answers: the tool, and the field that holds its arguments.
_ANSWERED_LATER = {
    "local_shell_call": ("local_shell", "action"),
    "shell_call": ("shell", "action"),
    "apply_patch_call": ("apply_patch", "operation"),
}


class CalledElsewhere(NamedTuple):
    """A call of such a tool, with its arguments as JSON text; `answer` is what came of it, None:
    an item of its own tells that."""

    call_id: str
    name: str
    arguments: str
    answer: str | None


class AnsweredElsewhere(NamedTuple):
    """What came of a call."""

    call_id: str
    answer: str


def told_of(item: dict[str, Any], path: str) -> CalledElsewhere | AnsweredElsewhere | None:
    """What a model is told of an item at `path`; None: it is none of these."""
    kind = str(item.get("type"))
    if kind in _WITH_ANSWERS:
        name, arguments, answer = _WITH_ANSWERS[kind](item)
        return CalledElsewhere(_text(item.get("id")) or path, name, arguments, answer)
    if kind in _ANSWERED_LATER:
        name, field = _ANSWERED_LATER[kind]
        call_id = _text(item.get("call_id") or item.get("id")) or path
        return CalledElsewhere(call_id, name, _object(item.get(field)), None)
    if kind.removesuffix("_output") in _ANSWERED_LATER:
        call_id = _text(item.get("call_id") or item.get("id"))
        said = item.get("output")
        return AnsweredElsewhere(call_id, _text(item.get("status") if said is None else said))
    return None


def _of_mcp(item: dict[str, Any]) -> tuple[str, str, str]:
    name = _text(item.get("name")) or "mcp"
    said = item.get("output")
    return name, _text(item.get("arguments")), _text(item.get("error") if said is None else said)


def _of_code(item: dict[str, Any]) -> tuple[str, str, str]:
    outputs = [each for each in _list(item.get("outputs")) if isinstance(each, dict)]
    logs = "\n".join(_text(each.get("logs")) for each in outputs if each.get("type") == "logs")
    return "code_interpreter", _object({"code": item.get("code")}), logs


def _of_files(item: dict[str, Any]) -> tuple[str, str, str]:
    found = item.get("results")
    return "file_search", _object({"queries": item.get("queries")}), _text(found)


#: By the type of an item that holds a call and what came of it.
_WITH_ANSWERS: dict[str, Callable[[dict[str, Any]], tuple[str, str, str]]] = {
    "mcp_call": _of_mcp,
    "code_interpreter_call": _of_code,
    "file_search_call": _of_files,
}


def _list(said: Any) -> list[Any]:
    return said if isinstance(said, list) else []


def _text(said: Any) -> str:
    """What is said, as text; what is none, as JSON."""
    if said is None:
        return ""
    return said if isinstance(said, str) else encode(said).decode()


def _object(said: Any) -> str:
    return encode(said if isinstance(said, dict) else {}).decode()
