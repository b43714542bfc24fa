"""Names of machines, users and hives, checked as what they are before anything uses them.

They come to stand in command lines, file names, lines of known hosts and, by the percent tokens of
``ssh_config(5)``, in the shell text of a `Match exec`. What is no name is refused, not quoted, as
OpenSSH does since 9.6 with what is typed (`valid_hostname` and `valid_ruser` of its ssh.c), and
more strictly: what may stand in a name is listed, not what may not. Pure.
"""

from __future__ import annotations

import ipaddress
import re
import shlex
from collections.abc import Callable

from rbee.wire import addresses
from rbee.wire.errors import invalid
from rbee.wire.messages.hives import AddHive

#: The longest name of a host, and of a part of it between dots (RFC 1123, 2.1; RFC 1035, 2.3.4).
LONGEST_HOST = 253
LONGEST_LABEL = 63
#: The longest name of a user (LOGIN_NAME_MAX of Linux; macOS allows 255).
LONGEST_USER = 255
#: A hive's name is part of the names of files.
LONGEST_HIVE = 64

#: Besides letters and digits, of any script: an underscore and a plus stand in aliases.
_IN_LABELS = "-_+"
#: Besides those: ``DOMAIN\\user`` and ``user@domain`` of directories, ``machine$`` of Samba.
_IN_USERS = "-_+.@\\$"
_ZONE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,14}")
_HIVE = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{LONGEST_HIVE - 1}}}")
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_SHOWN = 60
_MAC = re.compile(r"[0-9a-f]{2}([:-][0-9a-f]{2}){5}", re.IGNORECASE)


def why_no_host(text: str) -> str:
    """Why `text` is neither a host name, nor an address, nor an alias; empty where it is one."""
    if not text or len(text) > LONGEST_HOST:
        return "it is empty" if not text else f"it is longer than {LONGEST_HOST} characters"
    if ":" in text:
        return _why_no_ipv6(text)
    if strange := _strange(text, _IN_LABELS + "."):
        return strange
    labels = text.removesuffix(".").split(".")
    if all(label.isdecimal() for label in labels):
        return "" if _is_ipv4(text) else "it is no IPv4 address"
    if not text.isascii():
        # As it goes over the network: what looks like one letter there may be several signs.
        try:
            labels = text.encode("idna").decode().removesuffix(".").split(".")
        except UnicodeError:
            return "it cannot be written as an international host name"
        if strange := _strange(".".join(labels), _IN_LABELS + "."):
            return strange
    for label in labels:
        if not label:
            return "a part of it between dots is empty"
        if len(label) > LONGEST_LABEL:
            return f"a part of it is longer than {LONGEST_LABEL} characters"
        if label.startswith(("-", "+")) or label.endswith("-"):
            return "a dash is at an end of a part of it"
    return ""


def why_no_user(text: str) -> str:
    """Why `text` cannot be the name of a user; empty where it can."""
    if not text or len(text) > LONGEST_USER:
        return "it is empty" if not text else f"it is longer than {LONGEST_USER} characters"
    if strange := _strange(text, _IN_USERS):
        return strange
    if text.startswith(("-", "+", "@", "\\", "$")) or ".." in text:
        return f"it begins with {text[0]}" if ".." not in text else "it holds two dots"
    if "$" in text[:-1] or text.endswith(("\\", "@")):
        return "its signs stand where none may stand"
    return ""


def check_machine(wanted: AddHive) -> None:
    """Raises `invalid_request` where a name of `wanted` is none."""
    user, holds_user, host = wanted.host.rpartition("@")
    if holds_user and not why_no_user(user) and not why_no_host(host):
        raise invalid(
            f"{wanted.host!r} holds a user, and a machine is wanted",
            shlex.join(["rbee-keeper", "add-hive", "--ssh-user", user, host]),
        )
    _check(
        wanted.host,
        why_no_host,
        "machine",
        "a host name, an address or an alias of ~/.ssh/config; the rest is said with "
        "--ssh-user and --ssh-port",
    )
    if wanted.ssh is not None and wanted.ssh.user is not None:
        _check(wanted.ssh.user, why_no_user, "user", "name whom `ssh` would log in as: --ssh-user")
    if wanted.ssh is not None and not (wanted.ssh.key_path or "").isprintable():
        raise invalid(
            f"{quoted(wanted.ssh.key_path or '')} cannot be the path of a key",
            "name a file without control characters in its path: --key",
        )
    if wanted.wake not in ("", "auto") and not is_mac(wanted.wake):
        raise invalid(
            f"{quoted(wanted.wake)} is no address of a network card",
            "it is six pairs of digits, as ip link shows it: --wake aa:bb:cc:dd:ee:ff; "
            "or --wake auto, which looks for it",
        )
    if wanted.wake and wanted.host in addresses.LOOPBACK and wanted.ssh is None:
        raise invalid("this is the machine of the queen, who could not wake it", "leave --wake out")
    if wanted.hive_id is not None:
        check_hive(wanted.hive_id)
    if wanted.accept_host_key and not _FINGERPRINT.fullmatch(wanted.accept_host_key):
        raise invalid(
            f"{quoted(wanted.accept_host_key)} is no fingerprint of a host key",
            "it is SHA256: and 43 letters, as ssh-keygen -l shows it",
        )


def is_mac(text: str) -> bool:
    """Whether `text` is the address of a network card."""
    return bool(_MAC.fullmatch(text))


def check_hive(text: str) -> None:
    """Raises `invalid_request` for what cannot be the name of a hive."""
    if not _HIVE.fullmatch(text):
        raise invalid(
            f"{quoted(text)} cannot be the name of a hive",
            "letters, digits, dots, dashes and underscores, a letter or digit first: --id attic",
        )


def quoted(text: str) -> str:
    """`text` in quotes, its end left out where it is long, with nothing that a terminal obeys."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")


def _check(text: str, why_not: Callable[[str], str], what: str, suggestion: str) -> None:
    if why := why_not(text):
        raise invalid(f"{quoted(text)} cannot be the name of a {what}: {why}", suggestion)


def _strange(text: str, besides: str) -> str:
    found = next((each for each in text if not each.isalnum() and each not in besides), None)
    return "" if found is None else f"it holds {found!r}"


def _is_ipv4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _why_no_ipv6(text: str) -> str:
    address, has_zone, zone = text.partition("%")
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        return "it is no IPv6 address, and a port is said with --ssh-port"
    return "" if not has_zone or _ZONE.fullmatch(zone) else "its zone is none"
