"""A program with Anthropic's client."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

from anthropic import Anthropic, AsyncAnthropic, omit
from anthropic.types import Message

from harness.clients import ENDLESS, HELLO, TOO_LONG, WEATHER, WEATHER_IS, WEATHER_OF
from harness.clients.asking import Mood, serve

_CALLER = "author/caller-llama"
_FETCHED = "author/minillama"
_WEATHER = {"name": WEATHER, "description": WEATHER_IS, "input_schema": WEATHER_OF}
_ROME: list[Any] = [{"role": "user", "content": "what is the weather in Rome?"}]
_SEARCH = {"type": "web_search_20250305", "name": "web_search", "max_uses": 8}
_CACHED = {"cache_control": {"type": "ephemeral"}}
#: What Claude Code says besides.
_OF_CLAUDE_CODE: dict[str, Any] = {
    "system": [
        {"type": "text", "text": "You are a coding agent."},
        {"type": "text", "text": "Be brief.", **_CACHED},
    ],
    "metadata": {"user_id": "user_0"},
    "max_tokens": 32000,
    "stream": True,
    "extra_query": {"beta": "true"},
    "extra_headers": {"anthropic-beta": "claude-code-20250219"},
    "extra_body": {
        "temperature": 1,
        "thinking": {"type": "adaptive"},
        "output_config": {"effort": "medium"},
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
    },
}


def _asked(text: str = HELLO, model: str = "minillama", **fields: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": text}]
    asked = {"model": model, "messages": messages, "max_tokens": 100, **fields}
    # The likeliest token each time: one stays the same whoever asks.
    extra = {"top_k": 1, **asked.pop("extra_body", {})}
    return {**asked, "extra_body": extra}


def _ask(**fields: Any) -> Any:
    return Anthropic().messages.create(**_asked(**fields))


def _text(message: Any) -> str:
    return "".join(block.text for block in message.content if block.type == "text").strip()


def _answer(**fields: Any) -> str:
    return _text(_ask(**fields))


def _streamed() -> str:
    events = list(_ask(stream=True))
    kinds = [each.type for each in events]
    deltas = [each.delta.text for each in events if each.type == "content_block_delta"]
    around = [kind for kind in kinds if kind != "content_block_delta"]
    assert around == [
        *("message_start", "content_block_start", "content_block_stop"),
        *("message_delta", "message_stop"),
    ], kinds
    assert len(deltas) > 5, kinds
    return "".join(deltas).strip()


def _by_its_stream() -> str:
    with Anthropic().messages.stream(**_asked()) as stream:
        return _text(stream.get_final_message())


def _asynchronous() -> str:
    async def ask() -> str:
        async with AsyncAnthropic().messages.stream(**_asked()) as stream:
            return "".join([text async for text in stream.text_stream]).strip()

    return asyncio.run(ask())


def _counted() -> str:
    with Anthropic().messages.stream(**_asked()) as stream:
        usage = stream.get_final_message().usage
    asked = {name: value for name, value in _asked().items() if name in ("model", "messages")}
    counted = Anthropic().messages.count_tokens(**asked).input_tokens
    assert counted == usage.input_tokens, (counted, usage)
    return f"{usage.input_tokens} read, {usage.output_tokens} written"


def _cut() -> str:
    message = _ask(max_tokens=3)
    return f"{_text(message)}, cut by {message.stop_reason}"


def _stopped() -> str:
    asked = _asked(stop_sequences=["bee", "help"])
    message = _ask(stop_sequences=["bee", "help"])
    with Anthropic().messages.stream(**asked) as stream:
        again = stream.get_final_message()
    assert _text(again) == _text(message), (message, again)
    assert again.stop_sequence == message.stop_sequence, (message, again)
    return f"{_text(message)}, by {message.stop_reason} {message.stop_sequence}"


def _mood() -> str:
    form = {"type": "json_schema", "schema": Mood.model_json_schema()}
    text = _answer(output_config={"format": form})
    return f"a {type(Mood.model_validate_json(text)).__name__}"


def _call_in(message: Any) -> str:
    assert message.stop_reason == "tool_use", message
    (call,) = [block for block in message.content if block.type == "tool_use"]
    return f"{call.name} of {call.input['city']}"


def _called(choice: dict[str, Any]) -> str:
    return _call_in(_ask(tools=[_WEATHER], tool_choice=choice)).partition(" ")[0]


def _decided(**fields: Any) -> dict[str, Any]:
    return _asked(model=_CALLER, messages=_ROME, tools=[_WEATHER], **fields)


def _decided_in_pieces() -> str:
    with Anthropic().messages.stream(**_decided()) as stream:
        return _call_in(stream.get_final_message())


def _told_of_call() -> str:
    message = Anthropic().messages.create(**_decided())
    (call,) = [block for block in message.content if block.type == "tool_use"]
    answer = {"type": "tool_result", "tool_use_id": call.id, "content": "fine"}
    asked = _decided()
    asked["messages"] = [
        *_ROME,
        {"role": "assistant", "content": message.content},
        {"role": "user", "content": [answer]},
    ]
    return _text(Anthropic().messages.create(**asked))


def _as_claude_code() -> str:
    asked = _asked(model=_CALLER, tools=[{**_WEATHER, **_CACHED}, _SEARCH], **_OF_CLAUDE_CODE)
    answer = Anthropic().messages.with_raw_response.create(**asked)
    kinds = [each.type for each in answer.parse()]
    assert kinds[-1] == "message_stop", kinds
    return str(answer.headers.get("x-rbee-warning", "none"))


def _begun_elsewhere() -> str:
    """What is said of a conversation in which others have searched, and put a file away."""
    found = {"type": "web_search_result", "url": "http://a", "title": "noon", "page_age": None}
    searched = [
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}},
        {
            "type": "web_search_tool_result",
            "tool_use_id": "srvtoolu_1",
            "content": [{**found, "encrypted_content": "x"}],
        },
        {"type": "text", "text": "It is noon."},
    ]
    put_away: Any = {"type": "container_upload", "file_id": "file_1"}
    raw = Anthropic().messages.with_raw_response.create(
        model="minillama",
        max_tokens=1,
        messages=[
            {"role": "user", "content": [put_away, {"type": "text", "text": HELLO}]},
            {"role": "assistant", "content": searched},
            {"role": "user", "content": "and now?"},
        ],
    )
    return str(raw.headers.get("x-rbee-warning", "none"))


def _marked() -> str:
    answer = Anthropic().messages.with_raw_response.create(**_asked(max_tokens=1))
    mark = answer.parse()._request_id
    return "the same" if mark == answer.headers["x-request-id"] else str(mark)


def _older_header() -> dict[str, Any]:
    return {"x-api-key": os.environ["ANTHROPIC_API_KEY"], "Authorization": omit}


def _with_older_header() -> str:
    return _text(Anthropic().messages.create(**_asked(extra_headers=_older_header())))


def _at(path: str) -> str:
    """From a path of one's own, with the key as older clients send it."""
    asked = _asked()
    body = {**asked.pop("extra_body", {}), **asked}
    options: Any = {"headers": _older_header()}
    return _text(Anthropic().post(path, body=body, cast_to=Message, options=options))


def _left() -> str:
    stream = Anthropic().messages.create(**_asked(model=ENDLESS, stream=True, max_tokens=9999))
    count = len(list(zip(range(5), stream, strict=False)))
    stream.close()
    return f"{count} pieces"


def _thought(model: str, **fields: Any) -> str:
    path = f"file:{os.environ['MODELS']}/{model}.gguf"
    text = "What is the capital of France?"
    with Anthropic().messages.stream(**_asked(text, path, **fields)) as stream:
        blocks = stream.get_final_message().content
    thoughts = "".join(block.thinking for block in blocks if block.type == "thinking")
    assert "think>" not in thoughts, blocks
    return "a thought" if thoughts.strip() else "no thought"


def _round_trip() -> str:
    """Real weights make a call, and go on from what came of it."""
    asked = _asked(
        "What is the weather in Rome?",
        f"file:{os.environ['MODELS']}/smollm2-tools.gguf",
        tools=[_WEATHER],
        tool_choice={"type": "any"},
    )
    message = Anthropic().messages.create(**asked)
    (call,) = [block for block in message.content if block.type == "tool_use"]
    told = {"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}
    asked["messages"] += [
        {"role": "assistant", "content": message.content},
        {"role": "user", "content": [told]},
    ]
    asked["tool_choice"] = {"type": "none"}
    return f"{call.name}, and {'words' if _text(Anthropic().messages.create(**asked)) else 'none'}"


def _models() -> str:
    """All of them, page by page, and one by its name."""
    pages = Anthropic().models.list(limit=1)
    listed = [model.id for model in pages]
    assert Anthropic().models.retrieve(listed[0]).id == listed[0], listed
    return ", ".join(listed)


if __name__ == "__main__":
    serve(
        {
            "an answer": _answer,
            "an answer in pieces": _streamed,
            "an answer, by the stream of its client": _by_its_stream,
            "an answer in pieces, side by side with other work": _asynchronous,
            "the count of its tokens": _counted,
            "at most 3 tokens": _cut,
            'an answer that stops before "help"': _stopped,
            "an answer that it has begun": lambda: _answer(
                messages=[
                    {"role": "user", "content": HELLO},
                    {"role": "assistant", "content": "Hello! How"},
                ]
            ),
            "an answer in the form of a class": _mood,
            "a call of some function": lambda: _called({"type": "any"}),
            "a call of one function": lambda: _called({"type": "tool", "name": "weather"}),
            "a call that the model decides on": lambda: _call_in(
                Anthropic().messages.create(**_decided())
            ),
            "a call that the model decides on, in pieces": _decided_in_pieces,
            "what it says of the answer to its call": _told_of_call,
            "what Claude Code asks for": _as_claude_code,
            "an answer to what was begun elsewhere": _begun_elsewhere,
            "the mark of an answer": _marked,
            "the models, page by page": _models,
            "a model that nobody has": lambda: str(Anthropic().models.retrieve("claude-opus-5")),
            "an answer of the model that may be fetched": lambda: _answer(model=_FETCHED),
            "an endless answer, which it leaves": _left,
            "what a model thinks": lambda: _thought("smollm2-always-thinking"),
            "an answer without a thought": lambda: _thought(
                "smollm2-always-thinking", thinking={"type": "disabled"}, max_tokens=20
            ),
            "an answer whose thought is not told": lambda: _thought(
                "smollm2-always-thinking",
                thinking={"type": "enabled", "budget_tokens": 1024, "display": "omitted"},
            ),
            "a call, and words about what came of it": _round_trip,
            "an answer, with the key as older clients send it": _with_older_header,
            "an answer, with that key and a path without /v1": lambda: _at("/messages"),
            "a path that is nobody's, with that key": lambda: _at("/nothing"),
            "an answer, with another key": lambda: str(
                Anthropic(api_key="nobody").messages.create(**_asked())
            ),
            "an answer to a text that is too long": lambda: _answer(text=TOO_LONG),
            "an answer of a model of somebody else": lambda: _answer(model="claude-opus-5"),
            "something that nobody knows": lambda: _answer(extra_body={"bees": 1}),
            "what is in a picture": lambda: _answer(
                messages=[
                    {
                        "role": "user",
                        "content": [{"type": "image", "source": {"type": "url", "url": "x"}}],
                    }
                ]
            ),
            "a call of a tool that nobody has": lambda: _answer(
                tools=[_SEARCH], tool_choice={"type": "any"}
            ),
            "a list of nothing": lambda: json.dumps(_answer(messages=[])),
        }
    )
