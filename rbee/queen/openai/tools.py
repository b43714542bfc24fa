"""The tools of a chat, and what of them the model is told. Pure.

A model knows functions alone: what servers have (`web_search`...) and what takes a text
(`custom`) is left out, as in the other APIs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from rbee.queen.front.fields import taken
from rbee.queen.front.tools import left_out
from rbee.queen.openai.requests import AskedTool, ToolChoice
from rbee.wire.errors import RbeeError, invalid
from rbee.wire.messages.inference import ToolFunction

#: The fields of a function in the form of responses, which has it in the tool itself.
_FLAT = ("name", "description", "parameters", "strict", "output_schema")


class Tools(NamedTuple):
    """What may be called, or with `must_call` has to be; and the types of the tools that were
    `left_out`, since nobody here has them."""

    functions: Sequence[ToolFunction]
    must_call: bool
    left_out: Sequence[str]


def tools_of(offered: Sequence[dict[str, Any]], choice: Any, *, refuse_unknown: bool) -> Tools:
    """The tools of a chat. Raises `invalid_request`, with `refuse_unknown` also for those of other
    servers."""
    functions: list[ToolFunction] = []
    others: list[str] = []
    for at, tool in enumerate(offered):
        path = f"tools[{at}]"
        if tool.get("type", "function") in ("function", None):
            functions.append(taken(_nested(tool), AskedTool, path).plain())
            continue
        others.append(left_out(tool["type"], path, refuse_unknown=refuse_unknown))
    chosen, must_call = _chosen(choice, functions)
    return Tools(chosen, must_call, others)


def _nested(tool: dict[str, Any]) -> dict[str, Any]:
    """A function as this API has it; programs send the form of responses, too."""
    if "function" in tool or "name" not in tool:
        return tool
    inner = {name: tool[name] for name in _FLAT if name in tool}
    return {**{name: each for name, each in tool.items() if name not in _FLAT}, "function": inner}


def _chosen(choice: Any, offered: Sequence[ToolFunction]) -> tuple[Sequence[ToolFunction], bool]:
    """Those that may be called, and whether one must be."""
    chosen, must_call = offered, choice in ("required", "any")
    if isinstance(choice, dict):
        told = taken(choice, ToolChoice, "tool_choice")
        must_call = told.type in ("required", "any")
        choice = told.type
        if told.type in ("function", "tool"):
            name = told.function.name if told.function else told.name
            chosen, must_call = [each for each in offered if each.name == name], True
            if not chosen:
                raise _wrong(f"names {name!r}, which is none of the tools")
        elif told.type == "allowed_tools":
            if told.allowed_tools is None:
                raise _wrong("has no allowed_tools")
            names = [_name_of(each) for each in told.allowed_tools.tools]
            chosen = [each for each in offered if each.name in names]
            must_call = told.allowed_tools.mode == "required"
    if choice == "none":
        return [], False
    if must_call and not chosen:
        raise _wrong("demands a call, and there are no tools")
    return chosen, must_call


def _name_of(tool: dict[str, Any]) -> Any:
    function = tool.get("function")
    return function.get("name") if isinstance(function, dict) else tool.get("name")


def _wrong(what: str) -> RbeeError:
    return invalid(f"tool_choice {what}", "change tool_choice", field="tool_choice")
