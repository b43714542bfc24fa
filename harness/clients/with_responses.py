"""A program with OpenAI's client that asks for responses."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

from openai import AsyncOpenAI, OpenAI

from harness.clients import ENDLESS, HELLO, TOO_LONG, WEATHER, WEATHER_IS, WEATHER_OF
from harness.clients.asking import Mood, serve

_CALLER = "author/caller-llama"
_WEATHER: dict[str, Any] = {
    "type": "function",
    "name": WEATHER,
    "description": WEATHER_IS,
    "parameters": {**WEATHER_OF, "additionalProperties": False},
    "strict": True,
}
_NOTE: dict[str, Any] = {"type": "custom", "name": "note", "description": "Writes a text down."}
_ROME = "what is the weather in Rome?"
#: What Codex says besides.
_OF_CODEX: dict[str, Any] = {
    "instructions": "You are a coding agent.",
    "tool_choice": "auto",
    "parallel_tool_calls": False,
    "reasoning": {"effort": "medium", "summary": "auto"},
    "store": False,
    "include": ["reasoning.encrypted_content"],
    "prompt_cache_key": "0199",
    "text": {"verbosity": "low"},
    "extra_body": {"client_metadata": {"session_id": "0199"}},
}


def _ask(asked: Any = HELLO, model: str = "minillama", **fields: Any) -> Any:
    return OpenAI().responses.create(**{"model": model, "input": asked, "temperature": 0, **fields})


def _answer(*asked: Any, **fields: Any) -> str:
    return str(_ask(*asked, **fields).output_text).strip()


def _streamed() -> str:
    events = list(_ask(stream=True))
    assert [each.sequence_number for each in events] == list(range(len(events))), events
    kinds = [each.type.removeprefix("response.") for each in events]
    deltas = [each for each in events if each.type == "response.output_text.delta"]
    around = [kind for kind in kinds if kind != "output_text.delta"]
    assert around == [
        *("created", "in_progress", "output_item.added", "content_part.added"),
        *("output_text.done", "content_part.done", "output_item.done", "completed"),
    ], kinds
    assert len(deltas) > 5, kinds
    text = "".join(each.delta for each in deltas)
    assert events[-1].response.output_text == text, events[-1]
    return text.strip()


def _by_its_stream() -> str:
    asked = OpenAI().responses.stream(model="minillama", input=HELLO, temperature=0)
    with asked as stream:
        return str(stream.get_final_response().output_text).strip()


def _asynchronous() -> str:
    async def ask() -> str:
        told = await AsyncOpenAI().responses.create(
            model="minillama", input=HELLO, temperature=0, stream=True
        )
        deltas = [each async for each in told if each.type == "response.output_text.delta"]
        return "".join(each.delta for each in deltas).strip()

    return asyncio.run(ask())


def _counted() -> str:
    usage = _ask().usage
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens, usage
    counted = OpenAI().responses.input_tokens.count(model="minillama", input=HELLO)
    assert counted.input_tokens == usage.input_tokens, (counted, usage)
    return f"{usage.input_tokens} read, {usage.output_tokens} written"


def _cut() -> str:
    answer = _ask(max_output_tokens=3)
    return f"{answer.output_text.strip()}, {answer.status} by {answer.incomplete_details.reason}"


def _likeliest() -> str:
    answer = _ask(max_output_tokens=1, top_logprobs=2, include=["message.output_text.logprobs"])
    (one,) = answer.output[0].content[0].logprobs
    return " before ".join(each.token.strip() for each in one.top_logprobs)


def _mood() -> str:
    answer = OpenAI().responses.parse(
        model="minillama", input=HELLO, temperature=0, text_format=Mood
    )
    return f"a {type(answer.output_parsed).__name__}"


def _any_object() -> str:
    text = _answer(text={"format": {"type": "json_object"}})
    return type(json.loads(text)).__name__


def _call_in(items: Any) -> str:
    (call,) = [each for each in items if each.type == "function_call"]
    return f"{call.name} of {json.loads(call.arguments)['city']}"


def _called(**fields: Any) -> str:
    asked: dict[str, Any] = {"tools": [_WEATHER], "tool_choice": "required", **fields}
    return _call_in(_ask(**asked).output).partition(" ")[0]


def _called_in_pieces() -> str:
    chosen = {"type": "function", "name": "weather"}
    events = list(_ask(tools=[_WEATHER], tool_choice=chosen, stream=True))
    deltas = [each for each in events if each.type == "response.function_call_arguments.delta"]
    (done,) = [each for each in events if each.type == "response.function_call_arguments.done"]
    assert "".join(each.delta for each in deltas) == done.arguments, events
    return _call_in(events[-1].response.output).partition(" ")[0]


def _called_with_text() -> str:
    (call,) = _ask(tools=[_NOTE, _WEATHER], tool_choice={"type": "custom", "name": "note"}).output
    assert call.type == "custom_tool_call", call
    return f"{call.name}, a {type(call.input).__name__}"


def _decided(**fields: Any) -> Any:
    return _ask(_ROME, _CALLER, tools=[_WEATHER], **fields)


def _told_of_call() -> str:
    """All items are sent back, as programs do that keep the conversation themselves."""
    output = _decided(store=False).output
    (call,) = [each for each in output if each.type == "function_call"]
    told = {"type": "function_call_output", "call_id": call.call_id, "output": "fine"}
    asked = [{"role": "user", "content": _ROME}, *output, told]
    return _answer(asked, _CALLER, tools=[_WEATHER], store=False)


def _told_of_call_that_is_kept() -> str:
    before = _decided()
    (call,) = [each for each in before.output if each.type == "function_call"]
    told = {"type": "function_call_output", "call_id": call.call_id, "output": "fine"}
    return _answer([told], _CALLER, tools=[_WEATHER], previous_response_id=before.id)


def _gone_on() -> str:
    """The same comes of a conversation that is kept and of one that is sent."""
    first = _ask()
    kept = _ask("and now?", previous_response_id=first.id)
    sent = _ask(
        [
            {"role": "user", "content": HELLO},
            {"role": "assistant", "content": first.output_text},
            {"role": "user", "content": "and now?"},
        ]
    )
    told = [(each.output_text, each.usage.input_tokens) for each in (kept, sent)]
    return "the same as if all were sent" if told[0] == told[1] else f"{told}"


def _referred() -> str:
    """The same comes of an item that is named and of one that is sent."""
    first = _ask()
    (item,) = first.output
    said = {"role": "user", "content": HELLO}
    told = []
    for before in ({"type": "item_reference", "id": item.id}, item.to_dict()):
        answer = _ask([said, before, {"role": "user", "content": "and now?"}])
        told.append((answer.output_text, answer.usage.input_tokens))
    return "the same as if all were sent" if told[0] == told[1] else f"{told}"


def _begun_elsewhere() -> str:
    """What is said of a conversation in which others have searched and called."""
    called = {"server_label": "clock", "name": "time", "arguments": "{}", "output": "noon"}
    items: Any = [
        {"role": "user", "content": HELLO},
        {"type": "web_search_call", "id": "ws_1", "status": "completed"},
        {"type": "mcp_call", "id": "mcp_1", **called},
        {"role": "assistant", "content": "It is noon."},
        {"role": "user", "content": "and now?"},
    ]
    raw = OpenAI().responses.with_raw_response.create(
        model="minillama", input=items, max_output_tokens=1
    )
    return str(raw.headers.get("x-rbee-warning", "none"))


def _told_again() -> str:
    first = _ask(metadata={"of": "bees"})
    again = OpenAI().responses.retrieve(first.id)
    assert again == first, (again, first)
    OpenAI().responses.delete(first.id)
    return str(again.output_text).strip()


def _told_after_deletion() -> str:
    first = _ask(max_output_tokens=1)
    OpenAI().responses.delete(first.id)
    return str(OpenAI().responses.retrieve(first.id).output_text)


def _cancelled() -> str:
    stream = _ask(model=ENDLESS, stream=True)
    begun = next(iter(stream))
    ended = OpenAI().responses.cancel(begun.response.id)
    return str(ended.status)


def _made_meanwhile() -> str:
    answer = _ask(background=True)
    assert answer.status in ("in_progress", "completed"), answer
    while answer.status == "in_progress":
        answer = OpenAI().responses.retrieve(answer.id)
    return str(answer.output_text).strip()


def _cancelled_meanwhile() -> str:
    answer = _ask(model=ENDLESS, background=True)
    OpenAI().responses.cancel(answer.id)
    return str(OpenAI().responses.retrieve(answer.id).status)


def _as_codex(**fields: Any) -> str:
    said: list[Any] = [
        {"type": "message", "role": "developer", "content": _parts("Be brief.")},
        {"type": "message", "role": "user", "content": _parts(HELLO)},
    ]
    asked = {**_OF_CODEX, "tools": [_WEATHER, {"type": "web_search"}], "stream": True, **fields}
    with OpenAI().responses.with_streaming_response.create(
        model=_CALLER, input=said, temperature=0, **asked
    ) as answer:
        warning = answer.headers.get("x-rbee-warning", "none")
        ends = [line for line in answer.iter_lines() if line.startswith("event: ")]
    assert ends[-1] == "event: response.completed", ends
    return warning.partition(",")[0]


def _parts(text: str) -> list[dict[str, str]]:
    return [{"type": "input_text", "text": text}]


def _thought(**fields: Any) -> str:
    model = f"file:{os.environ['MODELS']}/smollm2-always-thinking.gguf"
    output = _ask("What is the capital of France?", model, **fields).output
    told = [each for each in output if each.type == "reasoning"]
    texts = [part.text for each in told for part in (each.content or each.summary)]
    assert "think>" not in "".join(texts), output
    return "a thought" if "".join(texts).strip() else "no thought"


def _round_trip() -> str:
    """Real weights make a call, and go on from what came of it."""
    model = f"file:{os.environ['MODELS']}/smollm2-tools.gguf"
    before = _ask("What is the weather in Rome?", model, tools=[_WEATHER], tool_choice="required")
    (call,) = [each for each in before.output if each.type == "function_call"]
    told = {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}
    words = _answer(
        [told], model, tools=[_WEATHER], tool_choice="none", previous_response_id=before.id
    )
    return f"{call.name}, and {'words' if words else 'none'}"


if __name__ == "__main__":
    serve(
        {
            "an answer": _answer,
            "an answer to items": lambda: _answer([{"role": "user", "content": _parts(HELLO)}]),
            "an answer in pieces": _streamed,
            "an answer, by the stream of its client": _by_its_stream,
            "an answer in pieces, side by side with other work": _asynchronous,
            "the count of its tokens": _counted,
            "at most 3 tokens": _cut,
            "the two likeliest first tokens": _likeliest,
            "any JSON object": _any_object,
            "an answer in the form of a class": _mood,
            "a call of some function": _called,
            "a call of one function, in pieces": _called_in_pieces,
            "a call of a tool that takes text": _called_with_text,
            "a call that the model decides on": lambda: _call_in(_decided().output),
            "what it says of the answer to its call": _told_of_call,
            "the same, of a call that is kept": _told_of_call_that_is_kept,
            "an answer that goes on": _gone_on,
            "an answer that goes on from an item by its id": _referred,
            "an answer to what was begun elsewhere": _begun_elsewhere,
            "an item that nobody keeps": lambda: _answer(
                [{"type": "item_reference", "id": "msg_0_0"}, {"role": "user", "content": HELLO}]
            ),
            "an answer told again": _told_again,
            "an answer that was let go of": _told_after_deletion,
            "an answer that was not kept": lambda: str(
                OpenAI().responses.retrieve(_ask(max_output_tokens=1, store=False).id)
            ),
            "an endless answer, which it cancels": _cancelled,
            "what Codex asks for": _as_codex,
            "what a model thinks": _thought,
            "a summary of it": lambda: _thought(reasoning={"summary": "auto"}),
            "an answer without a thought": lambda: _thought(
                reasoning={"effort": "none"}, max_output_tokens=20
            ),
            "a call, and words about what came of it": _round_trip,
            "an answer, with another key": lambda: str(
                OpenAI(api_key="nobody").responses.create(model="minillama", input=HELLO)
            ),
            "an answer to a text that is too long": lambda: _answer(TOO_LONG),
            "an answer of a model of somebody else": lambda: _answer(model="gpt-6-astra"),
            "an answer that goes on from nowhere": lambda: _answer(previous_response_id="resp_0"),
            "an answer that is made meanwhile": _made_meanwhile,
            "an endless one, which it cancels": _cancelled_meanwhile,
            "an answer that is made meanwhile, and not kept": lambda: _answer(
                background=True, store=False
            ),
            "something that nobody knows": lambda: _answer(extra_body={"bees": 1}),
            "what is in a picture": lambda: _answer(
                [{"role": "user", "content": [{"type": "input_image", "image_url": "x"}]}]
            ),
            "a call of a tool that nobody has": lambda: _answer(
                tools=[{"type": "web_search"}], tool_choice="required"
            ),
        }
    )
