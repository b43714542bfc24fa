"""Narration as features quote it, matched against what a terminal really showed.

The expected text is whole lines in order; other lines may stand between them. A placeholder in
angle brackets (``<size>``, ``<path>``) stands for any text that is not empty; the same placeholder
twice in one text stands for the same text twice only where its name ends in ``id``. The default
ports (8500, 8600, 8601 and up) are read as the ports of this scenario.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.rig.ports import Ports

_PLACEHOLDER = re.compile(r"<([a-z][a-z0-9 _-]*)>")
#: What has a terminal dim a line, and stop doing so.
_DIMMED = re.compile(r"\x1b\[[02]m")
_PORT = re.compile(r"\b(8500|86\d\d)\b")


def with_ports(text: str, ports: Ports | None) -> str:
    """`text` with each default port replaced by the scenario's own."""
    if ports is None:
        return text
    return _PORT.sub(lambda found: str(ports.instead_of(int(found.group()))), text)


def line_pattern(expected: str, known: dict[str, str] | None = None) -> re.Pattern[str]:
    """What a whole line has to match; `known` holds the placeholders already bound."""
    parts: list[str] = []
    at = 0
    bound: set[str] = set()
    for found in _PLACEHOLDER.finditer(expected):
        parts.append(re.escape(expected[at : found.start()]))
        at = found.end()
        name = found.group(1)
        group = re.sub(r"\W", "_", name)
        if known is not None and name in known:
            parts.append(re.escape(known[name]))
        elif name.endswith("id") and group not in bound:
            bound.add(group)
            parts.append(f"(?P<{group}>.+?)")
        elif name.endswith("id"):
            parts.append(f"(?P={group})")
        else:
            parts.append(".+?")
    parts.append(re.escape(expected[at:]))
    return re.compile("".join(parts))


def plain(line: str) -> str:
    """A line as a person reads it, dimmed or not, without its margins."""
    return _DIMMED.sub("", line).strip()


def expected_lines(text: str, ports: Ports | None = None) -> list[str]:
    """The lines of a docstring that have to be there: without margins and blank lines."""
    lines = [line.strip() for line in with_ports(text, ports).splitlines()]
    return [line for line in lines if line]


def assert_in_order(expected: str, actual: str | Sequence[str], ports: Ports | None = None) -> None:
    """Raises AssertionError unless the lines of `expected` stand in `actual` in this order.

    The message shows the line that is missing, the line after which it was looked for, whether it
    stands elsewhere, and the whole transcript.
    """
    wanted = expected_lines(expected, ports)
    assert wanted, "no line is expected: the docstring is empty"
    lines = actual.splitlines() if isinstance(actual, str) else list(actual)
    known: dict[str, str] = {}
    at = 0
    for number, line in enumerate(wanted):
        position = _find(line, lines, at, known)
        if position is None:
            raise AssertionError(_mismatch(wanted, number, lines, at, known))
        at = position + 1


def assert_absent(unexpected: str, actual: str | Sequence[str], ports: Ports | None = None) -> None:
    """Raises AssertionError when any line of `unexpected` stands in `actual`."""
    wanted = expected_lines(unexpected, ports)
    assert wanted, "no line is named: the docstring is empty"
    lines = actual.splitlines() if isinstance(actual, str) else list(actual)
    for line in wanted:
        position = _find(line, lines, 0, {})
        if position is not None:
            raise AssertionError(
                f"this line was not to be there:\n    {line}\n{_numbered(lines, position)}"
            )


def _find(line: str, lines: Sequence[str], start: int, known: dict[str, str]) -> int | None:
    pattern = line_pattern(line, known)
    names = {re.sub(r"\W", "_", name): name for name in _PLACEHOLDER.findall(line)}
    for position in range(start, len(lines)):
        found = pattern.fullmatch(plain(lines[position]))
        if found:
            known.update({names[group]: text for group, text in found.groupdict().items()})
            return position
    return None


def _mismatch(
    wanted: Sequence[str], number: int, lines: Sequence[str], at: int, known: dict[str, str]
) -> str:
    earlier = _find(wanted[number], lines[:at], 0, dict(known))
    hint = f" (it stands too early, as line {earlier + 1})" if earlier is not None else ""
    after = f"after: {wanted[number - 1]}" if number else "from the beginning"
    return (
        f"expected line {number + 1} of {len(wanted)} is missing{hint}\n"
        f"    {wanted[number]}\n{after}\n{_numbered(lines, at)}"
    )


def _numbered(lines: Sequence[str], at: int) -> str:
    if not lines:
        return "the transcript is empty"
    shown = [
        f"{'>' if position == at else ' '} {position + 1:3} | {line}"
        for position, line in enumerate(lines)
    ]
    if at >= len(lines):
        shown.append("> end")
    return "the whole transcript ('>' marks where it was looked for):\n" + "\n".join(shown)
