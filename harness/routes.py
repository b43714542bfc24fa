"""The routes that the daemons serve, as their code says it, and the page that lists them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from harness.cluster import ROOT
from rbee.wire import addresses

_SERVED_BY = {
    "queen": ("rbee/queen/daemon.py", "rbee/queen/openai/routes.py"),
    "hive": ("rbee/hive/daemon.py",),
    "worker": ("rbee/worker/daemon.py",),
}
#: Those of every daemon.
_OF_ALL = {("GET", addresses.HEALTH), ("POST", addresses.SHUTDOWN)}
_PAGE = ROOT / "docs" / "routes.md"
#: ``/models/{ref:.+}`` is ``/models/{ref}`` to people.
_PATTERN = re.compile(r"\{(\w+):.*?\}(?=/|$)")
_ROW = re.compile(r"^\| `(GET|POST|DELETE|OPTIONS) ([^`?]+)[^`]*`", re.MULTILINE)

Route = tuple[str, str]


def served(role: str) -> set[Route]:
    """Method and path of each route of a daemon."""
    found = {route for file in _SERVED_BY[role] for route in _routes_in(ROOT / file)}
    return {route for route in found | _OF_ALL if route[0] != "*"}


def listed(role: str) -> set[Route]:
    """Method and path of each route that the page lists for a daemon."""
    _, _, rest = _PAGE.read_text().partition(f"## {role.capitalize()}\n")
    section, _, _ = rest.partition("\n## ")
    return {(found[1], found[2].strip()) for found in _ROW.finditer(section)}


def assert_listed(role: str) -> None:
    """The page lists what is served, all of it and nothing else."""
    missing, surplus = served(role) - listed(role), listed(role) - served(role)
    assert not missing, f"docs/routes.md lacks these of the {role}: {sorted(missing)}"
    assert not surplus, f"docs/routes.md has what no {role} serves: {sorted(surplus)}"


def _routes_in(file: Path) -> Iterator[Route]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Route":
            method, path = node.args[:2]
            assert isinstance(method, ast.Constant), ast.dump(node)
            yield str(method.value), _PATTERN.sub(r"{\1}", _text(path))


def _text(node: ast.expr) -> str:
    """The path that an expression of constants comes to."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.BinOp):
        return _text(node.left) + _text(node.right)
    if isinstance(node, ast.Attribute):
        return str(getattr(addresses, node.attr))
    return addresses.V1 + "/{rest}"  # what is below, whatever it is
