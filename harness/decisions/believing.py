"""What is believed of a hub: its listings, headers and redirects, asked in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timezone

from rbee.hive.models import listing

_COMMIT = "0123456789abcdef0123456789abcdef01234567"
_SHA256 = _COMMIT + "0123456789abcdef01234567"
#: The moment at which a date is read.
_NOW = datetime(2026, 11, 27, 12, 0, 0, tzinfo=timezone.utc)

#: What a listing says instead, by how a scenario calls it.
_BODIES: dict[str, Callable[[], bytes]] = {
    "brackets, 100,000 deep": lambda: b"[" * 100_000,
    "objects in something unknown, 100,000 deep": lambda: b'{"x":' * 100_000,
    "more than 100,000 files": lambda: _body(siblings=[{"rfilename": "a"}] * 100_001),
    "a page for people": lambda: b"<html>",
    "bytes that are no text": lambda: b'{"sha": "\xff\xfe"}',
    "nothing": lambda: b"",
}


def listing_with(field: str, value: str) -> str:
    """What comes of a listing in which one field has another value: "taken" or "refused"."""
    if field == "body":
        body = _BODIES[value]()
    else:
        said = json.loads(value)
        file = {"rfilename": "a.gguf", "size": 1, "blobId": _COMMIT, "lfs": {"sha256": _SHA256}}
        places: dict[str, Callable[[], bytes]] = {
            "commit": lambda: _body(sha=said),
            "size": lambda: _body(siblings=[{**file, "size": said}]),
            "blob id": lambda: _body(siblings=[{**file, "blobId": said}]),
            "sha256": lambda: _body(siblings=[{**file, "lfs": {"sha256": said}}]),
            "files": lambda: _body(siblings=said),
        }
        body = places[field]()
    try:
        listing.listing_of(body)
    except ValueError:
        return "refused"
    return "taken"


def name_in_listing(name: str) -> str:
    """Whether a file with a name, as JSON has it, is one that can be asked for."""
    body = _body(siblings=[{"rfilename": json.loads(_NAMES.get(name, name))}])
    return "offered" if listing.listing_of(body).files else "left out"


_NAMES = {
    "300 letters": json.dumps("a" * 300),
    "17 folders": json.dumps("a/" * 17 + "b"),
}


def header_read_as(header: str, value: str) -> str:
    """What a header's value is read as."""
    text = json.loads(f'"{value}"')
    readings: Mapping[str, Callable[[str], object]] = {
        "Retry-After": lambda each: listing.pause_of(each, _NOW),
        "Content-Length": listing.size_of,
        "Content-Range": listing.span_of,
        "ETag": listing.etag_of,
    }
    found = readings[header](text)
    return "nothing" if found in (None, "") else str(found)


def sent_on(hub: str, end: str) -> str:
    """Whether a question to a hub is sent on to an address: "followed" or why not."""
    return _IN_SHORT[listing.why_not_there(hub, hub, end)]


_IN_SHORT = {
    "": "followed",
    "an address without encryption": "not, as it has no encryption",
    "something that is no web address": "not, as it is no web address",
    "an address of this machine's own": "not, as it is this machine's own",
    "an address that cannot be read": "not, as it cannot be read",
}


def _body(**fields: object) -> bytes:
    return json.dumps({"sha": _COMMIT, "siblings": [], **fields}).encode()
