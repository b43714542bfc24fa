"""stdin, stdout and stderr, whatever the shell has made of them, and words as they were typed.

A closed descriptor is filled, lest the next file or socket gets its number and somebody's output:
with what fails like it where that loses something, and with what swallows narration. A character
that a terminal cannot show is shown as ``?``; it never ends the answer.
"""

from __future__ import annotations

import codecs
import errno
import os
import sys
from typing import Any, Literal, TextIO

from rbee.wire.errors import RbeeError, invalid
from rbee.wire.limits import LARGEST_INPUTS
from rbee.wire.shown import json_escape, json_shown


class AnswerLost(RbeeError):
    """What was asked for cannot be written: the disk is full, or stdout is closed."""

    def __init__(self, error: OSError) -> None:
        super().__init__(
            "answer_lost",
            f"the answer cannot be written: {why('stdout', error)}",
            "send stdout to a place that is open, and has room",
        )


class Endless(Exception):
    """More is read than anybody takes, and there is no end of it yet."""


#: How it shows that nobody gets what a command writes to stdout.
UNREAD = (BrokenPipeError, AnswerLost)


def open_streams() -> None:
    """Makes all three usable. To be called before anything else opens a file."""
    # Opened the wrong way round: to read, or to write, fails as it does on a closed descriptor.
    sys.stdin = _filled(0, os.O_WRONLY, "r") or sys.stdin
    sys.stdout = _filled(1, os.O_RDONLY, "w") or sys.stdout
    sys.stderr = _filled(2, os.O_WRONLY, "w") or sys.stderr
    for stream in (sys.stdout, sys.stderr):
        _set(stream, errors="replace")
    if _is_ascii(sys.stdin):  # which says nothing of what comes
        _set(sys.stdin, encoding="utf-8", errors="surrogateescape")


def why(stream: str, error: OSError) -> str:
    """What is wrong with a stream, for people."""
    return f"{stream} is closed" if error.errno == errno.EBADF else (error.strerror or str(error))


def require_stdin() -> None:
    """Raises `invalid_request` where standard input is closed."""
    try:
        import fcntl  # late: Windows has none, and tells it by an error of what reads
    except ImportError:
        return
    if fcntl.fcntl(sys.stdin.fileno(), fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY:
        raise unreadable(OSError(errno.EBADF, ""))


def unreadable(error: OSError) -> RbeeError:
    """The error for a standard input that cannot be read."""
    return invalid(
        f"nothing can be read: {why('standard input', error)}",
        "type it on a terminal, or let a file or a pipe stand there",
    )


def is_same_file(one: TextIO, other: TextIO) -> bool:
    """Whether both lead to the same reader."""
    try:
        here, there = os.fstat(one.fileno()), os.fstat(other.fileno())
    except (OSError, ValueError):  # one is no file at all
        return False
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)


def can_show(stream: TextIO, text: str) -> bool:
    """Whether `stream` has each character of `text`."""
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeError, LookupError):
        return False
    return True


def json_for(stream: TextIO, text: str) -> str:
    """`text`, which is JSON, with the characters that `stream` has not, and those that would steer
    a terminal, as JSON's escapes."""
    text = json_shown(text)
    if can_show(stream, text):
        return text
    return "".join(one if one < "\x80" else json_escape(one) for one in text)


def as_text(word: str) -> str:
    """A word of the command line as the text that it is.

    Raises `invalid_request` for bytes that are no text in UTF-8.
    """
    if word.isascii():
        return word
    try:
        word.encode()
    except UnicodeEncodeError:
        pass
    else:
        return word
    try:
        return os.fsencode(word).decode()  # a locale of ASCII takes what it does not know as bytes
    except UnicodeError:
        raise invalid(
            f"{readable(word)!r} is no text in UTF-8",
            "type it in UTF-8; a file with such a name needs another one, or a link",
        ) from None


def readable(word: str) -> str:
    """A word of the command line for people, with a sign for each byte that is no text."""
    return word.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def text_of_stdin() -> str:
    """All of standard input: UTF-8, or else in the encoding of the terminal.

    Raises OSError where it cannot be read, UnicodeError where it is text in neither, and Endless
    behind the most that a queen takes of anything.
    """
    data = sys.stdin.buffer.read(LARGEST_INPUTS + 1)
    if len(data) > LARGEST_INPUTS:
        raise Endless
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        if codecs.lookup(sys.stdin.encoding).name in ("utf-8", "ascii"):
            raise
        text = data.decode(sys.stdin.encoding)
    return text.replace("\r\n", "\n")


def _filled(number: int, flags: int, mode: Literal["r", "w"]) -> TextIO | None:
    """A stream on descriptor `number` where there was none; None where there is one."""
    try:
        os.fstat(number)
    except OSError:
        os.open(os.devnull, flags)  # takes the lowest number that is free, which is this
        return open(number, mode, encoding="utf-8", closefd=False)
    return None


def _set(stream: TextIO, **how: Any) -> None:
    reconfigure = getattr(stream, "reconfigure", None)  # a test's stream has none
    if reconfigure is not None:
        reconfigure(**how)


def _is_ascii(stream: TextIO) -> bool:
    try:
        return codecs.lookup(stream.encoding).name == "ascii"
    except (LookupError, TypeError):
        return False
