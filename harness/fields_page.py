"""The page of fields, docs/fields.md: what becomes of each that a program may send below ``/v1``.

Made of the requests of each door that has them by `harness.settings_page`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from harness.decisions import schema_suite
from rbee.queen.anthropic import requests as messages
from rbee.queen.front.fields import Field, fields_of
from rbee.queen.openai import requests
from rbee.queen.openai.elsewhere import Elsewhere
from rbee.queen.openai.ranks import RankedText, RerankRequest
from rbee.queen.openai.responses import requests as responses
from rbee.queen.openai.tokens import DetokenizeRequest, TokenizeRequest

PAGE = Path(__file__).resolve().parents[1] / "docs" / "fields.md"
_HEAD = """\
# Fields of the API

What becomes of each field that a program may send below `/v1`, whichever server it was written
for. What is *done* does what it says. What *passes* changes nothing that whoever asks can notice.
What is *refused* cannot be had here: the answer is 400, with the field as its `param` (in
Anthropic's words: in its message), unless the value asks for nothing; the table has these values. A
field that is not listed is refused, too. null is taken everywhere and says nothing, and `8.0` is a
whole number. Of the JSON-Schema Test Suite {share:.1%} are held to; see [schemas.md](schemas.md).
Made by `make docs` out of `rbee/queen/openai/requests.py`, `rbee/queen/openai/elsewhere.py`,
`rbee/queen/openai/tokens.py`, `rbee/queen/openai/ranks.py`,
`rbee/queen/openai/responses/requests.py` and `rbee/queen/anthropic/requests.py`.
"""
_COUNTED = "`/v1/messages/count_tokens` has those that say what is read, up to `mcp_servers`."
_PARTS: tuple[tuple[str, type[msgspec.Struct]], ...] = (
    ("of `messages`", requests.AskedMessage),
    ("of a part of `content`", requests.ContentPart),
    ("of `tool_calls`", requests.SentBack),
    ("of their `function`", requests.CalledFunction),
    ("of `tools`", requests.AskedTool),
    ("of their `function`", requests.AskedFunction),
    ("of `tool_choice`", requests.ToolChoice),
    ("of its `allowed_tools`", requests.AllowedTools),
    ("of `response_format`", requests.ResponseFormat),
    ("of its `json_schema`", requests.AskedSchema),
    ("of `structured_outputs`", requests.StructuredOutputs),
    ("of `reasoning`", requests.Reasoning),
    ("of `thinking`", requests.Thinking),
    ("of `stream_options`", requests.StreamOptions),
    ("of `usage`", requests.WhetherCounted),
)
_OF_RESPONSES: tuple[tuple[str, type[msgspec.Struct]], ...] = (
    ("of `text`", responses.TextOptions),
    ("of its `format`", responses.TextFormat),
    ("of `reasoning`", responses.ReasoningOptions),
    ("of `tool_choice`", responses.ToolChoice),
    ("of a tool of the type `function`", responses.FunctionTool),
    ("of one of the type `custom`", responses.CustomTool),
    ("of its `format`", responses.CustomFormat),
    ("of one of the type `namespace`", responses.Namespace),
    ("of an item that is a `message`", responses.MessageItem),
    ("of a part of its `content`", responses.ContentPart),
    ("of one that is `reasoning`", responses.ReasoningItem),
    ("of its parts", responses.ThoughtPart),
    ("of one that is a call", responses.CallItem),
    ("of one that answers a call", responses.OutputItem),
)
_OF_MESSAGES: tuple[tuple[str, type[msgspec.Struct]], ...] = (
    ("of `messages`", messages.AnthropicMessage),
    ("of a `text`", messages.TextBlock),
    ("of a `thinking`", messages.ThinkingBlock),
    ("of a `tool_use`", messages.ToolUseBlock),
    ("of a `tool_result`", messages.ToolResultBlock),
    ("of a `tool_reference`", messages.ToolReference),
    ("of a `tool_addition` or a `tool_removal`", messages.ToolChange),
    ("of its `tool`", messages.ChangedTool),
    ("of an `image`", messages.ImageBlock),
    ("of its `source`", messages.ImageSource),
    ("of a `document`", messages.DocumentBlock),
    ("of its `source`", messages.TextSource),
    ("of `tools`", messages.Tool),
    ("of `tool_choice`", messages.ToolChoice),
    ("of `thinking`", messages.ThinkingConfig),
    ("of `output_config`", messages.OutputConfig),
    ("of its `format`", messages.OutputFormat),
)


def page() -> str:
    """The page, in Markdown. Raises ValueError for a field of which nothing is said."""
    both = fields_of(requests.Completing)
    chats = _without(both, fields_of(requests.ChatRequest))
    texts = _without(both, fields_of(requests.CompletionRequest))
    elsewhere = fields_of(Elsewhere)
    lines = [_HEAD.format(share=schema_suite.share(schema_suite.judged()))]
    lines += _table("## `/v1/chat/completions` and `/v1/completions`", _without(elsewhere, both))
    lines += _table("## The same, of other servers, and what changes no answer", elsewhere)
    lines += _table("## `/v1/chat/completions` alone", chats)
    for heading, kind in _PARTS:
        lines += _table(f"### Fields {heading}", fields_of(kind))
    lines += _table("## `/v1/completions` alone", texts)
    lines += _table("## `/v1/embeddings`", fields_of(requests.EmbeddingRequest))
    lines += _table("## `/v1/tokenize`", fields_of(TokenizeRequest))
    lines += _table("## `/v1/detokenize`", fields_of(DetokenizeRequest))
    lines += _table("## `/v1/rerank`", fields_of(RerankRequest))
    lines += _table("### Fields of `documents`", fields_of(RankedText))
    lines += _table("## `/v1/responses`, besides the first two tables", _of_responses(both))
    for heading, kind in _OF_RESPONSES:
        lines += _table(f"### Fields of responses, {heading}", fields_of(kind))
    lines += _table("## `/v1/messages`", fields_of(messages.MessagesRequest))
    lines += [_COUNTED, ""]
    for heading, kind in _OF_MESSAGES:
        lines += _table(f"### Fields of messages, {heading}", fields_of(kind))
    return "\n".join(lines).rstrip() + "\n"


def _of_responses(both: dict[str, Field]) -> dict[str, Field]:
    """Those that chats do not have, or that mean something else to them."""
    own = fields_of(responses.ResponseRequest)
    return {name: field for name, field in own.items() if both.get(name) != field}


def _without(some: dict[str, Field], all_: dict[str, Field]) -> dict[str, Field]:
    return {name: field for name, field in all_.items() if name not in some}


def _table(heading: str, fields: dict[str, Field]) -> Iterator[str]:
    yield from (heading, "", "| field | becomes | what it does, or why |", "| --- | --- | --- |")
    for field in fields.values():
        if not field.becomes:
            raise ValueError(f"nothing is said of {field.name}, {heading.strip('# ')}")
        nothing = ", ".join(f"`{msgspec.json.encode(each).decode()}`" for each in field.unsaid)
        becomes = f"{field.becomes} ({nothing} says nothing)" if nothing else field.becomes
        yield f"| `{field.name}` | {becomes} | {field.why} |"
    yield ""
