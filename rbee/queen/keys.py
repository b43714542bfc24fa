"""API keys: what the callers of ``/v1`` show, each under a name. Their digests are in the catalog.

A key opens the OpenAI routes and nothing else, and each has a fair share of the slots. The secret
itself is told once, to whoever makes it, and kept nowhere.

Queens that share a database have the same keys. What one adds or removes, the others know within
`_FRESH` seconds, since the whole list, which is short, is read that often while it is needed: one
read, however many callers come, and however many secrets a stranger guesses.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import math
import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import asdict

from rbee.http.serving import serves
from rbee.process.tasks import DATABASE, End, in_thread, spawn
from rbee.queen.catalog import KeyCatalog, KeyRow
from rbee.queen.names import Names
from rbee.queen.rights import Rights, Use, limits_of, require_left
from rbee.wire import proof
from rbee.wire.errors import RbeeError, invalid, no_such
from rbee.wire.messages.basics import Named
from rbee.wire.messages.keys import ADD_KEY, KEYS, REMOVE_KEY, AddKey, KeyList, KeyView, NewKey

_PREFIX = "rbee-"
_NAME = re.compile(r"[\w.-]{1,64}", re.ASCII)
#: What a secret looks like; nothing is looked up for what does not.
_SECRET = re.compile(r"rbee-[\w-]{32}", re.ASCII)
#: How old (seconds) the list of keys may be that a caller is let in by. Read every so often, with
#: the time that takes, what one queen changes is known to all within a second.
_FRESH = 0.5
_DAY = 24 * 60 * 60

log = logging.getLogger(__name__)


class Keys:
    """The keys of this queen, as of at most `_FRESH` seconds ago, and what is done for each now."""

    def __init__(self, catalog: KeyCatalog, names: Names) -> None:
        self._catalog = catalog
        self._names = names
        self._by_digest: dict[str, KeyRow] = {}
        self._by_name: dict[str, KeyRow] = {}
        self._read_at = -math.inf
        self._is_unreadable = False
        #: How often a key was added or removed here: a list read meanwhile is out of date.
        self._changes = 0
        self._reading = asyncio.Lock()
        #: Use that the list read from the catalog does not contain yet, by the digest of the key;
        #: and what of it has been written to the catalog since.
        self._pending: dict[str, list[Use]] = {}
        self._written: list[tuple[str, Use]] = []
        #: The callbacks that end the work that runs for a key, by its digest.
        self._in_use: dict[str, list[Callable[[RbeeError], None]]] = {}
        self._watching = False

    async def recognise(self, header: str) -> str | None:
        """The name of the key that an Authorization header presents; None: it is nobody's.

        Raises `database_unusable` where the catalog cannot be asked.
        """
        secret = proof.secret_in(header)
        if not _SECRET.fullmatch(secret):
            return None
        await self._refresh()
        row = self._by_digest.get(_digest(secret))
        return None if row is None else row.name

    def named(self, name: str) -> KeyRow:
        """The key that a caller was just recognised by. Raises `unauthorized` if it is gone."""
        row = self._by_name.get(name)
        if row is None:
            raise _removed(name)
        return row

    @contextlib.contextmanager
    def used(self, row: KeyRow, end: Callable[[RbeeError], None]) -> Iterator[None]:
        """While this lasts, `end` is called, with what to tell, when the key is removed."""
        ends = self._in_use.setdefault(row.digest, [])
        ends.append(end)
        if not self._watching:
            self._watch_if_used()
        try:
            yield
        finally:
            ends.remove(end)
            if not ends and self._in_use.get(row.digest) is ends:
                del self._in_use[row.digest]

    def require_left(self, name: str) -> None:
        """Raises `key_spent` where a key has used what it may today."""
        row = self.named(name)
        day, left = _today()
        use = row.use.on(day)
        for pending in self._pending.get(row.digest, ()):
            use = use.plus(pending.requests, pending.tokens) if pending.day == day else use
        require_left(name, row.rights, use, left)

    @contextlib.contextmanager
    def counted(self, row: KeyRow, tokens: Callable[[], int]) -> Iterator[None]:
        """A request of a key, which counts from now on, and its tokens once it is over."""
        day, _ = _today()
        pending = self._pending.setdefault(row.digest, [])
        pending.append(begun := Use(day, 1))
        try:
            yield
        finally:
            pending[_place_of(begun, pending)] = used = Use(day, 1, tokens())
            spawn(self._count(row.digest, used), "counting what a key uses", lambda ended: None)

    def _forget_pending(self, digest: str, used: Use) -> None:
        pending = self._pending[digest]
        del pending[_place_of(used, pending)]
        if not pending:
            del self._pending[digest]

    async def _count(self, digest: str, used: Use) -> None:
        try:
            await in_thread(DATABASE, self._catalog.count, digest, used)
        except RbeeError as error:
            log.warning("what a key has used cannot be written down: %s", error.message)
            return  # it still counts in this queen, until she ends
        self._written.append((digest, used))
        self._changed()

    @serves(ADD_KEY)
    async def add(self, wanted: AddKey) -> NewKey:
        """Makes an API key, limited to these models where any are named; 409 for a name that is
        taken."""
        name = wanted.name
        if not _NAME.fullmatch(name):
            raise invalid(
                f"a key cannot be called {name[:64]!r}",
                "letters, digits, dots, dashes and underscores: rbee-keeper add-key tv",
                field="name",
            )
        key = _PREFIX + secrets.token_urlsafe(24)
        rights = Rights(
            models=limits_of([await self._named(each) for each in wanted.models]),
            may_fetch=wanted.may_fetch,
            requests_a_day=wanted.requests_a_day,
            tokens_a_day=wanted.tokens_a_day,
        )
        if not await in_thread(DATABASE, self._catalog.add, name, _digest(key), rights):
            raise RbeeError(
                "key_exists",
                f"there is a key called {name} already, and nobody can read it any more",
                f"choose another name, or begin with: rbee-keeper remove-key {name}",
            )
        self._changed()
        return NewKey(name=name, key=key)

    async def _named(self, typed: str) -> str:
        """What a name of somebody's own means; of anything else what was typed."""
        named = await self._names.find(typed)
        return typed if named is None else named.model_ref

    @serves(KEYS)
    async def list(self) -> KeyList:
        """Lists the names of the API keys, what each may use, and what it has used today (UTC)."""
        rows = await in_thread(DATABASE, self._catalog.list)
        day, _ = _today()
        return KeyList(
            keys=[
                KeyView(
                    name=row.name,
                    created_at_ms=row.created_at_ms,
                    requests_today=row.use.on(day).requests,
                    tokens_today=row.use.on(day).tokens,
                    **asdict(row.rights),
                )
                for row in rows
            ]
        )

    @serves(REMOVE_KEY)
    async def remove(self, wanted: Named) -> None:
        """Removes an API key: nobody gets in with it any more, and what is done for it ends."""
        if not await in_thread(DATABASE, self._catalog.remove, wanted.id):
            rows = await in_thread(DATABASE, self._catalog.list)
            raise no_such(
                "key", wanted.id, [row.name for row in rows], "rbee-keeper keys lists them"
            )
        self._changed()
        with contextlib.suppress(RbeeError):  # it is gone; who comes next is told what is wrong
            await self._refresh()

    def _changed(self) -> None:
        self._changes += 1
        self._read_at = -math.inf

    async def _refresh(self) -> None:
        """Reads the keys where what is known of them is old; one read for all who wait for it.

        Raises `database_unusable`.
        """
        async with self._reading:
            began, changes = time.monotonic(), self._changes
            if began - self._read_at >= _FRESH:
                written, self._written = self._written, []
                try:
                    rows = await in_thread(DATABASE, self._catalog.list)
                except asyncio.CancelledError:
                    self._written = written + self._written
                    raise
                except RbeeError as error:
                    self._written = written + self._written
                    # For a while nobody asks again: a stranger's guesses cost one read, too.
                    self._is_unreadable, self._read_at = True, time.monotonic()
                    log.warning("the keys cannot be read: %s", error.message)
                else:
                    self._is_unreadable = False
                    self._read_at = began if changes == self._changes else -math.inf
                    self._take_over(rows)
                    for digest, used in written:
                        self._forget_pending(digest, used)
            if self._is_unreadable:
                # Says nothing of the database: whoever hears it may be a stranger.
                why = "keys cannot be looked up now"
                raise RbeeError("database_unusable", why, "try again in a moment")

    def _take_over(self, rows: Sequence[KeyRow]) -> None:
        self._by_digest = {row.digest: row for row in rows}
        self._by_name = {row.name: row for row in rows}
        for digest in [each for each in self._in_use if each not in self._by_digest]:
            for end in list(self._in_use[digest]):
                end(_removed())

    async def _watch(self) -> None:
        """Looks for keys that another queen has removed, while something is done for one."""
        while self._in_use:
            await asyncio.sleep(_FRESH)
            with contextlib.suppress(RbeeError):  # until the catalog answers, nothing is known
                await self._refresh()

    def _watch_if_used(self, _ended: End = None) -> None:
        self._watching = bool(self._in_use)
        if self._watching:
            spawn(self._watch(), "watching keys", self._watch_if_used)


def _today() -> tuple[int, int]:
    """The day, in days since 1970 (UTC), and how many seconds are left of it."""
    day, past = divmod(int(time.time()), _DAY)
    return day, _DAY - past


def _place_of(one: Use, among: Sequence[Use]) -> int:
    """The index of this object among others that may be equal to it."""
    return next(place for place, each in enumerate(among) if each is one)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _removed(name: str = "") -> RbeeError:
    called = f" {name}" if name else ""
    return RbeeError(
        "unauthorized", f"the key{called} was removed", "ask whoever runs this swarm for another"
    )
