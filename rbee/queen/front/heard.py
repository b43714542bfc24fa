"""What the holder of a key hears of the swarm while it waits for an answer. Pure."""

from __future__ import annotations

from rbee.wire import narration
from rbee.wire.narration import Narration
from rbee.wire.shown import shown

#: Lines about the caller's own work that hold nothing but numbers; passed on as they are.
_AS_SAID = frozenset(
    line.action
    for line in (
        narration.MODEL_SIZE,
        narration.MODEL_PERCENT,
        narration.MODEL_DOWNLOADED,
        narration.CONTEXT_SHORT,
        narration.CONTEXT_STAYS,
        narration.TOOLS_LEFT_OUT,
        narration.TOOLS_ELSEWHERE,
        narration.ITEMS_LEFT_OUT,
        narration.PROMPT_SO_FAR,
        narration.PROMPT_READ,
        narration.ANSWER_SO_FAR,
    )
)
#: What is said in place of lines that name machines, workers, paths, or what others do.
_INSTEAD = {
    narration.HIVE_WAKE.action: "queen: waking a machine",
    narration.WAIT_WORKER.action: "queen: waiting for a slot",
    narration.MODEL_ASKED.action: "queen: the model is being fetched",
    narration.MODEL_RESUME.action: "hive: the download goes on",
    narration.MODEL_TROUBLE.action: "hive: the download was interrupted, and goes on",
    narration.WORKER_WAKE.action: "hive: the model is being loaded",
    narration.WORKER_READY.action: "queen: the model is ready",
    narration.MOVING_ON.action: "queen: that did not work; trying again",
    narration.PROMPT_WAITS.action: "worker: other prompts are read first",
    narration.CONTEXT_WAITS.action: "worker: waiting for room in the context",
}


def heard_by_key(said: Narration, model: str) -> str:
    """The line, with its speaker, that a key's holder is told who calls its model `model`; empty:
    none."""
    if said.action in _AS_SAID:
        return f"{said.actor}: {shown(said.human)}"
    if said.action == narration.PLACE.action:
        place = said.human.partition(" for ")[0]
        _, about, wait = said.human.rpartition("; about ")
        return shown(f"queen: {place} for {model}{about}{wait if about else ''}")
    return _INSTEAD.get(said.action, "")
