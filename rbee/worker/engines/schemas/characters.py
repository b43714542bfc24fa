"""Characters in a grammar, as they are or as JSON writes them within a string."""

from __future__ import annotations

from collections.abc import Iterable

from rbee.worker.engines.schemas.expressions import Range, in_both, without

#: What JSON has to write otherwise, and how.
_ESCAPED = {8: "b", 9: "t", 10: "n", 12: "f", 13: "r", 34: '"', 92: "\\"}
_SPECIAL: tuple[Range, ...] = ((0, 31), (34, 34), (92, 92), (127, 127))
_AS_IT_IS = without(_SPECIAL)


def characters(ranges: Iterable[Range], in_string: bool) -> list[str]:
    """What stands for one of these characters, as JSON writes them within a string."""
    if not in_string:
        return [f"[{_ranges(ranges)}]"]
    ranges = tuple(ranges)
    found = []
    plain = in_both(ranges, _AS_IT_IS)
    if plain:
        found.append(f"[{_ranges(plain)}]")
    special = in_both(ranges, _SPECIAL)
    codes = [code for low, high in special for code in range(low, high + 1)]
    short_ones = [_ESCAPED[code] for code in codes if code in _ESCAPED]
    if short_ones:
        found.append(rf'"\\" [{"".join(_in_class(ord(one)) for one in short_ones)}]')
    others = [f"{code:02x}" for code in codes if code not in _ESCAPED]
    for first in sorted({each[0] for each in others}):
        digits = "".join(each[1] for each in others if each[0] == first)
        found.append(rf'"\\u00{first}" [{digits}]')
    return found


def _ranges(ranges: Iterable[Range]) -> str:
    return "".join(
        _in_class(low) if low == high else f"{_in_class(low)}-{_in_class(high)}"
        for low, high in ranges
    )


def _in_class(code: int) -> str:
    if chr(code).isascii() and chr(code).isalnum():
        return chr(code)
    if code < 0x100:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"
