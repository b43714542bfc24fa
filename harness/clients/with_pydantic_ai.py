"""A program with pydantic-ai: agents that answer in the form of a class, and call functions."""

from __future__ import annotations

import asyncio
from typing import Any

from openai import AsyncOpenAI
from pydantic_ai import Agent, NativeOutput, RunContext, ToolOutput
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider

from harness.clients import ENDLESS, HELLO, TOO_LONG
from harness.clients.asking import Journey, serve


def _model(name: str = "minillama", kind: Any = OpenAIChatModel, **fields: Any) -> Any:
    client = AsyncOpenAI(max_retries=0, **fields)
    return kind(name, provider=OpenAIProvider(openai_client=client))


def _agent(model: Any = None, **fields: Any) -> Any:
    settings = {"temperature": 0.0}
    return Agent(model or _model(), model_settings=settings, retries=0, **fields)


def _answer(text: str = HELLO, model: Any = None) -> str:
    return str(_agent(model).run_sync(text).output).strip()


def _journey(form: Any, kind: Any = OpenAIChatModel) -> str:
    # Its context holds a schema, and the form of an answer ends it.
    told: Journey = _agent(_model(ENDLESS, kind), output_type=form).run_sync(HELLO).output
    return told.told()


async def _streamed() -> str:
    async with _agent().run_stream(HELLO) as answer:
        pieces = [piece async for piece in answer.stream_text(delta=True, debounce_by=None)]
    assert len(pieces) > 5, pieces
    return "".join(pieces).strip()


def _called() -> str:
    agent = _agent(_model("HF:author/caller-llama"))
    asked = []

    @agent.tool
    def weather(context: RunContext[None], city: str) -> str:
        """The weather of a city."""
        asked.append(city)
        return "fine"

    return f"{agent.run_sync(HELLO).output} Of {', '.join(asked)}."


if __name__ == "__main__":
    serve(
        {
            "an answer": _answer,
            "an answer in pieces": lambda: asyncio.run(_streamed()),
            "a journey, by a tool": lambda: _journey(ToolOutput(Journey)),
            "a journey, by a schema": lambda: _journey(NativeOutput(Journey)),
            "a journey, by a schema of responses": lambda: _journey(
                NativeOutput(Journey), OpenAIResponsesModel
            ),
            "what a model says of its call": _called,
            "an answer, with another key": lambda: _answer(model=_model(api_key="nobody's")),
            "an answer to a text that is too long": lambda: _answer(TOO_LONG),
            "an answer of a model of somebody else": lambda: _answer(model=_model("gpt-4o")),
        }
    )
