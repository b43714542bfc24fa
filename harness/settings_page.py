"""``python -m harness.settings_page [--check]``: writes the pages that are made of the code.

These are the page of settings, docs/settings.md, that of limits (`harness.limits_page`), that of
routes (`harness.rig.routes`), that of fields (`harness.fields_page`) and that of JSON schemas
(`harness.decisions.schema_suite`). The first is made of
`rbee.wire.settings`: names, defaults, units, bounds, the headings between them and what is said of
each. With ``--check`` nothing is written. Exit status: 0 the pages are as the code; 1 one is not
(``--check``), or nothing is said of some setting.
"""

from __future__ import annotations

import ast
import inspect
import sys
import typing
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from harness import fields_page, limits_page
from harness.decisions import schema_suite
from harness.rig import routes
from rbee.wire import settings

PAGE = Path(__file__).resolve().parents[1] / "docs" / "settings.md"
_HEAD = """\
# Settings

Each of these can be written into `config.toml` in `RBEE_HOME` (`queen_port = 8510`) or into the
environment (`RBEE_QUEEN_PORT=8510`; several values with commas between them). A flag comes before
the environment, the environment before the file, and the file before the default. Made by
`make docs` out of `rbee/wire/settings.py`.
"""
_COLUMNS = ("setting", "default", "unit", "may be", "what it is")


class Setting(NamedTuple):
    """One setting as the page tells it; all in words."""

    name: str
    default: str
    unit: str
    may_be: str
    about: str


class SettingsGroup(NamedTuple):
    """Settings under one heading, with what is said of all of them."""

    heading: str
    about: str
    settings: list[Setting]


def groups() -> list[SettingsGroup]:
    """All settings in the order of the code. Raises ValueError for one of which nothing is said."""
    types = typing.get_type_hints(settings.Settings, include_extras=True)
    found: list[SettingsGroup] = []
    for heading, name, about in _told():
        if heading:
            title, _, rest = heading.partition(". ")
            found.append(SettingsGroup(title.rstrip("."), rest, []))
        if not about:
            raise ValueError(f"rbee/wire/settings.py says nothing of {name}")
        found[-1].settings.append(_setting(name, types[name], about))
    return found


def page() -> str:
    """The page, in Markdown."""
    lines = [_HEAD]
    for group in groups():
        lines += [f"## {group.heading}", "", *([group.about, ""] if group.about else [])]
        lines += _rows([_COLUMNS, tuple("---" for _ in _COLUMNS)])
        lines += [*_rows([(f"`{one.name}`", *one[1:]) for one in group.settings]), ""]
    return "\n".join(lines).rstrip() + "\n"


def _rows(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def _setting(name: str, kind: Any, about: str) -> Setting:
    meta = _meta(kind)
    default = getattr(settings.Settings(), name)
    unit = (meta.extra or {}).get("unit", "") if meta else ""
    return Setting(name, _in_words(default), unit, _bounds(meta) if meta else "", about)


def _meta(kind: Any) -> msgspec.Meta | None:
    """What is said of a type, or of that of the items of a tuple."""
    if typing.get_origin(kind) is tuple:
        return _meta(typing.get_args(kind)[0])
    found = [one for one in getattr(kind, "__metadata__", ()) if isinstance(one, msgspec.Meta)]
    return found[0] if found else None


def _bounds(meta: msgspec.Meta) -> str:
    if meta.le is not None:
        return f"{meta.ge} to {meta.le}"
    if meta.gt is None and meta.ge is None:
        return ""
    return f"more than {meta.gt}" if meta.gt is not None else f"at least {meta.ge}"


def _in_words(value: object) -> str:
    if value in ((), {}):
        return "none"
    if isinstance(value, tuple):
        return f"`{','.join(map(_plain, value))}`"
    return f"`{_plain(value)}`" if value != "" else "empty"


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _told() -> Iterator[tuple[str, str, str]]:
    """The comment above each setting ("" for none), its name, and what the string under it says."""
    source = inspect.getsource(settings.Settings)
    lines = source.splitlines()
    (body,) = ast.parse(source).body
    assert isinstance(body, ast.ClassDef)
    before = 0
    for statement, after in zip(body.body, [*body.body[1:], ast.Pass()]):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            above = [line.strip() for line in lines[before : statement.lineno - 1]]
            heading = " ".join(line.removeprefix("# ") for line in above if line.startswith("# "))
            yield heading, statement.target.id, _string(after)
        before = statement.end_lineno or before


def _string(statement: ast.AST) -> str:
    """The text of a string that stands alone, as Markdown; "" for any other statement."""
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Constant):
        return ""
    return " ".join(str(statement.value.value).split()).replace("``", "`")


def main(arguments: Sequence[str]) -> int:
    """Writes or checks the page; the exit status."""
    try:
        pages = {
            PAGE: page(),
            limits_page.PAGE: limits_page.page(),
            routes.PAGE: routes.page(),
            fields_page.PAGE: fields_page.page(),
            schema_suite.PAGE: schema_suite.page(),
        }
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    stale = [each for each, made in pages.items() if not _is(each, made)]
    if "--check" in arguments:
        for each in stale:
            print(f"docs/{each.name} is not as the code: type make docs", file=sys.stderr)
        return bool(stale)
    for each in stale:
        each.write_text(pages[each], "utf-8")
    return 0


def _is(path: Path, made: str) -> bool:
    return path.exists() and path.read_text("utf-8") == made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
