"""A hive of this machine that has lost its queen and lives for as long as its lease lasts."""

from __future__ import annotations

import contextlib

from rbee.keeper.queen_client import QueenClient
from rbee.keeper.queen_target import QueenTarget, awake_at
from rbee.process import listening
from rbee.wire import addresses
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import Health
from rbee.wire.proof import Credential, hive_name, hive_secret


def find_orphan_hive(where: QueenTarget) -> tuple[QueenClient, Health] | None:
    """It, to speak to, and its health; None when no hive is awake on this machine."""
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
