"""What requests of OpenAI's kinds ask of a job, in whichever words they say it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from rbee.queen.front.idling import idle_seconds
from rbee.queen.front.models import model_ref_of
from rbee.queen.openai.requests import (
    Asked,
    ChatRequest,
    Completing,
    EmbeddingRequest,
    Schema,
    Weighed,
)
from rbee.wire.errors import RbeeError, invalid
from rbee.wire.limits import MOST_LOOKED_BACK, MOST_TOKENS
from rbee.wire.messages.inference import Samplers

_SEEDS = 2**32
#: The weight of a token that is never drawn.
_NEVER = -100.0
#: What means the same to a job.
_AS_ASKED = (
    *("temperature", "presence_penalty", "frequency_penalty", "cache_prompt"),
    *Samplers.__struct_fields__,
)
#: By a field of a job: the fields of a request that set it. A worker's error names the first where
#: none of them was sent.
_SAID_BY = {
    "model_ref": ("model",),
    "inputs": ("input", "documents", "texts"),
    "functions": ("tools", "functions"),
    "json_schema": (
        *("response_format", "json_schema", "guided_json", "structured_outputs"),
        *("guided_choice", "guided_regex", "regex"),
    ),
    "grammar": ("grammar", "guided_grammar", "ebnf", "structured_outputs", "response_format"),
    "max_tokens": (
        *("max_completion_tokens", "max_tokens", "max_output_tokens"),
        *("n_predict", "max_new_tokens"),
    ),
    "repeat_penalty": ("repeat_penalty", "repetition_penalty"),
    "typical_p": ("typical_p", "typical"),
    "logprobs": ("logprobs", "n_probs"),
    "seed": ("seed", "random_seed"),
    "ignore_eos": ("ignore_eos", "min_tokens"),
    "prompt_tokens": ("prompt", "tokens"),
    "tokens_only": ("prompt", "content", "messages", "tokens"),
    "echo_only": ("echo",),
    "top_k": ("top_k", "top_p"),
    "template_values": ("chat_template_kwargs", "reasoning_effort", "reasoning", "think"),
    "think": (
        *("reasoning_effort", "reasoning", "think", "enable_thinking", "thinking"),
        *("chat_template_kwargs", "reasoning_budget", "thinking_budget_tokens"),
        *("thinking_budget", "thinking_token_budget"),
    ),
    "ctx": ("num_ctx",),
}
#: The fields of a job of which all that were sent have to say the same.
_AGREED = ("typical_p", "repeat_penalty")
#: The fields that say which texts an answer may be.
_TEXTS = ("guided_choice", "guided_regex", "regex")


def in_words_of(asked: object, error: RbeeError) -> RbeeError:
    """The error, about a field that was sent: a worker may know that by another name."""
    field = error.details.get("field")
    names = _SAID_BY.get(field, ()) if isinstance(field, str) else ()
    sent = [name for name in names if getattr(asked, name, None) is not None]
    if names:
        error.details["field"] = _with_path((sent or names)[0], asked, error.details.get("path"))
    return error


def _with_path(field: str, asked: object, path: object) -> str:
    """A field that holds schemas, with the path in one of them as it was sent."""
    if not isinstance(path, str) or not path.startswith("$") or field in _TEXTS:
        return field
    if field == "tools":
        return field + path[1:].replace(".parameters", ".function.parameters", 1)
    form = getattr(asked, "response_format", None)
    if field == "response_format" and form and form.regex:
        return field
    said = next((name for name in ("schema", "value") if getattr(form, name, None)), "schema")
    inner = {
        "response_format": "json_schema.schema" if form and form.json_schema else said,
        "structured_outputs": "json",
    }.get(field)
    return ".".join(filter(None, (field, inner))) + path[1:]


def common(asked: Asked, seed: int | None) -> dict[str, Any]:
    """What all kinds ask for; a word that not all of them have need not be there."""
    said = {name: getattr(asked, name) for name in _AS_ASKED}
    for name in _AGREED:
        said[name] = agreed((word, getattr(asked, word)) for word in _SAID_BY[name])
    said_most = (getattr(asked, word, None) for word in _SAID_BY["max_tokens"])
    most = min((min(each, MOST_TOKENS) for each in said_most if each), default=None)
    if asked.min_tokens and not asked.ignore_eos:
        if asked.min_tokens != most:
            raise wrong(
                "min_tokens", "is taken where it is max_tokens too, or goes with ignore_eos alone"
            )
        said["ignore_eos"] = True
    grammar = _grammar(asked)
    if said["ignore_eos"] and grammar is not None:
        raise ends_by_form(asked)
    stop = [asked.stop] if isinstance(asked.stop, str) else asked.stop or ()
    return {
        **said,
        # A `top_p` of 0 leaves the likeliest token alone, which is `top_k` 1.
        "top_p": asked.top_p or None,
        "top_k": 1 if asked.top_p == 0 else asked.top_k if asked.top_k != -1 else 0,
        "repeat_last_n": MOST_LOOKED_BACK if asked.repeat_last_n == -1 else asked.repeat_last_n,
        "max_tokens": most,
        "ctx": asked.num_ctx,
        "may_idle_s": idle_of(asked),
        "model_ref": model_ref_of(asked.model),
        "grammar": grammar,
        "logit_bias": _weights(asked.logit_bias),
        "seed": seed,
        "stop": [text for text in stop if text] or None,
    }


def idle_of(asked: Asked | EmbeddingRequest) -> float | None:
    """How long the model stays loaded behind a request (s); None: it does not say."""
    idle, ttl = idle_seconds(asked.keep_alive, "keep_alive"), idle_seconds(asked.ttl, "ttl")
    return ttl if idle is None else idle


def ends_by_form(asked: Asked) -> RbeeError:
    """The refusal of what would let an answer go on behind the form that it has."""
    field = "ignore_eos" if asked.ignore_eos else "min_tokens"
    return wrong(field, "does not go with a form, which ends the answer")


def _weights(said: dict[str, float] | list[Weighed] | None) -> dict[str, float] | None:
    """What is added to the logits of tokens. Raises for true, which is no weight."""
    if not isinstance(said, list):
        return said
    if any(weight is True for _, weight in said):
        raise wrong("logit_bias", "is true for a token; a number is wanted, or false")
    return {str(token): _NEVER if weight is False else weight for token, weight in said}


def _grammar(asked: Asked) -> str | None:
    """The grammar of the answer. Raises where something else says what form that has."""
    outputs = asked.structured_outputs if isinstance(asked, Completing) else None
    form = asked.response_format if isinstance(asked, Completing) else None
    said = (
        ("grammar", asked.grammar),
        ("guided_grammar", asked.guided_grammar),
        ("ebnf", asked.ebnf),
        ("structured_outputs", outputs and outputs.grammar),
        ("response_format", form and form.grammar),
    )
    grammar: str | None = agreed(said)
    if grammar is not None and isinstance(asked, Completing):
        field = next(name for name, value in said if value is not None)
        if schema_of(asked) is not None:
            raise wrong(field, "does not go with another form of the answer")
        if isinstance(asked, ChatRequest) and offers(asked):
            raise wrong(field, "does not go with tools that may be called")
    return grammar


def offers(asked: ChatRequest) -> bool:
    """Whether something may be called."""
    offered = bool(asked.tools or asked.functions)
    return offered and "none" not in (asked.tool_choice, asked.function_call)


def agreed(said: Iterable[tuple[str, Any]]) -> Any:
    """The value that fields for one and the same have; None: none of them has one.

    Raises for two that contradict each other.
    """
    given = [(field, value) for field, value in said if value is not None]
    for field, value in given:
        if value != given[0][1]:
            raise wrong(field, f"contradicts {given[0][0]}")
    return given[0][1] if given else None


def count_of(asked: Completing) -> int:
    """How many answers there are to each prompt. Raises where only some of them would be told."""
    count = agreed([("n", asked.n), ("n_cmpl", asked.n_cmpl)]) or 1
    if asked.best_of not in (None, count):
        raise wrong("best_of", f"is {asked.best_of}, and n is {count}: all answers are told")
    return count


def seed_of(asked: Asked) -> int | None:
    """The seed that is asked for."""
    seed: int | None = agreed([("seed", asked.seed), ("random_seed", asked.random_seed)])
    return None if seed is None else seed % _SEEDS


def seeds(asked: Asked, count: int) -> list[int | None]:
    """A seed for each answer to one prompt: the same one would draw the same answer."""
    seed = seed_of(asked)
    if seed is None:
        return [None] * count
    return [(seed + number) % _SEEDS for number in range(count)]


def several(field: str, given: str | list[str | int | list[int]]) -> list[str | list[int]]:
    """The texts of a field, or the tokens of each."""
    if isinstance(given, str):
        return [given]
    tokens = [each for each in given if isinstance(each, int)]
    others = [each for each in given if not isinstance(each, int)]
    if tokens and others:
        raise wrong(field, "mixes texts and the tokens of one text")
    return others or [tokens]


def schema_of(asked: Completing) -> dict[str, Any] | None:
    """The JSON schema of the answer, in whichever field it is. Raises for two of them."""
    found: dict[str, dict[str, Any]] = {}
    form, outputs = asked.response_format, asked.structured_outputs
    if form is not None and (schema := form.held_to) is not None:
        found["response_format"] = schema
    if asked.json_schema is not None:
        found["json_schema"] = _read_schema("json_schema", asked.json_schema)
    if asked.guided_json is not None:
        found["guided_json"] = _read_schema("guided_json", asked.guided_json)
    if outputs is not None and (outputs.json is not None or outputs.json_object):
        found["structured_outputs"] = _read_schema(
            "structured_outputs.json", outputs.json or {"type": "object"}
        )
    for name, choice in (
        ("guided_choice", asked.guided_choice),
        ("structured_outputs", outputs and outputs.choice),
    ):
        if choice:
            found[name] = {"enum": choice}
    for name, regex in (
        ("response_format", form and form.regex),
        ("guided_regex", asked.guided_regex),
        ("regex", asked.regex),
        ("structured_outputs", outputs and outputs.regex),
    ):
        if regex:
            found[name] = {"type": "string", "pattern": f"^(?:{regex})$"}
    if len(found) > 1:
        first, second = list(found)[:2]
        raise wrong(second, f"and {first} both say what form the answer has")
    return next(iter(found.values()), None)


def _read_schema(field: str, said: Schema) -> dict[str, Any]:
    """A schema, which some programs send as the text of one. Raises where it is none."""
    if not isinstance(said, str):
        return said
    try:
        return msgspec.json.decode(said, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        raise wrong(field, "is a text that is no JSON schema") from None


def is_text(asked: Completing) -> bool:
    """Whether the form of the answer is that of a text, and not of JSON."""
    form, outputs = asked.response_format, asked.structured_outputs
    plain = outputs is not None and (outputs.choice or outputs.regex)
    plain = plain or (form is not None and form.regex)
    return bool(plain or asked.guided_choice or asked.guided_regex or asked.regex)


def wrong(field: str, what: str) -> RbeeError:
    """The refusal of a field, with what is wrong about it in words."""
    return invalid(f"{field} {what}", f"change {field}", field=field)
