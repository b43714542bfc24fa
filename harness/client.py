"""An HTTP client of the standard library for the scenarios of the contract.

It shares no code with the product, so that both cannot be wrong in the same way.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """What a server answered. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str

    def json(self) -> Any:
        """The body as JSON. Raises AssertionError that shows the body when it is none."""
        try:
            return json.loads(self.text)
        except ValueError:
            raise AssertionError(f"no JSON in the answer {self.status}: {self.text!r}") from None


@dataclass(frozen=True)
class Event:
    """One server-sent event."""

    id: str
    event: str
    data: str

    def json(self) -> Any:
        """Its data as JSON."""
        return json.loads(self.data)


@dataclass
class Stream:
    """A whole event stream: its events in order, its comments, and how it ended."""

    status: int
    events: list[Event] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    rest: str = ""

    def names(self) -> list[str]:
        """The event names in order; the last frame, which has none, shows as its data."""
        return [event.event or event.data for event in self.events]


def ask(
    method: str,
    url: str,
    *,
    token: str | None = None,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 10.0,
) -> Answer:
    """One request. `body` is sent as it is when bytes or str, else as JSON.

    Raises OSError when nobody answers within `timeout` seconds.
    """
    connection = _send(method, url, token, body, headers, timeout)
    try:
        response = connection.getresponse()
        text = response.read().decode("utf-8", "replace")
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, text)
    finally:
        connection.close()


def listen(
    url: str,
    *,
    token: str | None = None,
    body: Any = None,
    last_event_id: str | None = None,
    timeout: float = 60.0,
    at_most: int | None = None,
    until: Sequence[str] = (),
) -> Stream:
    """Reads an event stream until the server closes it, until it has `at_most` events, or until
    one of the texts `until` stands in an event.

    A `body` is posted and begins the stream; see `ask`.

    Raises AssertionError, with what came so far, after `timeout` seconds without a byte.
    """
    headers = {"Accept": "text/event-stream"}
    if last_event_id is not None:
        headers["Last-Event-ID"] = last_event_id
    connection = _send("GET" if body is None else "POST", url, token, body, headers, timeout)
    try:
        response = connection.getresponse()
        stream = Stream(response.status)
        block: list[str] = []
        while at_most is None or len(stream.events) < at_most:
            try:
                raw = response.readline()
            except TimeoutError:
                raise AssertionError(
                    f"{url} was silent for {timeout} s after {stream.names()}"
                ) from None
            line = raw.decode("utf-8", "replace")
            if not line:
                break
            if line.strip("\r\n"):
                block.append(line.rstrip("\r\n"))
            elif block:
                _take(stream, block)
                block = []
                if stream.events and any(text in stream.events[-1].data for text in until):
                    break
        stream.rest = "\n".join(block)
        return stream
    finally:
        connection.close()


def _send(
    method: str,
    url: str,
    token: str | None,
    body: Any,
    headers: Mapping[str, str] | None,
    timeout: float,
) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    assert parts.hostname, f"{url!r} is no URL"
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    sent = {} if token is None else {"Authorization": f"Bearer {token}"}
    if body is not None and not isinstance(body, (bytes, str)):
        body = json.dumps(body)
        sent["Content-Type"] = "application/json"
    sent.update(headers or {})
    path = parts.path or "/"
    target = f"{path}?{parts.query}" if parts.query else path
    connection.request(method, target, body.encode() if isinstance(body, str) else body, sent)
    return connection


def _take(stream: Stream, block: list[str]) -> None:
    fields: dict[str, list[str]] = {}
    for line in block:
        name, _, value = line.partition(":")
        if not name:
            stream.comments.append(value.strip())
            continue
        fields.setdefault(name, []).append(value[1:] if value.startswith(" ") else value)
    if "data" in fields:
        stream.events.append(
            Event(
                fields.get("id", [""])[-1],
                fields.get("event", [""])[-1],
                "\n".join(fields["data"]),
            )
        )
