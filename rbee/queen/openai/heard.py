"""What the holder of a key hears of the swarm while it waits for an answer. Pure."""

from __future__ import annotations

from rbee.wire import narration as say_so
from rbee.wire.narration import Narration
from rbee.wire.shown import shown

#: Lines that tell how far the caller's own work is, and nothing but numbers: told as they are.
_AS_SAID = frozenset(
    line.action
    for line in (
        say_so.MODEL_SIZE,
        say_so.MODEL_PERCENT,
        say_so.MODEL_DOWNLOADED,
        say_so.PROMPT_SO_FAR,
        say_so.PROMPT_READ,
        say_so.ANSWER_SO_FAR,
    )
)
#: What is said in place of lines that name machines, workers, paths, or what others do.
_INSTEAD = {
    say_so.HIVE_WAKE.action: "queen: waking a machine",
    say_so.WAIT_WORKER.action: "queen: waiting for a slot",
    say_so.MODEL_ASKED.action: "queen: the model is being fetched",
    say_so.MODEL_RESUME.action: "hive: the download goes on",
    say_so.MODEL_TROUBLE.action: "hive: the download was interrupted, and goes on",
    say_so.WORKER_WAKE.action: "hive: the model is being loaded",
    say_so.WORKER_READY.action: "queen: the model is ready",
    say_so.MOVING_ON.action: "queen: that did not work; trying again",
    say_so.PROMPT_WAITS.action: "worker: other prompts are read first",
}


def heard_by_key(narration: Narration, model: str) -> str:
    """The line, with its speaker, that a key's holder is told who calls its model `model`; empty:
    none."""
    if narration.action in _AS_SAID:
        return f"{narration.actor}: {shown(narration.human)}"
    if narration.action == say_so.PLACE.action:
        place = narration.human.partition(" for ")[0]
        _, about, wait = narration.human.rpartition("; about ")
        return shown(f"queen: {place} for {model}{about}{wait if about else ''}")
    return _INSTEAD.get(narration.action, "")
