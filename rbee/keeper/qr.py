"""A QR code of blocks, for a terminal."""

from __future__ import annotations

#: Light modules around the code. Four are the standard's; who reads codes off screens does with
#: two, and narrow terminals have room.
_BORDER = 2
#: What stands for an upper and a lower module, by whether they are light.
_BLOCKS = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}


def drawn(text: str) -> list[str]:
    """The lines of a code that holds `text`: light modules are blocks, dark ones the ground, two
    rows of modules a line."""
    import segno  # late: hardly ever wanted

    code = segno.make_qr(text, error="l", boost_error=False)
    rows = [[not dark for dark in row] for row in code.matrix_iter(border=_BORDER)]
    rows.append([False] * len(rows[0]))  # an odd row has nothing below
    return [
        "".join(_BLOCKS[above, below] for above, below in zip(rows[at], rows[at + 1]))
        for at in range(0, len(rows) - 1, 2)
    ]


def why_not(lines: list[str], *, is_terminal: bool, columns: int, encoding: str) -> str:
    """Why a code cannot be shown, in words; empty: it can. Pure."""
    if not is_terminal:
        return "a QR code wants a terminal"
    try:
        "".join(lines).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return f"a QR code wants characters that {encoding} does not have"
    if len(lines[0]) > columns:
        return (
            f"the QR code wants a terminal of {len(lines[0])} columns, and this one has {columns}"
        )
    return ""
