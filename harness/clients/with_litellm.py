"""A program with litellm."""

from __future__ import annotations

import asyncio
from typing import Any

import litellm

from harness.clients import ENDLESS, HELLO, LONG, TOO_LONG
from harness.clients.asking import Mood, leave_when_told, serve

# It prints advice to stdout.
litellm.suppress_debug_info = True


def _chat(text: str = HELLO, model: str = "minillama", **fields: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": text}]
    return {"model": f"openai/{model}", "messages": messages, "temperature": 0, **fields}


def _text(pieces: list[Any]) -> str:
    assert len(pieces) > 5, pieces
    return "".join(piece.choices[0].delta.content or "" for piece in pieces).strip()


def _answer(**fields: Any) -> str:
    return str(litellm.completion(**_chat(**fields)).choices[0].message.content).strip()


async def _asynchronous() -> str:
    stream = await litellm.acompletion(**_chat(stream=True))
    return _text([piece async for piece in stream])


async def _left() -> str:
    # Only its asynchronous streams can be closed.
    stream = await litellm.acompletion(**_chat(model=ENDLESS, stream=True))
    for _ in range(5):
        await anext(stream)
    await stream.aclose()
    return "5 pieces"


async def _whole_of_long() -> None:
    await litellm.acompletion(**_chat(LONG, ENDLESS))


async def _pieces_of_long() -> None:
    await anext(await litellm.acompletion(**_chat(LONG, ENDLESS, stream=True)))


def _counted() -> str:
    asked = _chat(stream=True, stream_options={"include_usage": True})
    usage = list(litellm.completion(**asked))[-1].usage
    return f"{usage.prompt_tokens} read, {usage.completion_tokens} written"


def _gone_on() -> str:
    answer = litellm.text_completion(
        model="text-completion-openai/minillama", prompt="Once upon", max_tokens=2, temperature=0
    )
    return str(answer.choices[0].text).strip()


if __name__ == "__main__":
    serve(
        {
            "an answer": _answer,
            "an answer in pieces": lambda: _text(list(litellm.completion(**_chat(stream=True)))),
            "an answer in pieces, side by side with other work": lambda: asyncio.run(
                _asynchronous()
            ),
            "the count of its tokens": _counted,
            "an answer in the form of a class": lambda: (
                f"a {type(Mood.model_validate_json(_answer(response_format=Mood))).__name__}"
            ),
            "a text to go on with": _gone_on,
            "an answer, with another key": lambda: _answer(api_key="nobody's"),
            "an answer to a text that is too long": lambda: _answer(text=TOO_LONG),
            "an answer of a model of somebody else": lambda: _answer(model="gpt-4o"),
            "an endless answer, which it leaves": lambda: asyncio.run(_left()),
            "two answers, left when told": lambda: leave_when_told(_whole_of_long, _pieces_of_long),
        }
    )
