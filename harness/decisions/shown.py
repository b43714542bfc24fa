"""What a terminal is shown, asked in this process; and whether anything goes past the one writer.

Cells of a table spell characters as Python does: ``\\x1b``, ``\\u202e``.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from unittest import mock

from harness.rig.cluster import ROOT, Cluster
from rbee.keeper import lists
from rbee.keeper.screen import Screen
from rbee.keeper.table import table
from rbee.process import journal
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import decode
from rbee.wire.messages.events import Progress
from rbee.wire.messages.hives import HiveStatus, HiveView, WakeHives
from rbee.wire.model_ref import parse_model_ref
from rbee.wire.narration import Narration
from rbee.wire.shown import ShownStream, columns_of, require_name, shown, within

#: What sets a clipboard and a title, clears, goes up into the rows of others, in one byte and in
#: two, turns what is read, and hides.
HOSTILE = "a\x1b]52;c;aGk=\x07\x1b]0;t\x07\x1b[2J\x9b3A\x9d0;t\x9c\x7f\x08\rb\u202ec\u2066d\x00e"
#: The control characters that the screen itself writes to a terminal.
_ITS_OWN = ("\r\x1b[K", "\x1b[2m", "\x1b[0m")
#: What writes to a terminal, and the modules of the keeper that may: the screen, those that write
#: files of their own, and what opens and flushes its streams. A question goes through click, which
#: does the hiding of what is typed.
_WRITERS = ("print", "echo", "secho", "write", "writelines", "show", "prompt", "confirm")
_MAY: dict[str, tuple[str, ...]] = {
    "screen.py": ("write",),
    "chat_files.py": ("write",),
    "cli.py": ("show",),
    "history.py": ("write",),
    "machines.py": ("prompt", "confirm"),
    "upgrading.py": ("write",),
}


def decoded(cell: str) -> str:
    """The text that a cell spells."""
    return cell.encode("latin-1", "backslashreplace").decode("unicode_escape")


def shown_both_ways(row: Mapping[str, str]) -> tuple[str, str]:
    """The text of a row on one line, and as text of several; in the letters of the table."""
    text = decoded(row["text"])
    whole = shown(text, multiline=True)
    for at in range(len(text) + 1):  # wherever a stream is cut
        stream = ShownStream()
        pieces = stream.feed(text[:at]) + stream.feed(text[at:]) + stream.end()
        assert pieces == whole, (at, pieces, whole)
    return shown(text), whole


def assert_shown(told: list[tuple[str, str]], rows: list[Mapping[str, str]]) -> None:
    """Each is what its row says; there a character that is kept is spelt, or stands as it is."""
    assert told
    for (line, text), row in zip(told, rows, strict=True):
        assert line == _kept(row["on one line"]), (line, row)
        assert text == _kept(row["in a text"]), (text, row)


def _kept(cell: str) -> str:
    """What a cell spells in brackets is a character that is kept: ``<\\n>``."""
    parts = cell.replace("<", "\0").replace(">", "\0").split("\0")
    return "".join(decoded(part) if number % 2 else part for number, part in enumerate(parts))


class _Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        raise OSError("it is none")


def told_by_screen() -> dict[str, str]:
    """What comes to a terminal where the screen is handed what would steer it, by what that is."""
    return {what: _written(tell) for what, tell in _TELLINGS.items()}


def _written(tell: Callable[[Screen], object]) -> str:
    terminal = _Terminal()
    with mock.patch("sys.stdout", terminal), mock.patch("sys.stderr", terminal):
        tell(Screen(thoughts=True))
    return terminal.getvalue()


def _json(tell: Callable[[Screen], object]) -> Callable[[Screen], object]:
    return lambda screen: tell(Screen(as_json=True, thoughts=True))


def _narrated(screen: Screen) -> None:
    screen.narrate(Narration(actor="hive\x1b[A", action="model.choose", human=HOSTILE))


def _error(screen: Screen) -> None:
    screen.error(RbeeError("internal", HOSTILE, HOSTILE, {"log": [HOSTILE]}))


def _answered(screen: Screen) -> None:
    screen.text(HOSTILE)
    screen.end_text()


def _row(screen: Screen) -> None:
    view = HiveView(
        hive_id=HOSTILE,
        host=HOSTILE,
        port=1,
        status=HiveStatus.ONLINE,
        url=None,
        devices=None,
        workers=0,
        last_heartbeat_ms=None,
    )
    screen.answer(lists.hive_table([view]))


def narrated(does: str, where: str) -> str:
    """What stands on a terminal, or in a pipe, when some of the swarm narrate."""
    told = [
        Narration(actor="queen", action="schedule.pick", human="picked GPU0"),
        Narration(actor="hive", action="worker.wake", human="waking worker"),
    ]
    if does.startswith("the CPU"):
        told = [Narration(actor="queen", action="schedule.cpu", human="FALLING BACK")]
    elif does.endswith("answer"):
        del told[1:]
    stream = io.StringIO() if where.startswith("in a pipe") else _Terminal()
    variables = {"TERM": "dumb" if where.endswith("dumb") else "xterm", "NO_COLOR": ""}
    variables["NO_COLOR"] = "1" if where.endswith("NO_COLOR") else ""
    with (
        mock.patch("sys.stdout", stream),
        mock.patch("sys.stderr", stream),
        mock.patch.dict("os.environ", variables),
    ):
        screen = Screen(calm=where.endswith("--calm"))
        for each in told:
            screen.narrate(each)
        if does.endswith("answer"):
            screen.text("buzz")
            screen.end_text()
        screen.close()
    return stream.getvalue()


_TELLINGS: dict[str, Callable[[Screen], object]] = {
    "a line of narration": _narrated,
    "a line of narration for programs": _json(_narrated),
    "an answer": _answered,
    "a thought": lambda screen: screen.thought(HOSTILE),
    "a thought for programs": _json(lambda screen: screen.thought(HOSTILE)),
    "an error": _error,
    "an error for programs": _json(_error),
    "a warning": lambda screen: screen.warn(HOSTILE),
    "a hint": lambda screen: screen.hint(HOSTILE),
    "a question": lambda screen: screen.ask(HOSTILE),
    "a row of a list": _row,
    "a log": lambda screen: screen.answer(HOSTILE),
    "the bar of a download": lambda screen: screen.progress(
        Progress(what=HOSTILE, done=1, total=2, rate=1)
    ),
}


def assert_steered_by_nobody(told: Mapping[str, str]) -> None:
    """None of what was told holds a character that steers, but for the screen's own."""
    assert told
    for what, text in told.items():
        assert "a" in text and "b" in text, (what, text)
        for own in _ITS_OWN:
            text = text.replace(own, "")
        left = sorted({char for char in text if char != "\n" and shown(char) != char})
        assert not left, f"{what}: {left} in {text!r}"


def assert_one_line_each(told: Mapping[str, str]) -> None:
    """Lines of what is quoted cannot be taken for lines of their own."""
    forged = "one\ntwo"
    line = Narration(actor="hive", action="model.choose", human=forged)
    assert _written(lambda screen: screen.narrate(line)).count("\n") == 1
    error = _written(lambda screen: screen.error(RbeeError("internal", forged)))
    assert error == "error: one\n    two\n", error
    assert told


def assert_below_one_another(rows: list[Mapping[str, str]]) -> None:
    """Each cell takes the columns that its row tells, and what stands behind them all begins in
    one column."""
    cells = {decoded(row["cell"]): int(row["takes"]) for row in rows}
    lines = table("FIRST SECOND", [(cell, "here") for cell in cells]).splitlines()[1:]
    for line, (cell, takes) in zip(lines, cells.items(), strict=True):
        behind = line.removeprefix(cell)
        assert takes + behind.index("here") == max(cells.values()) + 2, lines
        assert columns_of(cell) == takes, (cell, columns_of(cell))
        assert within(cell * 2, takes) == cell, (cell, within(cell * 2, takes))


def answer_in_a_pipe() -> str:
    """What a model has written, where stdout is no terminal."""
    out, err = io.StringIO(), io.StringIO()
    with mock.patch("sys.stdout", out), mock.patch("sys.stderr", err):
        Screen().text(HOSTILE)
    return out.getvalue()


def logged(message: str) -> list[str]:
    """The lines that a log gets where a record quotes this, and an exception that says it too."""
    stream = io.StringIO()
    log = logging.Logger("forged")
    log.addHandler(logging.StreamHandler(stream))
    before = logging.getLogRecordFactory()
    journal.escape_records()
    try:
        try:
            raise ValueError(message)
        except ValueError:
            log.exception("GET %s failed", message)
    finally:
        logging.setLogRecordFactory(before)
    with contextlib.redirect_stderr(stream):
        journal.write(Narration(actor="hive", action="model.choose", human=message))
    return stream.getvalue().splitlines()


def assert_not_forged(lines: list[str]) -> None:
    """Two records stand there, each on one line; what is below them is indented, and steers
    nothing."""
    at_the_margin = [line for line in lines if not line.startswith("    ")]
    assert len(at_the_margin) == 2, lines
    assert all(shown(line) == line for line in lines), lines


def refusal_of(name: str) -> str:
    """How a name is refused as a reference, a name, and a field of a body; the same for all."""
    said = set()
    body = json.dumps({"node": name}).encode()
    for read in (
        lambda: require_name(name, "node"),
        lambda: parse_model_ref(f"file:/models/{name}.gguf"),
        lambda: decode(body, WakeHives),
    ):
        try:
            read()
        except RbeeError as error:
            assert shown(error.message) == error.message, error.message
            assert len(error.message) < 600, error.message
            said.add(error.code)
        else:
            said.add("taken")
    return ", ".join(sorted(said))


def past_the_screen() -> list[str]:
    """The places in the keeper that write to a stream without its screen."""
    found = []
    for path in sorted((ROOT / "rbee" / "keeper").glob("*.py")):
        allowed = _MAY.get(path.name, ())
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = _called(node)
            if name in _WRITERS and name not in allowed:
                found.append(f"{path.name}:{getattr(node, 'lineno', 0)}: {name}")
    return found


def _called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def write_hostile_log(cluster: Cluster, name: str) -> Path:
    """A log in which somebody has written what would steer a terminal."""
    folder = cluster.home / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.log"
    path.write_text(f"before\n{HOSTILE}\nbehind\n", encoding="utf-8")
    return path


def assert_terminal_unsteered(output: str) -> None:
    """What the terminal got holds the lines, and nothing that steers it."""
    text = output.replace("\r\n", "\n")
    left = sorted({char for char in text if char not in "\n\t" and shown(char) != char})
    assert not left, (left, text)
    assert "\\x1b" in text, text
