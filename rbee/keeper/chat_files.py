"""Files of conversations, as a person names them in a chat."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from rbee.keeper.conversation import Saved
from rbee.process import whole_file
from rbee.wire.errors import invalid
from rbee.wire.messages.basics import decode, encode

#: No conversation that was typed is larger (bytes).
_LARGEST = 64 * 1024 * 1024


def save(named: str, conversation: Saved) -> None:
    """Writes it, whole or not at all, for its owner alone; over nothing but a conversation.

    Raises `invalid_request` where it cannot be written.
    """
    path = _path(named, "/save")
    if path.exists():
        load(named)  # else it is somebody's file
    try:
        whole_file.write(path, msgspec.json.format(encode(conversation), indent=2) + b"\n")
    except OSError as error:
        raise invalid(f"{named}: {error.strerror or error}", "name another file") from None


def load(named: str) -> Saved:
    """The conversation in a file. Raises `invalid_request` where there is none."""
    path = _path(named, "/load")
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            text = file.read(_LARGEST + 1)
    except OSError as error:
        raise invalid(f"{named}: {error.strerror or error}", "name another file") from None
    if len(text) > _LARGEST:
        raise invalid(f"{named} is no conversation: it is too large", "name another file")
    return decode(text, Saved, f"{named} is no conversation")


def _path(named: str, command: str) -> Path:
    if not named:
        raise invalid("no file is named", f"{command} FILE")
    return Path(named).expanduser()
