"""What a request may cost, asked in this process: no engine and no model are needed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from rbee.http.board import Over, too_many
from rbee.http.bodies import LargeBodies
from rbee.http.events import Event, EventLog
from rbee.queen.front.streaming import Silence
from rbee.queen.inference import longest_answer
from rbee.queen.jobs import Job, JobBoard
from rbee.queen.openai.errors import failed
from rbee.queen.openai.handlers import Writer
from rbee.queen.openai.mapping import Chat, Form, Identity, Text
from rbee.queen.openai.requests import ChatRequest, CompletionRequest
from rbee.wire import sse
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import decode, encode
from rbee.wire.messages.events import (
    Done,
    Likelihood,
    Progress,
    Token,
    TokenLikelihood,
    Vector,
)
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.narration import Narration
from rbee.wire.settings import Settings
from rbee.worker.engines.conversation import marks_of_turns, too_many_marks
from rbee.worker.engines.engine_schemas import check_cost
from rbee.worker.engines.json_grammar import grammar_of

#: How long the answer to a form may take, be it a grammar or a refusal (seconds of this thread).
LIMIT_S = 0.5

Schema = dict[str, Any]


class FormCost(NamedTuple):
    """What becomes of a form: where it is refused and why (empty: it is taken), and after how
    many seconds of computing."""

    path: str
    why: str
    seconds: float


def _object(properties: Schema, *required: str, **more: Any) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required), **more}


def _nested(times: int, around: Callable[[Schema], Schema]) -> Schema:
    schema: Schema = {"type": "string"}
    for _ in range(times):
        schema = around(schema)
    return schema


def _strings(count: int, longest: int, needed: bool = True) -> Schema:
    names = [f"p{number}" for number in range(count)]
    return _object(
        {name: {"type": "string", "maxLength": longest} for name in names},
        *(names if needed else ()),
    )


_TYPES = ["object", "array", "string", "number", "integer", "boolean", "null"]
_NODE = {"$ref": "#/$defs/node"}


def _recursive(*alternatives: Schema) -> Schema:
    return {"$defs": {"node": {"anyOf": list(alternatives)}}, **_NODE}


def _kinds(count: int) -> Schema:
    kinds = [
        _object({"kind": {"const": f"kind {number}"}, "size": {"type": "integer"}}, "kind")
        for number in range(count)
    ]
    return {"anyOf": kinds}


def _one(number: int) -> Schema:
    return _object({f"p{number}": {"type": "integer"}})


_FORMS: dict[str, Schema] = {
    "a type that is called as a keyword": {"type": "const"},
    "ten-fold type lists 30 deep": _nested(
        30, lambda inner: {"type": ["object"] * 10, "properties": {"a": inner}}
    ),
    "seven-fold type lists 15 deep": _nested(
        15, lambda inner: {"type": _TYPES, "properties": {"a": inner}, "items": inner}
    ),
    "alternatives in pairs 30 deep": _nested(30, lambda inner: {"anyOf": [inner, inner]}),
    "20,000 values": {"enum": [f"value {number}" for number in range(20_000)]},
    "1,000 values": {"enum": [f"value {number}" for number in range(1000)]},
    "500 values that begin differently": {"enum": [chr(0x4E00 + each) for each in range(500)]},
    "4,000 bounded strings": _strings(4000, 100),
    "900 strings of up to 500": _strings(900, 500),
    "900 strings of up to 20": _strings(900, 20),
    "200 properties that may be left out": _strings(200, 20, needed=False),
    "100 properties that may be left out": _strings(100, 20, needed=False),
    "a list of up to a million": {"type": "array", "maxItems": 1_000_000},
    "a list of lists of lists of up to 100": _nested(
        3, lambda inner: {"type": "array", "maxItems": 100, "items": inner}
    ),
    "objects 40 deep": _nested(40, lambda inner: _object({"a": inner}, "a")),
    "a name of a million letters": _object({"a" * 1_000_000: {"type": "string"}}),
    "100 kinds of objects with a kind each": _kinds(100),
    "200 kinds of objects with a kind each": _kinds(200),
    "a tree of two kinds that nothing tells apart": _recursive(
        _object({"left": _NODE, "note": {"type": "string"}}),
        _object({"left": _NODE, "size": {"type": "integer"}}),
    ),
    "a tree of two kinds that begin with their kind": _recursive(
        _object({"kind": {"const": "sum"}, "left": _NODE, "right": _NODE}, "kind"),
        _object({"kind": {"const": "leaf"}, "size": {"type": "integer"}}, "kind"),
    ),
    "a list that ends with null": _recursive(
        _object({"value": {"type": "string"}, "next": _NODE}, "value", "next"), {"type": "null"}
    ),
    "a hundred pairs of objects, one of each pair": {
        "allOf": [{"anyOf": [_one(2 * each), _one(2 * each + 1)]} for each in range(100)]
    },
    "50 objects of which one alone fits": {"oneOf": [_one(each) for each in range(50)]},
    "what depends on each of 20 names": {
        "dependentRequired": {f"a{each}": [f"b{each}"] for each in range(20)}
    },
    "2,000 properties of which half may be there": {
        "properties": {f"p{each}": {} for each in range(2000)},
        "maxProperties": 1000,
    },
    "a list of 1,500 with so many numbers": {
        "type": "array",
        "minItems": 1500,
        "contains": {"type": "integer"},
        "minContains": 500,
        "maxContains": 600,
    },
    "another list than one of 3,000": {"not": {"const": list(range(3000))}},
    "a pattern of a million letters": {"type": "string", "pattern": "^a{1000000}$"},
    "a pattern whose automaton is exponential": {"pattern": "^(a|b)*a(a|b){20}$"},
    "a pattern that repeats what repeats": {"pattern": "^(((a{1,50}){1,50}){1,50}){1,50}$"},
    "a multiple of a large number": {"type": "integer", "multipleOf": 123_456_789},
    "an object that contains itself": _object({"a": {"$ref": "#"}}, "a"),
    "3,000 names that lead to the next one": {
        "$defs": {f"d{each}": {"$ref": f"#/$defs/d{each + 1}"} for each in range(3000)},
        "$ref": "#/$defs/d0",
    },
    "three links of up to 2,083 characters": _object(
        {name: {"type": "string", "format": "uri", "maxLength": 2083} for name in "abc"}, "a"
    ),
    "a password of four kinds of characters": {
        "type": "string",
        "pattern": r"^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[@$!%*?&])[A-Za-z\d@$!%*?&]{8,20}$",
    },
    "a text of up to 2,100 letters": {"type": "string", "pattern": "^[a-z ]+$", "maxLength": 2100},
    "a name for itself": {"$ref": "#"},
    "names that lead to one another": _recursive(_NODE, {"type": "string"}),
}


def form(name: str) -> Schema:
    """A form by its name."""
    return _FORMS[name]


def of_form(form: str) -> FormCost:
    """What becomes of a form that an answer is to have."""
    return _judged(lambda: grammar_of(_FORMS[form]))


def of_arguments(form: str) -> FormCost:
    """What becomes of a form that the arguments of a call have, where the engine enforces it."""
    return _judged(lambda: check_cost(_FORMS[form], "$"))


def _judged(judge: Callable[[], object]) -> FormCost:
    began = time.thread_time()
    try:
        judge()
    except RbeeError as error:
        assert error.code == "invalid_request", error.code
        taken = time.thread_time() - began
        return FormCost(str(error.details.get("path", "$")), error.message, taken)
    return FormCost("", "", time.thread_time() - began)


class StoriesKept(NamedTuple):
    """Jobs that are over at a queen who keeps `most` bytes of what they told."""

    board: JobBoard
    most: int


def jobs_done(count: int, size: int, asked: int, most: int) -> StoriesKept:
    """That many jobs have told `size` bytes each, of prompts of `asked` bytes; `most` are kept."""

    async def work() -> StoriesKept:
        board = JobBoard(10 * count, 3600.0, most, 2**40)
        text = "word " * 200
        for _ in range(count):
            job = Job(JobRequest(model_ref="minillama", prompt="x" * asked))
            board.add(job)
            for index in range(size // len(text)):
                job.emit("token", Token(text, index))
            job.succeed(Done())
        return StoriesKept(board, most)

    return asyncio.run(work())


def bytes_kept(told: StoriesKept) -> int:
    """Of all these jobs, of what they told and of what they were asked."""
    return sum(job.events.size + len(encode(job.request)) for job in told.board.newest_first())


def events_of(told: StoriesKept, number: int) -> list[sse.Frame]:
    """What job `number`, from 1 on (-1 is the last), tells who asks for it now."""
    job = told.board.newest_first()[::-1][number - 1 if number > 0 else number]
    return frames_of(job.events)


def let_go(sizes: str, most: int) -> str:
    """Which stories go, of ones with these sizes, oldest first: "a 5, b 7 (read)"."""
    over = []
    for word in sizes.split(", "):
        name, size, *read = word.split()
        over.append(Over(name, int(size), bool(read)))
    return ", ".join(too_many(over, most))


def story_of(progress: int, lines: int) -> EventLog:
    """What is kept of a download that told so often how far it was, and so many lines between."""

    async def work() -> EventLog:
        events = EventLog()
        for number in range(progress):
            events.emit("progress", Progress("download", number, progress))
            if number % (progress // lines) == 0:
                events.emit("narration", {"actor": "hive", "action": "x", "human": "on its way"})
        return events

    return asyncio.run(work())


def frames_of(events: EventLog) -> list[sse.Frame]:
    """All that a reader gets who comes now."""
    frames, at = [], 0
    reader = sse.FrameReader()
    while pending := events.after(at):
        at = pending[-1][0]
        for number, event in pending:
            frames += reader.feed(event.encoded(number))
    return frames


def assert_thinned_out(events: EventLog, lines: int, most: int) -> None:
    """All lines are kept and the newest progress, numbered in order, in `most` bytes."""
    assert events.size < most, events.size
    frames = frames_of(events)
    told = [frame for frame in frames if frame.event == "narration"]
    assert len(told) == lines and frames[-1].event == "progress", len(told)
    numbers = [int(frame.id) for frame in frames]
    assert numbers == sorted(numbers), numbers


_SAID = {"role": "user", "content": "hello"}
_CALL = {"id": "c", "function": {"name": "f", "arguments": "{}"}}
#: What a chat request has so many of.
_SO_MANY: dict[str, Callable[[int], Schema]] = {
    "messages": lambda count: {"messages": [_SAID] * count},
    "functions": lambda count: {
        "tools": [
            {"type": "function", "function": {"name": f"f{number}"}} for number in range(count)
        ]
    },
    "calls in one message": lambda count: {
        "messages": [{"role": "assistant", "tool_calls": [_CALL] * count}, _SAID]
    },
    "words to stop at": lambda count: {"stop": ["word"] * count},
    "letters in a word to stop at": lambda count: {"stop": "w" * count},
    "tokens weighed": lambda count: {"logit_bias": {str(number): 1 for number in range(count)}},
    "answers": lambda count: {"n": count},
    "values for the template": lambda count: {
        "chat_template_kwargs": {f"v{number}": 1 for number in range(count)}
    },
    "for a seed": lambda count: {"seed": count},
    "of the likeliest tokens": lambda count: {"top_k": count},
    "prompts": lambda count: {"prompt": ["hello"] * count},
    "answers to each of 16 prompts": lambda count: {"prompt": ["hello"] * 16, "n": count},
}


def field_refused(count: int, what: str) -> str:
    """The field by which a request is refused that has so much of this; empty: it is not."""
    asked = {"model": "minillama", **_SO_MANY[what](count)}
    form: Form
    try:
        if "prompt" in asked:
            form = Text(decode(encode(asked), CompletionRequest))
        else:
            form = Chat(decode(encode({"messages": [_SAID], **asked}), ChatRequest))
        form.jobs()
    except RbeeError as error:
        return str(failed(error).error.param)
    return ""


def marks_refused(count: int, mark: str, context: int) -> bool:
    """Whether a text of so many marks of turns is refused before it is read."""
    return bool(too_many_marks([mark * count], marks_of_turns(f"{{{{ '{mark}' }}}}"), context))


_TOLD_APART = [
    *(1, 10, 100, -1, 1.5, None, True, False, {"x": 1}, [1, 2]),
    *(
        "",
        "a",
        "ab",
        "abc",
        'a"b',
        "a\\b",
        "é",
        "éa",
        "日本",
        "日",
        "a\nb",
        "a\0b",
        '{"x":',
        "a|b",
        " ",
    ),
]
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\|)|(\w+)')


def values_held_to() -> tuple[list[str], list[str]]:
    """The texts that a grammar of values lets through, and those of the values themselves."""
    lines = grammar_of({"enum": _TOLD_APART}).split("\n")
    rules = dict(line.split(" ::= ", 1) for line in lines)

    def texts(body: str) -> list[str]:
        found: list[str] = []
        so_far = [""]
        for word in _WORD.finditer(body):
            if word[2]:
                found += so_far
                so_far = [""]
                continue
            more = texts(rules[word[3]]) if word[3] else [re.sub(r"\\(.)", r"\1", word[1])]
            so_far = [before + after for before in so_far for after in more]
        return found + so_far

    return sorted(texts(rules["root"])), sorted(
        json.dumps(v, ensure_ascii=False) for v in _TOLD_APART
    )


def jobs_taken(count: int, size: int, most: int) -> tuple[int, str]:
    """How many of so many jobs of `size` bytes each are taken in where `most` bytes are kept, and
    what the next one is told; one of the first is over then, and another one comes."""

    async def work() -> tuple[int, str]:
        board = JobBoard(1024, 3600.0, 2**20, most)
        taken: list[Job] = []
        told = ""
        for _ in range(count):
            job = Job(JobRequest(model_ref="minillama", prompt="x" * size))
            try:
                board.require_room(job)
            except RbeeError as error:
                told = error.code
            else:
                board.add(job)
                taken.append(job)
        taken[0].succeed(Done())
        board.require_room(taken[0])
        return len(taken), told

    return asyncio.run(work())


def asked(what: str) -> JobRequest:
    """A prompt with what else is said of it, or so many texts of which vectors are wanted."""
    numbers = [int(word) for word in what.split() if word.isdigit()]
    if what.startswith("the vectors of"):
        return JobRequest(model_ref="minillama", inputs=["a text"] * numbers[0])
    job = JobRequest(model_ref="minillama", prompt="hello")
    if "likeliest" in what:
        job.logprobs = numbers[0]
    elif numbers:
        job.max_tokens = numbers[0]
    return job


def most_told(job: JobRequest, context: int) -> int:
    """What a worker with this context may tell as the answer (bytes)."""
    return longest_answer(job, len(encode(job)), context)


def told_of_one(job: JobRequest) -> int:
    """The bytes of a long token, or of a long vector, as it is told."""
    log = EventLog()
    if job.inputs is not None:
        log.emit("vector", Vector(2047, bytes(8192 * 4)))
        return log.size
    text = " " * 64
    likely = Likelihood(token=text[:16], logprob=-12.3456789, bytes=[226] * 16)
    drawn = TokenLikelihood(
        token=text, logprob=-12.3456789, top_logprobs=[likely] * (job.logprobs or 0)
    )
    log.emit("token", Token(text, 100_000, logprobs=[] if job.logprobs is None else [drawn]))
    return log.size


class Arrivals:
    """Bodies that come at once at a daemon: how many of the large ones it takes."""

    def __init__(self) -> None:
        self._bodies = LargeBodies()
        self.taken: list[int] = []

    def come(self, count: int, size: int) -> int:
        """So many more come, each of `size` bytes; returns how many are taken."""
        before = len(self.taken)
        for _ in range(count):
            with contextlib.suppress(RbeeError):
                self.taken.append(self._bodies.grow(0, size))
        return len(self.taken) - before

    def are_whole(self) -> None:
        """All that were taken are read."""
        for size in self.taken:
            self._bodies.let_go(size)
        self.taken.clear()


def remarks(seconds: int, *, narrated: bool) -> int:
    """How many lines without data a stream has that waits so long for its first token, with a
    line of narration each second or none; each may stand for itself, and none is blank."""
    chat = Chat(decode(encode({"model": "minillama", "messages": [_SAID]}), ChatRequest))
    writer = Writer(chat, Identity("chatcmpl-1", 0, "minillama"), None)
    silence = Silence(0, Settings().stream_patience, Settings().stream_comment)
    told = b""
    for second in range(seconds):
        if narrated:
            line = Narration(actor="hive", action="model.percent", human=f"{second} read")
            writer.take(0, Event("narration", line, 0))
        if said := silence.filled(second, writer.wait):
            silence.ends(second)
        told += b"".join(said)
    assert b"\n\n" not in told and told.startswith(b": "), told
    return told.count(b"\n")
