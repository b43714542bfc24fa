"""One row for each thing that a daemon can be asked: what both sides know of it. Pure.

A row stands beside its messages, in `rbee.wire.messages`. The daemon binds a handler to it
(`rbee.http.serving`), whose docstring says what it does, and whoever asks makes the request of it.
The page of routes and ``/openapi.json`` are written from both.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from rbee.wire.limits import LARGEST_BODY, LARGEST_INPUTS

Q = TypeVar("Q")
A = TypeVar("A")

#: What is asked, or answered, where that is nothing.
NONE = type(None)
#: The type of an answer that is a stream of JSON values, one a line.
JSON_LINES = "application/x-ndjson"


class Events:
    """An answer that is a stream of events."""


class Who(enum.Enum):
    """Who may ask. Whoever has the secret of the daemon itself may ask everything: its owner."""

    OWNER = "its owner"
    KEYS = "API keys"
    #: Each for itself: the request names it in `hive_id`, or in `worker_id`.
    HIVE = "hives"
    WORKER = "workers"
    ANYBODY = "anybody"


class Route(Generic[Q, A]):
    """What is asked with a method and a path, and what is answered.

    The fields of `request` that ``{braces}`` in `path` name travel there (``{name:path}``: with
    slashes of their own), the others in the body of a POST, or else in the query, as with
    `in_query`. `status` is that of success, `event` what an event holds where the answer is, or may
    be, a stream, `line` the same of one of JSON lines; `may_be_empty`: 204 is a success, too.
    `largest` is what a body may have (bytes); `with_pictures`: beside those it may have as much as
    any other. `also` are other paths where clients look for the same. `on_page`: the queen's page
    may ask it, too, where somebody is signed in there.
    """

    def __init__(
        self,
        method: Literal["GET", "POST", "DELETE", "OPTIONS"],
        path: str,
        request: type[Q],
        answer: type[A],
        *,
        status: int = 0,
        who: Who = Who.OWNER,
        in_query: bool = False,
        event: type[Any] | None = None,
        line: type[Any] | None = None,
        may_be_empty: bool = False,
        largest: int = LARGEST_BODY,
        with_pictures: bool = False,
        also: Sequence[str] = (),
        on_page: bool = False,
    ) -> None:
        self.method = method
        self.path = path.replace(":path}", "}")
        self.request = request
        self.answer = answer
        self.status = status or (204 if answer is NONE else 200)
        self.who = who
        self.also = also
        self.event = Events if answer is Events else event
        self.line = line
        self.may_be_empty = may_be_empty
        self.largest = LARGEST_INPUTS if with_pictures else largest
        self.with_pictures = with_pictures
        self.on_page = on_page
        #: Whether the request is the body.
        self.has_body = method == "POST" and not in_query and request is not NONE
        #: The fields that travel in the path, and which of them may hold slashes.
        self.named = tuple(part.partition("}")[0] for part in self.path.split("{")[1:])
        self.with_slashes = tuple(name for name in self.named if f"{{{name}:path}}" in path)

    @property
    def begins_job(self) -> bool:
        """Whether somebody asks for an answer, who can wait at the gate of a server."""
        return self.has_body and not self.named and (self.who is Who.KEYS or self.with_pictures)

    def target(self, wanted: Q) -> str:
        """The path and the query that ask for `wanted`."""
        if self.has_body or wanted is None:
            return self.path
        fields: dict[str, Any] = msgspec.to_builtins(wanted)
        path = self.path
        for name in self.named:
            path = path.replace(f"{{{name}}}", quote(fields.pop(name), safe=""))
        said = {name: _plain(value) for name, value in fields.items() if value is not None}
        return f"{path}?{urlencode(said)}" if said else path

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
