"""Real models, asked for answers in a form."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, Field

from fixtures import real
from harness.programs.long_answers import message_of
from harness.rig.cluster import Cluster


class Home(BaseModel):
    """Where a person lives."""

    city: Annotated[str, Field(min_length=2, max_length=20)]
    code: Annotated[str, Field(pattern=r"^\d{5}$")]


class HomeOwner(BaseModel):
    """A person with homes."""

    name: Annotated[str, Field(pattern=r"^[A-Z][a-z]{1,15}$")]
    age: Annotated[int, Field(ge=18, le=99)]
    homes: Annotated[list[Home], Field(min_length=1, max_length=2)]
    manager: HomeOwner | None = Field(default=None)


def ask_for_person(cluster: Cluster) -> list[str]:
    """What a model writes that has to tell of a person: in a form, and as a call's arguments."""
    schema = HomeOwner.model_json_schema()
    form = {"response_format": {"type": "json_schema", "json_schema": {"schema": schema}}}
    function = {"type": "function", "function": {"name": "hire", "parameters": schema}}
    call = {"tools": [function], "tool_choice": {"type": "function", "function": {"name": "hire"}}}
    asked = "Invent a person."
    told = _answer(cluster, asked, **form, max_tokens=400)["content"]
    (made,) = _answer(cluster, asked, **call, max_tokens=400)["tool_calls"]
    return [str(told), str(made["function"]["arguments"])]


def assert_persons(texts: Sequence[str]) -> None:
    """Each is a person, as the class itself judges. Raises where it is not."""
    for text in texts:
        assert HomeOwner.model_validate_json(text).homes, text


def ask_for_text(cluster: Cluster, model: str, least: int, most: int) -> str:
    """What a model writes that has to be a text of so many letters."""
    schema = {"type": "string", "minLength": least, "maxLength": most}
    wanted = {"response_format": {"type": "json_schema", "json_schema": {"schema": schema}}}
    asked = {"seed": 1, "max_tokens": most, **wanted}
    message = message_of(cluster, model, "Tell a long story.", **asked)
    text = json.loads(message["content"])
    assert isinstance(text, str), text
    return text


def _answer(cluster: Cluster, asked: str, **wanted: Any) -> dict[str, Any]:
    return message_of(cluster, f"file:{real.HOME}/smollm2.gguf", asked, seed=1, **wanted)
