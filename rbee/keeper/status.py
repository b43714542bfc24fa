"""``rbee-keeper status``: what is awake and what it does. Wakes nobody."""

from __future__ import annotations

from rbee.keeper.awake import find_any_queen
from rbee.keeper.lists import device_table, hive_table, job_table, worker_table
from rbee.keeper.orphan_hive import find_orphan_hive
from rbee.keeper.queen_client import QueenClient
from rbee.keeper.queen_target import QueenTarget
from rbee.keeper.screen import Screen
from rbee.wire.messages.basics import encode
from rbee.wire.messages.hives import HIVES, HiveList
from rbee.wire.messages.jobs import JOBS, JobList
from rbee.wire.messages.workers import WORKERS, WorkerList


def status(screen: Screen, where: QueenTarget, *, as_json: bool) -> None:
    """Tells whether the queen is awake, and if she is, what she knows."""
    client = find_any_queen(where)
    if client is not None:
        screen.answer(status_of(client, as_json=as_json))
        return
    queen = {"state": "asleep", "url": where.url}
    text = f"queen asleep (she would listen at {where.url})"
    stray = find_orphan_hive(where)
    if stray is not None:
        queen["orphan_hive"] = stray[0].url
        text += f"\na hive without a queen is awake at {stray[0].url}; rbee-keeper down ends it"
    nothing = HiveList(hives=[]), WorkerList(workers=[]), JobList(jobs=[])
    screen.answer(_for_programs(queen, *nothing) if as_json else text)


def status_of(client: QueenClient, *, as_json: bool) -> str:
    """Everything a queen who is awake knows, for people or as JSON."""
    hives = client.call(HIVES)
    workers = client.call(WORKERS)
    jobs = client.call(JOBS)
    if as_json:
        return _for_programs({"state": "awake", "url": client.url}, hives, workers, jobs)
    parts = [f"queen awake at {client.url}", hive_table(hives.hives), device_table(hives.hives)]
    if workers.workers:
        parts.append(worker_table(workers.workers))
    if jobs.jobs:
        parts.append(job_table(jobs.jobs))
    return "\n\n".join(parts)


def _for_programs(
    queen: dict[str, str], hives: HiveList, workers: WorkerList, jobs: JobList
) -> str:
    answer = {
        "queen": queen,
        "hives": hives.hives,
        "workers": workers.workers,
        "jobs": jobs.jobs,
    }
    return encode(answer).decode()
