"""Whether a machine is who it says it is: its host key against the files of known hosts."""

from __future__ import annotations

import base64
import binascii
import fnmatch
import hashlib
import hmac
import os
import shlex
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import paramiko

from rbee.process import whole_file
from rbee.queen.ssh.config import Target
from rbee.queen.ssh.errors import ssh_failed

_REVOKED = "@revoked"
#: The algorithms in which a key of each kind signs, where they are not called as it is.
_SIGNATURES = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa")}


@dataclass(frozen=True)
class KnownKey:
    """A line of a file of known hosts."""

    file: Path
    line: int
    marker: str
    kind: str
    blob: bytes


def known_keys(text: str, known_as: str, file: Path) -> Iterator[KnownKey]:
    """The keys that `text`, in the format of OpenSSH, has of a host; `file` is where it is from."""
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        marker = words.pop(0) if words and words[0].startswith("@") else ""
        if len(words) < 3 or words[0].startswith("#") or not _names(words[0], known_as):
            continue
        try:
            blob = base64.b64decode(words[2], validate=True)
        except binascii.Error:
            continue
        yield KnownKey(file, number, marker, words[1], blob)


def keys_of(target: Target, ours: Path) -> list[KnownKey]:
    """What is known of a target in its own files and in ours."""
    found: list[KnownKey] = []
    for file in (ours, *target.known_hosts):
        if file.is_file():
            text = file.read_text("utf-8", "replace")
            found += known_keys(text, target.known_as, file)
    return found


def preferred(known: list[KnownKey], offered: tuple[str, ...]) -> tuple[str, ...]:
    """The signature algorithms `offered`, first those that belong to a key that is known."""
    first = [name for key in known for name in _SIGNATURES.get(key.kind, (key.kind,))]
    return tuple(sorted(offered, key=lambda name: name not in first))


def check(
    target: Target, key: paramiko.PKey, known: list[KnownKey], accept: str, add_as: str
) -> bool:
    """Whether the key is new and was agreed to; False when it was known before.

    `accept` is the fingerprint that a person has agreed to, `add_as` what `rbee-keeper add-hive`
    calls the machine, with the options that it takes.
    Raises `ssh_failed`, reason ``unknown_host_key``, ``changed_host_key``, ``revoked_host_key``.
    """
    shown, fingerprint = key.asbytes(), fingerprint_of(key)
    agree = f"rbee-keeper add-hive --accept-host-key {fingerprint} {add_as}"
    facts = {"host": target.name, "fingerprint": fingerprint, "key_type": key.get_name()}
    same = [each for each in known if each.blob == shown]
    revoked = [each for each in same if each.marker == _REVOKED]
    if revoked:
        raise ssh_failed(
            "revoked_host_key",
            f"the host key of {target.name}, {fingerprint}, is revoked in {_place(revoked[0])}",
            f"give {target.name} a new host key, or remove that line",
            **facts,
        )
    if any(not each.marker for each in same):
        return False
    others = [each for each in known if not each.marker]
    if others:
        files = dict.fromkeys(each.file for each in others)
        forget = [shlex.join(["ssh-keygen", "-R", target.known_as, "-f", str(f)]) for f in files]
        again = " && ".join([*forget, agree])
        raise ssh_failed(
            "changed_host_key",
            f"HOST KEY CHANGED: SOMEBODY MAY BE POSING AS {target.name}! It shows {key.get_name()} "
            f"{fingerprint}, another than {_place(others[0])}",
            f"only where you know why it changed: {again}",
            file=str(others[0].file),
            line=others[0].line,
            **facts,
        )
    if accept == fingerprint:
        return True
    kind = key.get_name().removeprefix("ssh-").partition("-")[0]
    look = f"ssh-keygen -lf /etc/ssh/ssh_host_{kind}_key.pub"
    message = f"{target.name} is not known yet: its {key.get_name()} host key is {fingerprint}"
    raise ssh_failed(
        "unknown_host_key",
        f"{message}; agreed to was {accept}" if accept else message,
        f"only where that machine itself shows the same with `{look}`: {agree}",
        look=look,
        **facts,
    )


def remember(target: Target, key: paramiko.PKey, ours: Path) -> None:
    """Writes a key that was agreed to into our own file, for our eyes only."""
    descriptor = os.open(ours, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with open(descriptor, "w") as file:
        file.write(f"{target.known_as} {key.get_name()} {key.get_base64()}\n")


def forget(names: Collection[str], ours: Path) -> None:
    """Takes the keys of these hosts out of our own file."""
    try:
        lines = ours.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return
    gone = {name.encode() for name in names}
    kept = [line for line in lines if line.split(b" ", 1)[0] not in gone]
    if kept != lines:
        whole_file.write(ours, b"".join(kept))


def fingerprint_of(key: paramiko.PKey) -> str:
    """``SHA256:`` and the base64 of the digest without padding, as ssh-keygen shows it."""
    digest = base64.b64encode(hashlib.sha256(key.asbytes()).digest())
    return f"SHA256:{digest.decode().rstrip('=')}"


def _names(patterns: str, host: str) -> bool:
    """Whether the first field of a line means this host: hashed, or names and patterns."""
    if patterns.startswith("|1|"):
        try:
            salt, digest = (base64.b64decode(part) for part in patterns[3:].split("|"))
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(hmac.digest(salt, host.encode(), "sha1"), digest)
    # Brackets are escaped: here they stand around a name with a port, and are no pattern.
    plain = [part.replace("[", "[[]") for part in patterns.lower().split(",")]
    no = any(fnmatch.fnmatchcase(host.lower(), part[1:]) for part in plain if part[0:1] == "!")
    return not no and any(fnmatch.fnmatchcase(host.lower(), part) for part in plain)


def _place(key: KnownKey) -> str:
    return f"{key.file}, line {key.line}"
