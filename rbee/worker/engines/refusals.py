"""What an engine refuses, in its own words, as errors that say whose fault it is. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from rbee.wire.errors import RbeeError, invalid
from rbee.wire.messages.inference import InferRequest
from rbee.worker.engines.conversation import asks_field, does_not_fit

#: How deep brackets may nest in a chat template: engines parse by recursion, and end of it.
_DEEPEST = 200
#: How much is looked at of what an engine says (characters).
_LONGEST_SAID = 16_384
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
#: How llama.cpp says why a chat template cannot be read, or what a template raises.
_LOADING = re.compile(r"error loading model: (.+)")
_NO_MEMORY = re.compile(
    r"insufficient memory|out of memory|cannot allocate memory|failed to allocate|bad_alloc", re.I
)
_NO_SIGHT = "failed to load multimodal model"
_SIGHT = re.compile(r"(?:clip_init: failed to load model '.*?': |mtmd_init_from_file: error: )(.+)")
_PARSING = re.compile(r"common_chat_templates_init: error: (.+)")
_RAISED = re.compile(r"Jinja Exception: ([^\n]+)")
_RENDERING = re.compile(r"While executing .*?\nError: ([^\n]+)", re.DOTALL)
_READING = re.compile(r"Automatic parser generation failed: ([^\n]+)")
#: How it says that a form does not let through what the answer begins with.
_BEGUN = "Failed to initialize samplers"
_SCHEMA = re.compile(r"JSON schema (?:error|conversion).+|failed to parse grammar")


def refused(request: InferRequest, error: dict[str, Any]) -> RbeeError:
    """The error for what llama.cpp says of a request: ``{"message", "type"?, "code"?}``."""
    if error.get("type") == "exceed_context_size_error":
        return does_not_fit(request, error["n_prompt_tokens"], error["n_ctx"])
    message = words_of(str(error.get("message", error)))
    if "does not support logits" in message:
        return invalid(
            "this model makes vectors of texts, and writes none",
            "take a model that generates text; this one is for embeddings",
            field="model_ref",
        )
    if "invalid tokens" in message:
        return no_tokens()
    if "bad_alloc" in message:
        return invalid(
            f"the engine wants more memory for this than a worker may take: {message}",
            "ask for less: a shorter conversation, a plainer schema; or take another model",
            field=asks_field(request),
        )
    if int(error.get("code", 400)) >= 500:
        return engine_failed("llama.cpp", message)
    if "tool call arguments" in message:
        return invalid(
            f"llama.cpp refuses the calls in {asks_field(request)}: {message}",
            "the arguments of a call are JSON text, {} where there are none",
            field=asks_field(request),
        )
    by_schema = _SCHEMA.search(message)
    if by_schema:
        field = "functions" if request.functions and request.json_schema is None else "json_schema"
        return invalid(
            f"llama.cpp cannot hold an answer to the JSON schema: {by_schema[0].strip()}",
            "ask for less: plainer types, fewer properties, lower bounds",
            field=field,
        )
    if _BEGUN in message and request.is_prefilled():
        return invalid(
            "the answer that messages ends with cannot be gone on with in this form",
            "begin the answer as the form does, or end with the user's message: many models "
            "take no form behind any beginning",
            field=asks_field(request),
        )
    by_template = refused_by_template(message)
    if by_template:
        return template_refuses(request, by_template)
    return invalid(f"llama.cpp refuses: {message}", "change that option")


def no_tokens(field: str = "prompt_tokens") -> RbeeError:
    """The refusal of numbers in `field` that are no tokens of a model."""
    return invalid(
        "some of these numbers are no tokens of this model",
        "send the text itself: each model has tokens of its own",
        field=field,
    )


def nothing_to_read(request: InferRequest, *, by_template: bool) -> RbeeError:
    """The refusal of what comes to no token at all: there is nothing to go on with."""
    if by_template:
        what = "the model's chat template writes nothing for these messages"
        fix = "send other messages, or give another template (rbee-keeper infer --chat-template"
        return invalid(what, f"{fix} FILE)", field=asks_field(request))
    return invalid("nothing of the prompt is a token of this model", "send another prompt")


def engine_failed(engine: str, words: str) -> RbeeError:
    """The error of an engine that failed for no fault of the request; trying again is no use."""
    return RbeeError(
        "engine_failed",
        f"{engine} failed: {words}",
        "rbee-keeper logs worker shows what happened there",
    )


def words_of(message: str) -> str:
    """What an engine says, without the colours and the empty lines that terminals get."""
    # It quotes the request, which may be long, and is searched by regular expressions.
    if len(message) > _LONGEST_SAID:
        message = f"{message[: _LONGEST_SAID // 2]}\n{message[-_LONGEST_SAID // 2 :]}"
    return _COLOURS.sub("", message).strip()


def template_reason(log: Sequence[str]) -> str:
    """Why llama.cpp cannot read a chat template, out of its log; empty where it does not say."""
    said = words_of("\n".join(log))
    reasons = _PARSING.findall(said)
    return str(reasons[-1]).strip() if reasons else refused_by_template(said)


def reason_of_loading(log: Sequence[str]) -> str:
    """Why llama.cpp cannot load a model, out of its log; empty where it does not say."""
    return next((found[1] for line in reversed(log) if (found := _LOADING.search(line))), "")


def short_of_memory(log: Sequence[str]) -> bool:
    """Whether llama.cpp could not load a model since it was given no more memory, by its log."""
    return any(_NO_MEMORY.search(line) for line in log)


def reason_of_projector(log: Sequence[str]) -> str:
    """Why llama.cpp cannot load a projector, out of its log; empty where it is not that."""
    for line in reversed(log):
        if _NO_SIGHT in line:
            reasons = [found[1] for each in log if (found := _SIGHT.search(words_of(each)))]
            return str(reasons[-1]).strip() if reasons else "it does not say why"
    return ""


def refused_by_template(message: str) -> str:
    """What a chat template says of a conversation that it does not take; empty: it is not that."""
    for form in (_RAISED, _RENDERING, _READING):
        found = form.search(message)
        if found:
            return found[1].strip()
    return ""


def template_unusable(reason: str) -> RbeeError:
    """The refusal of a conversation with a model whose chat template is broken."""
    return invalid(
        f"the model's chat template cannot be used: {reason}",
        "give another one (rbee-keeper infer --chat-template FILE), "
        "or go on with plain text (POST /v1/completions)",
        field="model_ref",
    )


def template_refuses(request: InferRequest, why: object) -> RbeeError:
    """The refusal of a conversation that the model's chat template does not take."""
    return invalid(
        f"the model's chat template refuses these messages: {why}",
        "many templates want user and assistant in turns, and no system message",
        field=asks_field(request),
    )


def endless_template() -> RbeeError:
    """The refusal of messages that a chat template comes to no end with."""
    return invalid(
        "the model's chat template comes to no end with these messages",
        "send other messages, give another template (rbee-keeper infer --chat-template FILE), "
        "or go on with plain text (POST /v1/completions)",
        field="messages",
    )


def nests_too_deep(template: str) -> bool:
    """Whether brackets in a template nest deeper than engines follow."""
    depth = 0
    for character in template:
        if character in "([{":
            depth += 1
            if depth > _DEEPEST:
                return True
        elif character in ")]}":
            depth = max(0, depth - 1)
    return False
