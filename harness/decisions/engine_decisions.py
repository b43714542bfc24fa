"""What rbee decides about engines, asked in this process: no engine and no model are needed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import msgspec

from harness.decisions.side_by_side import hive_with
from rbee.hive.workers.able import not_able, not_placed
from rbee.keeper.doctor import over_machines
from rbee.queen.front.for_keys import advice_of
from rbee.queen.scheduler import warm_worker
from rbee.wire.errors import RbeeError
from rbee.wire.messages.inference import ChatMessage, InferRequest, template_name
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.messages.orders import WorkerOrders, WorkerSettings
from rbee.wire.messages.workers import EngineFacts, Placed, WorkerBeat, WorkerReport, WorkerState
from rbee.wire.placement import Part, Placement
from rbee.wire.settings import Settings
from rbee.worker.engines import Piece, engine_called, refusals, thinking
from rbee.worker.engines.conversation import messages_of

#: Stands for a line break in a cell of a table.
_BREAK = "~"
_KNOWS = {
    "knows nothing else": "",
    "has a switch": "{% if enable_thinking is false %}{% endif %}",
    "has a switch of another name": "{% if thinking is defined and thinking %}{% endif %}",
    "knows earlier thoughts": "{{ message.reasoning_content }}",
}
_TEMPLATES = {
    "a template that knows of no thoughts": "{{ messages[0].content }}",
    "a template with the channels of gpt-oss": "<|channel|>analysis<|message|> <think>",
    "a template that names an effort": "<reasoning_effort>high</reasoning_effort>",
    "a template that knows all about thoughts": (
        "<think> {{ enable_thinking }} {{ message.reasoning_content }}"
    ),
}


def thought_and_answer(pieces: str, opened: str = "") -> tuple[str, str]:
    """What is told apart of pieces cut at ``|``; `opened` is a mark that the template has set."""
    marks = thinking.marks_of(opened) if opened else None
    thoughts = thinking.Thoughts(marks, opened=bool(opened))
    told = [thoughts.take(Piece(text)) for text in pieces.replace(_BREAK, "\n").split("|")]
    told.append(thoughts.rest())
    found = [piece for piece in told if piece is not None]
    return "".join(piece.thought for piece in found), "".join(piece.text for piece in found)


def taught(mark: str, knows: str) -> str:
    """What the engine is given for a template that opens `mark` and knows so much."""
    return thinking.taught(f"{_KNOWS[knows]}{{{{ '{mark}' }}}}")


def template_of(what: str) -> tuple[str, str]:
    """A template, and what the engine is given for it."""
    return _TEMPLATES[what], thinking.taught(_TEMPLATES[what])


def closing(template: str) -> str:
    """What closes a thought that this template opens."""
    marks = thinking.marks_of(template)
    assert marks is not None, template
    return marks.close


def given_back(thought: str, *, wanted: bool) -> str:
    """What a template is told of the thought of an earlier answer."""
    template = "{{ message.reasoning_content }}" if wanted else "{{ message.content }}"
    asked = InferRequest(
        messages=[
            ChatMessage(role="assistant", content="yes", thought=thought),
            ChatMessage(role="user", content="why?"),
        ]
    )
    told = messages_of(asked, with_thoughts=thinking.wants_thoughts(template))
    return str(told[0].get("reasoning_content", ""))


def serves(asked: str, loaded: str) -> bool:
    """Whether a worker takes a job; each has the model's template, or the same one of its own."""
    own = "{{ messages[0].content }}"
    job, worker = (own if "its own" in each else None for each in (asked, loaded))
    beat = WorkerBeat(
        worker_id="w",
        url="",
        model_ref="minillama",
        placement=Placement.on("localhost", "cpu"),
        backend="cpu",
        engine="llamacpp",
        state=WorkerState.READY,
        template=template_name(worker),
    )
    hive = hive_with([beat])
    request = JobRequest(model_ref="minillama", prompt="hello", chat_template=job)
    return warm_worker(request, [hive], {}) is not None


def grammar(words: Sequence[str], *, opened: bool) -> str:
    """What holds an answer to one of some words, behind a thought."""
    marks = thinking.marks_of("<think>")
    assert marks is not None
    root = " | ".join(f'"{word}"' for word in words)
    return thinking.grammar_behind(f"root ::= {root}", marks, opened=opened)


def matches(gbnf: str, text: str) -> bool:
    """Whether a whole text fits a grammar of the kind that `grammar` makes."""
    return len(text.replace(_BREAK, "\n")) in _ends(gbnf, text.replace(_BREAK, "\n"))


def _ends(gbnf: str, text: str) -> set[int]:
    """Where a text that fits may end: a small reader of GBNF, right recursion and no groups."""
    rules = dict(line.split(" ::= ", 1) for line in gbnf.splitlines())

    @cache
    def rule(name: str, at: int) -> frozenset[int]:
        found: set[int] = set()
        for way in _split(rules[name], " | "):
            places = {at}
            for part in _split(way, " "):
                places = {end for place in places for end in step(part, place)}
            found |= places
        return frozenset(found)

    def step(part: str, at: int) -> set[int]:
        if part.startswith('"'):
            wanted = part[1:-1].replace('\\"', '"').replace("\\\\", "\\")
            return {at + len(wanted)} if text.startswith(wanted, at) else set()
        if part.startswith("[^"):
            return {at + 1} if at < len(text) and text[at] not in part[2:-1] else set()
        if part.startswith("["):  # the space behind a thought
            spaces = len(text[at:]) - len(text[at:].lstrip())
            return set(range(at, at + spaces + 1))
        return set(rule(part, at))

    return set(rule("root", 0))


def _split(body: str, by: str) -> list[str]:
    """The parts of a rule's body, quotes and classes kept whole."""
    parts, part, inside = [], "", ""
    for place, character in enumerate(body):
        if not inside and body.startswith(by, place):
            parts.append(part.strip())
            part = ""
        if not inside and character in '"[':
            inside = '"' if character == '"' else "]"
        elif inside and character == inside and not part.endswith("\\"):
            inside = ""
        part += character if part or character not in " |" else ""
    return [*parts, part.strip()]


def refusal(words: str, code: int = 400, *, begun: bool = False) -> RbeeError:
    """The error for what llama.cpp says of a conversation that demands a form; `begun`: of one that
    ends with the beginning of the answer."""
    said_last = ChatMessage(role="assistant" if begun else "user", content="hello")
    asked = InferRequest(messages=[said_last], json_schema={"type": "object"})
    said = {"message": words.replace(_BREAK, "\n"), "code": code}
    return refusals.refused(asked, said)


def reason(log: str) -> str:
    """Why a chat template cannot be read, out of the end of llama.cpp's log."""
    return refusals.template_reason(log.split(_BREAK))


def advice(suggestion: str) -> str:
    """What a program reads of a suggestion."""
    return advice_of(suggestion)


def is_too_deep(template: str) -> bool:
    """Whether an engine would end of reading this template."""
    return refusals.nests_too_deep(template)


def _facts(engine: str, backends: str) -> EngineFacts:
    """What a worker with an engine would tell of it, where it finds devices of `backends`."""
    record = engine_called(engine)
    return record._replace(version=lambda: "1.0", backends=lambda: backends.split(", ")).facts()


def able(found: str, backend: str, *, simulated: bool, parts: int = 1) -> str:
    """``yes``, or ``no`` with what to type; `found` may begin with the engine's name."""
    engine, _, backends = found.rpartition(": ")
    facts = _facts(engine or "llamacpp", backends)
    refused = not_able(facts, backend, simulated=simulated, parts=parts)
    return "yes" if refused is None else f"no: {refused.suggestion}"


def shared(engine: str, version: str) -> tuple[str, str]:
    """What the doctor says of an engine that speaks this with other machines: state and advice."""
    facts = _facts(engine, "cpu")
    found = over_machines(msgspec.structs.replace(facts, rpc=version))
    return found.state, found.advice


def placed(devices: str, state: str, what: str) -> str:
    """``yes``, or ``no`` with the code of the error; `what` may be ``4000, 0 bytes on its ...``:
    one number for each device."""
    wanted = devices.split("+")
    said = None
    if what == "no such device":
        said = Placed(backends=["cpu"])
    elif what != "nothing said":
        numbers = map(int, what.partition(" bytes")[0].split(", "))
        said = Placed(backends=["cpu", "cuda"], device_bytes=dict(zip(wanted, numbers)))
    orders = _orders([_part(device, 9) for device in wanted])
    report = WorkerReport(worker_id="w", state=WorkerState(state), placed=said)
    refused = not_placed(_facts("llamacpp", "cpu, cuda"), orders, report)
    return "yes" if refused is None else f"no: {refused.code}"


def laid_out(parts: str) -> str:
    """What llama.cpp is told for ``gpu0 18, cpu 13``: the layers on GPUs, and which are where.

    ``gpu0=2`` is the third GPU that it lists, ``gpu0@attic`` one of another machine.
    """
    import xllamacpp

    from rbee.worker.engines.llamacpp.layout import lay_out

    params = xllamacpp.CommonParams()
    told = [each.split() for each in parts.split(", ")]
    laid = [
        _part(device.partition("=")[0], int(count), experts=bool(experts))
        for device, count, *experts in told
    ]
    orders = _orders(laid)
    named = (device.partition("=") for device, *_ in told)
    orders.engine_places = {device: int(place) for device, _, place in named if place}
    lay_out(params, orders)
    split = params.tensor_split
    while split and not split[-1]:
        split.pop()
    alone = params.split_mode == xllamacpp.llama_split_mode.LLAMA_SPLIT_MODE_NONE
    where = f"GPU {params.main_gpu}" if alone else ", ".join(f"{each:g}" for each in split)
    aside = params.tensor_buft_overrides
    return f"{params.n_gpu_layers} on {where}{', ' * bool(aside)}{aside}"


def _part(name: str, layers: int, *, experts: bool = False) -> Part:
    """``gpu0``, or ``gpu0@attic``."""
    device, _, hive_id = name.partition("@")
    return Part(hive_id or "localhost", device, layers, experts=experts)


def _orders(parts: Sequence[Part]) -> WorkerOrders:
    """What a worker would be told for a model in these parts."""
    return WorkerOrders(
        host="",
        port=0,
        token="",
        worker_id="w",
        hive_url="",
        model_ref="minillama",
        model_paths=[],
        placement=Placement(tuple(parts)),
        backend="cpu" if [part.device for part in parts] == ["cpu"] else "cuda",
        context=32,
        slots=1,
        threads=1,
        settings=msgspec.convert(Settings(), WorkerSettings, from_attributes=True),
    )


def lacking(line: str) -> str:
    """What an engine lacked that said this as it loaded a model: ``memory``, or ``nothing``."""
    return "memory" if refusals.short_of_memory(["loading", line]) else "nothing"
