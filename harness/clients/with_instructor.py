"""A program with instructor, which wants an answer in the form of a class."""

from __future__ import annotations

from typing import Any

import instructor
import openai

from harness.clients import ENDLESS, HELLO
from harness.clients.asking import Journey, Mood, serve


def _client(mode: instructor.Mode, **fields: Any) -> Any:
    return instructor.from_openai(openai.OpenAI(max_retries=0, **fields), mode=mode)


def _asked(form: Any, **fields: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": HELLO}]
    # Its context holds a schema, and the form of an answer ends it.
    told = {"model": ENDLESS, "messages": messages, "response_model": form, "temperature": 0}
    return {**told, "max_retries": 0, **fields}


def _journey(mode: instructor.Mode) -> str:
    return _client(mode).create(**_asked(Journey)).told()


def _in_pieces(mode: instructor.Mode) -> str:
    *_, last = _client(mode).create_partial(**_asked(Journey))
    return Journey.model_validate(last.model_dump()).told()


def _counted() -> str:
    asked = _asked(Mood, model="minillama")
    _, answer = _client(instructor.Mode.JSON_SCHEMA).create_with_completion(**asked)
    return f"{answer.usage.prompt_tokens} read"


if __name__ == "__main__":
    serve(
        {
            "a journey, by a tool": lambda: _journey(instructor.Mode.TOOLS),
            "a journey, by a schema": lambda: _journey(instructor.Mode.JSON_SCHEMA),
            "a journey, by a tool, in pieces": lambda: _in_pieces(instructor.Mode.TOOLS),
            "a journey, by a schema, in pieces": lambda: _in_pieces(instructor.Mode.JSON_SCHEMA),
            "the count of its tokens": _counted,
            "a journey, with another key": lambda: _client(
                instructor.Mode.TOOLS, api_key="nobody's"
            ).create(**_asked(Journey)),
            "a journey of a model of somebody else": lambda: _client(instructor.Mode.TOOLS).create(
                **_asked(Journey, model="gpt-4o")
            ),
        }
    )
