"""A short name that is nobody's, found out while everything sleeps: nothing is woken for it.

The names are the queen's, who is asked where she is awake. Where she sleeps, they stand in
``config.toml`` and in the catalog that she leaves in her home.
"""

from __future__ import annotations

import contextlib
import sqlite3

from rbee.keeper.queen_target import QueenTarget
from rbee.wire.model_ref import nobody_called

#: Her catalog, and what it calls the names (`rbee.queen.catalog`).
_CATALOG = "queen.db"
_FIND = "SELECT 1 FROM model_names WHERE name = ?"
#: How long another program that writes there is waited for (seconds).
_BUSY = 1.0


def require_known(where: QueenTarget, name: str) -> None:
    """Raises `model_not_found` where nobody has given a short name. One that cannot be looked up
    is left to the queen: her catalog may be on a server, or be somebody else's just now."""
    if name in where.settings.names or where.settings.database:
        return
    path = where.home.path / _CATALOG
    if not path.exists():
        raise nobody_called(name)
    with contextlib.suppress(sqlite3.Error):
        uri = f"{path.resolve().as_uri()}?mode=rw"
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=_BUSY)) as catalog:
            if catalog.execute(_FIND, (name,)).fetchone() is None:
                raise nobody_called(name)
