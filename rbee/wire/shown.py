"""Text from elsewhere as it may be shown: what would steer a terminal is made visible. Pure.

Names, errors, logs and what models write may hold escape sequences (which set the clipboard, the
title, or move the cursor into other people's rows), controls of one byte in the range of UTF-8,
marks that turn the direction of what is read, and characters that nobody sees. Each is shown as
its escape, ``\\x1b`` or ``\\u202e``, and does nothing. A sequence without its first character is
plain text, so that it does not matter where a stream is cut.
"""

from __future__ import annotations

import functools
import re

from rbee.wire.errors import invalid

# C0 but for tab and line feed, DEL, C1, lone surrogates, marks that turn the direction (UAX 9), and
# characters that interlinear text and private protocols use.
_STEERS = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb\ud800-\udfff"
# In a name, or a row: also what ends a line, moves in it, or is invisible. Joiners are left alone
# behind characters that are not ASCII, where scripts (Persian) and emoji need them.
_UNSEEN = (
    r"\t\n\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028\u2029"
    r"\u2060-\u2064\u206a-\u206f\u3164\ufeff\uffa0\U000e0000-\U000e007f"
)
_JOINER = r"(?:(?<=[\x00-\x7f])|\A)[\u200c\u200d]"
#: No name of a machine, a worker, a key, a model or a piece of work is longer (characters).
LONGEST_NAME = 512
# Lone surrogates, and characters above U+FFFF: a pattern of a JSON schema cannot name them.
_NOT_IN_SCHEMAS = (r"\ud800-\udfff", r"\U000e0000-\U000e007f")
#: What names in JSON are.
NAME_PATTERN = functools.reduce(
    lambda pattern, each: pattern.replace(each, ""),
    _NOT_IN_SCHEMAS,
    rf"^[^{_STEERS}{_UNSEEN}]*$(?!\n)",
)


def why_no_name(text: str) -> str:
    """Why `text` can name nothing: too long for that, or nobody sees it; empty: it can."""
    if len(text) > LONGEST_NAME:
        return f"has more than {LONGEST_NAME} characters"
    return "holds characters that cannot be seen" if shown(text) != text else ""


def require_name(text: str, what: str) -> str:
    """`text`, which names something. Raises `invalid_request` where it cannot."""
    if wrong := why_no_name(text):
        raise invalid(f"'{beginning(text, 50)}' {wrong}", f"type {what} anew", field=what)
    return text


def beginning(text: str, most: int = 100) -> str:
    """At most so many characters of `text`, as `shown`, for an error that repeats it."""
    return shown(text) if len(text) <= most else f"{shown(text[:most])}..."


@functools.cache
def _unsafe(multiline: bool) -> re.Pattern[str]:
    """Made when it is needed: most of what is shown is plain."""
    return re.compile(f"[{_STEERS}]" if multiline else f"[{_STEERS}{_UNSEEN}]|{_JOINER}")


def shown(text: str, *, multiline: bool = False) -> str:
    """`text` with what would steer a terminal as its escape; as it is where there is none of that.

    One line of it: line ends, tabs and characters that are not seen are escaped, too. With
    `multiline` they stay, and a line that ends with ``\\r\\n`` ends with ``\\n``.
    """
    if text.isascii() and text.isprintable():
        return text
    if not multiline:
        return _unsafe(False).sub(_escape, text)
    return _unsafe(True).sub(_escape, text.replace("\r\n", "\n"))


def json_shown(text: str) -> str:
    """JSON with the same characters as its own escapes: it says the same."""
    if text.isascii() and text.isprintable():
        return text
    return _unsafe(True).sub(lambda found: json_escape(found[0]), text)


def json_escape(character: str) -> str:
    """A character in a JSON string, in ASCII."""
    units = character.encode("utf-16-be", "surrogatepass")
    pairs = (units[at : at + 2] for at in range(0, len(units), 2))
    return "".join(f"\\u{pair.hex()}" for pair in pairs)


class ShownStream:
    """Text that comes in pieces, as `shown` with `multiline` would have the whole of it."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """What of the pieces so far can be shown now: a ``\\r`` waits for what follows it."""
        text = self._held + text
        self._held = "\r" if text.endswith("\r") else ""
        return shown(text[:-1] if self._held else text, multiline=True)

    def end(self) -> str:
        """The text that was held back."""
        held, self._held = self._held, ""
        return shown(held, multiline=True)


def columns_of(text: str) -> int:
    """How many columns of a terminal a text takes: some characters take two, marks upon them none
    (UAX 11)."""
    if text.isascii():
        return len(text)
    import unicodedata  # late: most names are plain

    return sum(
        0
        if unicodedata.category(each) in ("Mn", "Me", "Cf")
        else 1 + (unicodedata.east_asian_width(each) in "WF")
        for each in text
    )


def within(text: str, columns: int) -> str:
    """The beginning of `text` that so many columns of a terminal have room for."""
    if text.isascii():
        return text[:columns]
    taken = 0
    for place, each in enumerate(text):
        taken += columns_of(each)
        if taken > columns:
            return text[:place]
    return text


def _escape(found: re.Match[str]) -> str:
    number = ord(found[0])
    if found[0] in "\t\n\r":
        return {"\t": "\\t", "\n": "\\n", "\r": "\\r"}[found[0]]
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
