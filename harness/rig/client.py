"""The HTTP client of scenarios, load and bench: one request, a stream, or one read in a thread.

It is made of the standard library and shares no code with the product, so that both cannot be wrong
in the same way.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
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


class EventReader:
    """Puts the lines of an event stream together, by the WHATWG's text."""

    def __init__(self) -> None:
        self.comments: list[str] = []
        #: The lines of an event that has not ended.
        self.rest: list[str] = []

    def take(self, line: str) -> Event | None:
        """A line more, with or without its end; the event that it completes, if any."""
        line = line.rstrip("\r\n")
        if line:
            self.rest.append(line)
            return None
        fields: dict[str, list[str]] = {}
        for each in self.rest:
            name, _, value = each.partition(":")
            if name:
                fields.setdefault(name, []).append(value.removeprefix(" "))
            else:
                self.comments.append(value.strip())
        self.rest = []
        if "data" not in fields:
            return None
        identity, name = (fields.get(each, [""])[-1] for each in ("id", "event"))
        return Event(identity, name, "\n".join(fields["data"]))


def ask(
    method: str,
    url: str,
    *,
    token: str | None = None,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 30.0,
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
    until_silent: float | None = None,
) -> Stream:
    """Reads an event stream until the server closes it, until it has `at_most` events, or until
    one of the texts `until` stands in an event.

    A `body` is posted and begins the stream; see `ask`.

    After `timeout` seconds without a byte it raises AssertionError with what came so far. A stream
    that is read `until_silent` for so many seconds is given as far as it has come by then.
    """
    more = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
    connection = _listening(url, token, body, timeout, more)
    sock = connection.sock
    try:
        response = connection.getresponse()
        if until_silent is not None:
            sock.settimeout(until_silent)
        reader = EventReader()
        stream = Stream(response.status, comments=reader.comments)
        while at_most is None or len(stream.events) < at_most:
            try:
                line = response.readline().decode("utf-8", "replace")
            except TimeoutError:
                told = f"{url} was silent for {timeout} s after {stream.names()}"
                assert until_silent is not None, told
                break
            event = reader.take(line) if line else None
            if event is not None:
                stream.events.append(event)
            if not line or (event is not None and any(text in event.data for text in until)):
                break
        stream.rest = "\n".join(reader.rest)
        return stream
    finally:
        connection.close()


class Listener:
    """A program that reads an event stream in a thread of its own, until it leaves.

    What is told so far stands in `lines`, `events` and `comments`; `came` are the moments of the
    events (seconds of the performance counter).
    """

    def __init__(
        self, url: str, *, token: str | None = None, body: Any = None, silence_s: float = 60.0
    ) -> None:
        """`silence_s` is how long nothing may come before it gives up; else see `listen`."""
        self.status = 0
        self.headers: dict[str, str] = {}
        self.lines: list[str] = []
        self.events: list[Event] = []
        self.came: list[float] = []
        self._reader = EventReader()
        self.comments = self._reader.comments
        self._silence_s = silence_s
        self._connection = _listening(url, token, body, silence_s, {})
        self._thread = threading.Thread(target=self._read, daemon=True, name=url)
        self._thread.start()

    def leave(self) -> None:
        """Hangs up."""
        sock = self._connection.sock
        if sock is not None:
            sock.shutdown(2)
        self._thread.join(self._silence_s)

    def take(self, event: Event) -> None:
        """An event has come."""
        self.events.append(event)
        self.came.append(time.perf_counter())

    def _read(self) -> None:
        try:
            response = self._connection.getresponse()
            self.status, self.headers = response.status, dict(response.getheaders())
            for raw in response:
                line = raw.decode("utf-8", "replace")
                self.lines.append(line.rstrip("\r\n"))
                event = self._reader.take(line)
                if event is not None:
                    self.take(event)
        except (OSError, http.client.HTTPException):
            pass  # it has left
        finally:
            self._connection.close()


def _listening(
    url: str, token: str | None, body: Any, timeout: float, more: Mapping[str, str]
) -> http.client.HTTPConnection:
    headers = {"Accept": "text/event-stream", **more}
    return _send("GET" if body is None else "POST", url, token, body, headers, timeout)


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
