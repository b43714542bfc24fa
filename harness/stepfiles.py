"""The step files as Python text: which sentences they define, and what each function does.

Nothing is imported or run. A step that leaves its assertion to the harness is followed one level
down, by the name of what it calls.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from behave.matchers import Matcher, ParseMatcher, RegexMatcher

Function = ast.FunctionDef | ast.AsyncFunctionDef

KEYWORDS = ("given", "when", "then", "step")
#: Names that promise an assertion wherever they come from.
_ASSERTING = re.compile(r"^(assert_\w+|expect_\w+|wait_until|wait_for_\w+|fail)$")
#: Names of the harness that act; that they may fail is no check of what a Then says.
_ACTING = frozenset(
    [
        "run",
        "start",
        "finish",
        "http",
        "queen_get",
        "listen",
        "rows",
        "processes",
        "close",
        "hub",
        "token",
        "last",
        "current",
        "set",
    ]
)
#: What may take a coroutine without awaiting it on the spot.
_TAKERS = frozenset(
    ["create_task", "gather", "wait", "wait_for", "ensure_future", "run", "run_until_complete"]
)
#: Statements of a step beyond which it is no longer one call into the harness.
MOST_STATEMENTS = 4
_THICK = (ast.For, ast.AsyncFor, ast.While, ast.Try)


@dataclass(frozen=True, eq=False)
class StepDefinition:
    """One sentence and the function behind it."""

    file: str
    line: int
    keyword: str
    pattern: str
    function: Function
    matcher: Matcher = field(repr=False)

    @cached_property
    def statements(self) -> list[ast.stmt]:
        """The body without the docstring."""
        body = self.function.body
        is_docstring = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
        return body[1:] if is_docstring else body

    @property
    def is_empty(self) -> bool:
        """Whether it does nothing at all."""
        return all(
            isinstance(one, ast.Pass)
            or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
            for one in self.statements
        )

    @property
    def thickness(self) -> str:
        """Why this is more than a call into the harness, or ""."""
        if len(self.statements) > MOST_STATEMENTS:
            return f"{len(self.statements)} statements: put what it does into the harness"
        for node in ast.walk(self.function):
            if isinstance(node, _THICK):
                return f"a {type(node).__name__.lower()} in a step: put it into the harness"
        return ""

    @property
    def body(self) -> str:
        """What it does, comparable with what another does."""
        arguments = ast.dump(self.function.args)
        return arguments + "".join(ast.dump(one) for one in self.statements)


class StepFiles:
    """Every step definition of a folder, with the functions that they may lean on."""

    def __init__(self, folder: Path, harness: Path) -> None:
        self.definitions: list[StepDefinition] = []
        #: What could not be read: file, line and why.
        self.faults: list[tuple[str, int, str]] = []
        self._functions: dict[str, list[Function]] = {}
        for path in sorted(harness.glob("*.py")):
            self._remember(self._tree(path))
        for path in sorted(folder.glob("*.py")):
            tree = self._tree(path)
            self._remember(tree)
            self.definitions += self._definitions_in(path, tree)

    def definition_of(self, keyword: str, sentence: str) -> StepDefinition | None:
        """The definition that behave would take for this sentence."""
        for one in self.definitions:
            if one.keyword in (keyword, "step") and one.matcher.match(sentence):
                return one
        return None

    def asserts(self, definition: StepDefinition) -> bool:
        """Whether the function, or what it calls one level down, can fail on what it sees."""
        if _checks(definition.function):
            return True
        for called in _calls(definition.function):
            name = _name(called)
            if _ASSERTING.match(name):
                return True
            if name in _ACTING:
                continue
            if any(_checks(one, deeper=True) for one in self._functions.get(name, [])):
                return True
        return False

    def context_changes(self, definition: StepDefinition) -> list[int]:
        """The lines in which the function sets an attribute of its context."""
        arguments = definition.function.args.args
        context = arguments[0].arg if arguments else "context"
        lines = []
        for node in ast.walk(definition.function):
            targets = node.targets if isinstance(node, ast.Assign) else []
            if isinstance(node, (ast.AugAssign, ast.AnnAssign)):
                targets = [node.target]
            lines += [target.lineno for target in targets if _root(target) == context]
        return lines

    def forgotten_awaits(self, definition: StepDefinition) -> Iterator[tuple[int, str]]:
        """Line and name of each call of an async function whose result nobody awaits."""
        taken: set[int] = set()
        for node in ast.walk(definition.function):
            if isinstance(node, ast.Await):
                taken.add(id(node.value))
            elif isinstance(node, ast.Call) and _name(node) in _TAKERS:
                taken |= {id(argument) for argument in node.args}
            elif isinstance(node, (ast.AsyncWith, ast.AsyncFor)):
                # What these call is awaited by the statement itself.
                contexts = node.items if isinstance(node, ast.AsyncWith) else []
                taken |= {id(item.context_expr) for item in contexts}
                if isinstance(node, ast.AsyncFor):
                    taken.add(id(node.iter))
        for called in _calls(definition.function):
            known = self._functions.get(_name(called), [])
            if id(called) not in taken and known and all(map(_is_coroutine, known)):
                yield called.lineno, _name(called)

    def _tree(self, path: Path) -> ast.Module:
        try:
            return _parsed(path.read_text("utf-8"))
        except SyntaxError as error:
            self.faults.append((str(path), error.lineno or 1, error.msg))
            return ast.Module(body=[], type_ignores=[])

    def _remember(self, tree: ast.Module) -> None:
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self._functions.setdefault(node.name, []).append(node)

    def _definitions_in(self, path: Path, tree: ast.Module) -> Iterator[StepDefinition]:
        matcher: type[Matcher] = ParseMatcher
        for node in tree.body:
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                call = node.value
                chosen = call.args[0] if call.args else None
                if _name(call) == "use_step_matcher" and isinstance(chosen, ast.Constant):
                    matcher = RegexMatcher if chosen.value == "re" else ParseMatcher
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            for decorator in node.decorator_list:
                if not isinstance(decorator, ast.Call):
                    continue
                keyword = _name(decorator).lower()
                if keyword not in KEYWORDS:
                    continue
                text = decorator.args[0] if decorator.args else None
                if not isinstance(text, ast.Constant) or not isinstance(text.value, str):
                    self.faults.append(
                        (str(path), decorator.lineno, "a sentence is a string that stands there")
                    )
                    continue
                yield StepDefinition(
                    file=str(path),
                    line=decorator.lineno,
                    keyword=keyword,
                    pattern=text.value,
                    function=node,
                    matcher=_matcher(matcher, text.value, keyword),
                )


@functools.lru_cache(maxsize=256)
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


def _matcher(kind: type[Matcher], pattern: str, keyword: str) -> Any:
    def stand_in(_context: object) -> None:
        """Stands for the step's function, which is not imported here."""

    try:
        made: Any = kind(stand_in, pattern, keyword)
        made.match("")
    except Exception:
        # A type of parameter that only the step file knows: take the parameter as any text.
        made = kind(stand_in, re.sub(r"\{(\w*):[^}]*\}", r"{\1}", pattern), keyword)
    return made


def _is_coroutine(function: Function) -> bool:
    """Whether calling it gives a coroutine; an async generator gives none."""
    return isinstance(function, ast.AsyncFunctionDef) and not any(
        isinstance(node, ast.Yield) for node in ast.walk(function)
    )


def _calls(function: Function) -> Iterator[ast.Call]:
    return (node for node in ast.walk(function) if isinstance(node, ast.Call))


def _name(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _root(target: ast.expr) -> str:
    """The name at the left of ``a.b.c``; "" for a plain name."""
    node: ast.expr = target
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) and node is not target else ""


def _checks(function: Function, deeper: bool = False) -> bool:
    """Whether the function itself asserts or raises; `deeper` also counts promising calls."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assert) and not isinstance(node.test, ast.Constant):
            return True
        if isinstance(node, ast.Raise) and (not deeper or _raises_assertion(node)):
            return True
        if deeper and isinstance(node, ast.Call) and _ASSERTING.match(_name(node)):
            return True
    return False


def _raises_assertion(node: ast.Raise) -> bool:
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return isinstance(raised, ast.Name) and raised.id == "AssertionError"
