"""What the head of a request may say: whom it was sent to, and in which characters. Pure.

Whatever stands there was written by anybody. What is no text ends here, so that nothing behind has
to think of it; and so does a name that is none of this machine's, since the page of a stranger can
have a browser ask a name of its own that leads to the loopback address (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterable
from urllib.parse import unquote_to_bytes, urlsplit

#: What no text that is sent may hold; a tabulator may stand in a header.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
#: A number has at most 18 digits: none that a client of ours sends is longer.
_NUMBER = re.compile(r"[0-9]{1,18}")
#: What names a piece of work: printed as it is where that work is told of.
_MARK = re.compile(r"[\x21-\x7e]{1,128}")
_SLASHES = re.compile(r"/{2,}")
#: Ends of names that nobody on the internet can have, as routers and machines make them up.
_AT_HOME = ("local", "localdomain", "lan", "home", "home.arpa", "internal", "fritz.box")
_EVERY_NAME = "*"
_LOOPBACK_NAMES = ("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback")


def flaw_of(target: str, headers: Iterable[tuple[str, str]]) -> str:
    """What of a head is no text, in words; empty: all of it is.

    `target` is the path with its query as it was sent; what is no UTF-8 in it, or in a header, is
    there as surrogates.
    """
    if not target.isascii() or _CONTROL.search(target):
        return "its address holds characters that have to be percent-encoded"
    try:
        plain = unquote_to_bytes(target).decode()
    except UnicodeDecodeError:
        return "its address is no text in UTF-8"
    if _CONTROL.search(plain) or "\t" in plain:
        return "its address holds control characters"
    for name, value in headers:
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                return f"its header {name} is no text in UTF-8"
        if _CONTROL.search(value):
            return f"its header {name} holds control characters"
    return ""


def number_of(text: str) -> int | None:
    """The whole number that a header or a query says; None: it is none."""
    return int(text) if _NUMBER.fullmatch(text) else None


def mark_of(text: str) -> str:
    """A mark that a caller gives to a piece of work; empty where that is none."""
    return text if _MARK.fullmatch(text) else ""


def host_in(target: str) -> str | None:
    """The host that a whole URL names instead of a path, as a proxy is asked; None: it is none."""
    return None if target.startswith("/") or target == "*" else urlsplit(target).netloc


def plain_path(path: str) -> str:
    """A path without doubled slashes, and without one at its end."""
    return _SLASHES.sub("/", path).rstrip("/") or "/"


def is_ours(host: str, names: Collection[str], machine: str) -> bool:
    """Whether a ``Host`` header names this machine.

    Addresses do (whoever types one cannot be led elsewhere), the names of the loopback address,
    `machine` as it calls itself, alone and with an end that only a network at home has, and
    `names`; ``*`` among those stands for every name.
    """
    name = _name_in(host)
    if not name:
        return False
    known = {_plain(each) for each in names}
    return (
        name in known
        or _EVERY_NAME in known
        or _is_address(name)
        or name in _LOOPBACK_NAMES
        or name.endswith(".localhost")
        or name in names_of(machine)
    )


def _name_in(host: str) -> str:
    """The name in a ``Host`` header, without the port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    name, colon, port = host.partition(":")
    return "" if colon and not (port.isascii() and port.isdigit()) else _plain(name)


def names_of(machine: str) -> set[str]:
    """What a machine that calls itself so is called, with each end that a network at home has."""
    whole = _plain(machine)
    first = whole.partition(".")[0]
    return {whole, first, *(f"{first}.{end}" for end in _AT_HOME)} - {""} if whole else set()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


def _plain(name: str) -> str:
    return name.lower().rstrip(".")
