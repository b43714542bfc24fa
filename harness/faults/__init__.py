"""Faults that the specification has to notice, kept outside the product.

A fault is one file, ``<role>/<what is wrong>.patch``: lines of a source file of the project as they
are (``-``), as they would be wrong (``+``), and what stands around them (a blank), with the file
named before them (``---``) and ``@@`` between two places of the same file. There are no line
numbers: the lines as they are have to stand in the file exactly once. The scenario or outline that
has to go red under it carries the tag ``@fault.<role>.<what is wrong>``.

`trying` applies a fault to a copy of the project; `python -m harness.faults` tries all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
SUFFIX = ".patch"
#: How the tag of a fault begins.
TAG = "fault."
_HEAD = "--- "


class DoesNotApply(ValueError):
    """A patch that is none, or whose lines do not stand in the file exactly once."""


@dataclass(frozen=True)
class Edit:
    """One place of a file: its text as it is, and as it would be wrong."""

    file: str
    old: str
    new: str

    def applied_to(self, text: str) -> str:
        """The text with the fault. Raises DoesNotApply."""
        count = text.count(self.old)
        if count != 1:
            place = f"{self.file} has {count} times, instead of once:"
            raise DoesNotApply(f"{place}\n{self.old}")
        return text.replace(self.old, self.new)


@dataclass(frozen=True)
class Fault:
    """What is wrong in which role: ``queen:no-auth``."""

    role: str
    wrong: str
    edits: tuple[Edit, ...]

    @property
    def name(self) -> str:
        """As a person types it."""
        return f"{self.role}:{self.wrong}"

    @property
    def tag(self) -> str:
        """What the scenario that has to notice it carries, without the ``@``."""
        return f"{TAG}{self.role}.{self.wrong}"

    def break_files(self, root: Path) -> None:
        """Applies it to the project under `root`. Raises DoesNotApply, and then changes nothing."""
        for file, text in self.broken_files(root).items():
            (root / file).write_text(text, encoding="utf-8")

    def broken_files(self, root: Path) -> dict[str, str]:
        """The files of the project under `root` that it changes, with the fault in them.

        Raises DoesNotApply, also where what comes of it is no Python.
        """
        texts: dict[str, str] = {}
        for edit in self.edits:
            text = texts.get(edit.file)
            if text is None:
                try:
                    text = (root / edit.file).read_text(encoding="utf-8")
                except OSError as error:
                    raise DoesNotApply(f"{edit.file}: {error.strerror}") from error
            texts[edit.file] = edit.applied_to(text)
        for file, text in texts.items():
            if not file.endswith(".py"):
                continue  # a file of the page
            try:
                compile(text, file, "exec")
            except SyntaxError as error:
                raise DoesNotApply(f"{file} is no Python with it: {error}") from error
        return texts


def parsed(role: str, wrong: str, text: str) -> Fault:
    """The fault that a patch describes. Raises DoesNotApply for what is no patch."""
    return Fault(role, wrong, tuple(_edits(text)))


def _edits(text: str) -> Iterator[Edit]:
    file, places = "", list[tuple[str, list[str]]]()
    for line in text.splitlines():
        if line.startswith(_HEAD):
            file = line[len(_HEAD) :]
            places.append((file, []))
        elif line == "@@":
            places.append((file, []))
        elif places and line[:1] in ("-", "+", " ", ""):
            places[-1][1].append(line or " ")
        else:
            raise DoesNotApply(f"no line of a patch: {line!r}")
    for name, lines in places:
        if lines:
            yield Edit(name, _side(lines, "-"), _side(lines, "+"))
    if not places:
        raise DoesNotApply("an empty patch")


def _side(lines: Sequence[str], sign: str) -> str:
    return "".join(f"{line[1:]}\n" for line in lines if line[0] in (sign, " "))


def kept(folder: Path = FOLDER) -> list[Fault]:
    """Every fault that is kept in a folder, by role and name."""
    return [
        parsed(file.parent.name, file.stem, file.read_text(encoding="utf-8"))
        for file in sorted(folder.glob(f"*/*{SUFFIX}"))
    ]


def complaints(
    faults: Sequence[Fault], named: Mapping[str, Sequence[str]], root: Path
) -> list[str]:
    """What is wrong with the faults of the project under `root`; empty where all is well.

    `named`: the tags of faults that scenarios carry, without ``@``, and where.
    """
    found = []
    for fault in faults:
        try:
            fault.broken_files(root)
        except DoesNotApply as error:
            found.append(f"{fault.name} does not apply any more: {error}")
        if fault.tag not in named:
            found.append(f"{fault.name} is named by no scenario: tag one with @{fault.tag}")
    known = {fault.tag for fault in faults}
    found += [
        f"{place}: there is no fault for @{tag}"
        for tag, places in named.items()
        if tag not in known
        for place in places
    ]
    return found
