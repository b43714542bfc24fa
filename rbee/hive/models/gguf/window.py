"""The bytes of a header of GGUF, from the first to the last, and its metadata.

Every count and length is compared with a bound before anything is made of it, and what is not
needed is stepped over. The bounds are far above every model that is known.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

import msgspec

from rbee.wire.errors import RbeeError

#: First read, in bytes: holds the whole header of a model with up to some 10,000 tokens.
FIRST_WINDOW = 256 * 1024
#: Each further read brings the window to four times its size, but adds no more than this.
LARGEST_STEP = 4 * 1024 * 1024
#: Real headers stay under 40 MB (250,000 tokens with their merges); bytes.
LARGEST_HEADER = 128 * 1024 * 1024
#: Real ones have up to a million texts (a vocabulary and its merges).
MOST_TEXTS = 4 * 1024 * 1024
#: llama.cpp takes names of 63 bytes, and 4 dimensions.
LONGEST_TENSOR_NAME = 256
MOST_DIMENSIONS = 8
#: What is kept of the metadata, in bytes of memory.
MOST_KEPT = 4 * 1024 * 1024
#: Arrays of numbers up to this length are kept, longer ones and arrays of text only counted.
KEPT_ARRAY = 4096
#: Texts up to this length are kept, longer ones only measured; but for the chat template (bytes).
KEPT_TEXT = 4096
LONGEST_TEMPLATE = 1024 * 1024
TEMPLATE = "tokenizer.chat_template"

# Metadata value types: scalars by their struct format, then text and array.
_SCALARS = {
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
}  # fmt: skip
_TEXT = 8
_ARRAY = 9
_LENGTH = struct.Struct("<Q")


class Length(msgspec.Struct, frozen=True):
    """What is kept of a long text (bytes) or array (elements) of the metadata; of one of texts also
    where its elements are in the file, from `begin` to `end` (bytes)."""

    count: int
    begin: int = 0
    end: int = 0


MetaValue = str | int | float | bool | tuple[int | float, ...] | Length


class Window:
    """A piece of the file, and a position in it that only moves forward.

    What lies behind the position is let go of, and what is skipped is not read.
    """

    def __init__(self, read: Callable[[int, int], bytes], name: str) -> None:
        self.position = 0
        #: Bytes of memory that what was kept of the metadata takes, roughly.
        self.kept = 0
        self._read = read
        self._name = name
        self._start = 0
        self._bytes = bytearray()
        self._texts = 0

    def number(self, kind: str) -> int:
        """The next scalar of struct format `kind`, a whole-number one."""
        return int(self._scalar(kind))

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        self._reach(self.position + size)
        at = self.position - self._start
        self.position += size
        return bytes(self._bytes[at : at + size])

    def key(self) -> str:
        """The next key of the metadata."""
        length = self.number("Q")
        self._keep(length + 200)
        return self._text(length)

    def value(self, kind: int, key: str) -> MetaValue:
        """The value of a key, of a type of the metadata."""
        if kind in _SCALARS:
            return self._scalar(_SCALARS[kind])
        if kind == _TEXT:
            length = self.number("Q")
            if key == TEMPLATE and length > LONGEST_TEMPLATE:
                raise beyond(self._name, f"a chat template of {length} bytes", LONGEST_TEMPLATE)
            if length > KEPT_TEXT and key != TEMPLATE:
                self._skip(length)
                return Length(length)
            self._keep(4 * length)  # at worst a letter takes four bytes
            return self._text(length)
        if kind == _ARRAY:
            return self._array(self.number("I"), self.number("Q"))
        raise invalid(self._name, f"has metadata of unknown type {kind}")

    def tensor_row(self) -> tuple[bytes, int, int, int]:
        """Name, number of elements, ggml type and offset of the next tensor."""
        length = self.number("Q")
        if not 0 < length <= LONGEST_TENSOR_NAME:
            what = f"a tensor whose name has {length} bytes"
            raise beyond(self._name, what, LONGEST_TENSOR_NAME)
        name = self.take(length)
        dimensions = self.number("I")
        if dimensions > MOST_DIMENSIONS:
            raise beyond(self._name, f"a tensor of {dimensions} dimensions", MOST_DIMENSIONS)
        elements = 1
        for extent in struct.unpack(f"<{dimensions}Q", self.take(8 * dimensions)):
            elements *= extent
        return name, elements, self.number("I"), self.number("Q")

    def _text(self, length: int) -> str:
        return self.take(length).decode("utf-8", "replace")

    def _scalar(self, kind: str) -> int | float | bool:
        (value,) = struct.unpack("<" + kind, self.take(struct.calcsize("<" + kind)))
        scalar: int | float | bool = value
        return scalar

    def _array(self, kind: int, count: int) -> MetaValue:
        if kind == _TEXT:
            begin = self.position
            self._skip_texts(count)
            return Length(count, begin, self.position)
        if kind not in _SCALARS:
            # Arrays of arrays among them: no engine reads those either.
            raise invalid(self._name, f"has an array of unknown type {kind}")
        size = struct.calcsize("<" + _SCALARS[kind]) * count
        if count <= KEPT_ARRAY:
            self._keep(40 * count)
            return tuple(struct.unpack(f"<{count}{_SCALARS[kind]}", self.take(size)))
        self._skip(size)
        return Length(count)

    def _skip_texts(self, count: int) -> None:
        """Step over `count` texts; a vocabulary has 150,000, so this is the hot loop."""
        self._texts += count
        if self._texts > MOST_TEXTS:
            raise beyond(self._name, f"{self._texts} texts in lists", MOST_TEXTS)
        unpack = _LENGTH.unpack_from
        data, start = self._bytes, self._start
        at = self.position - start
        for _ in range(count):
            try:
                (length,) = unpack(data, at)
            except (struct.error, OverflowError):
                self.position = start + at
                self._reach(self.position + 8)
                data, start = self._bytes, self._start
                at = self.position - start
                (length,) = unpack(data, at)
            at += 8 + length
        self.position = start + at
        self._skip(0)

    def _skip(self, size: int) -> None:
        """Moves the position, without reading what is stepped over."""
        self.position += size
        self._check_position(self.position)

    def _keep(self, n_bytes: int) -> None:
        self.kept += n_bytes
        if self.kept > MOST_KEPT:
            what = f"metadata that would take more than {MOST_KEPT} bytes of memory"
            raise invalid(self._name, f"has {what}; no model has so much")

    def _check_position(self, position: int) -> None:
        if position > LARGEST_HEADER:
            raise invalid(self._name, "has a damaged header: a length in it is out of range")

    def _reach(self, end: int) -> None:
        """Make the window hold the bytes of the file from the position to `end`."""
        self._check_position(end)
        if end <= self._start + len(self._bytes):
            return
        del self._bytes[: self.position - self._start]
        self._start = self.position
        while (have := self._start + len(self._bytes)) < end:
            step = min(have * 3, LARGEST_STEP) if have else FIRST_WINDOW
            wanted = max(step, end - have)
            more = self._read(have, wanted)[:wanted]
            self._bytes += more
            if len(more) < wanted and have + len(more) < end:
                after = f", after {have + len(more)} bytes" if self._bytes else ""
                raise invalid(
                    self._name,
                    f"is cut off inside its header{after}",
                    "fetch or copy the file again",
                )


def invalid(name: str, wrong: str, suggestion: str = "") -> RbeeError:
    """The error of a file that is no model: `wrong` is what its name is followed by."""
    return RbeeError(
        "model_invalid",
        f"{name} {wrong}",
        suggestion or "fetch the model again, or choose another file",
        {"file": name},
    )


def beyond(name: str, what: str, most: int) -> RbeeError:
    """The error of a file that has more of something than a model has."""
    return invalid(name, f"has {what}; a model has at most {most}")


def wrong_type(name: str, key: str, right: str) -> RbeeError:
    """The error of a file whose metadata has something else under a key than `right`."""
    return invalid(name, f"has {key} in a wrong type; {right} belongs there")
