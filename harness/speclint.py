"""What may not stand in the specification, because it would be green and mean nothing.

``python -m harness.speclint [features]`` reads the feature files with behave's own parser and the
steps as Python text; it runs neither. Each finding is one line, ``file:line: [rule] message``;
the exit status is 1 when there is any. The sentences of each rule are in its message.

A function asserts that has an ``assert`` or a ``raise`` in it, or calls one whose name promises it:
``assert_...`` or ``wait_...``; functions of such names in the harness are held to it themselves.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import io
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from behave.matchers import Matcher, ParseMatcher
from behave.parser import ParserError, parse_file

from harness.rig import tags

#: Steps of a scenario outside the folder of whole walks, and statements of a step.
MOST_STEPS = 8
MOST_STATEMENTS = 4
#: Folder of whole walks, under the folder of features.
FLOWS = "flows"

_PROMISE = re.compile(r"_?(assert|wait)_\w+")
_THICK = (ast.For, ast.AsyncFor, ast.While, ast.Try)
_DEFINITION = (ast.FunctionDef, ast.AsyncFunctionDef)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


class Finding(NamedTuple):
    """One thing that may not be; prints as ``file:line: [rule] message``."""

    file: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: [{self.rule}] {self.message}"


@dataclass(frozen=True, eq=False)
class Step:
    """One sentence and the function behind it."""

    file: str
    line: int
    keyword: str
    pattern: str
    function: _Function
    matcher: Matcher = field(repr=False)


def lint(features: Path, steps: Path, harness: Path) -> list[Finding]:
    """Every finding in the feature files below `features` and the step files in `steps`.

    `harness` holds the modules that a step may leave its assertion to.
    """
    findings: list[Finding] = []
    trees = {path: _tree(path, findings) for path in sorted(steps.glob("*.py"))}
    others = {path: _tree(path, findings) for path in sorted(harness.rglob("*.py"))}
    defined = [step for path, tree in trees.items() for step in _steps_in(path, tree)]
    findings += _step_findings(defined, _coroutines({**others, **trees}))
    findings += _promise_findings({**others, **trees})
    findings += _hook_findings(features.parent / "environment.py", findings)
    used: set[Step] = set()
    files = sorted(features.rglob("*.feature"))
    if not files:
        findings.append(Finding(str(features), 1, "no-features", "holds no feature file"))
    for path in files:
        for line, rule, message in _feature_findings(path, features, defined, used):
            findings.append(Finding(str(path), line, rule, message))
    if steps.parent == features.parent:
        findings += [
            Finding(one.file, one.line, "unused-step", f"no scenario says {one.pattern!r}")
            for one in defined
            if one not in used
        ]
    return sorted(set(findings))


# Features. Each finding is a line, a rule and a message.

_Found = tuple[int, str, str]


def _feature_findings(
    path: Path, root: Path, defined: Sequence[Step], used: set[Step]
) -> Iterator[_Found]:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            feature = parse_file(str(path))
    except ParserError as error:
        yield error.line or 1, "parse-error", (str(error).splitlines() or [repr(error)])[0]
        return
    scenarios = feature.walk_scenarios(with_outlines=True) if feature else []
    if not scenarios:
        yield 1, "no-scenario", "the file has no scenario"
        return
    for head in (feature, *feature.rules, *scenarios):
        # So ends what explains; a heading or a step that behave does not know is one to it, too.
        if head.description and not head.description[-1].endswith((".", ".)")):
            lost = f"{head.description[-1]!r} is no step, and ends no sentence that explains"
            yield head.line, "lost-line", lost
    named: set[str] = set()
    for one in (feature, *scenarios):
        for tag in one.tags:
            if not tags.is_known(tag):
                forms = (*tags.NEEDS, *tags.PLAIN, "phase-N", "fault.ROLE.NAME")
                known = ", ".join(f"@{name}" for name in forms)
                yield one.line, "unknown-tag", f"@{tag} means nothing; known: {known}"
    for scenario in scenarios:
        if scenario.name in named:
            yield scenario.line, "same-name", f"a second scenario {scenario.name!r}"
        named.add(scenario.name)
        # The rows of an outline have the shape of their outline, which is looked at itself.
        if hasattr(scenario, "examples"):
            if not any(each.table and each.table.rows for each in scenario.examples):
                yield scenario.line, "outline-without-rows", "no example: nothing is run"
            yield from _shape_findings(scenario, path.relative_to(root).parts[0])
            continue
        if not hasattr(scenario.parent, "examples"):
            yield from _shape_findings(scenario, path.relative_to(root).parts[0])
        for step in scenario.all_steps:
            found = _definition_of(step, defined)
            if found is None:
                said = f"{step.step_type.capitalize()} {step.name}"
                yield step.line, "undefined-step", f"no step says: {said}"
            else:
                used.add(found)


def _shape_findings(scenario: Any, folder: str) -> Iterator[_Found]:
    kinds = [step.step_type for step in scenario.all_steps]
    for kind in ("when", "then"):
        if kind not in kinds:
            yield scenario.line, f"no-{kind}", f"{scenario.name!r} has no {kind.capitalize()}"
    if folder == FLOWS:
        return
    if len(kinds) > MOST_STEPS:
        many = f"{len(kinds)} steps; {MOST_STEPS} are the most outside {FLOWS}/"
        yield scenario.line, "too-many-steps", many
    if kinds.count("when") > 1:
        one = "a scenario has one When; make the earlier action a state (Given)"
        yield scenario.line, "two-actions", one


def _definition_of(step: Any, defined: Sequence[Step]) -> Step | None:
    """The definition that behave would take."""
    fitting = (one for one in defined if one.keyword == step.step_type)
    return next((one for one in fitting if one.matcher.match(step.name)), None)


# Steps, and what they lean on.


def _step_findings(defined: Sequence[Step], coroutines: set[str]) -> Iterator[Finding]:
    for one in defined:
        what = f"{one.keyword.capitalize()} {one.pattern!r}"
        if one.keyword == "then" and not _asserts(one.function):
            yield Finding(one.file, one.line, "never-asserts", f"{what} cannot fail")
        statements = len(one.function.body)
        if statements > MOST_STATEMENTS or any(
            isinstance(node, _THICK) for node in ast.walk(one.function)
        ):
            thick = f"{what} is more than a call: put what it does into the harness"
            yield Finding(one.file, one.line, "thick-step", thick)
        for line, name in _forgotten_awaits(one.function, coroutines):
            never = f"{name}() is never awaited: it does not run"
            yield Finding(one.file, line, "forgotten-await", never)


def _promise_findings(trees: dict[Path, ast.Module]) -> Iterator[Finding]:
    for path, tree in trees.items():
        for node in _functions(tree):
            if node.name.startswith("assert_") and not _asserts(node):
                told = f"{node.name} cannot fail"
                yield Finding(str(path), node.lineno, "never-asserts", told)


def _hook_findings(path: Path, findings: list[Finding]) -> Iterator[Finding]:
    for node in _tree(path, findings).body if path.exists() else ():
        if isinstance(node, ast.AsyncFunctionDef):
            never = f"behave never runs {node.name}: use def"
            yield Finding(str(path), node.lineno, "async-hook", never)


@functools.cache
def _asserts(function: _Function) -> bool:
    """Whether it can fail by what it sees."""
    return any(
        isinstance(node, ast.Raise)
        or (isinstance(node, ast.Assert) and not isinstance(node.test, ast.Constant))
        or (isinstance(node, ast.Call) and _PROMISE.fullmatch(_name(node)))
        for node in ast.walk(function)
    )


def _forgotten_awaits(function: _Function, coroutines: set[str]) -> Iterator[tuple[int, str]]:
    """Line and name of each call of a coroutine that is neither awaited nor handed on."""
    taken: set[int] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Await):
            taken.add(id(node.value))
        elif isinstance(node, ast.Call):
            taken |= {id(argument) for argument in node.args}
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and id(node) not in taken and _name(node) in coroutines:
            yield node.lineno, _name(node)


def _coroutines(trees: dict[Path, ast.Module]) -> set[str]:
    """The names that stand for nothing but coroutines."""
    named: Counter[str] = Counter()
    coroutines: Counter[str] = Counter()
    for tree in trees.values():
        functions = _functions(tree)
        named.update(node.name for node in functions)
        coroutines.update(node.name for node in functions if _is_coroutine(node))
    return {name for name, count in coroutines.items() if named[name] == count}


@functools.lru_cache(maxsize=512)
def _functions(tree: ast.Module) -> tuple[_Function, ...]:
    return tuple(node for node in ast.walk(tree) if isinstance(node, _DEFINITION))


@functools.cache
def _is_coroutine(function: _Function) -> bool:
    """Whether calling it gives a coroutine; an async generator gives none."""
    return isinstance(function, ast.AsyncFunctionDef) and not any(
        isinstance(node, ast.Yield) for node in ast.walk(function)
    )


def _steps_in(path: Path, tree: ast.Module) -> Iterator[Step]:
    for node in tree.body:
        for decorator in node.decorator_list if isinstance(node, _DEFINITION) else ():
            if isinstance(decorator, ast.Call) and _name(decorator) in ("given", "when", "then"):
                assert isinstance(node, _DEFINITION)
                pattern = ast.literal_eval(decorator.args[0])
                keyword = _name(decorator)
                matcher = ParseMatcher(lambda context: None, pattern, keyword)
                yield Step(str(path), decorator.lineno, keyword, pattern, node, matcher)


def _tree(path: Path, findings: list[Finding]) -> ast.Module:
    try:
        return _parsed(path.read_text("utf-8"))
    except SyntaxError as error:
        findings.append(Finding(str(path), error.lineno or 1, "step-file", error.msg))
        return ast.Module(body=[], type_ignores=[])


@functools.lru_cache(maxsize=512)
def _parsed(text: str) -> ast.Module:
    """Kept: the harness is the same for each project that is looked at."""
    return ast.parse(text)


def _name(call: ast.Call) -> str:
    return getattr(call.func, "attr", "") or getattr(call.func, "id", "")


def main(arguments: Sequence[str]) -> int:
    """Prints the findings and returns the exit status."""
    root = Path(__file__).resolve().parents[1]
    features = Path(arguments[0]) if arguments else root / "features"
    beside = features.resolve().parent / "steps"
    steps = beside if beside.is_dir() else root / "steps"
    if not features.is_dir():
        print(f"{features} is no folder")
        return 2
    here = Path.cwd()
    features, steps, harness = (
        path.resolve().relative_to(here) if path.resolve().is_relative_to(here) else path.resolve()
        for path in (features, steps, root / "harness")
    )
    findings = lint(features, steps, harness)
    for finding in findings:
        print(finding)
    print(f"speclint: {len(findings)} findings" if findings else "speclint: nothing to object to")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
