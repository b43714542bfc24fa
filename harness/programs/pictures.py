"""Pictures, sound and otherwise, and who shows them to a model by which API."""

from __future__ import annotations

import base64
import io
import json
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PIL import Image

from fixtures.hub.models import PATCH, SIGHT
from harness.rig.cluster import Cluster
from rbee.hive.models.choose import ListedFile
from rbee.hive.models.projectors import beside, projector_of
from rbee.queen.anthropic.mapping import conversation_of as anthropics
from rbee.queen.anthropic.requests import MessagesRequest
from rbee.queen.front.fields import read
from rbee.queen.ollama.mapping import messages_of as ollamas
from rbee.queen.ollama.messages import OllamaMessage
from rbee.queen.openai.mapping import Chat
from rbee.queen.openai.requests import ChatRequest
from rbee.queen.openai.responses.items import conversation_of as items
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import decode
from rbee.wire.messages.inference import ChatMessage, InferRequest, Picture
from rbee.wire.pictures import measured, size_beside
from rbee.worker.engines.pictures import content_of, require_sound

_ASKED = "tell me a story"
#: What becomes of each patch.
_TOKENS = (SIGHT // PATCH) ** 2
_COLOURS = {"red": (255, 0, 0), "dark": (1, 2, 3)}


def png(width: int, height: int, colour: tuple[int, int, int] = (9, 9, 9), rows: int = 0) -> bytes:
    """A picture of one colour; with so many `rows` in it, whatever its height says."""
    row = b"\0" + bytes(colour) * width
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = zlib.compress(row * (rows or height))
    parts = ((b"IHDR", head), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )


def _jpeg(width: int, height: int, scans: int = 1, before: bytes = b"") -> bytes:
    """What a JPEG begins with, and so many scans of nothing."""
    measures = struct.pack(">HBHHB", 17, 8, height, width, 3) + b"\x01\x11\0\x02\x11\1\x03\x11\1"
    return b"\xff\xd8" + before + b"\xff\xc0" + measures + b"\xff\xda\0\x02" * scans + b"\xff\xd9"


def _by_pillow(kind: str, mode: str = "RGB", side: int = 0, **how: Any) -> bytes:
    """A red picture of 28 x 30, or of so many pixels on a `side`."""
    size = (side, side) if side else (28, 30)
    red = Image.new("RGB", size, _COLOURS["red"]).convert(mode)
    if mode == "RGBA" and not side:
        red.putpixel((0, 0), (0, 0, 0, 0))
    file = io.BytesIO()
    red.save(file, kind, **how)
    return file.getvalue()


def _claiming(picture: bytes, side: int) -> bytes:
    """A picture that says it has so many pixels on a side."""
    if picture.startswith(b"BM"):
        return picture[:18] + struct.pack("<ii", side, side) + picture[26:]
    if picture[12:16] == b"VP8X":
        return picture[:24] + (side - 1).to_bytes(3, "little") * 2 + picture[30:]
    return picture[:26] + struct.pack("<HH", side, side) + picture[30:]


#: A red picture of each kind, all of them the same pixels.
_RED: dict[str, Callable[[], bytes]] = {
    "png": lambda: png(SIGHT, SIGHT, _COLOURS["red"]),
    "webp": lambda: _by_pillow("WEBP", side=SIGHT, quality=100),
    "webp without loss": lambda: _by_pillow("WEBP", side=SIGHT, lossless=True),
    "webp that lets nothing through": lambda: _by_pillow(
        "WEBP", mode="RGBA", side=SIGHT, lossless=True
    ),
    "bmp": lambda: _by_pillow("BMP", side=SIGHT),
}
_TITLE = b"\xff\xe0" + struct.pack(">H", 9) + b"\xff\xc0nothi"
#: What somebody may send for a picture.
_SENT: dict[str, Callable[[], bytes]] = {
    "a PNG of 28 x 30": lambda: png(28, 30),
    "a JPEG of 640 x 480": lambda: _jpeg(640, 480),
    "a JPEG with a title that looks like measures": lambda: _jpeg(640, 480, before=_TITLE),
    "a GIF of 20 x 10": lambda: b"GIF89a" + struct.pack("<HH", 20, 10),
    "one pixel": lambda: png(1, 1),
    "nothing": bytes,
    "a text": lambda: b"hello",
    "a WebP": lambda: _by_pillow("WEBP"),
    "a WebP without loss": lambda: _by_pillow("WEBP", lossless=True),
    "a WebP with alpha": lambda: _by_pillow("WEBP", mode="RGBA"),
    "a WebP that is cut off": lambda: _by_pillow("WEBP")[:40],
    "a WebP of nothing": lambda: b"RIFF\0\0\0\0WEBPVP8 ",
    "a WebP that says it is 16000 x 16000": lambda: _claiming(_by_pillow("WEBP"), 16_000),
    "a WebP whose picture is another one": lambda: _claiming(_by_pillow("WEBP", mode="RGBA"), 29),
    "a BMP": lambda: _by_pillow("BMP"),
    "a BMP from its top": lambda: _by_pillow("BMP").replace(b"\x1e\0\0\0", b"\xe2\xff\xff\xff", 1),
    "a BMP that is cut off": lambda: _by_pillow("BMP")[:90],
    "a BMP that says it is 100000 x 100000": lambda: _claiming(_by_pillow("BMP"), 100_000),
    "an HEIC": lambda: b"\0\0\0\x18ftypheic",
    "a PDF": lambda: b"%PDF-1.7",
    "a PNG that is cut off in its head": lambda: png(28, 28)[:20],
    "a JPEG that is cut off": lambda: b"\xff\xd8\xff",
    "a PNG that says it is 100000 x 100000": lambda: (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 100_000, 100_000)
    ),
    "a JPEG that says it is 8000 x 8000": lambda: _jpeg(8000, 8000),
    "a PNG of no width": lambda: png(0, 10, rows=1),
    "a line of 201 pixels": lambda: png(201, 1),
    "a JPEG of 65 scans": lambda: _jpeg(8, 8, scans=65),
    "a PNG of 8 x 8 that unpacks to 50 MB": lambda: png(8, 8, rows=2_000_000),
    "a PNG whose pixels are none": lambda: png(28, 28).replace(b"IDATx", b"IDATy"),
    "a PNG that is cut off in the middle": lambda: png(28, 28)[:60],
}
#: What says a text, a picture and a text in each API, of `{url}` or `{data}`.
_TALK = "tell me", "red", " a story"


def write(cluster: Cluster, name: str) -> None:
    """A picture that is called after its colour, or a text, in the folder of the programs."""
    colour = _COLOURS.get(name.partition(".")[0])
    cluster.write(name, png(SIGHT, SIGHT, colour) if colour else b"hello")


def taken_for(sent: str) -> str:
    """What the queen and a worker take it for, or why not."""
    data = _SENT[sent]()
    try:
        measures = measured(data)
    except ValueError as error:
        return str(error)
    try:
        alone = ChatMessage(role="user", content="", pictures=[Picture(data=data)])
        require_sound(InferRequest(messages=[alone]))
        content_of(alone)
    except RbeeError as error:
        return error.message.partition("picture` ")[2]
    return f"{measures.kind} of {measures.width} x {measures.height}"


def size_of(body: str) -> int:
    """The bytes beside pictures of a body that holds what this says, in a thousand letters each."""
    letters = "x" * 1000
    told = {
        "a text": f'{{"a": "{letters}"}}',
        "a PNG": f'{{"a": "iVBORw0KGgo{letters}"}}',
        "a JPEG in a URL": f'{{"a": "data:image/jpeg;base64,/9j/{letters}"}}',
        "a GIF and a text": f'["R0lGOD{letters}", "{letters}"]',
        "a WebP in a URL": f'{{"a": "data:image/webp;base64,UklGR{letters}"}}',
        "a BMP": f'["Qk1a{letters}"]',
        "a PNG in a text": f'{{"a": "see iVBORw0KGgo{letters}"}}',
    }
    return size_beside(told[body].encode()) // 1000 * 1000


def projector_for(model: str, files: str) -> str:
    """The projector of a model, by its name, out of files of its repository."""
    listing = [ListedFile(name, 100) for name in files.split(", ")]
    found = projector_of(ListedFile(model, 1000), listing)
    return found.name if found else "none"


def projector_beside(model: str, files: str) -> str:
    """The same for a file of somebody's own, in a folder."""
    return beside(model, files.split(", ")) or "none"


def parts_by(api: str) -> str:
    """What a template is given for a text, a picture and a text that come by an API."""
    before, colour, behind = _TALK
    message = _said(api, before, png(SIGHT, SIGHT, _COLOURS[colour]), behind)
    parts = content_of(message)
    return " | ".join(part.get("text", "a picture") for part in parts)


def _said(api: str, before: str, picture: bytes, behind: str) -> ChatMessage:
    data = base64.b64encode(picture).decode()
    url = f"data:image/png;base64,{data}"
    if api == "chat":
        shown: dict[str, Any] = {"type": "image_url", "image_url": {"url": url}}
        body = _body(_parts("text", before, shown, behind))
        return (Chat(read(body, ChatRequest)).jobs()[0].messages or [])[0]
    if api == "responses":
        shown = {"type": "input_image", "image_url": url}
        content = _parts("input_text", before, shown, behind)
        return items([{"role": "user", "content": content}]).messages[0]
    if api == "messages":
        shown = {"type": "image", "source": {"type": "base64", "data": data}}
        of_anthropic = read(_body(_parts("text", before, shown, behind)), MessagesRequest)
        return anthropics(of_anthropic).messages[0]
    asked = {"role": "user", "content": before + behind, "images": [data]}
    return ollamas([decode(json.dumps(asked).encode(), OllamaMessage)])[0]


def _parts(kind: str, before: str, shown: dict[str, Any], behind: str) -> list[dict[str, Any]]:
    texts = [{"type": kind, "text": text} for text in (before, behind)]
    return [texts[0], shown, texts[1]]


def _body(content: Sequence[dict[str, Any]]) -> bytes:
    messages = [{"role": "user", "content": content}]
    return json.dumps({"model": "minillama", "messages": messages}).encode()


# At the queen herself.


def _asked_by(api: str, model: str, data: str) -> tuple[str, dict[str, Any]]:
    """The path and the body of a request that shows a picture before a text; no data: none."""
    url = f"data:image/png;base64,{data}"
    text: dict[str, Any] = {"type": "text", "text": _ASKED}
    plain: dict[str, Any] = {"model": model, "temperature": 0}
    options = {"temperature": 0, "num_predict": 20}
    if api == "chat":
        shown = [{"type": "image_url", "image_url": {"url": url}}] if data else []
        messages = [{"role": "user", "content": [*shown, text]}]
        return "/v1/chat/completions", {**plain, "max_tokens": 20, "messages": messages}
    if api == "responses":
        shown = [{"type": "input_image", "image_url": url}] if data else []
        content = [*shown, {"type": "input_text", "text": _ASKED}]
        asked = [{"role": "user", "content": content}]
        return "/v1/responses", {**plain, "max_output_tokens": 20, "input": asked}
    if api == "messages":
        shown = [{"type": "image", "source": {"type": "base64", "data": data}}] if data else []
        messages = [{"role": "user", "content": [*shown, text]}]
        return "/v1/messages", {**plain, "max_tokens": 20, "messages": messages}
    images = {"images": [data]} if data else {}
    plain = {"model": model, "stream": False, "options": options}
    if api == "ollama's chat":
        message = {"role": "user", "content": _ASKED, **images}
        return "/api/chat", {**plain, "messages": [message]}
    return "/api/generate", {**plain, "prompt": _ASKED, **images}


def _got(told: dict[str, Any]) -> tuple[int, str]:
    """How many tokens were read for an answer, and its text."""
    usage = told.get("usage", told)
    names = ("prompt_tokens", "input_tokens", "prompt_eval_count")
    read_for = next(int(usage[name]) for name in names if name in usage)
    if "choices" in told:
        return read_for, told["choices"][0]["message"]["content"]
    if "output" in told:
        return read_for, told["output"][0]["content"][0]["text"]
    if "content" in told:
        return read_for, told["content"][0]["text"]
    return read_for, told.get("response") or told["message"]["content"]


def shown_by(cluster: Cluster, api: str, model: str, colour: str) -> tuple[int, str]:
    """How many tokens a model reads for a picture of this colour and a text, and what it says of
    it; "" is no picture."""
    data = base64.b64encode(png(SIGHT, SIGHT, _COLOURS[colour])).decode() if colour else ""
    path, body = _asked_by(api, model, data)
    answer = cluster.http("POST", "queen", path, body, timeout=180)
    assert answer.status == 200, answer
    return _got(answer.json())


def answer_to_kind(cluster: Cluster, model: str, kind: str) -> tuple[int, str]:
    """How many tokens a model reads for a red picture of this kind and a text, and its answer."""
    data = base64.b64encode(_RED[kind]()).decode()
    path, body = _asked_by("chat", model, data)
    answer = cluster.http("POST", "queen", path, body, timeout=180)
    assert answer.status == 200, answer
    return _got(answer.json())


def sent_by(cluster: Cluster, api: str, model: str, sent: str) -> tuple[int, str]:
    """The status and the words of the answer to one of `_SENT`, or to an address."""
    is_address = sent.startswith("http")
    data = "" if is_address else base64.b64encode(_SENT[sent]()).decode()
    path, body = _asked_by(api, model, data or "x")
    if is_address:
        body = json.loads(json.dumps(body).replace("data:image/png;base64,x", sent))
    answer = cluster.http("POST", "queen", path, body, timeout=180)
    return answer.status, answer.text


def assert_seen(told: Sequence[Sequence[tuple[int, str]]]) -> None:
    """Of nothing, a red and a dark picture: both are as many tokens, and are answered otherwise;
    whichever API they came by."""
    first = told[0]
    assert all(each == first for each in told), told
    (plain, _), (red, of_red), (dark, of_dark) = first
    assert red == dark and red - plain >= _TOKENS, told
    assert of_red != of_dark, told


def assert_refused(answered: Sequence[tuple[int, str]], rows: Sequence[Mapping[str, str]]) -> None:
    """Each was refused, with the `place` of its row and `why`."""
    for (status, words), row in zip(answered, rows, strict=True):
        assert status == 400, words
        assert row["place"] in words and row["why"] in words, (words, row["sent"])
