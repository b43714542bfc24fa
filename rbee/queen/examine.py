"""``python -m rbee.queen.examine``: what is on the other machines of the catalog. Wakes nobody.

The doctor runs it. For each machine it prints a line of JSON, an `Examined`, as soon as that is
known; all are looked at side by side, over SSH.
"""

from __future__ import annotations

import asyncio

from rbee import __version__
from rbee.http.server import Server
from rbee.process.home import Home
from rbee.process.tasks import DATABASE, in_thread
from rbee.queen import shell
from rbee.queen.catalog import HiveCatalog, HiveRow, open_catalog
from rbee.queen.machines import Here
from rbee.queen.other_machine import OtherMachine
from rbee.wire import proof
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import encode
from rbee.wire.messages.hives import Examined


def judged(row: HiveRow, found: shell.Facts) -> Examined:
    """What is told of a machine on which this was found. Pure."""
    examined = Examined(
        hive_id=row.hive_id, host=row.host, rbee=found.rbee, free_bytes=found.free_bytes
    )
    examined.python = found.runs_on if found.rbee else found.version
    try:
        if found.rbee != __version__:
            shell.check_python(row.host, found)
            shell.check_room(row.host, found)
    except RbeeError as error:
        examined.error = error.body()
    return examined


async def _examine(row: HiveRow, here: Here) -> None:
    try:
        examined = judged(row, await OtherMachine(row, here).look())
    except RbeeError as error:
        examined = Examined(hive_id=row.hive_id, host=row.host, error=error.body())
    print(encode(examined).decode(), flush=True)


async def _examine_all(home: Home) -> None:
    settings, token = home.settings(), home.token()
    database = open_catalog(settings.database or home.path / "queen.db", settings.database_busy)
    rows = await in_thread(DATABASE, HiveCatalog(database).list)
    here = Here(home, settings, token, Server("queen", proof.Credential(token)))
    await asyncio.gather(*(_examine(row, here) for row in rows if row.ssh is not None))


if __name__ == "__main__":
    asyncio.run(_examine_all(Home.open()))
