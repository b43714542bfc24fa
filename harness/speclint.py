"""What may not stand in the specification, because it would be green and mean nothing.

``python -m harness.speclint [features]`` reads the feature files with behave's own parser and the
steps as Python text; it runs neither. Each finding is one line, ``file:line: [rule] message``;
the exit status is 1 when there is any. The sentences of each rule are in its message.

Two kinds of rules stand side by side: those without which a scenario is green although it checks
nothing, and those that keep the features readable to someone who does not program.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from behave.parser import ParserError, parse_file

from harness import tags
from harness.stepfiles import StepDefinition, StepFiles

#: Steps of a scenario outside the folder of whole walks.
MOST_STEPS = 8
#: Folder of whole walks, and folder of the contract, under the folder of features.
FLOWS, WIRE = "flows", "wire"

_SECTIONS = (
    "feature",
    "rule",
    "background",
    "scenario",
    "scenario outline",
    "scenario template",
    "example",
    "examples",
    "scenarios",
)
_STEP_WORDS = ("Given", "When", "Then", "And", "But")
#: English words that look like a misspelt step keyword and are none.
_PLAIN_WORDS = frozenset(["the", "hen", "give", "gives", "an", "a", "as", "any"])
_SECTION_LINE = re.compile(r"([A-Za-z][A-Za-z ]*?)\s*:")
_STEP_LINE = re.compile(r"(Given|When|Then|And|But|\*) ")
_QUOTED = re.compile(r'"([^"]*)"')
_COMMAND = re.compile(
    r"^(\w+=\S* )+|^(rbee-keeper|queen-rbee|rbee-hive|llm-worker-rbee|python\d?|make|behave|curl)\b"
    # Narration quoted within a sentence is narration, too.
    r"|^(bee-keeper|queen|hive|worker): "
)
_WIRE_TALK = (
    ("a port", re.compile(r"\b8[56]\d\d\b|(?<![\w.]):\d{2,5}\b|\w:\d{2,5}\b|\bport \d+")),
    ("a path", re.compile(r"(?<![\w:/.<>-])(~|\.{1,2})?/[A-Za-z{]|\w+\.(db|py|toml|log|json)\b")),
    ("JSON", re.compile(r"[\[{]\s*\"|\bJSON\b")),
    ("an HTTP method", re.compile(r"\b(GET|POST|PUT|DELETE|PATCH)\b")),
)
_HEDGE = re.compile(r"\b(if|or|should)\b", re.IGNORECASE)
_SECONDS = re.compile(r"\b\d+(\.\d+)?\s*(s|ms|sec|seconds?|milliseconds?|minutes?)\b")
_ANYTHING_X = re.compile(r"\b(device|hive|worker|model|queen|keeper|GPU) [XYZ]\b")


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that may not be; prints as ``file:line: [rule] message``."""

    file: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: [{self.rule}] {self.message}"


def lint(features: Path, steps: Path, harness: Path) -> list[Finding]:
    """Every finding in the feature files below `features` and the step files in `steps`.

    `harness` holds the modules that a step may leave its assertion to.
    """
    step_files = StepFiles(steps, harness)
    findings = list(_step_findings(step_files))
    files = sorted(features.rglob("*.feature"))
    if not files:
        findings.append(Finding(str(features), 1, "no-features", "holds no feature file"))
    used: set[StepDefinition] = set()
    for path in files:
        findings += _lines_findings(path)
        feature = _parsed(path, findings)
        if feature is not None:
            findings += _feature_findings(path, feature, features, step_files, used)
    findings += _hook_findings(features.parent / "environment.py")
    if steps.parent == features.parent:
        findings += [
            Finding(one.file, one.line, "unused-step", f"no scenario says {one.pattern!r}")
            for one in step_files.definitions
            if one not in used
        ]
    return sorted(set(findings))


def _hook_findings(path: Path) -> Iterator[Finding]:
    if not path.exists():
        return
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.AsyncFunctionDef):
            yield Finding(
                str(path), node.lineno, "async-hook", f"behave never runs {node.name}: use def"
            )


def _parsed(path: Path, findings: list[Finding]) -> Any:
    """The feature as behave understands it, or None with a finding that says why not."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            feature = parse_file(str(path))
    except ParserError as error:
        said = str(error).splitlines() or [repr(error)]
        findings.append(Finding(str(path), error.line or 1, "parse-error", said[0]))
        return None
    if feature is None:
        findings.append(Finding(str(path), 1, "no-scenario", "the file holds no feature"))
    return feature


# Lines of text: what behave takes for a description and drops without a word.


def _lines_findings(path: Path) -> Iterator[Finding]:
    inside_docstring = ""
    section = ""
    for number, raw in enumerate(path.read_text("utf-8").splitlines(), 1):
        line = raw.strip()
        if inside_docstring:
            if line.startswith(inside_docstring):
                inside_docstring = ""
            continue
        if line[:3] in ('"""', "'''", "```"):
            inside_docstring = line[:3]
            continue
        if not line or line[0] in "#@|":
            continue
        head = _SECTION_LINE.match(line)
        if head and head.group(1).lower() in _SECTIONS and head.group(1).istitle():
            section = head.group(1).lower()
            continue
        if _STEP_LINE.match(line):
            if line.startswith("*"):
                yield Finding(str(path), number, "star-step", "say Given, When, Then or And, not *")
            if section in ("feature", "rule", ""):
                yield Finding(
                    str(path),
                    number,
                    "gherkin-in-description",
                    f"{line.split()[0]!r} begins a line outside any scenario: it is never run",
                )
            continue
        meant = _misspelt(line, head, section)
        if meant:
            yield Finding(
                str(path),
                number,
                "gherkin-in-description",
                f"{line!r} is read as description; {meant!r} is meant, or say it otherwise",
            )


def _misspelt(line: str, head: re.Match[str] | None, section: str) -> str:
    """The keyword that a line of description seems to mean, or ""."""
    if head:
        for known in _SECTIONS:
            if _alike(head.group(1).lower(), known) >= 0.75:
                return known.capitalize() + ":"
    word = re.split(r"\W", line, maxsplit=1)[0]
    in_scenario = section not in ("feature", "rule", "")
    if word.lower() in _PLAIN_WORDS or not (word[:1].isupper() or in_scenario):
        return ""
    for keyword in _STEP_WORDS:
        if _alike(word.lower(), keyword.lower()) >= 0.8:
            return keyword
    return ""


def _alike(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other).ratio()


# Features and scenarios.


def _feature_findings(
    path: Path,
    feature: Any,
    root: Path,
    step_files: StepFiles,
    used: set[StepDefinition],
) -> Iterator[Finding]:
    folder = path.relative_to(root).parts[0]
    scenarios = feature.walk_scenarios(with_outlines=True)
    if not scenarios:
        yield Finding(str(path), feature.line, "no-scenario", "the feature has no scenario")
    seen: set[str] = set()
    for tag in feature.tags:
        yield from _tag_findings(path, feature.line, tag)
    for scenario in scenarios:
        is_outline = hasattr(scenario, "examples")
        if scenario.name in seen:
            yield Finding(
                str(path), scenario.line, "same-name", f"a second scenario {scenario.name!r}"
            )
        seen.add(scenario.name)
        for tag in scenario.tags:
            yield from _tag_findings(path, scenario.line, tag)
        if is_outline:
            if not any(example.table and example.table.rows for example in scenario.examples):
                yield Finding(
                    str(path), scenario.line, "outline-without-rows", "no example: nothing is run"
                )
            yield from _shape_findings(path, scenario, folder)
        else:
            # The rows of an outline carry the shape of their outline, and it was looked at.
            if not hasattr(scenario.parent, "examples"):
                yield from _shape_findings(path, scenario, folder)
            yield from _step_texts_findings(path, scenario, folder, step_files, used)


def _tag_findings(path: Path, line: int, tag: str) -> Iterator[Finding]:
    if not tags.is_known(tag):
        known = ", ".join(f"@{name}" for name in (*tags.NEEDS, *tags.PLAIN))
        yield Finding(
            str(path),
            line,
            "unknown-tag",
            f"@{tag} means nothing; known: {known}, @phase-N, @fault.ROLE.NAME",
        )


def _shape_findings(path: Path, scenario: Any, folder: str) -> Iterator[Finding]:
    steps = list(scenario.all_steps)
    kinds = [step.step_type for step in steps]
    for kind, rule in (("when", "no-when"), ("then", "no-then")):
        if kind not in kinds:
            yield Finding(
                str(path), scenario.line, rule, f"{scenario.name!r} has no {kind.capitalize()}"
            )
    if folder == FLOWS:
        return
    if len(steps) > MOST_STEPS:
        yield Finding(
            str(path),
            scenario.line,
            "too-many-steps",
            f"{len(steps)} steps; {MOST_STEPS} are the most outside {FLOWS}/",
        )
    if kinds.count("when") > 1:
        yield Finding(
            str(path),
            scenario.line,
            "two-actions",
            "a scenario has one When; make the earlier action a state (Given)",
        )
    yield from _wording_findings(path, scenario.line, scenario.name, scenario, folder)


def _step_texts_findings(
    path: Path,
    scenario: Any,
    folder: str,
    step_files: StepFiles,
    used: set[StepDefinition],
) -> Iterator[Finding]:
    for step in scenario.all_steps:
        definition = step_files.definition_of(step.step_type, step.name)
        if definition is None:
            yield Finding(
                str(path),
                step.line,
                "undefined-step",
                f"no step says: {step.step_type.capitalize()} {step.name}",
            )
        else:
            used.add(definition)
        yield from _wording_findings(path, step.line, step.name, scenario, folder)
        if step.text and folder != WIRE and _is_json(step.text):
            yield Finding(
                str(path), step.line, "wire-talk", f"JSON belongs in features/{WIRE}/ alone"
            )


def _wording_findings(
    path: Path, line: int, text: str, scenario: Any, folder: str
) -> Iterator[Finding]:
    plain = _QUOTED.sub('""', text)
    hedge = _HEDGE.search(plain)
    if hedge:
        yield Finding(str(path), line, "hedge", f"{hedge.group()!r} in {text!r}: say what happens")
    generic = _ANYTHING_X.search(plain)
    if generic:
        yield Finding(str(path), line, "nameless", f"{generic.group()!r}: name things")
    seconds = _SECONDS.search(plain)
    if seconds and tags.TIMING not in scenario.effective_tags and folder != WIRE:
        yield Finding(
            str(path),
            line,
            "seconds",
            f"{seconds.group()!r}: no times, except where time is the rule (@{tags.TIMING})",
        )
    if folder == WIRE:
        return
    commands_out = _QUOTED.sub(lambda q: '""' if _COMMAND.match(q.group(1)) else q.group(), text)
    for what, pattern in _WIRE_TALK:
        found = pattern.search(commands_out)
        if found:
            yield Finding(
                str(path),
                line,
                "wire-talk",
                f"{what} ({found.group()!r}) belongs in features/{WIRE}/ alone: {text!r}",
            )


def _is_json(text: str) -> bool:
    return text.strip()[:1] in ("{", "[") and text.strip()[-1:] in ("}", "]")


# Steps.


def _step_findings(step_files: StepFiles) -> Iterator[Finding]:
    bodies: dict[tuple[str, str], StepDefinition] = {}
    for file, line, message in step_files.faults:
        yield Finding(file, line, "step-file", message)
    for one in step_files.definitions:
        if one.keyword == "step":
            yield Finding(
                one.file, one.line, "any-keyword", "@step fits everywhere: say @given, @when, @then"
            )
        if one.is_empty:
            yield Finding(one.file, one.line, "empty-step", f"{one.pattern!r} does nothing")
        if one.keyword == "then":
            if not step_files.asserts(one):
                yield Finding(
                    one.file,
                    one.line,
                    "never-asserts",
                    f"Then {one.pattern!r} checks nothing: it cannot fail",
                )
            for line in step_files.context_changes(one):
                yield Finding(
                    one.file, line, "then-sets", f"Then {one.pattern!r} changes the context"
                )
        for line, name in step_files.forgotten_awaits(one):
            yield Finding(
                one.file, line, "forgotten-await", f"{name}() is never awaited: it does not run"
            )
        if one.thickness:
            yield Finding(one.file, one.line, "thick-step", one.thickness)
        twin = bodies.setdefault((one.keyword, one.body), one)
        if twin is not one and twin.function is not one.function:
            yield Finding(
                one.file,
                one.line,
                "two-phrases",
                f"{one.pattern!r} does what {twin.pattern!r} does: one phrase for one idea",
            )


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
