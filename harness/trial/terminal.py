"""What others have chosen, on the owner's terminal: names, errors, logs, files and answers."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from harness.trial.stage import Stage
from harness.trial.tricks import Trick, TrickOutcome, carry_out

#: What steers a terminal, or hides what is written.
_SIGNS = (
    "\x1b[2J",
    "\x1b]0;title\x07",
    "\x1b]52;c;eA==\x07",
    "\x9b2J",
    "\x07",
    "\x08\x08\x08",
    "\r",
    "\x0e",
    "\u202e",
    "\u2066",
    "\u200b",
    "\u0085",
    "\u2028",
    "\x1bP+q\x1b\\",
    "\x1b_x\x1b\\",
    "\x00",
    "\ufeff",
    "\U000e0041",
    "\x7f",
)
#: Those that do something in a text of several lines; letters of some languages need the others.
_STEERING = tuple(each for each in _SIGNS if not set(each) & set("\u200b\u2028\ufeff\U000e0041"))
_COMMANDS = (
    "infer --model {} hello",
    "infer --node {} hello",
    "infer --device {} hello",
    "pull {}",
    "pull --node {} HF:a/b",
    "stop {}",
    "logs {}",
    "add-hive {}",
    "add-hive --id {} attic",
    "remove-hive {}",
    "add-key {}",
    "remove-key {}",
    "rm {}",
    "status --queen {}",
    "status --token-file {}",
    "{}",
    "infer --engine {} hello",
)


def play(stage: Stage) -> list[TrickOutcome]:
    """All of it, on a swarm that is warm."""
    return carry_out("a terminal", [*_typed(stage), *_logs(stage)])


def _typed(stage: Stage) -> Iterator[Trick]:
    for number, command in enumerate(_COMMANDS):
        for sign in (_SIGNS[number % len(_SIGNS)], _SIGNS[(number * 7 + 3) % len(_SIGNS)]):
            if "\0" not in sign:  # which no command line can hold
                words = command.format(shlex.quote(f"a{sign}b"))
                yield Trick(
                    f"{command} with {sign!r}",
                    partial(_shown, stage, f"rbee-keeper {words}", sign),
                    _fine,
                )


def _logs(stage: Stage) -> Iterator[Trick]:
    for sign in _STEERING:
        yield Trick(f"a line of a log with {sign!r}", partial(_logged, stage, sign), _fine)
    yield Trick("a log that is a line of 1 MiB", partial(_logged, stage, "x" * 2**20), _fine)
    yield Trick("a log of no text", partial(_logged, stage, "\udcff\udcfe"), _fine)


def _fine(seen: str) -> bool:
    return seen.startswith("status")


def _shown(stage: Stage, command: str, sign: str) -> str:
    """What stands on the terminal, which a person sees."""
    running = stage.cluster.start(command, terminal=True)
    finished = stage.cluster.finish(running, 40.0)
    shown = (finished.stdout + finished.stderr).replace("\r\n", "\n")
    if sign in shown and sign not in ("\r",):
        return f"steered: {shown!r}"
    return f"status {finished.status}: {shown.strip()[:60]}"


def _logged(stage: Stage, sign: str) -> str:
    log = Path(stage.home / "logs" / "hive-attic.log")
    log.write_bytes(f"a{sign}b\n".encode("utf-8", "surrogateescape"))
    steers = sign if len(sign) < 100 else "\x1b"
    try:
        return _shown(stage, "rbee-keeper logs hive-attic", steers)
    finally:
        log.unlink()
