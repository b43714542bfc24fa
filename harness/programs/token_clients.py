"""Programs that ask the queen for tokens, for how likely texts are, and for rankings, with OpenAI's
client, which knows the last of these by no name of its own."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from harness.clients import WEATHER_TOOL

_MODEL = "minillama"
_CALLER = "author/caller-llama"
_RANKER = "author/minirank"
_TEXT = "Once upon a bee"
#: With bytes that are no text by themselves, and with a mark that ends a text.
_STRANGE = "é 🐝 </s> bee"
#: An answer that has such.
_LETTERS = "é 🐝"
_TALK = [{"role": "user", "content": "hello"}]
_QUERY = "what is a bee"
_TEXTS = ["paris", "a bee is an insect", "zzz", "a bee is an insect"]
#: How far apart two likelihoods of one token may be.
_ROUNDED = 1e-3


def _post(openai: Any, path: str, **body: Any) -> Any:
    return openai.post(path, body={"model": _MODEL, **body}, cast_to=object)


def _completed(openai: Any, prompt: Any, **fields: Any) -> Any:
    asked = {"model": _MODEL, "prompt": prompt, "temperature": 0, "max_tokens": 2, **fields}
    return openai.completions.create(**asked)


def _tokens(openai: Any, text: str = _TEXT, **fields: Any) -> list[int]:
    found: list[int] = _post(openai, "/tokenize", prompt=text, **fields)["tokens"]
    return found


def _there_and_back(openai: Any) -> str:
    told = _post(openai, "/tokenize", prompt=_TEXT, return_token_strs=True)
    assert told["count"] == len(told["tokens"]) == len(told["token_strs"]), told
    assert told["tokens"] == _tokens(openai, model=""), told
    text = _post(openai, "/detokenize", tokens=told["tokens"][1:])["prompt"].strip()
    return f"{told['count']} of {told['max_model_len']}, and {text}"


def _of_talk(openai: Any) -> str:
    counted = _post(openai, "/tokenize", messages=_TALK)["count"]
    answer = openai.chat.completions.create(model=_MODEL, messages=_TALK, max_tokens=1)
    assert counted == answer.usage.prompt_tokens, (counted, answer.usage)
    return "as many as are read"


def _in_pieces(openai: Any) -> str:
    """Without `/v1`, where llama.cpp's server has it."""
    openai = openai.with_options(base_url=str(openai.base_url).removesuffix("v1/"))
    told = _post(openai, "/tokenize", content=_TEXT, with_pieces=True)["tokens"]
    assert [each["id"] for each in told] == _tokens(openai, add_special_tokens=False), told
    return "/".join(each["piece"] for each in told).strip()


def _from_tokens(openai: Any) -> str:
    texts = [_TEXT, "Once upon"]
    both = _completed(openai, [_tokens(openai, text) for text in texts]).choices
    assert [each.text for each in both] == [
        _completed(openai, text).choices[0].text for text in texts
    ], both
    (alone,) = _completed(openai, _tokens(openai, "Once upon")).choices
    return str(alone.text).strip()


def _as_when_written(openai: Any) -> str:
    """Told of a text that a model has written, the likelihoods are those with which it was."""
    before = _tokens(openai, "Once upon a time")
    asked = {"max_tokens": 8, "logprobs": 1}
    (written,) = _completed(openai, before, **asked).choices
    text = f"Once upon a time{written.text}"
    (told,) = _completed(openai, text, echo=True, **{**asked, "max_tokens": 1}).choices
    likely = told.logprobs.token_logprobs
    later = likely[len(before) - 1 : -1]
    assert told.text.startswith(text) and len(likely) == len(_tokens(openai, text)), told
    for one, other in zip(written.logprobs.token_logprobs, later, strict=True):
        assert abs(one - other) < _ROUNDED, (written, told)
    return "as when it was written"


def _alone(openai: Any) -> str:
    answer = _completed(openai, _TEXT, echo=True, logprobs=0, max_tokens=0)
    (choice,) = answer.choices
    assert choice.text == _TEXT, choice
    assert "".join(choice.logprobs.tokens) == _TEXT, choice
    return f"{answer.usage.completion_tokens} written, cut by {choice.finish_reason}"


def _of_strange(openai: Any) -> str:
    asked = {"echo": True, "logprobs": 1, "stream": True}
    pieces = [each.choices[0] for each in _completed(openai, _STRANGE, **asked)]
    told = [each.logprobs for each in pieces if each.logprobs]
    text = "".join(each.text for each in pieces)
    likely = [one for each in told for one in each.token_logprobs]
    offsets = [one for each in told for one in each.text_offset]
    tokens = [one for each in told for one in each.tokens]
    assert text.startswith(_STRANGE), text
    assert all(-100.0 < one <= 0.0 for one in likely), likely
    begins = text[offsets[tokens.index("</s>")] :]
    assert begins.startswith("</s>"), (begins, tokens, offsets)
    return f"{len(tokens)} tokens of {len(text)} letters"


def _of_each_letter(openai: Any) -> str:
    """A character that is several tokens has an entry for each, at once and in pieces."""
    asked = {
        "model": _MODEL,
        "messages": _TALK,
        "temperature": 0,
        "logprobs": True,
        "top_logprobs": 2,
        "extra_body": {"guided_choice": [_LETTERS]},
    }
    answer = openai.chat.completions.create(**asked)
    (choice,) = answer.choices
    likely = choice.logprobs.content
    pieces = [each.choices[0] for each in openai.chat.completions.create(stream=True, **asked)]
    again = [one for each in pieces if each.logprobs for one in each.logprobs.content]
    assert choice.message.content == _LETTERS, choice
    for told in (likely, again):
        assert bytes(one for each in told for one in each.bytes).decode() == _LETTERS, told
    for one, other in zip(likely, again, strict=True):
        assert abs(one.logprob - other.logprob) < _ROUNDED and len(one.top_logprobs) == 2, one
    assert len(likely) == answer.usage.completion_tokens - 1, (likely, answer.usage)
    return f"{len(likely)} tokens of {len(_LETTERS)} letters"


def _beside_tools(openai: Any) -> str:
    asked = {"model": _CALLER, "tools": [WEATHER_TOOL], "temperature": 0}
    called = openai.chat.completions.create(messages=_TALK, **asked).choices[0].message
    told = {"role": "tool", "tool_call_id": called.tool_calls[0].id, "content": "fine"}
    talk = [*_TALK, called.model_dump(exclude_none=True), told]
    (choice,) = openai.chat.completions.create(messages=talk, logprobs=True, **asked).choices
    likely = choice.logprobs.content
    text = bytes(one for each in likely for one in each.bytes).decode()
    assert text == choice.message.content and len(likely) > 1, choice
    assert all(-1.0 < each.logprob <= 0.0 for each in likely), likely
    return text.strip()


def _as_lm_eval(openai: Any) -> str:
    """What lm-evaluation-harness sends by `local-completions`, and what it makes of the answer."""
    context = _tokens(openai, "Once upon a", add_special_tokens=False)
    ends = {}
    for end in ("time", "bee"):
        asked = {"temperature": 0, "max_tokens": 1, "logprobs": 1, "seed": 1234, "echo": True}
        prompt = [[*context, *_tokens(openai, end, add_special_tokens=False)]]
        told = _post(openai, "/completions", prompt=prompt, **asked)["choices"][0]["logprobs"]
        likely = told["token_logprobs"][len(context) : -1]
        others = told["top_logprobs"][len(context) : -1]
        assert len(told["tokens"]) == len(prompt[0]) + 1, told
        greedy = all(one == max(top.values()) for one, top in zip(likely, others, strict=True))
        ends[end] = (sum(likely), greedy)
    asked = {"max_tokens": 8, "temperature": 0, "seed": 1234}
    stop = [",", "</s>"]
    written = _post(openai, "/completions", prompt=[context], stop=stop, **asked)["choices"][0][
        "text"
    ]
    better = max(ends, key=lambda each: ends[each])
    return f"{better}, which is greedy: {ends[better][1]}; {written.strip()}"


def _as_guidellm(openai: Any) -> str:
    """What guidellm sends to chats, and what it counts."""
    asked = {
        "model": _MODEL,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hello"}]}],
        "stream": True,
        "stream_options": {"include_usage": True, "continuous_usage_stats": True},
        "max_completion_tokens": 5,
        "stop": None,
        "extra_body": {"ignore_eos": True},
    }
    counts = [each.usage.completion_tokens for each in openai.chat.completions.create(**asked)]
    assert counts == sorted(counts), counts
    return f"{counts[-1]} written, told {len(set(counts)) - 1} times"


def _between(openai: Any) -> str:
    asked = {"suffix": " the other", "max_tokens": 8, "echo": True}
    (choice,) = _completed(openai, "one", model=_CALLER, **asked).choices
    tokens = _tokens(openai, "one", model=_CALLER)
    (again,) = _completed(openai, tokens, model=_CALLER, suffix="x").choices
    assert again.text.strip() == "in between", again
    return str(choice.text)


def _ranked(openai: Any) -> str:
    asked = {"model": _RANKER, "query": _QUERY}
    told = _post(openai, "/rerank", **asked, documents=_TEXTS, return_documents=True)
    best = told["results"]
    scores = [each["relevance_score"] for each in best]
    assert scores == sorted(scores, reverse=True) and all(0 < one < 1 for one in scores), told
    assert [each["document"]["text"] for each in best] == [_TEXTS[each["index"]] for each in best]
    turned = [{"text": each} for each in reversed(_TEXTS)]
    (first,) = _post(openai, "/rerank", **asked, documents=turned, top_n=1)["results"]
    assert math.isclose(first["relevance_score"], scores[0], rel_tol=_ROUNDED), (first, told)
    raw = _post(openai, "/rerank", **asked, texts=_TEXTS, raw_scores=True, return_text=True)
    assert [each["index"] for each in raw] == [each["index"] for each in best], raw
    assert math.isclose(1 / (1 + math.exp(-raw[0]["score"])), scores[0], rel_tol=_ROUNDED), raw
    return f"{best[0]['index']} and {best[1]['index']}, {raw[0]['text']}"


def _able(openai: Any) -> str:
    able = {each.id: "+".join(each.capabilities) for each in openai.models.list().data}
    names = {"minillama": "minillama", "HF:author/minirank": "minirank"}
    return ", ".join(f"{name}: {able[ref]}" for ref, name in names.items())


ASKED: dict[str, Callable[[Any], str]] = {
    "the tokens of a text, and their text": _there_and_back,
    "the tokens of a conversation": _of_talk,
    "tokens in words of llama.cpp": _in_pieces,
    "tokens to go on with": _from_tokens,
    "how likely a text is": _as_when_written,
    "how likely a text is, and nothing more": _alone,
    "how likely strange letters are, in pieces": _of_strange,
    "how likely the letters of an answer are": _of_each_letter,
    "how likely an answer is, beside tools": _beside_tools,
    "what lm-evaluation-harness asks for": _as_lm_eval,
    "what guidellm asks for": _as_guidellm,
    "what stands between two texts": _between,
    "which texts answer a query best": _ranked,
    "what the models are for": _able,
}

WRONG: dict[str, Callable[[Any], Any]] = {
    "for the middle of a text, of a model that cannot": lambda openai: _completed(
        openai, "one", suffix=" the other"
    ),
    "for nobody's tokens to go on with": lambda openai: _completed(openai, [99999]),
    "that a token of nobody's be likelier": lambda openai: _completed(
        openai, "bee", logit_bias={"99999": 1}
    ),
    "how likely nobody's tokens are": lambda openai: _completed(
        openai, [1, 99999], echo=True, logprobs=1
    ),
    "for the text of nobody's tokens": lambda openai: _post(openai, "/detokenize", tokens=[99999]),
    "how likely too long a text is": lambda openai: _completed(
        openai, "bee " * 900, echo=True, logprobs=1
    ),
    "for a ranking, of a model that writes": lambda openai: _post(
        openai, "/rerank", query=_QUERY, documents=_TEXTS
    ),
    "for a ranking of too long a text": lambda openai: _post(
        openai, "/rerank", model=_RANKER, query=_QUERY, documents=["bee", "bee " * 300]
    ),
    "for a vector, of a model that ranks": lambda openai: openai.embeddings.create(
        model=_RANKER, input="bee"
    ),
    "for an answer, of a model that ranks": lambda openai: _completed(openai, "bee", model=_RANKER),
    "for tokens of no model": lambda openai: _post(openai, "/tokenize", model="", prompt=_TEXT),
    "for a short name that is nobody's": lambda openai: _completed(openai, "bee", model="llama3.2"),
}
