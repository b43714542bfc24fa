"""The documents beside the code, held against what they speak of."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from harness.rig import tags

ROOT = Path(__file__).resolve().parents[2]
CHANGELOG = "CHANGELOG.md"
#: A line that sets the version of the project, in Python or TOML.
_SETS_VERSION = re.compile(r"""^\s*(?:__)?version\w*\s*=\s*["']\d""", re.MULTILINE)
_ENTRY = re.compile(r"^## (?P<version>\S+)[^\n]*\n(?P<told>(?s:.*?))(?=^## |\Z)", re.MULTILINE)
_LINK = re.compile(r"\]\((?P<target>[^)#\s]+)(?:#[^)]*)?\)")
#: A file of the project in backticks, and after a colon what is defined in it.
_PLACE = re.compile(
    r"`(?P<file>[\w.]+(?:/[\w.]+)+\.(?:py|feature|toml|md|txt))(?::(?P<name>[\w.]+))?`"
)
#: The rooms of the APIs of others.
_DOORS = tuple(f"rbee/queen/{name}/" for name in ("openai", "anthropic", "ollama"))
#: What a model answers (`rbee.Answer`, for programs), and what a daemon does; what HTTP is spoken
#: on, at its client's end and at its server's.
_OF_BOTH = {"Answer", "Connection"}
#: A module of the project in backticks, or what is defined in one.
_DOTTED = re.compile(r"(?<!`)`(?P<name>(?:rbee|harness)(?:\.\w+)+)`(?!`)")
#: The first cell of a row of a table, in backticks.
_ROW = re.compile(r"^\| `(?P<name>[^`]+)` \|", re.MULTILINE)


def documents() -> dict[str, str]:
    """The texts of the documents, by their path below the root."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "features" / "README.md"]
    return {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in sorted(found)}


def where_version_is_set() -> list[str]:
    """The files that set a version of the project."""
    sources = [ROOT / "pyproject.toml", *sorted((ROOT / "rbee").rglob("*.py"))]
    return [
        str(path.relative_to(ROOT))
        for path in sources
        if _SETS_VERSION.search(path.read_text("utf-8"))
    ]


def untold(version: str, changelog: str) -> list[str]:
    """What a changelog lacks of a version. Pure."""
    newest = _ENTRY.search(changelog)
    if newest is None or newest["version"] != version:
        return [f"its newest entry is of {newest and newest['version']}, not of {version}"]
    return [] if "\n- " in f"\n{newest['told']}" else [f"its entry of {version} tells nothing"]


def unnamed_folders(readme: str) -> list[str]:
    """Folders of features that their README does not name, and what it names that is none."""
    folders = {path.name + "/" for path in (ROOT / "features").iterdir() if path.is_dir()}
    rows = {name for name in _ROW.findall(readme) if name.endswith("/")}
    return sorted(folders ^ rows)


def unnamed_tags(readme: str) -> list[str]:
    """Tags that scenarios may carry and the README of the features does not explain."""
    rows = {name for name in _ROW.findall(readme) if name.startswith("@")}
    return sorted({f"@{tag}" for tag in (*tags.NEEDS, *tags.PLAIN)} - rows)


def dead_links(texts: Mapping[str, str]) -> list[str]:
    """Links of documents, by their path below the root, to files that are not there."""
    return [
        f"{document}: {link['target']}"
        for document, text in texts.items()
        for link in _LINK.finditer(text)
        if "://" not in link["target"]
        and not (ROOT / document).parent.joinpath(link["target"]).exists()
    ]


def gone(texts: Iterable[str]) -> list[str]:
    """Places in the code that texts name as ```file``` or ```file:name``` and that are not there.

    A file is named from the root, or from ``rbee/`` on.
    """
    named = {place.group(): place for text in texts for place in _PLACE.finditer(text)}
    return [told for told, place in named.items() if not _is_there(place["file"], place["name"])]


def gone_names(texts: Iterable[str]) -> list[str]:
    """Modules of the project, and what is in them, that texts name in backticks with dots, and that
    are not there."""
    named = {name["name"] for text in texts for name in _DOTTED.finditer(text)}
    return sorted(name for name in named if not _leads_somewhere(name.split(".")))


def _leads_somewhere(parts: Sequence[str]) -> bool:
    for end in range(len(parts), 0, -1):
        path = ROOT.joinpath(*parts[:end])
        module = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if module.is_file():
            left = ".".join(parts[end:])
            return not left or left in set(_names(ast.parse(module.read_text("utf-8")).body))
    return False


def sources(folder: str) -> dict[str, str]:
    """The texts of the modules in a folder, by their path below the root."""
    found = sorted((ROOT / folder).rglob("*.py"))
    return {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in found}


def shared_names(modules: Mapping[str, str]) -> list[str]:
    """Names of classes that stand for several things, with where; private ones are their modules'.

    Each front door has its API's words for its classes: among doors a name may come again.
    """
    where: dict[str, list[str]] = {}
    for path, text in modules.items():
        for statement in ast.parse(text).body:
            if isinstance(statement, ast.ClassDef) and not statement.name.startswith("_"):
                where.setdefault(statement.name, []).append(path)
    return [
        f"{name}: {', '.join(paths)}"
        for name, paths in where.items()
        if len(paths) > 1
        and name not in _OF_BOTH
        and not all(path.startswith(_DOORS) for path in paths)
    ]


def _is_there(file: str, name: str | None) -> bool:
    paths = [path for path in (ROOT / file, ROOT / "rbee" / file) if path.is_file()]
    if not paths or name is None:
        return bool(paths)
    return name in set(_names(ast.parse(paths[0].read_text("utf-8")).body))


def _names(body: Iterable[ast.stmt], within: str = "") -> Iterator[str]:
    """What is defined there, the members of a class with its name before theirs."""
    for statement in body:
        if isinstance(statement, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield within + statement.name
            if isinstance(statement, ast.ClassDef):
                yield from _names(statement.body, f"{statement.name}.")
        elif isinstance(statement, ast.If):  # what type checkers see alone
            yield from _names(statement.body, within)
        elif isinstance(statement, ast.ImportFrom):
            yield from (each.asname for each in statement.names if each.asname)
        elif isinstance(statement, ast.Assign):
            yield from (within + one.id for one in statement.targets if isinstance(one, ast.Name))
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            yield within + statement.target.id
