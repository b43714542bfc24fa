"""``rbee-keeper status``: what is awake and what it does. Wakes nobody."""

from __future__ import annotations

import contextlib

from rbee.keeper.awake import find_any_queen
from rbee.keeper.lists import device_table, hive_table, job_table, worker_table
from rbee.keeper.queen_client import QueenClient
from rbee.keeper.queen_target import QueenTarget, awake_at
from rbee.keeper.screen import Screen
from rbee.process import listening
from rbee.wire import addresses
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import Health
from rbee.wire.messages.hives import HIVES
from rbee.wire.messages.jobs import JOBS
from rbee.wire.messages.workers import WORKERS
from rbee.wire.proof import Credential, hive_name, hive_secret


def status(screen: Screen, where: QueenTarget) -> None:
    """Tells whether the queen is awake, and if she is, what she knows."""
    client = find_any_queen(where)
    if client is not None:
        tell_of(client, screen)
        return
    queen = {"state": "asleep", "url": where.url}
    text = f"queen asleep (she would listen at {where.url})"
    orphan = find_orphan_hive(where)
    if orphan is not None:
        queen["orphan_hive"] = orphan[0].url
        text += f"\na hive without a queen is awake at {orphan[0].url}; rbee-keeper down ends it"
    screen.result({"queen": queen, "hives": [], "workers": [], "jobs": []}, text)


def tell_of(client: QueenClient, screen: Screen) -> None:
    """Tells everything that a queen who is awake knows."""
    queen = {"state": "awake", "url": client.url}
    hives, workers = client.call(HIVES).hives, client.call(WORKERS).workers
    jobs = client.call(JOBS).jobs
    parts = [f"queen awake at {client.url}", hive_table(hives), device_table(hives)]
    if workers:
        parts.append(worker_table(workers))
    if jobs:
        parts.append(job_table(jobs))
    value = {"queen": queen, "hives": hives, "workers": workers, "jobs": jobs}
    screen.result(value, "\n\n".join(parts))


def find_orphan_hive(where: QueenTarget) -> tuple[QueenClient, Health] | None:
    """A hive of this machine that has lost its queen and lives for as long as its lease lasts, to
    speak to, and its health; None when none is awake."""
    settings = where.settings
    usual = addresses.base_url(settings.hive_host, settings.hive_port)
    known = listening.noted(where.home, "hive")
    hive_id = known.hive_id if known is not None and known.hive_id else "localhost"
    credential = Credential(hive_secret(where.token, hive_id), hive_name(hive_id))
    url = awake_at(where.home, "hive", usual, credential, settings) or usual
    client = QueenClient(url, credential, settings.connect_timeout)
    with contextlib.suppress(RbeeError):  # whoever else has that port is none of ours
        health = client.health()
        if health is not None and health.role == "hive" and client.is_proved:
            return client, health
    return None
