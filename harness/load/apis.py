"""The APIs of the queen as programs speak them: what is asked, and what comes of it. Pure.

Each is one row of `APIS`; the rest of the load knows none of them by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

_PROMPT = "once upon a time"
_MESSAGES = [{"role": "user", "content": _PROMPT}]


class AnswerPiece(NamedTuple):
    """What a piece of an answer tells, or all of it: text, the id of its job where the API has
    one, why it ended, and how many tokens it took; `is_last`: nothing comes behind it."""

    text: str = ""
    job_id: str = ""
    ended: str = ""
    tokens: int | None = None
    is_last: bool = False


class Api(NamedTuple):
    """How a program asks, and reads: its answers end with `cut`, for want of tokens. `lines`: its
    stream is JSON lines, and not events; a mark `[DONE]` ends it where `is_marked`."""

    path: str
    body: Callable[[str, int, bool], dict[str, Any]]
    whole: Callable[[dict[str, Any]], AnswerPiece]
    piece: Callable[[dict[str, Any]], AnswerPiece]
    cut: str = "length"
    lines: bool = False
    is_marked: bool = False


def job_of(answer_id: str) -> str:
    """The id of the job that an answer is of."""
    return answer_id.replace("_", "-").rpartition("-")[2]


def _asks_chat(model: str, tokens: int, streamed: bool) -> dict[str, Any]:
    usage = {"stream_options": {"include_usage": True}} if streamed else {}
    plain = {"model": model, "max_tokens": tokens, "stream": streamed, **usage}
    return {**plain, "messages": _MESSAGES}


def _asks_text(model: str, tokens: int, streamed: bool) -> dict[str, Any]:
    asked = _asks_chat(model, tokens, streamed)
    del asked["messages"]
    return {**asked, "prompt": _PROMPT}


def _in_choice(told: dict[str, Any], text: Callable[[dict[str, Any]], str | None]) -> AnswerPiece:
    usage = told.get("usage") or {}
    (choice,) = told["choices"] or [None]
    return AnswerPiece(
        text=(text(choice) if choice else None) or "",
        job_id=job_of(told["id"]),
        ended=(choice["finish_reason"] if choice else None) or "",
        tokens=usage.get("completion_tokens"),
    )


def _response(told: dict[str, Any]) -> AnswerPiece:
    text = "".join(part["text"] for item in told["output"] for part in item["content"])
    reason = (told.get("incomplete_details") or {}).get("reason", told["status"])
    tokens = told["usage"]["output_tokens"] if told.get("usage") else None
    return AnswerPiece(text, job_of(told["id"]), reason, tokens)


def _of_response(told: dict[str, Any]) -> AnswerPiece:
    kind = told["type"]
    if kind == "response.output_text.delta":
        return AnswerPiece(told["delta"])
    if kind == "response.created":
        return AnswerPiece(job_id=job_of(told["response"]["id"]))
    if kind in ("response.incomplete", "response.completed", "response.failed"):
        return _response(told["response"])._replace(text="", is_last=True)
    return AnswerPiece()


def _message(told: dict[str, Any]) -> AnswerPiece:
    text = "".join(block["text"] for block in told["content"])
    usage = told["usage"]["output_tokens"]
    return AnswerPiece(text, job_of(told["id"]), told["stop_reason"], usage)


def _of_message(told: dict[str, Any]) -> AnswerPiece:
    kind = told["type"]
    if kind == "content_block_delta":
        return AnswerPiece(told["delta"]["text"])
    if kind == "message_start":
        return AnswerPiece(job_id=job_of(told["message"]["id"]))
    if kind == "message_delta":
        reason = told["delta"]["stop_reason"]
        return AnswerPiece(ended=reason, tokens=told["usage"]["output_tokens"])
    return AnswerPiece(is_last=kind == "message_stop")


def _asks_ollama(model: str, tokens: int, streamed: bool) -> dict[str, Any]:
    return {"model": model, "stream": streamed, "options": {"num_predict": tokens}}


def _of_ollama(told: dict[str, Any]) -> AnswerPiece:
    text = told["message"]["content"] if "message" in told else told["response"]
    return AnswerPiece(text, "", told.get("done_reason", ""), told.get("eval_count"), told["done"])


APIS: dict[str, Api] = {
    "chat": Api(
        "/v1/chat/completions",
        _asks_chat,
        lambda told: _in_choice(told, lambda choice: choice["message"]["content"]),
        lambda told: _in_choice(told, lambda choice: choice["delta"].get("content")),
        is_marked=True,
    ),
    "text": Api(
        "/v1/completions",
        _asks_text,
        lambda told: _in_choice(told, lambda choice: choice["text"]),
        lambda told: _in_choice(told, lambda choice: choice["text"]),
        is_marked=True,
    ),
    "response": Api(
        "/v1/responses",
        lambda model, tokens, streamed: {
            "model": model,
            "input": _PROMPT,
            "max_output_tokens": tokens,
            "stream": streamed,
        },
        _response,
        _of_response,
        cut="max_output_tokens",
    ),
    "message": Api(
        "/v1/messages",
        lambda model, tokens, streamed: {
            "model": model,
            "messages": _MESSAGES,
            "max_tokens": tokens,
            "stream": streamed,
        },
        _message,
        _of_message,
        cut="max_tokens",
    ),
    "ollama's chat": Api(
        "/api/chat",
        lambda *asked: {**_asks_ollama(*asked), "messages": _MESSAGES},
        _of_ollama,
        _of_ollama,
        lines=True,
    ),
    "ollama's text": Api(
        "/api/generate",
        lambda *asked: {**_asks_ollama(*asked), "prompt": _PROMPT},
        _of_ollama,
        _of_ollama,
        lines=True,
    ),
}
