"""``rbee-keeper pull`` and ``rm``: models on a hive. A queen woken for it sleeps again."""

from __future__ import annotations

from collections.abc import Sequence

from rbee.keeper.awake import A_HIVE, NOTHING, awake_queen
from rbee.keeper.operation import run_operation, wake_hives
from rbee.keeper.queen_target import QueenTarget
from rbee.keeper.screen import Screen
from rbee.wire import narration
from rbee.wire.messages.models import (
    PULL_MODEL,
    REMOVE_CLUSTER_MODEL,
    Provisioned,
    PullModel,
    RemoveModel,
)

#: The hive beside the queen, where no other is named.
_BESIDE_HER = "localhost"


def pull(screen: Screen, where: QueenTarget, ref: str, node: str | None) -> None:
    """Has a hive fetch a model. Ctrl+C keeps what has arrived for the next time."""
    wanted = PullModel(model_ref=ref, node=node, hub_token=where.hub_token(ref))
    with awake_queen(screen, where, _wanted(node), ref) as queen:
        done = run_operation(screen, queen, PULL_MODEL, wanted, Provisioned)
        size = narration.size(done.size_bytes)
        facts = {"model_ref": ref, "hive_id": done.hive_id or node or _BESIDE_HER}
        screen.say(narration.MODEL_HERE, size=size, **facts)
        screen.result(done, None)


def remove(screen: Screen, where: QueenTarget, ref: str, node: str | None) -> None:
    """Removes a model from a hive: its row, and the files that rbee has put there.

    Raises `model_in_use` while a worker has it loaded.
    """
    hive_id = node or _BESIDE_HER
    with awake_queen(screen, where, _wanted(node), ref) as queen:
        wake_hives(screen, queen, hive_id)
        wanted = RemoveModel(ref=ref, node=hive_id)
        patience = where.settings.stop_total
        removed = queen.client.call(REMOVE_CLUSTER_MODEL, wanted, patience=patience)
        screen.say(narration.MODEL_REMOVED, model_ref=ref, hive_id=hive_id)
        if removed is not None:
            others = ", ".join(removed.kept_for)
            screen.hint(f"its files stay, since other names lead to them: {others}")


def _wanted(node: str | None) -> Sequence[str]:
    """What a woken queen starts: the hive beside her, where it is that one's models."""
    return A_HIVE if node in (None, _BESIDE_HER) else NOTHING
