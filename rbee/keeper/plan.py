"""``rbee-keeper plan``: where a job would run, and what each place for it takes and has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rbee.keeper.awake import A_HIVE, awake_queen
from rbee.keeper.operation import run_operation
from rbee.keeper.options import Options, placed_by
from rbee.keeper.queen_target import QueenTarget
from rbee.keeper.screen import Screen
from rbee.keeper.table import table
from rbee.wire.messages.plans import PLAN, AskPlan, How, Plan, PlannedPlace
from rbee.wire.narration import load, rate, size


def plan(screen: Screen, where: QueenTarget, ref: str, options: Options) -> None:
    """Has the queen plan, and shows what she says. What is not running is woken for it, but no
    worker is; then it sleeps again."""
    wanted = AskPlan(model_ref=ref, hub_token=where.hub_token(ref), **placed_by(options))
    with awake_queen(screen, where, A_HIVE, ref) as queen:
        found = run_operation(screen, queen, PLAN, wanted, Plan)
    screen.result(found, place_table(found))
    if found.outcome == "worker":
        screen.hint(f"worker {found.worker_id} has {ref} loaded already and would answer")
    elif found.outcome == "wake":
        taken = next(place for place in found.places if place.taken)
        screen.hint(f"a job would have {' and '.join(taken.away)} woken for it")
    elif found.outcome == "wait":
        slow = [each.hive_id for each in found.away if each.how == "waking"]
        others = "what other jobs use or have started now"
        screen.hint(f"a job would wait for {' and '.join(slow) or others}")
    elif found.outcome == "refuse":
        screen.hint(f"{_refusal(found.places)}: a job would be refused")
        missing = next((place.away for place in found.places if place.fits and place.away), None)
        if missing:
            screen.hint(f"with {' and '.join(missing)} switched on there would be room")


def _refusal(places: Sequence[PlannedPlace]) -> str:
    """Tells why no place would be taken."""
    if any(place.short_bytes for place in places):
        return "no place has room"
    return next((place.why for place in places if place.why), "there is no place")


def place_table(found: Plan) -> str:
    """One row for each place, or for each part of it."""
    how = {each.hive_id: each.how for each in found.away}
    rows = (
        row for number, place in enumerate(found.places, 1) for row in _rows(number, place, how)
    )
    return table("PLACE HIVE DEVICE LAYERS NEEDS FREE ROOM", rows)


def _rows(number: int, place: PlannedPlace, how: Mapping[str, How]) -> Iterator[Sequence[object]]:
    if place.fits or place.taken:
        room = "taken" if place.taken else "yes"
        if place.tokens_per_second:
            loading = load(place.loading_s)
            later = f" after loading for {loading}" if loading else ""
            room += f" ({rate(place.tokens_per_second)}{later})"
    else:
        room = f"{size(place.short_bytes)} too little" if place.short_bytes else place.why
    if place.away:
        room += "".join(f" ({each} is {how[each]})" for each in place.away)
    if not place.parts:
        yield number, place.hive_id, place.device, "", "", "", room
    for part in place.parts:
        layers = f"{part.layers}{' (experts)' * part.experts}" if len(place.parts) > 1 else "all"
        if place.away and not part.need_bytes and not part.layers:
            layers = ""  # nobody is awake who deals them out
        need = size(part.need_bytes) if part.need_bytes else ""
        sizes = need, size(part.free_bytes)
        yield number, part.hive_id or place.hive_id, part.device, layers, *sizes, room
