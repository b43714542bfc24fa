"""What holds for any input, tried on inputs that Hypothesis makes up.

The same ones each time, so that a scenario goes red by a change of the code alone; `make fuzz`
draws others. Imported late: what is imported here costs a third of a second.
"""

from __future__ import annotations

import json
import math
import re
import shlex
import tracemalloc
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as made
from hypothesis.configuration import set_hypothesis_home_dir

from fixtures.hostile import header as header_that_says
from fixtures.hub.gguf_layout import UINT32, number, text
from harness.decisions import paper
from harness.decisions.dispatching import PaperSwarm
from harness.decisions.gbnf import Grammar
from harness.fuzz.targets import judge_header, make_header
from harness.rig.cluster import ROOT
from rbee.hive.models.choose import ListedFile, choose
from rbee.hive.models.fit import Need, gpu_budget, ram_budget, worker_need
from rbee.hive.models.gguf.header import read_header
from rbee.hive.models.gguf.tensors import Weights
from rbee.hive.models.parts import Cut, beside_ram
from rbee.hive.models.turns import next_of
from rbee.http.board import Over, too_many
from rbee.wire import sse
from rbee.wire.errors import RbeeError
from rbee.wire.model_ref import ModelRef, parse_model_ref
from rbee.wire.names import why_no_host, why_no_user
from rbee.wire.settings import Settings, settings_from, with_flags
from rbee.wire.shown import shown
from rbee.worker.engines.json_grammar import grammar_of

# What it notes about the characters of this Python, and would else put into the current folder.
set_hypothesis_home_dir(ROOT / "reports" / "hypothesis")

_MIB = 1024 * 1024
#: What reading a header may take at most, however small the file (bytes).
_OF_A_HEADER = 16 * _MIB


class Property(NamedTuple):
    """A rule, and the inputs for which it holds: `check` raises AssertionError where it does not,
    and what the code raises passes through."""

    inputs: made.SearchStrategy[Any]
    check: Callable[[Any], object]


def counterexample(rule: str, inputs: str, count: int) -> str:
    """The smallest of `count` inputs that was found to break the rule, and how; else empty."""
    tried = PROPERTIES[rule, inputs]

    @settings(
        max_examples=count,
        derandomize=True,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(tried.inputs)
    def holds(value: Any) -> None:
        tried.check(value)

    try:
        holds()
    except Exception as error:
        return "\n".join([repr(error), *getattr(error, "__notes__", ())])
    return ""


# Streams.

_TEXTS = made.text(made.characters(exclude_categories=["Cs"]))
_JSON = made.recursive(
    made.none() | made.booleans() | made.integers(-(2**53), 2**53) | _TEXTS,
    lambda inner: made.lists(inner, max_size=3) | made.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)
_EVENTS = made.lists(made.tuples(made.sampled_from(["token", "done", "narration"]), _JSON))


def _read_as_written(stream: tuple[list[tuple[str, Any]], int, bytes]) -> None:
    """Events with an id each, comments between them, ends of lines of either kind, in pieces."""
    events, size, newline = stream
    frames = [
        sse.COMMENT + sse.frame(number, name, msgspec.json.encode(told))
        for number, (name, told) in enumerate(events, 1)
    ]
    written = b"".join([*frames, sse.DONE_FRAME]).replace(b"\n", newline)
    read = _in_pieces(written, size)
    told = [(frame.id, frame.event, msgspec.json.decode(frame.data)) for frame in read[:-1]]
    assert told == [(str(number), *each) for number, each in enumerate(events, 1)], told
    assert read[-1].is_done


def _cut_alike(given: tuple[bytes, int]) -> None:
    data, size = given
    assert _in_pieces(data, size) == sse.FrameReader().feed(data)


def _in_pieces(data: bytes, size: int) -> list[sse.Frame]:
    reader = sse.FrameReader()
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    return [frame for piece in pieces for frame in reader.feed(piece)]


# Names.

_WORD = made.from_regex(r"[A-Za-z0-9]{1,8}", fullmatch=True)
_REFERENCES = made.builds(
    ModelRef,
    source=made.just("hf"),
    repo=made.builds("{}/{}".format, _WORD, _WORD),
    quant=made.sampled_from(["", "Q4_K_M", "IQ2_XXS", "F16"]),
    revision=made.sampled_from(["", "main", "v1.0", "refs/pr/1", "a" * 40]),
) | made.builds(
    ModelRef,
    source=made.just("hf"),
    repo=made.builds("{}/{}".format, _WORD, _WORD),
    filename=made.builds("{}/{}.gguf".format, _WORD, _WORD),
    revision=made.sampled_from(["", "main"]),
)


def _means_itself(reference: ModelRef) -> None:
    assert parse_model_ref(str(reference)) == reference, str(reference)


def _means_the_same_again(typed: str) -> None:
    try:
        reference = parse_model_ref(typed)
    except RbeeError as refused:
        assert refused.code == "invalid_request", refused.code
        return
    _means_itself(reference)


def _needs_no_quotes(name: str) -> None:
    for refused in (why_no_host(name), why_no_user(name)):
        # A directory's users have a backslash, Samba's a dollar, aliases the letters of any script.
        plain = re.sub(r"[\\$]|\w", "a", name)
        assert refused or shlex.quote(plain) == plain, name
        assert refused or (name.isprintable() and not name.startswith("-")), name


def _moves_no_cursor(told: str) -> None:
    seen = shown(told)
    assert "\x1b" not in seen and "\n" not in seen and "\r" not in seen, seen
    assert shown(seen) == seen, seen


# Models.


def _small_and_quick(data: bytes) -> None:
    tracemalloc.start()
    try:
        judge_header(data)
    except RbeeError:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak <= _OF_A_HEADER, f"{peak} bytes for a file of {len(data)}"


def _read_as_said(says: Mapping[str, int | str]) -> None:
    values = {
        key: text(value) if isinstance(value, str) else number(UINT32, value)
        for key, value in says.items()
    }
    data = header_that_says(values)
    header = read_header(lambda offset, size: data[offset : offset + size])
    assert {key: header.metadata[key] for key in says} == says, header.metadata


_GIB = 1024**3
_SHAPES = made.fixed_dictionaries(
    {
        "block_count": made.integers(1, 128),
        "embedding_length": made.integers(1, 128).map(lambda each: each * 64),
        "feed_forward_length": made.integers(1, 2**16),
        "attention.head_count": made.sampled_from([1, 4, 32]),
        "attention.head_count_kv": made.sampled_from([1, 2, 4]),
        "attention.sliding_window": made.sampled_from([0, 512, 4096]),
    }
)
_ARCHITECTURES = made.sampled_from(["llama", "gemma3", "bert", "mamba", "qwen3", "unheard-of"])


def _more_for_more(given: tuple[str, Mapping[str, int], int, int]) -> None:
    architecture, says, context, slots = given
    header = paper.header(architecture, says, trained=4096)
    need, longer, alone = (
        worker_need([header], *each)
        for each in ((context, slots), (2 * context, slots), (context, 1))
    )
    assert need.total <= longer.total, (need, longer)
    assert alone.kv <= need.kv <= slots * alone.kv, (need, alone)
    assert need.total == need.weights + need.kv + need.compute + need.output, need


def _within_its_rooms(given: tuple[str, Mapping[str, int], int, int, list[int]]) -> None:
    architecture, says, layer, embedding, shares = given
    count = says["block_count"]
    weights = Weights(
        n_bytes=count * layer + 2 * embedding,
        embedding=embedding,
        has_output=True,
        layers=dict.fromkeys(range(count), layer),
        experts=dict.fromkeys(range(count), layer * 9 // 10),
    )
    header = paper.header(architecture, says, trained=4096)
    header = msgspec.structs.replace(header, weights=weights)
    whole = worker_need([header], 4096, 2).total
    rooms = [whole * share // 1000 for share in shares]  # about as much as it takes
    cut = Cut([header], 4096, 2)
    for spread in cut.fill(rooms), beside_ram([header], 4096, 2, rooms):
        assert all(need.total <= room for need, room in zip(spread.needs, rooms, strict=True))
        assert sum(spread.layers) + spread.left == cut.layers, spread
        assert Need.sum([*spread.needs, spread.host]).weights == weights.n_bytes, spread
    for slow in [True] * len(rooms), [True, *[False] * (len(rooms) - 1)]:
        layers = cut.over(rooms, slow, 1)
        spread = cut.parts(layers[1:])
        if sum(layers) == cut.layers:
            used = zip([spread.host, *spread.needs], rooms, layers, strict=True)
            assert all(need.total <= room for need, room, count in used if count), spread


def _within_the_device(given: tuple[int, int, int, int]) -> None:
    total, free, reserved, margin = given
    budget = gpu_budget(
        total_bytes=total, free_bytes=free, reserved_bytes=reserved, margin_bytes=margin
    )
    assert 0 <= budget <= max(0, min(free, total - reserved)), budget
    assert 0 <= ram_budget(total_bytes=total, free_bytes=free, reserved_bytes=reserved) <= free


_FILES = made.lists(
    made.builds(
        ListedFile,
        made.builds(
            "{}{}.gguf".format,
            made.sampled_from(["a", "b/a", "mmproj-a", "a-imatrix"]),
            made.sampled_from(["", "-Q4_K_M", "-Q8_0", "-F16", "-q4", "-00001-of-00002"]),
        ),
        made.integers(0, 9 * 10**9),
    ),
    unique_by=lambda file: file.name,
    max_size=8,
)


def _chosen_alike(given: tuple[list[ListedFile], list[ListedFile]]) -> None:
    chosen = []
    for files in given:
        try:
            chosen.append([file.name for file in choose(files, _REPOSITORY).files])
        except RbeeError as refused:
            chosen.append([refused.code])
    assert chosen[0] == chosen[1], chosen
    assert set(chosen[0]) <= {file.name for file in given[0]} or len(chosen[0]) == 1


_REPOSITORY = ModelRef("hf", "owner/model")


# Settings.

_SET = made.one_of(
    made.tuples(made.just("queen_port"), made.integers(0, 65535)),
    made.tuples(made.just("lease"), made.floats(0.001, 1e6)),
    made.tuples(made.just("slots"), made.integers(1, 64)),
    made.tuples(
        made.just("queen_host"),
        made.from_regex(r"[a-z0-9.-]{1,20}", fullmatch=True).filter(
            lambda name: not why_no_host(name)
        ),
    ),
)


def _said_anywhere(given: tuple[str, Any]) -> None:
    """The variable, the line of the file and the flag mean the same, each before the next."""
    name, value = given
    variable = {f"RBEE_{name.upper()}": str(value)}
    line = f"{name} = {json.dumps(value)}"
    by_flag = with_flags(Settings(), {name: value})
    assert settings_from(variable) == settings_from({}, line) == by_flag
    other = f"{name} = {json.dumps(getattr(Settings(), name))}"
    assert settings_from(variable, other) == by_flag


# Forms of answers.

_LETTERS = made.text(made.characters(exclude_categories=["Cs"], exclude_characters="\x7f"))
_PLAIN = made.none() | made.booleans() | made.integers(-(10**15), 10**15) | _LETTERS
_NAMES = made.sampled_from(["a", "b", 'c"', "d\\", "é"])
_VALUES = made.recursive(
    _PLAIN,
    lambda inner: (
        made.lists(inner, max_size=3)
        | made.dictionaries(_NAMES, inner, max_size=3).map(lambda each: dict(sorted(each.items())))
    ),
    max_leaves=6,
)


def _objects(inner: made.SearchStrategy[Any]) -> made.SearchStrategy[Any]:
    return made.builds(
        lambda properties, needed: {
            "type": "object",
            "properties": dict(sorted(properties.items())),
            "required": [name for name in sorted(properties) if name in needed],
            "additionalProperties": False,
        },
        made.dictionaries(_NAMES, inner, min_size=1, max_size=3),
        made.sets(_NAMES),
    )


def _bounded(kind: str, least: str, most: str, **more: Any) -> made.SearchStrategy[Any]:
    return made.builds(
        lambda low, extra: {"type": kind, least: low, most: low + extra, **more},
        made.integers(0, 2),
        made.integers(0, 3),
    )


_SCHEMAS = made.recursive(
    made.sampled_from([{"type": each} for each in ("string", "integer", "boolean", "null")])
    | made.builds(lambda values: {"enum": values}, made.lists(_PLAIN, min_size=1, max_size=6))
    | _bounded("string", "minLength", "maxLength"),
    lambda inner: (
        _objects(inner)
        | made.builds(lambda few: {"anyOf": few}, made.lists(inner, min_size=1, max_size=3))
        | inner.flatmap(lambda each: _bounded("array", "minItems", "maxItems", items=each))
    ),
    max_leaves=4,
)


def _fitting(schema: Mapping[str, Any]) -> made.SearchStrategy[Any]:
    """Values that fit a schema."""
    if "enum" in schema:
        return made.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return made.one_of(*map(_fitting, schema["anyOf"]))
    kind = schema["type"]
    if kind == "object":
        properties = schema["properties"]
        needed = {name: _fitting(properties[name]) for name in schema["required"]}
        others = {name: _fitting(of) for name, of in properties.items() if name not in needed}
        drawn = made.fixed_dictionaries(needed, optional=others)
        return drawn.map(lambda each: {name: each[name] for name in properties if name in each})
    if kind == "array":
        least, most = schema["minItems"], schema["maxItems"]
        return made.lists(_fitting(schema["items"]), min_size=least, max_size=most)
    if kind == "string":
        least, most = schema.get("minLength", 0), schema.get("maxLength", 8)
        letters = made.characters(exclude_categories=["Cs"], exclude_characters="\x7f")
        return made.text(letters, min_size=least, max_size=most)
    return {
        "integer": made.integers(-(10**15), 10**15),
        "boolean": made.booleans(),
        "null": made.none(),
    }[kind]


def _looser(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema whose values miss `schema` narrowly."""
    loose = {name: schema[name] + 1 for name in ("maxItems", "maxLength") if name in schema}
    loose |= {name: 0 for name in ("minItems", "minLength") if name in schema}
    return {**schema, **loose, **({"required": []} if "required" in schema else {})}


def _fits(schema: Mapping[str, Any], value: Any) -> bool:
    if "enum" in schema:
        return json.dumps(value) in map(json.dumps, schema["enum"])
    if "anyOf" in schema:
        return any(_fits(each, value) for each in schema["anyOf"])
    kind = {dict: "object", list: "array", str: "string", int: "integer", bool: "boolean"}
    if kind.get(type(value), "null") != schema["type"]:
        return False
    if isinstance(value, dict):
        properties = schema["properties"]
        return set(schema["required"]) <= set(value) <= set(properties) and all(
            _fits(properties[name], each) for name, each in value.items()
        )
    if isinstance(value, list):
        within = schema["minItems"] <= len(value) <= schema["maxItems"]
        return within and all(_fits(schema["items"], each) for each in value)
    if isinstance(value, str):
        return bool(schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", math.inf))
    return True


def _let_through_where_it_fits(given: tuple[Mapping[str, Any], list[Any]]) -> None:
    schema, values = given
    grammar = Grammar(grammar_of(schema))
    for value in values:
        written = json.dumps(value, ensure_ascii=False)
        assert grammar.lets_through(written) == _fits(schema, value), (schema, written)


# What is kept, and whose turn it is.


def _let_go_in_order(given: tuple[list[tuple[int, bool]], int]) -> None:
    sizes, most = given
    over = [Over(str(place), *each) for place, each in enumerate(sizes)]
    gone = too_many(over, most)
    left = [each for each in over if each[0] not in gone]
    unread = [each[0] for each in over if not each.is_read]
    assert gone == unread[: len(gone)], gone
    assert sum(each.size for each in left) <= most or all(each.is_read for each in left)
    if gone:
        last = next(each for each in over if each[0] == gone[-1])
        assert sum(each.size for each in left) + last.size > most, "one more went than had to"


def _all_have_a_turn(given: tuple[list[str], int, int]) -> None:
    """Nobody goes beyond the bounds, and who waits has its turn once the others have ended."""
    waiting, most, of_one = list(given[0]), given[1], given[2]
    running: Counter[str] = Counter()
    while waiting or running:
        while (place := next_of(waiting, running, most, of_one)) is not None:
            running[waiting.pop(place)] += 1
        assert 0 < running.total() <= most and max(running.values()) <= of_one, running
        running -= Counter([min(running)])


# Jobs and workers.

_EVENTS_OF_JOBS = made.lists(
    made.one_of(
        made.tuples(
            made.just("come"),
            made.sampled_from("ABCDEF"),
            made.sampled_from(["laptop", "phone"]),
            made.sampled_from([None, None, None, "gpu0", "gpu1", "cpu"]),
            made.booleans(),
        ),
        made.tuples(made.just("do"), made.integers(0, 9)),
        made.tuples(made.just("end"), made.integers(0, 9)),
    ),
    max_size=40,
)


def _all_are_served(given: tuple[list[tuple[Any, ...]], int]) -> None:
    """The swarm on paper judges each decision; in the end nobody waits, for nobody runs."""
    events, slots = given
    devices = {"gpu0": 10, "gpu1": 8, "cpu": 20}
    swarm = PaperSwarm(devices, {"A": 6, "B": 6, "C": 12, "D": 30, "E": 10, "F": 40}, slots)
    for at, (what, *details) in enumerate(events):
        if what == "come":
            model, key, device, allow_cpu = details
            swarm.come(f"{at}", model, key, device=device, allow_cpu=allow_cpu)
        elif what == "do" and swarm.doing:
            swarm.do(details[0] % len(swarm.doing))
        elif what == "end" and (running := swarm.running()):
            swarm.end(running[details[0] % len(running)])
    swarm.do_all()
    while running := swarm.running():
        swarm.end(running[0])
        swarm.do_all()
    left = [each.job_id for each in swarm.state.claims.values() if not each.moves]
    assert not left, [f"{job_id} {swarm.stands(job_id)}" for job_id in left]


_BYTES = made.integers(0, 64 * _GIB)
#: By the rule, and by the inputs, as the feature calls them.
PROPERTIES: Mapping[tuple[str, str], Property] = {
    ("what was written is read", "streams of events"): Property(
        made.tuples(_EVENTS, made.integers(1, 30), made.sampled_from([b"\n", b"\r\n"])),
        _read_as_written,
    ),
    ("it is read alike, wherever it is cut", "bytes"): Property(
        made.tuples(
            made.lists(
                made.sampled_from([b"data: ", b"id: ", b"\n", b"\n\n", b"\r", b"\r\n", b":", b"x"])
            ).map(b"".join),
            made.integers(1, 5),
        ),
        _cut_alike,
    ),
    ("its text means the same", "model references"): Property(_REFERENCES, _means_itself),
    ("what is not refused means itself", "texts for a model"): Property(
        made.builds(
            "{}{}".format,
            made.sampled_from(["", "HF:", "hf:a/b", "HF:a/b:", "HF:a/b@", "file:/", "file:"]),
            made.text(),
        ),
        _means_the_same_again,
    ),
    ("no shell finds anything in it", "names of machines and users"): Property(
        made.builds(
            "{}{}{}".format,
            made.sampled_from(["", "attic", "maria", "attic.home"]),
            made.text("-_.+@$\\ ;&|'\"`\n\x1b:é%~#(", min_size=1, max_size=2),
            made.sampled_from(["", "attic", "1"]),
        ),
        _needs_no_quotes,
    ),
    ("it moves no cursor", "texts for a terminal"): Property(made.text(), _moves_no_cursor),
    ("it costs little to read", "headers of models"): Property(
        made.randoms(use_true_random=False).map(make_header) | made.binary(max_size=300),
        _small_and_quick,
    ),
    ("what it says is read", "headers of models"): Property(
        made.dictionaries(
            made.from_regex(r"bee\.[a-z]{1,9}", fullmatch=True),
            made.integers(0, 2**32 - 1) | _TEXTS,
        ),
        _read_as_said,
    ),
    ("more tokens take no less, and slots no more than alone", "models"): Property(
        made.tuples(
            _ARCHITECTURES, _SHAPES, made.sampled_from([256, 1000, 8192]), made.integers(1, 8)
        ),
        _more_for_more,
    ),
    ("each part has room, and none is lost", "models in parts"): Property(
        made.tuples(
            _ARCHITECTURES,
            _SHAPES,
            made.integers(0, 30).map(lambda power: 2**power),
            made.integers(1, _GIB),
            made.lists(made.integers(0, 1500), min_size=1, max_size=3),
        ),
        _within_its_rooms,
    ),
    ("no more is given than there is", "states of a device"): Property(
        made.tuples(_BYTES, _BYTES, _BYTES, _BYTES), _within_the_device
    ),
    ("the order decides nothing", "listings of a repository"): Property(
        _FILES.flatmap(lambda files: made.tuples(made.just(files), made.permutations(files))),
        _chosen_alike,
    ),
    ("it is the same, wherever it is said", "settings"): Property(_SET, _said_anywhere),
    ("a grammar lets through what fits, and nothing else", "forms of answers"): Property(
        _SCHEMAS.flatmap(
            lambda schema: made.tuples(
                made.just(schema),
                made.lists(
                    _fitting(schema) | _fitting(_looser(schema)) | _VALUES, min_size=1, max_size=4
                ),
            )
        ),
        _let_through_where_it_fits,
    ),
    ("what was over first goes first, and no more than has to", "shelves of jobs"): Property(
        made.tuples(
            made.lists(made.tuples(made.integers(0, 99), made.booleans())), made.integers(0, 300)
        ),
        _let_go_in_order,
    ),
    ("nobody is passed over, and nobody waits in vain", "jobs that come and end"): Property(
        made.tuples(_EVENTS_OF_JOBS, made.integers(1, 3)), _all_are_served
    ),
    ("each has its turn, within the bounds", "downloads in line"): Property(
        made.tuples(
            made.lists(made.sampled_from(["hub", "mirror", "other"]), max_size=12),
            made.integers(1, 5),
            made.integers(1, 3),
        ),
        _all_have_a_turn,
    ),
}
