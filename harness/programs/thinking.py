"""Models that think before they answer, asked as programs and people ask them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from fixtures import real
from harness.programs.long_answers import message_of
from harness.rig.cluster import Cluster

Row = Mapping[str, str]

_THOUGHT = "a thought"
_CITY: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string", "maxLength": 20}},
    "required": ["city"],
    "additionalProperties": False,
}
_FORM = {"response_format": {"type": "json_schema", "json_schema": {"schema": _CITY}}}
_CALL = {
    "tools": [{"type": "function", "function": {"name": "visit", "parameters": _CITY}}],
    "tool_choice": "required",
}
#: What a terminal is told to dim what follows, and to stop doing so.
_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"


def ask_for_city(cluster: Cluster, rows: Iterable[Row]) -> list[list[dict[str, Any]]]:
    """The two answers of the `model` of each row, which has to name a city: in a form, as a call.

    `wanted`: ``a thought``, which it then has by itself, or ``no thought``.
    """
    no_thought = {"chat_template_kwargs": {"enable_thinking": False}}
    answers = []
    for row in rows:
        how = {} if row["wanted"] == _THOUGHT else no_thought
        answers.append([_answer(cluster, row["model"], {**each, **how}) for each in (_FORM, _CALL)])
    return answers


def _answer(cluster: Cluster, model: str, wanted: dict[str, Any]) -> dict[str, Any]:
    asked = "What is the capital of France?"
    return message_of(
        cluster, f"file:{real.HOME / model}.gguf", asked, temperature=0, max_tokens=60, **wanted
    )


def assert_city(answers: Iterable[list[dict[str, Any]]]) -> None:
    """The first answer of each row has the city in its content, the second in its call."""
    for form, call in answers:
        assert set(json.loads(form["content"])) == {"city"}, form
        (made,) = call["tool_calls"]
        assert made["function"]["name"] == "visit", call
        assert set(json.loads(made["function"]["arguments"])) == {"city"}, call


def assert_thoughts(answers: Iterable[list[dict[str, Any]]], rows: Iterable[Row]) -> None:
    """Both answers of a row tell the thought before them where it is `told`; else neither does."""
    for both, row in zip(answers, rows, strict=True):
        thoughts = {bool(each.get("reasoning_content")) for each in both}
        assert thoughts == {row["told"] == _THOUGHT}, (row, both)


def assert_dimmed(cluster: Cluster, thought: str) -> None:
    """The terminal has shown this thought, dimmed, and never plain."""
    shown = cluster.last.stderr
    dimmed = "".join(part.partition(_PLAIN)[0] for part in shown.split(_DIM)[1:])
    assert thought in dimmed, cluster.last


def write_template(cluster: Cluster, name: str) -> None:
    """A chat template that writes messages as SmolLM2 was taught."""
    (cluster.work / name).write_text(
        "{% for message in messages %}<|im_start|>{{ message.role }}\n"
        "{{ message.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
    )
