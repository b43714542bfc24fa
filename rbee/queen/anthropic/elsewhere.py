"""Blocks of tools that servers run, as a conversation that was begun elsewhere holds them. Pure.

A model is told of them as of any other tool: that it was called, and what came of it, as far as
that can be read.
"""

from __future__ import annotations

from typing import Any

from rbee.wire.errors import nested_too_deep
from rbee.wire.messages.basics import encode

#: Calls that a server has answered by itself, in the same message.
CALLS = ("server_tool_use", "mcp_tool_use")
#: How the names of the blocks end that hold what came of them.
ANSWER = "_tool_result"
#: Files that are somewhere else.
UPLOAD = "container_upload"
#: What nobody but whoever has made it can read, or is about the answer alone.
_UNREADABLE = ("encrypted_content", "encrypted_index", "encrypted_stdout", "cache_control")
#: How many brackets such content may nest: no Python follows for ever.
_DEEPEST = 200


def readable(content: Any) -> str:
    """What came of a call, as text: texts as they are, all else as JSON. Raises `invalid_request`
    for what nests too deep."""
    if content is None or isinstance(content, str):
        return content or ""
    if isinstance(content, list) and all(_is_text(each) for each in content):
        return "\n\n".join(each["text"] for each in content)
    return encode(_read(content, _DEEPEST)).decode()


def _is_text(block: Any) -> bool:
    return isinstance(block, dict) and isinstance(block.get("text"), str)


def _read(said: Any, deepest: int) -> Any:
    if not isinstance(said, (list, dict)):
        return said
    if not deepest:
        raise nested_too_deep("body")
    if isinstance(said, list):
        return [_read(each, deepest - 1) for each in said]
    return {
        name: _read(each, deepest - 1) for name, each in said.items() if name not in _UNREADABLE
    }
