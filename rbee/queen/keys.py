"""API keys: what the callers of ``/v1`` show, each under a name. Their digests are in the catalog.

A key opens the OpenAI routes and nothing else, and each has a fair share of the slots. The secret
itself is told once, to whoever makes it, and kept nowhere.
"""

from __future__ import annotations

import hashlib
import re
import secrets

from rbee.process.sabotage import sabotaged
from rbee.process.tasks import DATABASE, in_thread
from rbee.queen.catalog import KeyCatalog, KeyRow
from rbee.wire import auth
from rbee.wire.errors import RbeeError, no_such
from rbee.wire.messages import KeyList, KeyView, NewKey

_PREFIX = "rbee-"
_NAME = re.compile(r"[\w.-]{1,64}", re.ASCII)


class Keys:
    """The keys of this queen. Those that were recognised once are known in RAM."""

    def __init__(self, catalog: KeyCatalog) -> None:
        self._catalog = catalog
        self._known: dict[str, str] = {}

    async def recognise(self, header: str) -> str | None:
        """The name of the key that an Authorization header presents; None: it is nobody's."""
        digest = _digest(auth.presented(header))
        if digest not in self._known:
            name = await in_thread(DATABASE, self._catalog.name_of, digest)
            if name is None:
                return None
            self._known[digest] = name
        return self._known[digest]

    async def add(self, name: str) -> NewKey:
        """A new key. Raises `key_exists`, and `invalid_request` for what is no name."""
        if not _NAME.fullmatch(name):
            raise RbeeError(
                "invalid_request",
                f"a key cannot be called {name!r}",
                "letters, digits, dots, dashes and underscores: rbee-keeper add-key tv",
                {"field": "name"},
            )
        key = _PREFIX + secrets.token_urlsafe(24)
        if not await in_thread(DATABASE, self._catalog.add, name, _digest(key)):
            raise RbeeError(
                "key_exists",
                f"there is a key called {name} already, and nobody can read it any more",
                f"choose another name, or begin with: rbee-keeper remove-key {name}",
            )
        return NewKey(name=name, key=key)

    async def list(self) -> KeyList:
        """All keys, by name."""
        rows = await in_thread(DATABASE, self._catalog.list)
        return KeyList(keys=[_view(row) for row in rows])

    async def remove(self, name: str) -> None:
        """From now on nobody gets in with that key. Raises `key_not_found`."""
        if not await in_thread(DATABASE, self._catalog.remove, name):
            rows = await in_thread(DATABASE, self._catalog.list)
            raise no_such("key", name, [row.name for row in rows], "rbee-keeper keys lists them")
        if not sabotaged("queen:remember-keys"):
            self._known = {digest: each for digest, each in self._known.items() if each != name}


def _view(row: KeyRow) -> KeyView:
    return KeyView(name=row.name, created_at_ms=row.created_at_ms)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
