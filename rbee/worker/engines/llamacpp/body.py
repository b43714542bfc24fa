"""A request in llama.cpp's own form, and what it cannot be asked."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from rbee.wire.errors import RbeeError, invalid
from rbee.wire.messages.inference import InferRequest, Samplers
from rbee.worker.engines.calls import functions_for_engine, in_functions
from rbee.worker.engines.conversation import (
    asks_field,
    messages_of,
    options_of,
    plain_text_of,
    stops_of,
)
from rbee.worker.engines.llamacpp.server import LlamaServer
from rbee.worker.engines.llamacpp.template import SWITCH, ChatTemplate
from rbee.worker.engines.slots import BYTES_OF_TOKEN
from rbee.worker.engines.thinking import grammar_behind

#: The field that bounds a thought, in tokens.
BUDGET = "thinking_budget_tokens"
#: The fields of a request that it takes as they are.
_SAMPLING = (
    *("max_tokens", "temperature", "top_p", "top_k", "seed"),
    *("presence_penalty", "frequency_penalty", "logit_bias"),
    *Samplers.__struct_fields__,
)
#: The data of a picture in a message: it says nothing of how many tokens that is.
_PICTURE = re.compile(rb"(?<=;base64,)[A-Za-z0-9+/=]{64,}")
#: How many tokens a picture counts as, which are some hundreds with most models. As many are in
#: LLaVA's, and more than in a batch.
_TOKENS_OF_PICTURE = 576
#: Fields that are given to it as tokens, and what callers call them.
_AS_TOKENS = {"echo": "echo", "echo_only": "echo", "suffix": "suffix", "prompt_tokens": "prompt"}


def body_of(request: InferRequest, template: ChatTemplate, server: LlamaServer) -> dict[str, Any]:
    """What llama.cpp is asked, but for the form of the answer. Raises `invalid_request`."""
    chat = template.is_there and not request.raw
    body: dict[str, Any] = {
        "stream": True,
        "return_progress": True,
        "cache_prompt": request.cache_prompt is not False,
        **_sampling(request, chat),
    }
    # The request's stop texts are found by us, as it does not say which one it met.
    ends = stops_of(request, tuned_to_chat=template.is_there)[len(request.stop or ()) :]
    if ends:
        body["stop"] = ends
    if request.functions:
        if not (chat and template.knows_tools):
            raise invalid(
                "this model was not taught when to call functions",
                "demand a call (tool_choice `required`, or a function's name), send no tools, "
                "or take a model whose chat template knows tools",
                field="functions",
            )
        body["tools"] = [
            {"type": "function", "function": each}
            for each in functions_for_engine(request.functions)
        ]
        if request.parallel_calls is not None:
            body["parallel_tool_calls"] = request.parallel_calls
    if chat:
        body["messages"] = messages_of(request, with_thoughts=template.wants_thoughts)
        values = dict(request.template_values)
        if request.think is not None or not template.is_understood:
            values[SWITCH] = request.think is not False
        if values:
            body["chat_template_kwargs"] = values
    else:
        body["prompt"] = request.prompt_tokens or plain_text_of(request)
        if request.suffix is not None:
            from rbee.worker.engines.vocabulary import holed  # late: few ask for it

            body["prompt"] = holed(server.vocabulary, request)
    return body


def _sampling(request: InferRequest, chat: bool) -> dict[str, Any]:
    given = options_of(request, _SAMPLING)
    if request.logprobs is not None and not (chat and request.functions):
        count = max(request.logprobs, 1)  # it tells nothing of a token for 0 alternatives
        given.update({"logprobs": True, "top_logprobs": count} if chat else {"logprobs": count})
    return given


def demand_form(
    body: dict[str, Any],
    schema: dict[str, Any] | None,
    request: InferRequest,
    template: ChatTemplate,
    context: int,
) -> None:
    """Holds the answer to a JSON schema, and to the grammar of the request, and bounds the thought
    before it in a context of so many tokens. Raises `invalid_request`."""
    if schema is not None:
        try:
            _hold_to_schema(body, schema, request, template, context)
        except RbeeError as error:
            if schema is not request.json_schema:
                raise in_functions(error) from None
            error.details.setdefault("field", "json_schema")
            raise
    if request.grammar is not None:
        from rbee.worker.engines.asked_grammar import bounded  # late: few requests have one

        _hold_to_grammar(body, bounded(request.grammar), request, template, context)
    most = request.thought_tokens
    if most and "messages" in body and request.think is not False:
        body[BUDGET] = min(body.get(BUDGET, most), most)


def _hold_to_schema(
    body: dict[str, Any],
    schema: dict[str, Any],
    request: InferRequest,
    template: ChatTemplate,
    context: int,
) -> None:
    # late: of what few ask for
    from rbee.worker.engines.engine_schemas import check_cost, engine_schema
    from rbee.worker.engines.json_grammar import grammar_of, text_grammar_of

    chat = "messages" in body
    if request.is_prefilled() and not chat:
        raise invalid(
            "this model has no chat template, and no form for an answer that was begun",
            "end with the user's message, or ask for no form",
            field=asks_field(request),
        )
    # Its own grammar takes into account what of the answer has been written already.
    if chat and (template.has_own_form or "tools" in body or request.is_prefilled()):
        if request.unquoted:
            raise invalid(
                "an answer of given texts goes with no tools, none that was begun, and with "
                "no model that has a form of its own",
                "ask for a JSON schema, or for less",
                field="json_schema",
            )
        # It makes a grammar of its own, and takes no other.
        body["json_schema"] = engine_schema(schema, "$", strict=True)
        check_cost(body["json_schema"], "$")
        return
    grammar = text_grammar_of(schema) if request.unquoted else grammar_of(schema)
    _hold_to_grammar(body, grammar, request, template, context)


def _hold_to_grammar(
    body: dict[str, Any], grammar: str, request: InferRequest, template: ChatTemplate, context: int
) -> None:
    """Behind the thought, where there may be one."""
    chat, marks = "messages" in body, template.marks_of_thoughts
    thinks = request.think is not False
    if chat and template.has_own_form:
        raise invalid(
            "a grammar goes with no model whose answers have a form of their own",
            "ask for a JSON schema, or another model",
            field="grammar",
        )
    if chat and marks is not None and thinks:
        grammar = grammar_behind(grammar, marks, opened=template.opens_thought)
        # A thought gets half of the budget, so that the demanded form still fits behind it.
        body[BUDGET] = max(1, (request.max_tokens or context) // 2)
    body["grammar"] = grammar


def text_of(body: dict[str, Any]) -> bytes:
    """What a body has the engine read, in a form of ours: those that begin alike are read alike."""
    if "prompt" in body:
        prompt = body["prompt"]
        parts = [prompt] if isinstance(prompt, str) else prompt
        text = "".join(each if isinstance(each, str) else f"{each:04x}" for each in parts)
        return text.encode(errors="replace")
    before = [body.get("tools", []), body.get("chat_template_kwargs", {})]
    text = json.dumps([*before, body["messages"]], ensure_ascii=False)[:-2]
    return _PICTURE.sub(_short, text.encode(errors="replace"))


def behind(body: dict[str, Any], answer: str) -> bytes:
    """What an answer adds to that text; the next prompt of a conversation begins with it, too."""
    if "prompt" not in body:
        message = {"role": "assistant", "content": answer}
        answer = f", {json.dumps(message, ensure_ascii=False)[:-2]}"
    return answer.encode(errors="replace")


def _short(picture: re.Match[bytes]) -> bytes:
    """What stands for a picture: another one for another, and as long as its tokens are."""
    name = hashlib.sha256(picture[0]).hexdigest().encode()
    return name * (_TOKENS_OF_PICTURE * BYTES_OF_TOKEN // len(name))


def refuse_tokens(request: InferRequest) -> None:
    """Raises `invalid_request` for what goes in as tokens: beside a projector llama.cpp takes texts
    alone."""
    for field, called in _AS_TOKENS.items():
        if getattr(request, field):
            raise invalid(
                f"`{called}` cannot be had beside a projector: llama.cpp takes texts alone then",
                "send the text itself, or take a repository of the model without a projector",
                field=called,
            )
