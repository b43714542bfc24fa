"""Programs that speak OpenAI's API with its own client, pointed at the queen.

The client is imported where it is used: most scenarios can do without its weight.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import functools
import itertools
import json
import math
import re
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from fixtures.hub.models import minibert_tokens
from harness.clients import WEATHER_TOOL
from harness.programs import token_clients
from harness.rig import client as plain
from harness.rig import swarm
from harness.rig.cluster import Cluster
from harness.rig.overhearing import Exchange, Overhearing

if TYPE_CHECKING:
    from openai import OpenAI

#: How far apart two vectors of one text may be.
_ROUNDED = 1e-3
#: A model that reads texts and writes none.
_READER = "author/minibert"
#: More programs than a queen of the scenarios takes.
_CROWD = 5
_HELLO: list[Any] = [{"role": "user", "content": "hello"}]
_STORY: list[Any] = [{"role": "user", "content": "tell me a story"}]
_WEATHER: list[Any] = [WEATHER_TOOL]
_OTHER: list[Any] = [{"type": "function", "function": {"name": "time", "parameters": {}}}]
_PROGRAM = """
import openai
answer = openai.OpenAI().chat.completions.create(
    model="minillama", temperature=0, messages=[{"role": "user", "content": "hello"}]
)
print(answer.choices[0].message.content)
"""


def write_program(cluster: Cluster, name: str) -> None:
    """A program that finds its server in the environment, as OpenAI's client does."""
    (cluster.work / name).write_text(_PROGRAM)


def asked_each(cluster: Cluster, names: Sequence[str]) -> list[str]:
    """What the programs of these names get, each in a few words."""
    openai = _client(cluster)
    return [_ASKED[name](openai) for name in names]


def assert_answers(answers: Sequence[str], rows: Sequence[Any]) -> None:
    """Each program got what its row says."""
    expected = {row["asked for"]: row["got"] for row in rows}
    assert dict(zip(expected, answers, strict=True)) == expected, answers


def refused_each(cluster: Cluster, names: Sequence[str]) -> list[Exchange]:
    """What the queen sends to programs that get something wrong, each at once; each fails by it.

    The client may try three times, as it does by itself for errors that may pass.
    """
    refused = []
    with _overheard(cluster) as (heard, openai):
        patient = openai.with_options(max_retries=2)
        for name in names:
            assert not _succeeds(functools.partial(_WRONG[name], patient)), f"{name} was answered"
            sent = heard.news()
            assert len(sent) == 1, f"{name} was tried {len(sent)} times"
            refused += sent
    return refused


def assert_refused(sent: Sequence[Exchange], rows: Sequence[Any]) -> None:
    """Each was sent what its row tells: status, code and the field that it is about."""
    told = []
    for one in sent:
        error = json.loads(one.body)["error"]
        told.append((str(one.status), error["code"], error["param"] or ""))
    assert told == [(row["status"], row["code"], row["about"]) for row in rows], told


def stream_of(cluster: Cluster, model: str, at_most: int | None = None) -> list[str]:
    """The lines of a streamed answer as they come; the program leaves after `at_most` of text."""
    told = []
    asked = _client(cluster).chat.completions.with_streaming_response
    with asked.create(**_chat(model=model, stream=True)) as response:
        for line in response.iter_lines():
            told.append(line)
            if at_most is not None and sum('"content"' in one for one in told) >= at_most:
                break
    return told


def assert_whole_events(lines: Sequence[str]) -> None:
    """Each blank line of a stream ends an event: some clients take it for one in any case."""
    blank = [number for number, line in enumerate(lines) if not line]
    assert blank, lines
    assert all(lines[number - 1].startswith("data: ") for number in blank), lines


def tried_again(cluster: Cluster, model: str) -> list[int]:
    """The statuses that a program is answered with that tries again by itself, one by one.

    Others read stories until it is sent away, and leave then.
    """
    import openai

    client = _client(cluster)
    # Else nobody knows how long an answer takes.
    client.chat.completions.create(**_chat(model=model, max_tokens=1))
    stories: list[Any] = []
    with contextlib.suppress(openai.RateLimitError):
        while len(stories) < _CROWD:
            stories.append(client.chat.completions.create(**_chat(model=model, stream=True)))
    statuses = []

    def note(response: Any) -> None:
        statuses.append(response.status_code)
        while stories:
            stories.pop().close()

    patient = client.with_options(
        max_retries=5, http_client=openai.DefaultHttpxClient(event_hooks={"response": [note]})
    )
    patient.chat.completions.create(**_chat(model=model, max_tokens=1))
    return statuses


def assert_tried_again(statuses: Sequence[int]) -> None:
    """It was sent away, and was answered in the end."""
    *before, last = statuses
    assert set(before) == {429}, statuses
    assert last == 200, statuses


def event_after_kill(cluster: Cluster, model: str) -> Any:
    """The last event of a stream whose worker is killed after some pieces; the program fails."""
    with _overheard(cluster) as (heard, openai):

        def read() -> None:
            stream = openai.chat.completions.create(**_chat(model=model, stream=True))
            for count, _piece in enumerate(stream):
                if count == 5:
                    swarm.kill_newest(cluster, "worker")

        assert not _succeeds(read), "the stream ended well"
        (one,) = heard.news()
    *_, last = [line for line in one.body.decode().splitlines() if line.startswith("data: ")]
    return json.loads(last.removeprefix("data: "))


def assert_waited(lines: Sequence[str], narration: str) -> None:
    """Remarks come before the answer, this line of narration among them; it is then told whole."""
    events = [line for line in lines if line and not line.startswith(":")]
    before = lines[: lines.index(events[0])]
    assert f": {narration}" in before, before
    assert events[-1] == "data: [DONE]", events
    pieces = [json.loads(line.removeprefix("data: ")) for line in events[:-1]]
    text = "".join(one["choices"][0]["delta"].get("content", "") for one in pieces)
    assert text == " Hello! How can I help you today?", text


def ask_paths_from_page(
    cluster: Cluster, origin: str, paths: Sequence[str]
) -> list[list[plain.Answer]]:
    """What a browser asks for a page of another origin, for each of these: whether it may, and then
    for an answer, of nothing."""
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    return [
        [
            cluster.http("OPTIONS", "queen", path, token=None, headers=asked),
            cluster.http("POST", "queen", path, {}, headers={"Origin": origin}),
        ]
        for path in paths
    ]


def assert_read(answers: Sequence[Sequence[plain.Answer]], origin: str) -> None:
    """The browser gives the page what is wrong with each of its requests."""
    for may, wrong in answers:
        assert may.status == 204 and wrong.status == 400, (may, wrong)
        for answer in (may, wrong):
            assert answer.headers["access-control-allow-origin"] == origin, answer


def ask_from_page(cluster: Cluster, origin: str) -> list[plain.Answer]:
    """What a browser asks for a page of another origin: whether it may, and then for the models."""
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    path = "/v1/models"
    return [
        cluster.http("OPTIONS", "queen", path, token=None, headers=asked),
        cluster.http("GET", "queen", path, headers={"Origin": origin}),
    ]


def assert_let_in(answers: Sequence[plain.Answer], origin: str) -> None:
    """The browser gives the page what it asked for: both answers name its origin."""
    may, models = answers
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == origin, answer
    assert "authorization" in may.headers["access-control-allow-headers"].lower(), may
    assert models.json()["object"] == "list", models


def assert_kept_out(answers: Sequence[plain.Answer]) -> None:
    """The browser keeps the answer from the page: no answer names an origin."""
    for answer in answers:
        assert not [name for name in answer.headers if name.startswith("access-control")], answer


def assert_error(answer: plain.Answer, status: int, code: str) -> None:
    """An error in OpenAI's one form."""
    assert answer.status == status, answer
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}, error
    assert error["code"] == code, error
    assert error["message"], error


def assert_errors(answers: Sequence[plain.Answer], rows: Sequence[Any]) -> None:
    """Each answer is the error that its row tells, and says whether to try again."""
    assert len(answers) == len(rows) > 0
    for answer, row in zip(answers, rows, strict=True):
        assert_error(answer, int(row["status"]), row["code"])
        error = answer.json()["error"]
        assert error["type"] == row["type"], error
        assert (error["param"] or "") == row["param"], error
        assert answer.headers["x-should-retry"] == row["again"], answer


def assert_describes(answer: plain.Answer, rows: Sequence[Any]) -> None:
    """An OpenAPI document with these routes, their bodies by name, and no reference to nothing."""
    document = answer.json()
    assert document["openapi"].startswith("3.1."), answer
    schemas = document["components"]["schemas"]
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', answer.text))
    assert named <= set(schemas), named - set(schemas)
    for row in rows:
        method, path = row["route"].split()
        told = document["paths"][path][method.lower()]
        body = told.get("requestBody", {"content": {"application/json": {"schema": {}}}})
        schema = body["content"]["application/json"]["schema"]
        assert schema.get("$ref", "").rpartition("/")[2] == row["body"], told


def assert_stream(answer: plain.Answer, expected: str) -> None:
    """The lines of a stream, which has no remarks; <id> and <time> are the same everywhere."""
    assert answer.headers["content-type"] == "text/event-stream", answer
    assert_whole_events(answer.text.splitlines())
    lines = [line for line in answer.text.splitlines() if line]
    first = json.loads(lines[0].removeprefix("data: "))
    expected = expected.replace("<id>", first["id"]).replace("<time>", str(first["created"]))
    assert lines == expected.splitlines(), answer.text


def _client(cluster: Cluster, port: int = 0) -> OpenAI:
    import openai

    url = f"http://127.0.0.1:{port or cluster.ports.queen}/v1"
    return openai.OpenAI(base_url=url, api_key=cluster.token, max_retries=0)


@contextlib.contextmanager
def _overheard(cluster: Cluster) -> Iterator[tuple[Overhearing, OpenAI]]:
    """A client whose way to the queen is one on which it is heard what she sends."""
    heard = Overhearing(cluster.ports.queen)
    try:
        with _client(cluster, heard.port) as openai:
            yield heard, openai
    finally:
        heard.close()


def _succeeds(ask: Callable[[], object]) -> bool:
    """Whether the client brings it to a good end; how it fails is its own affair."""
    import openai

    try:
        ask()
    except openai.OpenAIError:
        return False
    return True


def _chat(**fields: Any) -> dict[str, Any]:
    return {"model": "minillama", "messages": _HELLO, "temperature": 0, **fields}


def _text(answer: Any) -> str:
    return str(answer.choices[0].message.content).strip()


def _whole(**fields: Any) -> Callable[[Any], str]:
    return lambda openai: _text(openai.chat.completions.create(**_chat(**fields)))


def _warning(**fields: Any) -> Callable[[Any], str]:
    def ask(openai: Any) -> str:
        answer = openai.chat.completions.with_raw_response.create(**_chat(**fields))
        return str(answer.headers.get("x-rbee-warning", "none")).partition(":")[0]

    return ask


def _streamed(openai: Any) -> str:
    pieces = list(openai.chat.completions.create(**_chat(stream=True)))
    assert len(pieces) > 5, pieces
    assert pieces[-1].choices[0].finish_reason == "stop", pieces
    return "".join(piece.choices[0].delta.content or "" for piece in pieces).strip()


def _asynchronous(openai: Any) -> str:
    async def ask() -> str:
        from openai import AsyncOpenAI

        async with AsyncOpenAI(base_url=openai.base_url, api_key=openai.api_key) as apart:
            texts = []
            async for piece in await apart.chat.completions.create(**_chat(stream=True)):
                texts.append(piece.choices[0].delta.content or "")
        return "".join(texts).strip()

    return asyncio.run(ask())


def _counted(openai: Any) -> str:
    asked = _chat(stream=True, stream_options={"include_usage": True})
    *_, last = openai.chat.completions.create(**asked)
    assert last.usage.total_tokens == last.usage.prompt_tokens + last.usage.completion_tokens
    return f"{last.usage.prompt_tokens} read, {last.usage.completion_tokens} written"


def _cut(openai: Any) -> str:
    answer = openai.chat.completions.create(**_chat(max_completion_tokens=3))
    return f"{_text(answer)}, cut by {answer.choices[0].finish_reason}"


def _likely(openai: Any) -> str:
    answer = openai.chat.completions.create(**_chat(logprobs=True, top_logprobs=2, max_tokens=1))
    (token,) = answer.choices[0].logprobs.content
    assert token.logprob > token.top_logprobs[1].logprob, token
    return " before ".join(each.token.strip() for each in token.top_logprobs)


def _several(openai: Any) -> str:
    answer = openai.chat.completions.create(
        **_chat(messages=_STORY, n=2, seed=7, temperature=1, max_tokens=40)
    )
    texts = [choice.message.content for choice in answer.choices]
    again = openai.chat.completions.create(
        **_chat(messages=_STORY, seed=7, temperature=1, max_tokens=40)
    )
    assert again.choices[0].message.content == texts[0], (again, texts)
    return f"{len(set(texts))} different ones"


def _parsed(openai: Any) -> str:
    from pydantic import BaseModel

    class Mood(BaseModel):
        mood: Literal["happy", "sad"]
        reasons: int
        awake: bool | None

    answer = openai.chat.completions.parse(**_chat(response_format=Mood))
    return f"a {type(answer.choices[0].message.parsed).__name__}"


def _anew(openai: Any) -> str:
    """As agents ask for a form once all is said."""
    said = [*_HELLO, {"role": "assistant", "content": "Hello! I am glad."}]
    form = _form({"type": "object", "properties": {"a": {"enum": ["bee"]}}, "required": ["a"]})
    return _whole(messages=said, response_format=form, max_tokens=200)(openai)


def _any_object(openai: Any) -> str:
    text = _whole(response_format={"type": "json_object"})(openai)
    return type(json.loads(text)).__name__


def _called(openai: Any) -> str:
    choice = openai.chat.completions.create(
        **_chat(tools=_WEATHER, tool_choice="required")
    ).choices[0]
    (call,) = choice.message.tool_calls
    assert choice.finish_reason == "tool_calls", choice
    city = json.loads(call.function.arguments)["city"]
    assert city in ("Rome", "Paris"), call
    told = [
        *_HELLO,
        choice.message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": call.id, "content": "sunny"},
    ]
    assert _whole(messages=told, tools=_WEATHER, tool_choice="none")(openai)
    return str(call.function.name)


def _called_in_stream(openai: Any) -> str:
    named = {"type": "function", "function": {"name": "weather"}}
    with openai.chat.completions.stream(**_chat(tools=_WEATHER, tool_choice=named)) as stream:
        stream.until_done()
        (call,) = stream.get_final_completion().choices[0].message.tool_calls
    return str(call.function.name)


def _gone_on(openai: Any) -> str:
    answer = openai.completions.create(
        model="minillama", prompt="Once upon", max_tokens=2, temperature=0, echo=True, logprobs=None
    )
    return str(answer.choices[0].text)


def _gone_on_in_stream(openai: Any) -> str:
    pieces = openai.completions.create(
        model="minillama", prompt="Once upon", max_tokens=2, temperature=0, stream=True
    )
    return "".join(piece.choices[0].text for piece in pieces).strip()


def _beyond_its_end(openai: Any) -> str:
    asked = _chat(max_tokens=20, extra_body={"ignore_eos": True, "min_tokens": 20})
    answer = openai.chat.completions.create(**asked)
    cut = answer.choices[0].finish_reason
    return f"{answer.usage.completion_tokens} written, cut by {cut}"


def _of_grammar(openai: Any) -> str:
    """The same in a chat, a text, and by the words of other servers."""
    grammar = 'root ::= ("bee" | "hive") " " [0-9]{2}'
    asked = {"extra_body": {"grammar": grammar, "temperature": 0}}
    answer = _whole(**asked)(openai)
    other = {"extra_body": {"structured_outputs": {"grammar": grammar}}}
    assert re.fullmatch("(bee|hive) [0-9]{2}", answer) and _whole(**other)(openai) == answer
    text = openai.completions.create(model="minillama", prompt="Once", **asked).choices[0].text
    assert re.fullmatch("(bee|hive) [0-9]{2}", text), text
    return answer.partition(" ")[0]


def _offsets(openai: Any) -> str:
    pieces = openai.completions.create(
        model="minillama", prompt="Once upon", max_tokens=4, temperature=0, stream=True, logprobs=1
    )
    told = [piece.choices[0].logprobs for piece in pieces if piece.choices[0].logprobs]
    tokens = [token for one in told for token in one.tokens]
    found = [offset for one in told for offset in one.text_offset]
    ends = list(itertools.accumulate(map(len, tokens), initial=0))
    assert len(found) == 4, found
    return "where those before end" if found == ends[:-1] else str(found)


def _vectors(openai: Any, model: str, asked: Any, **fields: Any) -> list[Any]:
    """The vectors of what is asked, one for each. The client asks for packed ones by itself, and
    unpacks them."""
    answer = openai.embeddings.create(model=model, input=asked, **fields)
    assert [each.index for each in answer.data] == list(range(len(answer.data))), answer
    return [each.embedding for each in answer.data]


def _vector(model: str, **fields: Any) -> Callable[[Any], str]:
    def ask(openai: Any) -> str:
        answer = openai.embeddings.create(model=model, input="hello", **fields)
        (one,) = answer.data
        length = math.hypot(*one.embedding)
        assert answer.usage.total_tokens == answer.usage.prompt_tokens, answer.usage
        read = answer.usage.prompt_tokens
        return f"{len(one.embedding)} numbers of length {length:.3g}, {read} read"

    return ask


def _many_vectors(openai: Any) -> str:
    """Each text is a word and blanks, which are no tokens: much to send, and little to read."""
    return str(len(_vectors(openai, _READER, ["bee" + " " * 1000] * 2048)))


def _vectors_in_order(openai: Any) -> str:
    texts = ["hello", "good bye", "a story", "hello", "the end", "once"]
    together = _vectors(openai, _READER, texts)
    alone = {text: _vectors(openai, _READER, text)[0] for text in texts}
    for text, vector in zip(texts, together, strict=True):
        # Side by side an engine rounds otherwise.
        (near,) = [other for other in alone if math.dist(vector, alone[other]) < _ROUNDED]
        assert near == text, (near, text)
    return "that of each, in their order"


def _vectors_in_numbers(openai: Any) -> str:
    texts = ["hello", "good bye"]
    numbers = _vectors(openai, _READER, texts, encoding_format="float")
    packed = _vectors(openai, _READER, texts, encoding_format="base64")
    assert [base64.b64decode(each) for each in packed] == [
        struct.pack(f"<{len(each)}f", *each) for each in numbers
    ], (packed, numbers)
    return "the same"


def _vector_of_tokens(openai: Any) -> str:
    tokens = minibert_tokens("hello")
    assert _vectors(openai, _READER, tokens) == _vectors(openai, _READER, "hello")
    assert _vectors(openai, _READER, [tokens] * 2) == _vectors(openai, _READER, ["hello"] * 2)
    return "that of their text"


def _refused_text(openai: Any) -> str:
    import openai as package

    try:
        return _whole(model=_READER)(openai)
    except package.APIStatusError as error:
        told = error.response.json()["error"]
        return f"{error.response.status_code} {told['code']} about {told['param']}"


def _listed(openai: Any) -> str:
    (model,) = openai.models.list().data
    assert openai.models.retrieve(model.id) == model
    return f"{model.id} is {model.status} on {model.hives[0]}"


def _embedded(asked: Any, **fields: Any) -> Callable[[Any], Any]:
    return lambda openai: _vectors(openai, "minillama", asked, **fields)


_CALLER = "author/caller-llama"


def _decided(openai: Any) -> str:
    answer = openai.chat.completions.create(**_chat(model=_CALLER, tools=_WEATHER))
    (choice,) = answer.choices
    assert choice.finish_reason == "tool_calls", choice
    (call,) = choice.message.tool_calls
    return f"{call.function.name} of {json.loads(call.function.arguments)['city']}"


def _decided_in_stream(openai: Any) -> str:
    asked = _chat(model=_CALLER, tools=_WEATHER)
    with openai.chat.completions.stream(**asked) as stream:
        stream.until_done()
    (call,) = stream.get_final_completion().choices[0].message.tool_calls
    return f"{call.function.name} of {json.loads(call.function.arguments)['city']}"


def _in_older_words(openai: Any) -> str:
    """As programs ask that were written before there were tools."""
    asked = _chat(model=_CALLER, functions=[_WEATHER[0]["function"]])
    (choice,) = openai.chat.completions.create(**asked).choices
    called = choice.message.function_call
    assert choice.finish_reason == "function_call" and not choice.message.tool_calls, choice
    pieces = [each.choices[0] for each in openai.chat.completions.create(stream=True, **asked)]
    deltas = [each.delta.function_call for each in pieces if each.delta.function_call]
    assert deltas[0].name == called.name and pieces[-1].finish_reason == "function_call", pieces
    assert "".join(each.arguments or "" for each in deltas) == called.arguments, pieces
    told = [
        *_HELLO,
        choice.message.model_dump(exclude_none=True),
        {"role": "function", "name": called.name, "content": "fine"},
    ]
    return _whole(**{**asked, "messages": told})(openai)


def _told_of(openai: Any) -> str:
    asked = _chat(model=_CALLER, tools=_WEATHER)
    called = openai.chat.completions.create(**asked).choices[0].message
    told = {"role": "tool", "tool_call_id": called.tool_calls[0].id, "content": "fine"}
    asked["messages"] = [*asked["messages"], called, told]
    return str(openai.chat.completions.create(**asked).choices[0].message.content)


def _form(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}


_ASKED: dict[str, Callable[[Any], str]] = {
    "an answer": _whole(),
    "an answer in pieces": _streamed,
    "an answer in pieces, side by side with other work": _asynchronous,
    "the count of its tokens": _counted,
    "at most 3 tokens": _cut,
    'an answer that stops before "help"': _whole(stop=["help"]),
    "an answer without its likeliest beginning": _whole(logit_bias={"357": -100}, max_tokens=4),
    "an answer that it has begun": _whole(
        messages=[*_HELLO, {"role": "assistant", "content": "Hello! How"}]
    ),
    "an answer in words of other servers": _whole(
        stop=["", "help"],
        extra_body={"max_tokens": -1, "top_k": -1, "min_p": 0.1, "repetition_penalty": 1.01}
        | {"cache_prompt": False, "keep_alive": "5m", "best_of": 1, "mirostat": 0, "ttl": 5},
    ),
    "20 tokens, where the model would end after 14": _beyond_its_end,
    "the two likeliest first tokens": _likely,
    "two stories at once, drawn from a seed": _several,
    "an answer in the form of a class": _parsed,
    "an answer in a form, behind its last words": _anew,
    "any JSON object": _any_object,
    "a call of some function": _called,
    "a call of one function, in pieces": _called_in_stream,
    "what a caller says where nothing can be called": _whole(model=_CALLER),
    "what a caller says where others can be called": _whole(model=_CALLER, tools=_OTHER),
    "a call that the model decides on": _decided,
    "a call that the model decides on, in pieces": _decided_in_stream,
    "an answer of a grammar": _of_grammar,
    "what it says of a call in older words": _in_older_words,
    "what it says of the answer to its call": _told_of,
    "an answer of a model that knows no tools": _whole(tools=_WEATHER),
    "the warning of such an answer": _warning(tools=_WEATHER),
    "the warning of such an answer, in pieces": _warning(tools=_WEATHER, stream=True),
    "the warning of an answer without tools": _warning(),
    "a text to go on with": _gone_on,
    "a text to go on with, in pieces": _gone_on_in_stream,
    "where each token of it begins, in pieces": _offsets,
    "a vector of a text": _vector(_READER),
    "a vector of the model's own length": _vector(_READER, dimensions=32),
    "a vector of 8 numbers": _vector(_READER, dimensions=8),
    "vectors of several texts": _vectors_in_order,
    "vectors of 2048 texts of 1 kB": _many_vectors,
    "vectors packed, and as numbers": _vectors_in_numbers,
    "a vector of tokens": _vector_of_tokens,
    "an answer of a model that cannot": _refused_text,
    "a vector of a model that chats": _vector("minillama"),
    "the models": _listed,
    **token_clients.ASKED,
}

_WRONG: dict[str, Callable[[Any], Any]] = {
    "with another key": lambda openai: openai.with_options(api_key="nobody's").models.list(),
    "for a model of somebody else": _whole(model="gpt-4o"),
    "for a model that is not known": lambda openai: openai.models.retrieve("author/nothing"),
    "for more heat than there is": _whole(temperature=9),
    "for something that nobody knows": _whole(extra_body={"bees": 1}),
    "for the same in a message": _whole(messages=[{"role": "user", "content": "hello", "bees": 1}]),
    "for a form beside a call": _whole(
        tools=_WEATHER, tool_choice="required", response_format={"type": "json_object"}
    ),
    "about a picture": _whole(
        messages=[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]
    ),
    "for a form that cannot be enforced": _whole(
        response_format=_form({"properties": {"a": {"type": "array", "uniqueItems": True}}})
    ),
    "for a form that nothing has": _whole(
        response_format=_form({"type": "array", "minItems": 5, "maxItems": 2})
    ),
    "for a form that is none": _whole(response_format=_form({"properties": 5})),
    "for a form of too many values": _whole(response_format=_form({"enum": [*range(2000)]})),
    "for a model whose name no disk takes": _whole(model=f"file:/{'bee' * 300}"),
    "for a function that is not there": _whole(
        tools=_WEATHER, tool_choice={"type": "function", "function": {"name": "time"}}
    ),
    "whether to call, of a model that knows no tools": _whole(tools=_WEATHER),
    "about a text that is too long": _whole(messages=[{"role": "user", "content": "bee " * 900}]),
    "the same in pieces": lambda openai: openai.chat.completions.create(
        **_chat(messages=[{"role": "user", "content": "bee " * 900}], stream=True)
    ),
    "for a model that no device has room for": _whole(model="author/colossus"),
    "for any JSON object": _whole(response_format={"type": "json_object"}),
    "for a call": _whole(tools=_WEATHER, tool_choice="required"),
    "how likely its tokens are": _whole(logprobs=True),
    "for a token less": _whole(logit_bias={"357": -100}),
    "for more of a token that is none": _whole(logit_bias={"99999": 5}),
    "for words that are not repeated": _whole(frequency_penalty=1.5),
    "for the same in vLLM's word": _whole(extra_body={"repetition_penalty": 1.5}),
    "for what it has begun to go on": _whole(
        messages=[*_HELLO, {"role": "assistant", "content": "Hello! How"}]
    ),
    "for a vector of too long a text": _embedded("bee " * 900),
    "for a vector of nothing": _embedded(["hello", ""]),
    "for a vector of nobody's tokens": _embedded([99999]),
    "for a longer vector": _embedded("hello", dimensions=700),
    **token_clients.WRONG,
}
