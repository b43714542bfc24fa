"""Classes of Unicode as patterns name them, ``\\p{L}``: the general categories of characters.

See https://tc39.es/ecma262/#table-unicode-general-category-values for their names, and
https://www.unicode.org/reports/tr44/#General_Category_Values for what they are.
"""

from __future__ import annotations

import functools
import itertools
import unicodedata
from collections.abc import Mapping

from rbee.worker.engines.schemas.expressions import CHARACTERS, Range, in_both, join

_LONG = {
    "Letter": "L",
    "Cased_Letter": "LC",
    "Uppercase_Letter": "Lu",
    "Lowercase_Letter": "Ll",
    "Titlecase_Letter": "Lt",
    "Modifier_Letter": "Lm",
    "Other_Letter": "Lo",
    "Mark": "M",
    "Combining_Mark": "M",
    "Nonspacing_Mark": "Mn",
    "Spacing_Mark": "Mc",
    "Enclosing_Mark": "Me",
    "Number": "N",
    "Decimal_Number": "Nd",
    "digit": "Nd",
    "Letter_Number": "Nl",
    "Other_Number": "No",
    "Punctuation": "P",
    "punct": "P",
    "Connector_Punctuation": "Pc",
    "Dash_Punctuation": "Pd",
    "Open_Punctuation": "Ps",
    "Close_Punctuation": "Pe",
    "Initial_Punctuation": "Pi",
    "Final_Punctuation": "Pf",
    "Other_Punctuation": "Po",
    "Symbol": "S",
    "Math_Symbol": "Sm",
    "Currency_Symbol": "Sc",
    "Modifier_Symbol": "Sk",
    "Other_Symbol": "So",
    "Separator": "Z",
    "Space_Separator": "Zs",
    "Line_Separator": "Zl",
    "Paragraph_Separator": "Zp",
    "Control": "Cc",
    "cntrl": "Cc",
    "Format": "Cf",
    "Private_Use": "Co",
}
_PREFIXES = ("General_Category=", "gc=")
#: What a category of several stands for.
_CASED = ("Lu", "Ll", "Lt")


def characters_of(name: str) -> tuple[Range, ...]:
    """The characters of a class of this name; nothing: there is no such category."""
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    name = _LONG.get(name, name)
    kinds = _CASED if name == "LC" else (name,)
    found = [
        each
        for kind, ranges in _by_category().items()
        if any(kind == one or (len(one) == 1 and kind.startswith(one)) for one in kinds)
        for each in ranges
    ]
    return in_both(join(found), CHARACTERS)


@functools.cache
def _by_category() -> Mapping[str, list[Range]]:
    """All characters by their category of two letters; a tenth of a second, once."""
    found: dict[str, list[Range]] = {}
    at = 0
    for kind, run in itertools.groupby(map(unicodedata.category, map(chr, range(0x110000)))):
        behind = at + sum(1 for _ in run)
        # What is in none may be in one of them for a newer program.
        if kind not in ("Cs", "Cn"):
            found.setdefault(kind, []).append((at, behind - 1))
        at = behind
    return found
