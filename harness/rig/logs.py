"""The logs of a scenario: that nothing went wrong unseen, and what to show when it did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

#: What no log may hold: each is the mark of a fault that no one answered.
FAULTS = (
    "Traceback",
    "Task exception was never retrieved",
    "Future exception was never retrieved",
    "Task was destroyed but it is pending",
    "was never awaited",
    "Unclosed",
    "Exception ignored in",
)
#: Lines of each log that are shown when a scenario fails.
TAIL = 30
#: Lines shown around a fault.
AROUND = 12


def texts(home: Path) -> dict[str, str]:
    """Name and text of every file in the folder `logs` of this RBEE_HOME."""
    folder = home / "logs"
    if not folder.is_dir():
        return {}
    return {
        str(path.relative_to(folder)): path.read_text("utf-8", "replace")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def tails(home: Path, lines: int = TAIL) -> str:
    """The last lines of each log, each under its name."""
    parts = [
        f"--- {name}, last {lines} lines ---\n" + "\n".join(text.splitlines()[-lines:])
        for name, text in texts(home).items()
    ]
    return "\n".join(parts) or "--- no log was written ---"


def faults_in(named_texts: Mapping[str, str]) -> list[str]:
    """One complaint for each text that holds a mark of a fault, with the lines around it."""
    complaints = []
    for name, text in named_texts.items():
        lines = text.splitlines()
        for number, line in enumerate(lines):
            mark = next((fault for fault in FAULTS if fault in line), None)
            if mark:
                shown = "\n".join(f"    {near}" for near in lines[number : number + AROUND])
                complaints.append(f"{name}, line {number + 1} holds {mark!r}:\n{shown}")
                break
    return complaints


def leaks_of(secrets: Iterable[str], named_texts: Mapping[str, str]) -> list[str]:
    """One complaint for each text that holds one of the secrets; never the secret itself."""
    kept = [secret for secret in secrets if secret]
    complaints = []
    for name, text in named_texts.items():
        for number, line in enumerate(text.splitlines()):
            if any(secret in line for secret in kept):
                shown = line
                for secret in kept:
                    shown = shown.replace(secret, "<secret>")
                complaints.append(f"{name}, line {number + 1} holds a secret: {shown[:300]}")
                break
    return complaints
