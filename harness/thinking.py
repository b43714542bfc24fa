"""Models that think before they answer, asked as programs and people ask them."""

from __future__ import annotations

import json
from typing import Any

from fixtures import real
from harness.cluster import Cluster

#: How long a model may take to be loaded and to answer (seconds).
_ANSWERED_S = 60.0
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


def ask_for_city(cluster: Cluster, model: str, thinks: bool | None) -> list[dict[str, Any]]:
    """The two answers of a model that has to name a city: in a form, and as a call.

    `thinks`: whether it may think first; None: as it does by itself.
    """
    how = {} if thinks is None else {"chat_template_kwargs": {"enable_thinking": thinks}}
    return [_answer(cluster, model, {**wanted, **how}) for wanted in (_FORM, _CALL)]


def _answer(cluster: Cluster, model: str, wanted: dict[str, Any]) -> dict[str, Any]:
    body = {
        "model": f"file:{real.HOME / model}.gguf",
        "messages": [{"role": "user", "content": "What is the capital of France?"}],
        "temperature": 0,
        "max_tokens": 60,
        **wanted,
    }
    path = "/v1/chat/completions"
    answer = cluster.http("POST", "queen", path, body, timeout=_ANSWERED_S)
    assert answer.status == 200, answer
    message: dict[str, Any] = answer.json()["choices"][0]["message"]
    return message


def assert_city(answers: list[dict[str, Any]]) -> None:
    """The first answer has the city in its content, the second in its call."""
    form, call = answers
    assert set(json.loads(form["content"])) == {"city"}, form
    (made,) = call["tool_calls"]
    assert made["function"]["name"] == "visit", call
    assert set(json.loads(made["function"]["arguments"])) == {"city"}, call


def assert_thoughts(answers: list[dict[str, Any]], *, told: bool) -> None:
    """Every answer tells the thought before it; else none has one."""
    assert [bool(each.get("reasoning_content")) for each in answers] == [told] * len(answers), (
        answers
    )


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
