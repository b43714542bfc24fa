"""Answers in pieces, as a worker tells them, in words: ``thought hm / text Hi / call f {}``.

``on X`` goes on with the arguments of the call before it; ``cut`` ends the answer by its length,
``full`` by that of the context, ``met X`` by a text of `stop`; ``wait``: nothing comes for a while.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec

from rbee.http.events import Event
from rbee.queen.front.streaming import Telling
from rbee.wire.messages.events import CallPiece, Done, Token


def events_of(pieces: str) -> Iterator[Event | None]:
    """What its job tells of an answer; None: nothing for a while."""
    done = Done()
    calls = -1
    for at, piece in enumerate(each for each in pieces.split(" / ") if each):
        what, _, said = piece.partition(" ")
        if what == "wait":
            yield None
            continue
        token = Token("", at)
        if what in ("cut", "full"):
            done = Done(finish_reason="length", context_full=512 if what == "full" else 0)
            continue
        if what == "met":
            done = Done(stopped_by=said)
            continue
        if what == "text":
            token.t = said
        elif what == "thought":
            token.thought = said
        elif what == "call":
            calls += 1
            name, _, arguments = said.partition(" ")
            token.calls = [
                CallPiece(index=calls, id=f"call_{calls}", name=name, arguments=arguments)
            ]
            done = Done(finish_reason="tool_calls")
        else:
            token.calls = [CallPiece(index=calls, arguments=said)]
        yield Event("token", token, 0)
    yield Event("done", done, 0)


def sent_by(telling: Telling, pieces: str) -> list[dict[str, object]]:
    """The data of all events that are sent of an answer."""
    sent: list[bytes] = []
    for event in events_of(pieces):
        sent += telling.wait(True) if event is None else telling.take(0, event)
    return told_in([*sent, *telling.end()])


def told_in(pieces: list[bytes]) -> list[dict[str, object]]:
    """The data of events as they are sent; each has the name that its data has as their type."""
    told = []
    for event in b"".join(pieces).decode().split("\n\n"):
        if event:
            name, data = event.split("\n")
            found = json.loads(data.removeprefix("data: "))
            assert name == f"event: {found['type']}", event
            told.append(found)
    return told


def changed(before: object, after: object) -> str:
    """The fields of a job that differ from those of another, as JSON."""
    plain, there = msgspec.to_builtins(before), msgspec.to_builtins(after)
    found = {name: value for name, value in there.items() if plain.get(name) != value}
    return json.dumps(found)[1:-1] or "nothing"
