"""The messages of a chat, and whether its model thinks, as a job has them. Pure."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from rbee.queen.front.pictures import Said
from rbee.queen.front.prefilled import as_prefilled
from rbee.queen.openai.asked import agreed, wrong
from rbee.queen.openai.requests import AskedMessage, ChatRequest, ContentPart
from rbee.wire.errors import invalid
from rbee.wire.messages.inference import ChatMessage, ToolCall

#: What speakers are called in a job.
_ROLES: Mapping[str, Literal["system", "user", "assistant", "tool"]] = {
    "developer": "system",
    "system": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}
#: What switches thinking on and off; other words leave it to the model.
_SWITCHES = {"enabled": True, "disabled": False}


def thinking_of(asked: ChatRequest) -> tuple[bool | None, dict[str, Any]]:
    """Whether the model may think (None: as it does by itself), and what its template is told."""
    values = dict(asked.chat_template_kwargs or {})
    switch = values.pop("enable_thinking", None)
    if switch is not None and not isinstance(switch, bool):
        raise wrong("chat_template_kwargs", "has an enable_thinking that is neither true nor false")
    effort = agreed(
        (
            ("reasoning_effort", asked.reasoning_effort),
            ("reasoning", asked.reasoning.effort if asked.reasoning else None),
            ("think", asked.think if isinstance(asked.think, str) else None),
        )
    )
    think = agreed(
        (
            ("chat_template_kwargs", switch),
            ("enable_thinking", asked.enable_thinking),
            ("think", asked.think if isinstance(asked.think, bool) else None),
            ("thinking", _SWITCHES.get(asked.thinking.type) if asked.thinking else None),
            ("reasoning", asked.reasoning.enabled if asked.reasoning else None),
            ("thinking_budget", False if budget_of(asked) == 0 else None),
            ("reasoning_effort", False if effort == "none" else None),
        )
    )
    if effort not in (None, "none", "default"):
        values.setdefault("reasoning_effort", effort)
    return think, values


def budget_of(asked: ChatRequest) -> int | None:
    """How many tokens a thought may take; None: as many as it does."""
    most: int | None = agreed(
        (
            ("thinking_budget", asked.thinking_budget),
            ("thinking_budget_tokens", asked.thinking_budget_tokens),
            ("thinking_token_budget", asked.thinking_token_budget),
            ("reasoning_budget", asked.reasoning_budget),
            ("thinking", asked.thinking.budget_tokens if asked.thinking else None),
            ("reasoning", asked.reasoning.max_tokens if asked.reasoning else None),
        )
    )
    return most


def going_on(
    asked: ChatRequest, messages: list[ChatMessage], *, must_call: bool, is_json: bool
) -> list[ChatMessage]:
    """See `as_prefilled`. Raises where it is said that there is such a message, and is not."""
    wanted = asked.continue_final_message or asked.add_generation_prompt is False
    if wanted and messages[-1].role != "assistant":
        field = (
            "continue_final_message" if asked.continue_final_message else "add_generation_prompt"
        )
        raise wrong(field, "goes with a last message of the model, which there is none of")
    if wanted and must_call:
        raise wrong("tool_choice", "demands a call, and messages ends with the model's words")
    said = functools.partial(wrong, "messages")
    return as_prefilled(messages, said, must_call=must_call, is_json=is_json and not wanted)


def message_of(asked: AskedMessage, path: str) -> ChatMessage:
    """A message as templates have it. Raises, by its `path`, for what is not understood."""
    content, pictures = asked.content or "", []
    if isinstance(content, list):
        said = Said()
        for i, part in enumerate(content):
            _take_in(said, part, asked.role, f"{path}.content[{i}]")
        content, pictures = said.text, said.pictures
    calls = [
        ToolCall(id=call.id, name=call.function.name, arguments=call.function.arguments)
        for call in asked.tool_calls or ()
    ]
    if older := asked.function_call:
        check_arguments(older.arguments, f"{path}.function_call.arguments")
        calls.append(ToolCall(id=older.name, name=older.name, arguments=older.arguments))
    for i, call in enumerate(asked.tool_calls or ()):
        check_arguments(call.function.arguments, f"{path}.tool_calls[{i}].function.arguments")
    answered = asked.name if asked.role == "function" else asked.tool_call_id
    return ChatMessage(
        role=_ROLES[asked.role],
        content=content,
        pictures=pictures,
        thought=asked.reasoning_content or asked.reasoning or "",
        name=asked.name or "",
        tool_calls=calls,
        tool_call_id=answered or "",
    )


def _take_in(said: Said, part: ContentPart, role: str, path: str) -> None:
    """Takes a part of a message in. Raises for one that is not understood."""
    if part.type in ("text", "input_text", "output_text", "refusal"):
        said.say(part.text or part.refusal)
    elif part.type not in ("image_url", "input_image"):
        raise wrong(path, f"is {part.type!r}; text is understood, and `image_url`")
    elif role not in ("user", "tool"):
        raise wrong(path, f"is a picture in a message of `{role}`; the user's may have one")
    elif not part.image_url:
        raise wrong(path, "has no `image_url`")
    else:
        url = part.image_url
        said.show_at(url if isinstance(url, str) else url.url, path)


def check_arguments(arguments: str, path: str) -> None:
    """Raises where the arguments of an earlier call are not what templates can be given."""
    try:
        is_object = isinstance(msgspec.json.decode(arguments), dict)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        is_object = False
    if not is_object:
        raise invalid(
            f"{path} is no JSON object",
            'send the arguments of a call as JSON text, "{}" where it has none',
            field=path,
        )
