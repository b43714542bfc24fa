"""What may be sent as a picture: its kind and its measures, read from its first bytes. Pure.

Who decodes a picture believes what it says of itself, and one of a kilobyte may say that it is a
billion pixels. So that is looked at first, and nothing is unpacked for it. The kinds are those that
clients send and that can be read: PNG, JPEG and GIF by the decoder of llama.cpp (stb_image), the
others by a worker, who makes a PNG of them (`rbee.worker.engines.pictures`).
"""

from __future__ import annotations

import itertools
import re
import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rbee.wire.limits import (
    LONGEST_SIDE,
    MOST_PIXELS,
    MOST_PIXELS_IN_ALL,
    MOST_SCANS,
    MOST_TIMES_AS_LONG,
)

_PNG, _GIF = b"\x89PNG\r\n\x1a\n", (b"GIF87a", b"GIF89a")
_WEBP, _BMP = (b"RIFF", b"WEBP"), b"BM"
_JPEG, _JPEG_SCAN = b"\xff\xd8", b"\xff\xda"
#: Markers of JPEG: those of measures, and those that are stepped over by their length.
_MEASURES = (0xC0, 0xC1, 0xC2)
_STEPPED_OVER = (0xC4, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0))
#: How each of them begins in JSON, where it stands in base64: in a text, or in a URL with data.
_IN_JSON = re.compile(rb'[",](?:iVBORw0KGgo|\\?/9j\\?/|R0lGOD|UklGR|Qk[0-3])')
#: The bytes of the head of a BMP as OS/2 has it.
_OLD_BMP = 12
#: What others are called by which people know them, by where and how they begin.
_OTHERS = (
    (4, b"ftypavif", "AVIF"),
    (4, b"ftyphei", "HEIC"),
    (4, b"ftypmif1", "HEIC"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"%PDF", "a PDF"),
    (0, b"<svg", "SVG"),
    (0, b"<?xml", "SVG"),
)


class PictureSize(NamedTuple):
    """What a picture says of itself: what it is (``png``, ``jpeg``, ``gif``, ``webp`` or ``bmp``),
    and its pixels."""

    kind: str
    width: int
    height: int

    @property
    def pixels(self) -> int:
        """All of them."""
        return self.width * self.height


def measured(data: bytes) -> PictureSize:
    """The measures of a picture. Raises ValueError with why it is not taken, in words."""
    measures = _read(data)
    width, height = measures.width, measures.height
    if not width or not height:
        raise ValueError("has no pixels")
    if max(width, height) > LONGEST_SIDE or measures.pixels > MOST_PIXELS:
        raise ValueError(
            f"is {width} x {height} pixels, and {LONGEST_SIDE} on a side and {MOST_PIXELS} in all "
            "are taken"
        )
    if max(width, height) > MOST_TIMES_AS_LONG * min(width, height):
        raise ValueError(
            f"is {width} x {height} pixels: one side more than {MOST_TIMES_AS_LONG} times the other"
        )
    return measures


def require_together(pictures: Iterable[bytes]) -> None:
    """Raises ValueError where the pictures of one request are too much to be held at once."""
    pixels = sum(measured(each).pixels for each in pictures)
    if pixels > MOST_PIXELS_IN_ALL:
        raise ValueError(
            f"the pictures have {pixels} pixels together, and {MOST_PIXELS_IN_ALL} are taken"
        )


def size_beside(body: bytes) -> int:
    """The bytes of a body, JSON, that are in none of its pictures, by how these begin there."""
    size, at = len(body), 0
    while found := _IN_JSON.search(body, at):
        end = body.find(b'"', found.end())
        at = len(body) if end < 0 else end
        size -= at - found.end()
    return size


def size_in_json(pictures: Iterable[bytes]) -> int:
    """The bytes that pictures are in JSON."""
    return sum(-(-len(each) // 3) * 4 for each in pictures)


def parts_of(text: str, at: Sequence[int]) -> list[str]:
    """A text, cut where its pictures stand: one piece more than there are pictures."""
    cuts = [0, *at, len(text)]
    return [text[begin:end] for begin, end in itertools.pairwise(cuts)]


def _read(data: bytes) -> PictureSize:
    try:
        if data.startswith(_PNG):
            length, name, width, height = struct.unpack_from(">I4sII", data, len(_PNG))
            if (length, name) != (13, b"IHDR"):
                raise ValueError("is a PNG that is broken")
            return PictureSize("png", width, height)
        if data.startswith(_GIF):
            return PictureSize("gif", *struct.unpack_from("<HH", data, 6))
        if data.startswith(_JPEG):
            return _read_jpeg(data)
        if data.startswith(_WEBP[0]) and data[8:12] == _WEBP[1]:
            return PictureSize("webp", *_read_webp(data))
        if data.startswith(_BMP):
            return PictureSize("bmp", *_read_bmp(data))
    except (struct.error, IndexError):
        raise ValueError("is a picture that is cut off") from None
    raise ValueError(f"is {_what(data)}, and PNG, JPEG, GIF, WebP and BMP are read")


def _read_jpeg(data: bytes) -> PictureSize:
    """As the decoder does: markers, each stepped over, until the measures come."""
    if data.count(_JPEG_SCAN) > MOST_SCANS:
        raise ValueError(f"is a JPEG of more than {MOST_SCANS} scans, each of which takes its time")
    at = len(_JPEG)
    while True:
        while data[at] != 0xFF:
            at += 1
        while data[at] == 0xFF:
            at += 1
        marker = data[at]
        (length,) = struct.unpack_from(">H", data, at + 1)
        if marker in _MEASURES:
            height, width = struct.unpack_from(">HH", data, at + 4)
            return PictureSize("jpeg", width, height)
        if marker not in _STEPPED_OVER:
            raise ValueError("is a JPEG that is broken, or of a kind that is not read")
        at += 1 + length


def _read_webp(data: bytes) -> tuple[int, int]:
    """Width and height, of each of its three forms; see RFC 9649."""
    form = data[12:16]
    if form == b"VP8X":
        return _count(data, 24, 3) + 1, _count(data, 27, 3) + 1
    if form == b"VP8L" and data[20] == 0x2F:
        bits = _count(data, 21, 4)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if form == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        return _count(data, 26, 2) & 0x3FFF, _count(data, 28, 2) & 0x3FFF
    raise ValueError("is a WebP that is broken")


def _read_bmp(data: bytes) -> tuple[int, int]:
    """Width and height; a height below zero is that of a picture that begins at its top."""
    if _count(data, 14, 4) == _OLD_BMP:
        return _count(data, 18, 2), _count(data, 20, 2)
    width, height = struct.unpack_from("<ii", data, 18)
    return max(0, width), abs(height)


def _count(data: bytes, at: int, size: int) -> int:
    """A number of so many bytes, the lowest first."""
    if len(data) < at + size:
        raise IndexError
    return int.from_bytes(data[at : at + size], "little")


def _what(data: bytes) -> str:
    for at, begins, name in _OTHERS:
        if data[at : at + len(begins)] == begins:
            return name
    return "no picture" if data else "empty"
