"""What the documents show to be typed, and what comes of it.

A block of a document says what it is: ``sh`` is typed in the shell of its page, ``python`` is a
program. A line of a shell goes on as far as its quotes and backslashes do.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from harness import clients
from harness.programs import pictures
from harness.rig.cluster import Cluster
from harness.rig.program import Finished
from harness.scenes.documents import ROOT, documents

#: Who only works on rbee reads the others.
_FOR_USERS = re.compile(r"README\.md|SECURITY\.md|docs/(?!architecture|decisions|engines).*")
_FENCE = re.compile(r"^```(?P<kind>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`(?P<text>[^`\n]+)`")
_COMMENT = re.compile(r"\s+# .*$")
#: What may be left out, as far as it is one of several words.
_OPTIONAL = re.compile(r"\[([^]|]*)[^]]*\]")
#: A command line of the keeper as far as its own words go: not into what a shell does with them.
_KEEPER = re.compile(r"\brbee-keeper(?P<words>(?: +(?:\"[^\"]*\"|'[^']*'|[^\s|;&<>()\"'`]+)+)*)")
_TARGETS = re.compile(r"\bmake(?P<words>(?: +[\w-]+(?:=\S*)?)+)")
_EXTRA = re.compile(r"\bpip install [^\n`]*\[(?P<name>\w+)\]")
_FEATURE = re.compile(r"\b(?P<path>features/[\w/]+\.feature)(?::(?P<line>\d+))?")
_IS_TARGET = re.compile(r"^(?P<name>[\w-]+):", re.MULTILINE)
#: What a plain script stops at.
_STRICT = "set -e\n"


class Line(NamedTuple):
    """What a document shows to be typed, and where; a program of Python as a whole.

    `kind` is that of its block; empty: it stands in a sentence.
    """

    page: str
    number: int
    kind: str
    text: str

    @property
    def place(self) -> str:
        """``README.md:23``."""
        return f"{self.page}:{self.number}"


def pages() -> dict[str, str]:
    """The documents for those who use rbee."""
    return {name: text for name, text in documents().items() if _FOR_USERS.fullmatch(name)}


def lines_of(page: str, text: str) -> list[Line]:
    """What is to be typed by a document, in its order. Pure."""
    found: list[Line] = []
    for fence in _FENCE.finditer(text):
        first = text.count("\n", 0, fence.start("body")) + 1
        if fence["kind"] == "python":
            found.append(Line(page, first, "python", fence["body"]))
        elif fence["kind"] == "sh":
            found += (Line(page, first + at, "sh", each) for at, each in _typed(fence["body"]))
    outside = _FENCE.sub(lambda fence: "\n" * fence.group().count("\n"), text)
    for span in _SPAN.finditer(outside):
        if span["text"].startswith("rbee-keeper "):
            number = outside.count("\n", 0, span.start()) + 1
            found.append(Line(page, number, "", span["text"].replace("\\|", "|")))
    return sorted(found, key=lambda line: line.number)


def _typed(block: str) -> Iterator[tuple[int, str]]:
    """The lines of a shell, each with the number of its first in the block."""
    begun, since = "", 0
    for number, line in enumerate(block.splitlines()):
        since = since if begun else number
        begun += line
        if line.endswith("\\") or not _is_closed(begun):
            begun += "\n"
            continue
        text = begun if "\n" in begun else _COMMENT.sub("", begun)
        begun = ""
        if text.strip():
            yield since, text


def _is_closed(text: str) -> bool:
    try:
        shlex.split(text, comments=True)
    except ValueError:
        return False
    return True


# What a document may not show.


def of_no_kind(texts: Mapping[str, str]) -> list[str]:
    """Blocks that do not say what they are, and commands in those that are no shell's. Pure."""
    missed = []
    for page, text in texts.items():
        for fence in _FENCE.finditer(text):
            place = f"{page}:{text.count(chr(10), 0, fence.start()) + 1}"
            if not fence["kind"]:
                missed.append(f"{place}: a block that does not say what it is")
            elif fence["kind"] != "sh" and re.search(r"^(rbee-\w+|curl) ", fence["body"], re.M):
                missed.append(f"{place}: commands in a block of {fence['kind']}")
    return missed


def misspelt(lines: Iterable[Line]) -> list[str]:
    """Command lines that `rbee-keeper` does not take, with what it says to them."""
    return [
        f"{line.place}: {found.group().strip()}: {why}"
        for line in lines
        for found in _KEEPER.finditer(_OPTIONAL.sub(r"\1", line.text))
        if (why := _refusal(shlex.split(found["words"])))
    ]


def _refusal(words: Sequence[str]) -> str:
    """What is wrong with the words behind `rbee-keeper`; nothing is started."""
    # Late: click is heavy, and few scenarios want it.
    import click

    from rbee.keeper.cli import keeper

    if not words:
        return ""
    command = keeper.commands.get(words[0])
    if command is None:
        return f"there is no command {words[0]}"
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            command.make_context(words[0], list(words[1:]))
    except click.exceptions.Exit:
        return ""  # --help
    except click.UsageError as misuse:
        # In a sentence a command may stand for all that begin so; files are the reader's own.
        is_short = isinstance(misuse, click.MissingParameter) and len(words) == 1
        message = misuse.format_message()
        return "" if is_short or message.endswith("does not exist.") else message
    return ""


def gone(texts: Mapping[str, str]) -> list[str]:
    """Targets of make, extras, features and lines of features that documents name and that are
    not there."""
    targets = set(_IS_TARGET.findall((ROOT / "Makefile").read_text("utf-8")))
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    extras = project.partition("[project.optional-dependencies]")[2].partition("\n[")[0]
    missed: list[str] = []
    for page, text in texts.items():
        for found in _TARGETS.finditer("\n".join(_code(text))):
            named = [word for word in found["words"].split() if "=" not in word]
            missed += (f"{page}: make {each}" for each in named if each not in targets)
        missed += (
            f"{page}: the extra {name}"
            for name in _EXTRA.findall(text)
            if f"\n{name} = [" not in extras
        )
        for path, number in _FEATURE.findall(text):
            if not _is_scenario(path, number):
                missed.append(f"{page}: {path}{':' if number else ''}{number}")
    return missed


def _code(text: str) -> Iterator[str]:
    """The blocks and spans of a document, without the comments in them."""
    for fence in _FENCE.finditer(text):
        yield from (_COMMENT.sub("", line) for line in fence["body"].splitlines())
    for span in _SPAN.finditer(_FENCE.sub("", text)):
        yield span["text"]


def _is_scenario(path: str, number: str) -> bool:
    if not (ROOT / path).is_file():
        return False
    lines = (ROOT / path).read_text("utf-8").splitlines()
    return not number or "Scenario" in "".join(lines[int(number) - 1 : int(number)])


# Typing it.


class Elsewhere(NamedTuple):
    """Lines that begin so are not typed here; `why` is a reason, or the feature that types them."""

    begins: str
    why: str


class Typing(NamedTuple):
    """What came of each page, and which lines of all pages were typed on one."""

    finished: list[Finished]
    lines: list[Line]


def type_all(
    cluster: Cluster, words: Sequence[tuple[str, str]], elsewhere: Sequence[Elsewhere]
) -> Typing:
    """Types each page in one shell, with other `words` for those that it shows."""
    cluster.environment["CLIENTS"] = str(clients.HOME / "bin" / "python")
    cluster.write("photo.jpg", pictures.png(28, 28))
    cluster.write("token.txt", cluster.token)
    finished, typed = [], []
    words = [*words, ("http://127.0.0.1:8500", cluster.url("queen"))]
    for page, text in pages().items():
        shown = [line for line in lines_of(page, text) if line.kind]
        here = [line for line in shown if _other(line, elsewhere) is None]
        if here:
            script = "".join(_script_of(cluster, line, words) for line in here)
            cluster.write("typed.sh", _STRICT + script)
            finished.append(cluster.run("sh typed.sh"))
            typed += here
    return Typing(finished, typed)


def _script_of(cluster: Cluster, line: Line, words: Sequence[tuple[str, str]]) -> str:
    """A line as it is typed, which says first where it stands."""
    text = line.text
    for shown, typed in words:
        text = text.replace(shown, typed)
    if line.kind == "python":
        name = f"{line.page.replace('/', '-')}-{line.number}.py"
        cluster.write(name, text)
        text = f"python {name}"
    return f"echo {shlex.quote(f'--- {line.place}')} >&2\n{text}\n"


def _other(line: Line, elsewhere: Sequence[Elsewhere]) -> Elsewhere | None:
    """What says of a line that it is typed elsewhere: whoever names most of it."""
    of_it = [each for each in elsewhere if f"{line.text} ".startswith(f"{each.begins} ")]
    return max(of_it, key=lambda each: len(each.begins), default=None)


def untyped(typing: Typing, elsewhere: Sequence[Elsewhere]) -> list[str]:
    """What documents show and nothing types: neither a page, nor a feature; and of the lines that
    are said to be typed elsewhere those that no document shows, or that are not typed there."""
    features = {
        str(path.relative_to(ROOT)): _plain(path.read_text("utf-8"))
        for path in sorted((ROOT / "features").rglob("*.feature"))
    }
    everything = "\n".join([*features.values(), *(_plain(line.text) for line in typing.lines)])
    shown = [line for page, text in pages().items() for line in lines_of(page, text)]
    others = [(line, _other(line, elsewhere)) for line in shown if line not in typing.lines]
    named = {other for _, other in others}
    return [
        *(
            f"{line.place}: {line.text}"
            for line, other in others
            if other is None and _plain(line.text) not in everything
        ),
        *(f"no document shows {each.begins}" for each in elsewhere if each not in named),
        *(
            f"{other.why} does not type {line.text}"
            for line, other in others
            if other is not None
            and other.why.startswith("features/")
            and _plain(line.text) not in features.get(other.why, "")
        ),
    ]


def _plain(text: str) -> str:
    """Whatever quotes it has: in a feature those around a command line are double ones."""
    return text.replace('"', "'")
