"""A program with OpenAI's client that leaves. What else it is asked for is in `openai_clients`."""

from __future__ import annotations

from typing import Any

from openai import AsyncOpenAI

from harness.clients import ENDLESS, LONG
from harness.clients.asking import leave_when_told, serve


async def _asked(**fields: Any) -> Any:
    chat = AsyncOpenAI(max_retries=0).chat.completions
    messages: list[Any] = [{"role": "user", "content": LONG}]
    return await chat.create(model=ENDLESS, messages=messages, **fields)


async def _pieces() -> None:
    await anext(await _asked(stream=True))


if __name__ == "__main__":
    serve({"two answers, left when told": lambda: leave_when_told(_asked, _pieces)})
