"""Pictures on their way to an engine, which decodes them: what it is given, and what it is not.

What a picture says of its size was looked at before (`rbee.wire.pictures`); here, in the thread of
the inference, a PNG is unpacked as far as that is, for a few bytes may unpack to gigabytes.
"""

from __future__ import annotations

import base64
import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from rbee.wire.errors import RbeeError, invalid
from rbee.wire.messages.inference import ChatMessage, InferRequest, Picture
from rbee.wire.pictures import measured, parts_of

#: Samples of a pixel, by the colour type of a PNG.
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
#: A PNG that comes coarse first has a byte more for each row of its seven passes.
_PASSES = 7
_HEAD = 8
#: How Pillow tells that a picture is broken, or that there is no room for it.
_UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, struct.error, IndexError, MemoryError)
#: What no engine decodes, or none that is known to bear what is broken; what Pillow calls them.
_CONVERTED = {"webp": "WEBP", "bmp": "BMP"}


def content_of(message: ChatMessage) -> list[dict[str, Any]]:
    """The text and the pictures of a message in their order, as OpenAI's parts."""
    texts = parts_of(message.content, [picture.at for picture in message.pictures])
    parts: list[dict[str, Any]] = [{"type": "text", "text": texts[0]}]
    for picture, text in zip(message.pictures, texts[1:]):
        kind, data = _kind(picture), picture.data
        if kind in _CONVERTED:
            kind, data = "png", as_png(picture)
        url = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
        parts += [
            {"type": "image_url", "image_url": {"url": url}},
            {"type": "text", "text": text},
        ]
    return [part for part in parts if part.get("text") != ""]


def require_sound(request: InferRequest) -> None:
    """Raises `invalid_request` for a picture that unpacks to more than it says, or not at all."""
    for picture in request.pictures:
        if _kind(picture) == "png" and not _unpacks(picture.data):
            raise broken(picture)


def as_png(picture: Picture) -> bytes:
    """A picture of another kind, of several its first, on white where it lets something through.
    Raises `invalid_request` where it cannot be read."""
    from PIL import Image  # late: few pictures are of such a kind

    measures = measured(picture.data)
    with io.BytesIO(picture.data) as file, io.BytesIO() as made:
        try:
            with Image.open(file, formats=[_CONVERTED[measures.kind]]) as opened:
                if opened.size != (measures.width, measures.height):
                    raise broken(picture)
                has_alpha = opened.has_transparency_data
                pixels = opened.convert("RGBA" if has_alpha else "RGB")
            if has_alpha:
                white = Image.new("RGBA", pixels.size, "white")
                pixels = Image.alpha_composite(white, pixels).convert("RGB")
            pixels.save(made, "PNG", compress_level=1)
        except (*_UNREADABLE, Image.DecompressionBombError):
            raise broken(picture) from None
        return made.getvalue()


def broken(picture: Picture) -> RbeeError:
    """The refusal of a picture that cannot be decoded."""
    called = picture.called or "the picture"
    return invalid(
        f"`{called}` is a picture that cannot be read: it is broken, or of an odd kind",
        "open and save it as PNG or JPEG",
        field=picture.called or "messages",
    )


def _kind(picture: Picture) -> str:
    return measured(picture.data).kind


def _unpacks(png: bytes) -> bool:
    _, width, height, depth, colour = struct.unpack_from(">4sIIBB", png, _HEAD + 4)
    row: int = 1 + -(-width * depth * _SAMPLES.get(colour, 0) // 8)
    most = row * height + _PASSES * (height + width + 2)
    unpacked, inflate = 0, zlib.decompressobj()
    try:
        for piece in _packed(png):
            data = piece
            while data:
                unpacked += len(inflate.decompress(data, most + 1 - unpacked))
                if unpacked > most:
                    return False
                data = inflate.unconsumed_tail
    except zlib.error:
        return False
    return bool(unpacked >= height)  # a byte of each row at least; who decodes counts the others


def _packed(png: bytes) -> Iterator[bytes]:
    """What of a PNG is packed, piece by piece."""
    at = _HEAD
    while at + 12 <= len(png):
        length, name = struct.unpack_from(">I4s", png, at)
        if name == b"IDAT":
            yield png[at + 8 : at + 8 + length]
        at += 12 + length
