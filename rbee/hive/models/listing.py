"""What a model hub says, taken in with bounds: listings, headers, redirects. Pure.

A hub is somebody else's program: a name in its listing becomes a path, a size becomes a promise
about the disk, and each header a number that somebody waits for. Whatever is outside of these
bounds is no answer of a hub. Next: `choose`, which picks files out of what has been taken in.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec

from rbee.hive.models.choose import ListedFile

#: Bytes of a listing; the longest of real repositories have a tenth of it.
LONGEST_ANSWER = 32 * 2**20
#: Places that a question is sent on to.
MOST_REDIRECTS = 5
#: Files of a repository, and bytes of one of them.
MOST_FILES = 100_000
LARGEST_FILE = 2**50
#: Characters of a file's name in all and between two slashes, and folders that it lies in.
LONGEST_NAME, LONGEST_PART, DEEPEST = 1024, 240, 16
#: A pause that a hub may ask for, in seconds; a longer one is this long.
LONGEST_ASKED = 366 * 86400

_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ETAG = re.compile(r"[A-Za-z0-9+=_.:-]{1,128}")
_NUMBER = re.compile(r"[0-9]{1,18}")
_SPAN = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})")
_A_HASH = r"\A(?:[0-9a-f]{40}|[0-9a-f]{64})\Z"

Size = Annotated[int, msgspec.Meta(ge=0, le=LARGEST_FILE)]
Commit = Annotated[str, msgspec.Meta(pattern=_A_HASH)]
Sha256 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
BlobId = Annotated[str, msgspec.Meta(pattern=_A_HASH)]


class _Large(msgspec.Struct, frozen=True):
    """How a listing tells a file that lies in the hub's store of large files."""

    sha256: Sha256 | None = None


class _Sibling(msgspec.Struct, frozen=True):
    """One file of a listing."""

    rfilename: str
    size: Size | None = None
    blob_id: BlobId | None = msgspec.field(default=None, name="blobId")
    lfs: _Large | None = None


class _HubAnswer(msgspec.Struct, frozen=True):
    """A listing as a hub writes it, as far as it is looked at."""

    siblings: Annotated[list[_Sibling], msgspec.Meta(max_length=MOST_FILES)] | None = None
    sha: Commit | None = None
    gated: bool | str | None = None


class Listing(msgspec.Struct, frozen=True):
    """A repository at one commit, which is empty where the hub names none."""

    files: list[ListedFile]
    commit: str
    gated: bool


def listing_of(body: bytes) -> Listing:
    """The listing in the body of an answer. Raises ValueError for one that no hub gives.

    A file whose name could not be a path below a folder is left out: it cannot be asked for.
    """
    try:
        answer = msgspec.json.decode(body, type=_HubAnswer)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    files = [_listed(each) for each in answer.siblings or () if is_file_name(each.rfilename)]
    return Listing(files, answer.sha or "", bool(answer.gated))


def is_file_name(name: str) -> bool:
    """Whether a listed name, joined to a folder, is a path below that folder on every system."""
    parts = name.split("/")
    return (
        len(name) <= LONGEST_NAME
        and len(parts) <= DEEPEST
        and name.isprintable()
        and not any(character in name for character in '\\:*?"<>|')
        and all(
            part not in ("", ".", "..") and len(part.encode(errors="replace")) <= LONGEST_PART
            for part in parts
        )
    )


def etag_of(text: str) -> str:
    """What a header calls a content, without quotes; empty for what could not be a name."""
    bare = text.strip().removeprefix("W/").strip('"')
    return bare if _ETAG.fullmatch(bare) else ""


def is_hash(etag: str) -> bool:
    """Whether a content is called by its git blob id or its sha256."""
    return _HASH.fullmatch(etag) is not None


def sha256_in(etag: str) -> str:
    """The sha256 that a content is called by, else nothing."""
    return etag if _SHA256.fullmatch(etag) else ""


def size_of(text: str | None) -> int | None:
    """Bytes, as a header says them; None for what is no size of a file."""
    digits = (text or "").strip()
    if not _NUMBER.fullmatch(digits):
        return None
    size = int(digits)
    return size if size <= LARGEST_FILE else None


def span_of(text: str) -> tuple[int, int] | None:
    """Where a part begins and how long the whole is, of a `Content-Range`; None: it is none."""
    found = _SPAN.fullmatch(text.strip())
    if not found:
        return None
    start, last, size = map(int, found.groups())
    return (start, size) if start <= last < size <= LARGEST_FILE else None


def pause_of(text: str, now: datetime | None = None) -> float | None:
    """Seconds that a `Retry-After` asks for, a number or a date; None for anything else."""
    text = text.strip()
    if re.fullmatch(r"[0-9]+", text):
        return float(min(int(text[:10]), LONGEST_ASKED))
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=timezone.utc)
    left = (until - (now or datetime.now(timezone.utc))).total_seconds()
    return min(max(left, 0.0), float(LONGEST_ASKED))


def why_not_there(hub: str, start: str, end: str) -> str:
    """Why a question to `hub` that was at `start` is not sent on to `end`; empty: it is.

    Addresses as URLs. Never from https to http, to what is no web address, or to this machine or
    its link (where a cloud keeps its secrets) unless the hub itself is there.
    """
    before = urlsplit(start)
    try:
        after, port = urlsplit(end), urlsplit(end).port
    except ValueError:
        return "an address that cannot be read"
    if after.scheme not in ("http", "https") or not after.hostname or port == 0:
        return "something that is no web address"
    if before.scheme == "https" and after.scheme == "http":
        return "an address without encryption"
    if _is_near(after.hostname) and not _is_near(urlsplit(hub).hostname or ""):
        return "an address of this machine's own"
    return ""


def _is_near(host: str) -> bool:
    """Whether a host, as it is written, is this machine or on its own link."""
    if host.rstrip(".").lower() == "localhost" or host.lower().rstrip(".").endswith(".localhost"):
        return True
    try:
        # As the system reads them: 127.1, 2130706433 and 0x7f000001 are addresses, too.
        import socket

        address = (
            ip_address(host.split("%")[0]) if ":" in host else ip_address(socket.inet_aton(host))
        )
    except (OSError, ValueError):
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return (
        address.is_loopback
        or address.is_link_local
        or address.is_unspecified
        or address.is_multicast
    )


def _listed(sibling: _Sibling) -> ListedFile:
    sha256 = (sibling.lfs.sha256 if sibling.lfs else None) or ""
    return ListedFile(sibling.rfilename, sibling.size or 0, sha256, sha256 or sibling.blob_id or "")


def facts_of(headers: Any) -> tuple[int, str]:
    """Size and etag of a file as the hub's headers say them, of a file that is elsewhere first."""
    size = size_of(headers.get("X-Linked-Size"))
    if size is None:
        size = size_of(headers.get("Content-Length"))
    return size or 0, etag_of(headers.get("X-Linked-Etag") or headers.get("ETag") or "")
