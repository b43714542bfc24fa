"""What reads what strangers send: one function of bytes for each, and what it is given to read.

A judge returns, or raises an `RbeeError`; what else it may raise is told beside it. It asserts what
has to be true of whatever was taken.
"""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from fixtures import hostile
from fixtures.hub.gguf_layout import SCALARS, array, number, text, texts
from rbee.hive.models.choose import choose, quant_sizes
from rbee.hive.models.fit import largest_context, worker_need
from rbee.hive.models.gguf.header import check_size, read_header
from rbee.hive.models.listing import (
    LARGEST_FILE,
    LONGEST_ASKED,
    etag_of,
    is_file_name,
    listing_of,
    pause_of,
    size_of,
    span_of,
    why_not_there,
)
from rbee.hive.models.pooling import batch_of, default_context, pooling_of
from rbee.queen.front.models import model_ref_of
from rbee.queen.openai.mapping import Chat, Text, Vectors
from rbee.queen.openai.ranks import RerankRequest
from rbee.queen.openai.requests import ChatRequest, CompletionRequest, EmbeddingRequest
from rbee.queen.openai.tokens import TokenizeRequest
from rbee.wire import sse
from rbee.wire.errors import ErrorBody, RbeeError
from rbee.wire.messages.basics import LARGEST_CONTEXT, decode, encode
from rbee.wire.messages.events import Done, Progress, Token
from rbee.wire.messages.hives import AddHive, Adopt, Heartbeat
from rbee.wire.messages.inference import InferRequest, Question, ToolFunction
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.messages.keys import AddKey
from rbee.wire.messages.models import ProvisionModel, PullModel
from rbee.wire.messages.workers import ProvisionWorker, StartWorker, WorkerReport
from rbee.wire.model_ref import ModelRef, parse_model_ref
from rbee.wire.narration import Narration
from rbee.wire.settings import Settings, settings_from
from rbee.worker.engines.calls import CallInPieces, functions_for_engine, schema_of_call
from rbee.worker.engines.conversation import messages_of, plain_text_of, stops_of
from rbee.worker.engines.json_grammar import grammar_of


class Target(NamedTuple):
    """One reader: `judge` reads an input in at most `seconds` of CPU and `mebibytes` more of memory
    than an idle process has. `words` mean something to it; `make` draws a whole input."""

    name: str
    judge: Callable[[bytes], object]
    seconds: float
    mebibytes: int
    words: Sequence[str] = ()
    make: Callable[[random.Random], bytes] | None = None
    allowed: tuple[type[Exception], ...] = ()


# --- headers ---------------------------------------------------------------------------------

_MIB = 1024 * 1024
#: As far as a file of nothing but zeros goes on.
_ENDLESS = 2**40
_KEYS = (
    *("general.architecture", "general.name", "general.alignment", "general.file_type"),
    *("split.count", "split.no", "split.tensors.count", "tokenizer.chat_template"),
    *("tokenizer.ggml.tokens", "tokenizer.ggml.merges", "tokenizer.ggml.scores"),
)
_NUMBERED = (
    *("block_count", "context_length", "embedding_length", "feed_forward_length", "vocab_size"),
    *("attention.head_count", "attention.head_count_kv", "attention.key_length", "expert_count"),
    *("attention.value_length", "attention.sliding_window", "attention.sliding_window_pattern"),
    *("attention.causal", "attention.kv_lora_rank", "expert_used_count", "pooling_type"),
    *("expert_feed_forward_length", "full_attention_interval", "ssm.inner_size", "kda.head_dim"),
    *("ssm.state_size", "ssm.conv_kernel", "ssm.group_count", "shortconv.l_cache"),
    *("wkv.head_size", "token_shift_count"),
)
_ARCHITECTURES = ("llama", "bert", "mamba", "rwkv7", "gemma3", "qwen3next", "lfm2", "falcon-h1")
_SIZES = (0, 1, 2, 31, 32, 64, 512, 2047, 2048, 2049, 4096, 2**14, 2**16, 2**20, 2**24, 2**27)
_COUNTS = (*_SIZES, 2**31, 2**32 - 1, -1, -(2**31), 2**63 - 1)


def judge_header(data: bytes) -> None:
    """A file that is these bytes, and where they end in an even one, zeros for ever behind them."""
    endless = bool(data) and data[-1] % 16 == 0

    def read(offset: int, size: int) -> bytes:
        there = data[offset : offset + size]
        return there + bytes(size - len(there)) if endless else there

    header = read_header(read)
    check_size(header, _ENDLESS if endless else len(data), "it")
    context = default_context(header)
    for slots in (1, 4):
        need = worker_need([header], context, slots, on_gpu=slots == 4)
        assert 0 <= need.total < 2**53, need
        encode({"need": need.total, "parts": [need.weights, need.kv, need.compute, need.output]})
    largest_context([header], LARGEST_CONTEXT, lambda need: False, on_gpu=True)
    encode([pooling_of(header), batch_of([header], context), header.quant])


def make_header(draw: random.Random) -> bytes:
    """A header of a random architecture that says random things, of mostly the right types."""
    architecture = draw.choice(_ARCHITECTURES)
    names = (*_KEYS, *(f"{architecture}.{each}" for each in _NUMBERED))
    pairs = [("general.architecture", text(architecture))]
    pairs += [(draw.choice(names), _value(draw)) for _ in range(draw.choice((1, 2, 5, 20)))]
    rows = [_row(draw, each) for each in range(draw.choice((0, 0, 1, 2, 30)))]
    data = hostile.header(pairs, rows)
    return data + bytes(draw.choice((0, 64, 4096)))


def _value(draw: random.Random) -> bytes:
    kind = draw.choice(list(SCALARS))
    way = draw.randrange(10)
    if way == 0:
        return text(draw.choice(("", "x", "llama", "x" * 5000)))
    if way == 1:
        return texts(["x" * draw.randrange(9)] * draw.choice((0, 1, 100)))
    if way == 2:
        return struct.pack("<IIQ", 9, draw.choice((kind, 8, 9, 77)), draw.choice(_SIZES))
    if way < 5:
        items = [struct.pack("<" + SCALARS[kind], _scalar(draw, kind)) for _ in range(3)]
        count = draw.choice((0, 1, 3, 100, 4096))
        return array(kind, (items * count)[:count], count)
    return number(kind, _scalar(draw, kind))


def _scalar(draw: random.Random, kind: int) -> float:
    layout = SCALARS[kind]
    if layout in "fd":
        return draw.choice((0.0, 1.0, -1.0, 1e30, float("nan"), float("inf")))
    if layout == "?":
        return draw.random() < 0.5
    bits = 8 * struct.calcsize("<" + layout)
    value: int = draw.choice(_COUNTS) % 2**bits
    return value - 2**bits if layout.islower() and value >= 2 ** (bits - 1) else value


def _row(draw: random.Random, place: int) -> bytes:
    name = draw.choice((b"output.weight", b"token_embd.weight", b"blk.%d.ffn_gate.weight" % place))
    extents = [draw.choice(_SIZES) for _ in range(draw.choice((1, 2, 2, 3, 8)))]
    return hostile.row(name, extents, draw.choice((0, 1, 2, 12, 77)), draw.choice(_SIZES))


# --- streams ---------------------------------------------------------------------------------

_TOLD: Mapping[str, Any] = {
    "token": Token,
    "done": Done,
    "progress": Progress,
    "error": ErrorBody,
    "narration": Narration,
}


def judge_sse(data: bytes) -> None:
    """A stream that arrives in pieces, the first byte telling how large they are."""
    size, stream = (data[0] or 1, data[1:]) if data else (1, b"")
    reader = sse.FrameReader()
    frames = []
    for at in range(0, len(stream), size):
        frames += reader.feed(stream[at : at + size])
    assert frames == sse.FrameReader().feed(stream), "pieces tell what the whole does not"
    for frame in frames[:50]:
        kind = _TOLD.get(frame.event)
        if kind is not None:
            decode(frame.data, kind)


# --- names -----------------------------------------------------------------------------------


def judge_model_ref(data: bytes) -> None:
    """A reference as somebody types it; the text of one that is taken is that reference again."""
    typed = data.decode("utf-8", "surrogateescape")
    ref = parse_model_ref(typed)
    assert parse_model_ref(str(ref)) == ref, f"{ref!r} is told as {str(ref)!r}"
    assert len(str(ref)) <= len(typed.encode("utf-8", "surrogateescape")) + 3
    model_ref_of(typed)


# --- the hub ---------------------------------------------------------------------------------

_ASKED = (
    ModelRef("hf", "author/model"),
    ModelRef("hf", "author/model", quant="Q4_K_M"),
    ModelRef("hf", "author/model", filename="model-Q4_K_M.gguf"),
)


def judge_hub(data: bytes) -> None:
    """What the hub answers to the question for a repository, and the same as one of its headers."""
    header = data[:200].decode("latin-1")
    pause, size, span = pause_of(header), size_of(header), span_of(header)
    assert pause is None or 0 <= pause <= LONGEST_ASKED, pause
    assert size is None or 0 <= size <= LARGEST_FILE, size
    assert span is None or 0 <= span[0] < span[1] <= LARGEST_FILE, span
    etag_of(header)
    why_not_there("https://hub.invalid", "https://hub.invalid/a", header)
    try:
        listing = listing_of(data)
    except ValueError:
        return
    for ref in _ASKED:
        try:
            choice = choose(listing.files, ref)
        except RbeeError:
            continue
        assert all(is_file_name(file.name) for file in choice.files)
    encode(quant_sizes(listing.files, "author/model"))
    choose(listing.files, _ASKED[0])


def make_listing(draw: random.Random) -> bytes:
    """A listing of files with names as they are seen, and some that are not."""
    words = (
        "Q4_K_M",
        "q4",
        "fp16",
        "model",
        "mmproj",
        "7B",
        "00001-of-00003",
        "imatrix",
        "..",
        "/",
    )
    odd = (0, 1, 10**9, 4 * 10**9, -1, 2**63, 2**64, "12", None, 1.5, 10**30)
    files = []
    for _ in range(draw.choice((1, 2, 5, 40))):
        name = draw.choice("-_./").join(draw.choices(words, k=draw.choice((1, 2, 3, 4))))
        lfs = {"size": 1, "sha256": "a" * 64, "pointerSize": 1}
        files.append(
            {
                "rfilename": f"{name}.gguf",
                "size": draw.choice(odd),
                **({"lfs": lfs} if draw.random() < 0.5 else {"blobId": "b" * 40}),
            }
        )
    commit = draw.choice(("a" * 40, "a" * 64, "../../../..", "", None, 7))
    return json.dumps({"id": "author/model", "sha": commit, "siblings": files}).encode()


# --- settings --------------------------------------------------------------------------------


def judge_settings(data: bytes) -> None:
    """Lines of ``NAME=VALUE`` of an environment, and behind one of ``---`` a config file."""
    environment, _, file = data.decode("utf-8", "surrogateescape").partition("\n---\n")
    pairs = (line.partition("=") for line in environment.split("\n") if "=" in line)
    told = settings_from({name: value for name, _, value in pairs}, file)
    assert all(getattr(told, each) is not None for each in Settings.__struct_fields__)


# --- requests --------------------------------------------------------------------------------

_BODIES: Mapping[str, Any] = {
    kind.__name__: kind
    for kind in (
        *(ChatRequest, CompletionRequest, EmbeddingRequest, JobRequest),
        *(TokenizeRequest, RerankRequest),
        *(InferRequest, StartWorker, AddHive, AddKey),
        *(Heartbeat, WorkerReport, Adopt, PullModel),
        *(ProvisionModel, ProvisionWorker),
    )
}


def judge_body(data: bytes) -> None:
    """A line that names the kind of a request, and its body; what becomes of it can be sent on."""
    name, _, body = data.partition(b"\n")
    asked = decode(body, _BODIES.get(name.decode("utf-8", "replace"), ChatRequest))
    if isinstance(asked, ChatRequest):
        jobs = Chat(asked).jobs()
    elif isinstance(asked, CompletionRequest):
        jobs = Text(asked).jobs()
    elif isinstance(asked, EmbeddingRequest):
        jobs = Vectors(asked).jobs()
    elif isinstance(asked, TokenizeRequest | RerankRequest):
        jobs = [asked.job("HF:a/b")]
    else:
        assert decode(encode(asked), type(asked)) == asked
        return
    for job in jobs[:2]:
        sent = encode(job)
        assert len(sent) < 20 * len(body) + 10_000, f"{len(body)} bytes become {len(sent)}"
        again = decode(sent, JobRequest)
        told = msgspec.convert(
            {key: getattr(again, key) for key in Question.__struct_fields__},
            InferRequest,
        )
        messages_of(told)
        plain_text_of(told)
        stops_of(told, tuned_to_chat=False)


# --- forms of answers ------------------------------------------------------------------------

#: What a grammar may take; the engine parses it before it writes a word (bytes).
_LONGEST_GRAMMAR = 2 * _MIB


def judge_schema(data: bytes) -> None:
    """A JSON schema, for an answer and for the arguments of a call."""
    try:
        schema = msgspec.json.decode(data)
    except (ValueError, RecursionError):
        text = data.decode("utf-8", "replace")
        call = CallInPieces()
        for half in (text[: len(text) // 2], text[len(text) // 2 :]):
            call.take(half)
        call.end()
        return
    if not isinstance(schema, dict):
        return
    called = ToolFunction(name="f", parameters=schema)
    for one in (schema, schema_of_call([called])):
        grammar = grammar_of(one)
        assert len(grammar) <= _LONGEST_GRAMMAR, f"a grammar of {len(grammar)} characters"
        grammar.encode()
    functions_for_engine([called])


_SCHEMA_WORDS = (
    *("$ref", "const", "enum", "allOf", "anyOf", "oneOf", "object", "array", "string", "type"),
    *("properties", "required", "additionalProperties", "items", "minItems", "maxItems"),
    *("minLength", "maxLength", "$defs", "definitions", "#/$defs/a", "#", "#/properties/a"),
    *("integer", "number", "boolean", "null", "any", "title", "description", "pattern", "format"),
    *("not", "if", "then", "else", "contains", "uniqueItems", "prefixItems", "propertyNames"),
    *("minimum", "maximum", "multipleOf", "patternProperties", "dependentRequired", "$id"),
)


_PATTERNS = (
    "^a+$",
    "(a|b)*a(a|b){9}",
    "^(?=.*a)(?=.*b).{3,9}$",
    "a{1000}",
    "^((a?){9}){9}$",
    "\\d|x",
)
_ROOTED: Mapping[int, Callable[[random.Random, Any, int], dict[str, Any]]] = {
    8: lambda draw, inner, many: {"pattern": draw.choice(_PATTERNS), "maxLength": many},
    9: lambda draw, inner, many: {"minimum": draw.choice((0, -1.5)), "maximum": many},
    10: lambda draw, inner, many: {"not": inner},
    11: lambda draw, inner, many: {"if": inner, "then": {"required": ["p0"]}},
    12: lambda draw, inner, many: {"contains": inner, "minContains": many},
    13: lambda draw, inner, many: {"patternProperties": {"^p": inner, "0": {}}},
    14: lambda draw, inner, many: {"multipleOf": draw.choice((7, 0.01, 10**9 + 7)), **inner},
}


def make_schema(draw: random.Random) -> bytes:
    """A schema out of what is understood, nested in itself."""
    return json.dumps(_schema(draw, draw.choice((1, 2, 3, 4)))).encode()


def _schema(draw: random.Random, depth: int) -> dict[str, Any]:
    basic = ("string", "integer", "number", "boolean", "null", "object", "array")
    way = draw.randrange(15) if depth else 0
    inner = [_schema(draw, depth - 1) for _ in range(draw.choice((1, 2, 3)))] if way else []
    many = draw.choice((0, 1, 5, 1000, 10**6, 2**63))
    if way == 0:
        return {"type": draw.choice((draw.choice(basic), list(basic)))}
    if way == 1:
        return {"type": "array", "items": inner[0], "maxItems": many}
    if way == 2:
        return {"type": "string", "minLength": draw.choice((0, 1, many)), "maxLength": many}
    if way == 3:
        return {draw.choice(("anyOf", "oneOf", "allOf")): inner}
    if way == 4:
        return {"$defs": {"a": inner[0]}, "$ref": draw.choice(("#/$defs/a", "#", "#/$defs/b"))}
    if way == 5:
        return {"enum": [draw.choice(("x" * 50, 1, None))] * draw.choice((1, 10, 300))}
    if way == 6:
        return {**inner[0], "type": draw.sample(basic, draw.choice((1, 3, 7)))}
    if way in _ROOTED:
        return _ROOTED[way](draw, inner[0], many)
    names = {f"p{each}": one for each, one in enumerate(inner * draw.choice((1, 1, 20)))}
    return {"type": "object", "properties": names, "required": list(names)[:: draw.choice((1, 2))]}


TARGETS: Mapping[str, Target] = {
    target.name: target
    for target in (
        Target("header", judge_header, 2.0, 48, (*_KEYS, *_NUMBERED), make_header),
        Target(
            "sse",
            judge_sse,
            1.0,
            32,
            ("\n\n", "\r\n", "data: ", "id: ", "event: ", ":", "[DONE]", *_TOLD),
        ),
        Target(
            "model-ref",
            judge_model_ref,
            0.5,
            16,
            ("HF:", "hf:", "file:", "file:///", "minillama", "owner/repo", ":Q4_K_M", "@main"),
        ),
        Target(
            "hub-listing",
            judge_hub,
            1.0,
            48,
            ("rfilename", "size", "lfs", "sha256", "blobId", "sha", "siblings", "gated", ".gguf"),
            make_listing,
        ),
        Target(
            "settings",
            judge_settings,
            0.5,
            16,
            (
                *("RBEE_QUEEN_PORT=", "RBEE_HOME=", "\n---\n", "queen_port = ", "[a]", "a.b = 1"),
                *(f"RBEE_{each.upper()}=" for each in Settings.__struct_fields__),
                *Settings.__struct_fields__,
            ),
        ),
        Target(
            "body",
            judge_body,
            1.0,
            64,
            (
                *_BODIES,
                *ChatRequest.__struct_fields__,
                *JobRequest.__struct_fields__,
                *("role", "content", "user", "assistant", "system", "tool", "function", "type"),
            ),
        ),
        Target("schema", judge_schema, 1.0, 64, _SCHEMA_WORDS, make_schema),
    )
}
