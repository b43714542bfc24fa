"""Server-sent events: how a frame is written and how a byte stream is cut into frames.

Written frames have one `id`, one `event` and one `data` line of JSON; the stream ends with a
frame of `data: [DONE]`. A stream that closes without it broke off.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from rbee.wire.errors import RbeeError

CONTENT_TYPE = "text/event-stream"
#: What ends every stream that was not cut off.
DONE_FRAME = b"data: [DONE]\n\n"
#: Sent on idle streams so that nobody in between drops the connection.
COMMENT = b": still here\n\n"
#: A frame longer than this is a broken peer, not an event (bytes).
LONGEST_FRAME = 4 * 1024 * 1024
#: So is a stream that is longer than this (bytes): 128,000 tokens come to less, each told with the
#: 20 that might have stood there.
LONGEST_STREAM = 512 * 1024 * 1024
#: A frame as `frame` writes it, without its blank line.
_USUAL = re.compile(rb"id: ([0-9]+)\nevent: ([a-z]+)\ndata: ([^\n]*)")


class Frame(NamedTuple):
    """One event as it came: its id, its name, its data."""

    id: str
    event: str
    data: bytes

    @property
    def is_done(self) -> bool:
        """Whether this is the frame that ends the stream."""
        return self.data == b"[DONE]"


def frame(number: int, event: str, data: bytes) -> bytes:
    """The bytes of an event that is told as `number`; `data` is JSON."""
    if b"\n" in data:
        data = data.replace(b"\n", b"\ndata: ")
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (number, event.encode(), data)


class FrameReader:
    """Cuts bytes, however they were split on their way, into frames.

    Follows the WHATWG text for the fields used here: comments are skipped, one leading space of
    a value is dropped, several data lines are joined by newlines. A frame that was cut off is
    never returned.
    """

    def __init__(self) -> None:
        self._pending = bytearray()
        #: Whether the last byte was a carriage return, which a line feed may follow.
        self._half = False

    def feed(self, chunk: bytes) -> list[Frame]:
        """The frames completed by `chunk`, oldest first.

        Takes time by the size of the chunk, not by what is pending: a peer may send single bytes.
        Raises `RbeeError` `internal` on a runaway frame.
        """
        if self._half or b"\r" in chunk:
            chunk = (b"\r" + chunk if self._half else chunk).replace(b"\r\n", b"\n")
            self._half = chunk.endswith(b"\r")
            chunk = chunk[:-1] if self._half else chunk
        pending = self._pending
        known = len(pending)
        pending += chunk
        # The end of a frame may have begun with the last byte of the chunk before.
        blocks: list[bytes] = []
        if pending.find(b"\n\n", max(0, known - 1)) >= 0:
            *blocks, rest = bytes(pending).split(b"\n\n")
            self._pending = bytearray(rest)
        if len(self._pending) > LONGEST_FRAME:
            raise RbeeError(
                "internal",
                f"a stream has an event of more than {LONGEST_FRAME} bytes: "
                "what sends it is no rbee",
                "rbee-keeper status shows what is running, and where",
            )
        return [frame for frame in map(_parse, blocks) if frame is not None]


def _parse(block: bytes) -> Frame | None:
    usual = _USUAL.fullmatch(block)
    if usual is not None:
        number, name, value = usual.groups()
        return Frame(number.decode(), name.decode(), value)
    id_text = event = ""
    data: list[bytes] = []
    for line in block.split(b"\n"):
        name, _, value = line.partition(b":")
        if not name:
            continue
        value = value[1:] if value[:1] == b" " else value
        if name == b"id":
            id_text = value.decode("utf-8", "replace")
        elif name == b"event":
            event = value.decode("utf-8", "replace")
        elif name == b"data":
            data.append(value)
    if not data:
        return None
    return Frame(id_text, event or "message", b"\n".join(data))
