"""A program with LangChain's `ChatOpenAI`."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

from harness.clients import ENDLESS, HELLO, LONG, TOO_LONG
from harness.clients.asking import Mood, leave_when_told, serve


@tool
def weather(city: Literal["Rome", "Paris"]) -> str:
    """The weather of a city."""
    return f"sunny in {city}"


def _chat(model: str = "minillama", **fields: Any) -> ChatOpenAI:
    return ChatOpenAI(model=model, temperature=0, **fields)


def _answer(text: str = HELLO, **fields: Any) -> str:
    return _chat(**fields).invoke(text).text.strip()


def _streamed() -> str:
    pieces = list(_chat().stream(HELLO))
    assert len(pieces) > 5, pieces
    return "".join(piece.text for piece in pieces).strip()


async def _asynchronous() -> str:
    return "".join([piece.text async for piece in _chat().astream(HELLO)]).strip()


def _several() -> str:
    return " / ".join(answer.text.strip() for answer in _chat(max_tokens=3).batch([HELLO, HELLO]))


def _counted() -> str:
    counted = _chat().invoke(HELLO).usage_metadata
    assert counted is not None
    return f"{counted['input_tokens']} read, {counted['output_tokens']} written"


def _left() -> str:
    read = zip(range(5), _chat(ENDLESS).stream(HELLO), strict=False)
    return f"{len(list(read))} pieces"


async def _whole_of_long() -> None:
    await _chat(ENDLESS).ainvoke(LONG)


async def _pieces_of_long() -> None:
    await anext(_chat(ENDLESS).astream(LONG))


def _called() -> str:
    (call,) = _chat().bind_tools([weather], tool_choice="weather").invoke(HELLO).tool_calls
    told = weather.invoke(call)
    return str(told.name)


if __name__ == "__main__":
    serve(
        {
            "an answer": _answer,
            "an answer in pieces": _streamed,
            "an answer in pieces, side by side with other work": lambda: asyncio.run(
                _asynchronous()
            ),
            "two answers at once": _several,
            "the count of its tokens": _counted,
            "an answer in the form of a class": lambda: (
                f"a {type(_chat().with_structured_output(Mood).invoke(HELLO)).__name__}"
            ),
            "a call of a function, which it makes": _called,
            "an answer, with another key": lambda: _answer(api_key="nobody's"),
            "an answer to a text that is too long": lambda: _answer(TOO_LONG),
            "an answer of a model of somebody else": lambda: _answer(model="gpt-4o"),
            "an endless answer, which it leaves": _left,
            "two answers, left when told": lambda: leave_when_told(_whole_of_long, _pieces_of_long),
        }
    )
