"""A program with ollama's own client."""

from __future__ import annotations

import asyncio
import datetime
import json
import math
import os
import time
from typing import Any, Literal

from ollama import AsyncClient, Client

from harness.clients import ENDLESS, HELLO, TOO_LONG, WEATHER_TOOL
from harness.clients.asking import Mood, serve

_OPTIONS: dict[str, Any] = {"temperature": 0}
_CALLER = "author/caller-llama"
_FETCHED = "author/minillama"
_READER = "author/minibert"
_YEAR_S = 365 * 86_400
#: How long a model may take to be unloaded.
_PATIENCE_S = 60.0


def _chat(text: str = HELLO, model: str = "minillama", **fields: Any) -> dict[str, Any]:
    options = {**_OPTIONS, **fields.pop("options", {})}
    messages = [{"role": "user", "content": text}]
    return {"model": model, "messages": messages, "options": options, **fields}


def _answer(**fields: Any) -> str:
    return str(Client().chat(**_chat(**fields)).message.content).strip()


def _streamed() -> str:
    pieces = list(Client().chat(**_chat(stream=True)))
    assert len(pieces) > 5, pieces
    assert [piece.done for piece in pieces] == [False] * (len(pieces) - 1) + [True], pieces
    return "".join(piece.message.content for piece in pieces).strip()


def _asynchronous() -> str:
    async def ask() -> str:
        pieces = await AsyncClient().chat(**_chat(stream=True))
        return "".join([piece.message.content async for piece in pieces]).strip()

    return asyncio.run(ask())


def _counted() -> str:
    *_, last = Client().chat(**_chat(stream=True))
    durations = (last.load_duration, last.prompt_eval_duration, last.eval_duration)
    assert all(durations), last
    assert last.total_duration >= sum(durations) - 10**6, last
    return f"{last.prompt_eval_count} read, {last.eval_count} written, {last.done_reason}"


def _cut() -> str:
    answer = Client().chat(**_chat(options={"num_predict": 3}))
    return f"{answer.message.content.strip()}, cut by {answer.done_reason}"


def _generated(**fields: Any) -> str:
    asked = {"model": "minillama", "prompt": HELLO, "options": _OPTIONS, **fields}
    return str(Client().generate(**asked).response).strip()


def _generated_in_pieces() -> str:
    asked = Client().generate(model="minillama", prompt=HELLO, options=_OPTIONS, stream=True)
    return "".join(piece.response for piece in asked).strip()


def _loaded() -> str:
    answer = Client().generate(model="minillama")
    return f"{answer.done_reason}: {answer.response!r}"


def _stays(keep_alive: str | int | None, **fields: Any) -> str:
    """For how long the model stays loaded behind a chat."""
    _answer(keep_alive=keep_alive, **fields)
    return _is_to_stay()


def _is_to_stay() -> str:
    """For how long the model stays loaded that is."""
    (running,) = Client().ps().models
    left = (running.expires_at - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    return "for ever" if left > 20 * _YEAR_S else f"for about {round(left / 60)} minutes"


def _said_before() -> str:
    """The same where somebody who said how long was the last but one to ask."""
    _answer(keep_alive="1h")
    return _stays(None)


def _until_gone(model: str) -> str:
    until = time.monotonic() + _PATIENCE_S
    while model in _listed_as_loaded():
        assert time.monotonic() < until, f"{model} is still loaded"
        time.sleep(0.02)
    return "nothing"


def _listed_as_loaded() -> list[str]:
    return [str(model.model).removesuffix(":latest") for model in Client().ps().models]


def _answered_and_gone() -> str:
    said = _answer(keep_alive=0)
    return f"{said} / {_until_gone('minillama')}"


def _each_and_no_more() -> str:
    """Answers one behind the other, each of which comes while its worker is about to leave."""
    said = {_answer(keep_alive=0, options={"num_predict": 3}) for _ in range(10)}
    return ", ".join(sorted(said))


def _unloaded() -> str:
    Client().generate(model="minillama", keep_alive="10m")
    before = _listed_as_loaded()
    answer = Client().generate(model="minillama", keep_alive=0)
    (loaded,) = before
    return f"{loaded} / {answer.done_reason} / {_until_gone('minillama')}"


def _unloaded_by_a_key() -> str:
    """One who may not say that for the others does."""
    reason = Client().generate(model="minillama", keep_alive=0).done_reason
    return f"{reason} / {', '.join(_listed_as_loaded()) or 'nothing'}"


def _unloaded_in_use() -> str:
    """Somebody unloads a model of which another one reads an answer."""
    stream = Client().chat(**_chat(model=ENDLESS, stream=True))
    before = len(list(zip(range(3), stream, strict=False)))
    reason = Client().chat(model=ENDLESS, messages=[], keep_alive=0).done_reason
    # More than is on its way may have been made by now: the worker itself has to be there.
    name = ENDLESS.removeprefix("HF:")
    assert name in _listed_as_loaded(), reason
    behind = len(list(zip(range(50), stream, strict=False)))
    assert (before, behind) == (3, 50), (before, behind)
    stream.close()
    return f"{reason}, {behind} pieces more, then {_until_gone(name)}"


def _likeliest() -> str:
    answer = Client().chat(**_chat(logprobs=True, top_logprobs=2, options={"num_predict": 1}))
    (one,) = answer.logprobs
    return " before ".join(each.token.strip() for each in one.top_logprobs)


def _mood() -> str:
    text = _answer(format=Mood.model_json_schema())
    return f"a {type(Mood.model_validate_json(text)).__name__}"


def weather(city: Literal["Rome", "Paris"]) -> str:
    """The weather of a city."""
    return f"fine in {city}"


def _called(**fields: Any) -> Any:
    asked = _chat("what is the weather in Rome?", _CALLER, tools=[WEATHER_TOOL], **fields)
    return Client().chat(**asked)


def _call_of(pieces: Any) -> str:
    (call,) = [call for piece in pieces for call in piece.message.tool_calls or ()]
    return f"{call.function.name} of {call.function.arguments['city']}"


def _told_of_call() -> str:
    asked = _chat("what is the weather in Rome?", _CALLER, tools=[WEATHER_TOOL])
    message = Client().chat(**asked).message
    call = message.tool_calls[0].function
    told = {"role": "tool", "tool_name": call.name, "content": weather(**call.arguments)}
    asked["messages"] += [message, told]
    return str(Client().chat(**asked).message.content).strip()


def _vectors(dimensions: int | None = None) -> str:
    answer = Client().embed(model=_READER, input=["a", "a bee"], dimensions=dimensions)
    lengths = {round(math.hypot(*vector), 3) for vector in answer.embeddings}
    (length,), (size,) = lengths, {len(vector) for vector in answer.embeddings}
    return f"{len(answer.embeddings)} of {size} numbers, of length {length:g}"


def _old_vector() -> str:
    old = Client().embeddings(model=_READER, prompt="a bee").embedding
    new = Client().embed(model=_READER, input="a bee").embeddings[0]
    return "the same" if max(abs(a - b) for a, b in zip(old, new, strict=True)) < 1e-3 else "others"


def _listed() -> str:
    return ", ".join(str(model.model) for model in Client().list().models)


def _answered_by_each() -> str:
    """Each name of the list is one to ask for, and so is that without a tag."""
    names = [str(model.model) for model in Client().list().models]
    names += [name.removesuffix(":latest") for name in names]
    return " / ".join(_answer(model=name, options={"num_predict": 1}) for name in names)


def _running() -> str:
    return ", ".join(
        f"{model.model} with room for {model.context_length}" for model in Client().ps().models
    )


def _shown(model: str = "minillama") -> str:
    told = Client().show(model)
    context = told.modelinfo[f"{told.details.family}.context_length"]
    return f"{told.details.format} of {context} tokens that can {told.capabilities[0]}"


def _pulled() -> str:
    statuses = [line.status for line in Client().pull(_FETCHED, stream=True)]
    assert statuses[0] == "pulling manifest", statuses
    far = {status for status in statuses[1:-1] if status.startswith("pulling ")}
    assert len(far) == 1, statuses
    return str(statuses[-1])


def _pulled_at_once() -> str:
    return str(Client().pull(_FETCHED).status)


def _thought_of(**fields: Any) -> str:
    model = f"file:{os.environ['MODELS']}/smollm2-always-thinking.gguf"
    pieces = list(
        Client().chat(
            **_chat("What is the capital of France?", model, stream=True, **fields),
        )
    )
    thinking = "".join(piece.message.thinking or "" for piece in pieces)
    content = "".join(piece.message.content or "" for piece in pieces)
    assert "think>" not in thinking + content, pieces
    return "a thought" if thinking.strip() else "no thought"


def _left() -> str:
    stream = Client().chat(**_chat(model=ENDLESS, stream=True))
    read = zip(range(5), stream, strict=False)
    count = len(list(read))
    stream.close()
    return f"{count} pieces"


if __name__ == "__main__":
    serve(
        {
            "an answer": _answer,
            "an answer in pieces": _streamed,
            "an answer in pieces, side by side with other work": _asynchronous,
            "the count of its tokens": _counted,
            "at most 3 tokens": _cut,
            'an answer that stops before "help"': lambda: _answer(options={"stop": ["help"]}),
            "the two likeliest first tokens": _likeliest,
            "any JSON object": lambda: type(json.loads(_answer(format="json"))).__name__,
            "an answer in the form of a class": _mood,
            "an answer in more context than there is": lambda: _answer(options={"num_ctx": 99999}),
            "an answer with tools that it was not taught": lambda: _answer(tools=[WEATHER_TOOL]),
            "an answer to a prompt": _generated,
            "an answer to a prompt, in pieces": _generated_in_pieces,
            "a text to go on with": lambda: _generated(
                prompt="Once upon", raw=True, options={**_OPTIONS, "num_predict": 2}
            ),
            "that a model be loaded": _loaded,
            "how long it stays loaded": lambda: _stays(None),
            "that it stay for an hour": lambda: _stays("1h"),
            "that it stay for ever": lambda: _stays(-1),
            "how long the one stays that is loaded": _is_to_stay,
            "that a model be unloaded for all": _unloaded_by_a_key,
            "how long it stays, behind somebody who said an hour": _said_before,
            "an answer and no more": _answered_and_gone,
            "ten answers, each and no more": _each_and_no_more,
            "that a model be unloaded": _unloaded,
            "that a model be unloaded that somebody uses": _unloaded_in_use,
            "a call that the model decides on": lambda: _call_of([_called()]),
            "a call that the model decides on, in pieces": lambda: _call_of(_called(stream=True)),
            "what it says of the answer to its call": _told_of_call,
            "vectors of several texts": _vectors,
            "vectors of 8 numbers": lambda: _vectors(8),
            "a vector as older programs do": _old_vector,
            "the models": _listed,
            "a token of each model in the list": _answered_by_each,
            "what is loaded": _running,
            "what a model is": _shown,
            "that a model be fetched": _pulled,
            "the same, told in the end": _pulled_at_once,
            "an answer of the model that was fetched": lambda: _answer(model=_FETCHED),
            "an answer of hf.co": lambda: _answer(model=f"hf.co/{_FETCHED}"),
            "an answer, with another key": lambda: str(
                Client(headers={"Authorization": "Bearer nobody"}).chat(**_chat())
            ),
            "an answer to a text that is too long": lambda: _answer(text=TOO_LONG),
            "an answer of a model of somebody else": lambda: _answer(model="llama3.2"),
            "a model of somebody else": lambda: _shown("llama3.2"),
            "that a model of somebody else be fetched": lambda: str(Client().pull("llama3.2")),
            "an option that nobody knows": lambda: _answer(options={"bees": 3}),
            "an option that cannot be had": lambda: _answer(options={"rope_frequency_scale": 2}),
            "more heat than there is": lambda: _answer(options={"temperature": 9}),
            "what is in a picture": lambda: str(
                Client().chat("minillama", [{"role": "user", "content": HELLO, "images": ["YWJj"]}])
            ),
            "what is between two texts": lambda: _generated(suffix="end"),
            "what a model thinks": _thought_of,
            "an answer without a thought": lambda: _thought_of(think=False),
            "an endless answer, which it leaves": _left,
        }
    )
