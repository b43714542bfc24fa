"""Who is signed in on the page: links that let somebody in once, and sessions. RAM.

Both end with the queen. Of each secret the digest alone is kept.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from typing import NamedTuple

from rbee.wire.errors import RbeeError

#: How long a link lets somebody in (seconds): long enough to carry it to another screen by hand.
LINK_S = 300
#: How many links wait to be followed; the oldest gives way.
MOST_LINKS = 16
#: How long a session lasts, and how long one that asks for nothing (seconds).
SESSION_S = 7 * 24 * 3600
IDLE_S = 24 * 3600
#: How many pages are signed in at once; the one that has asked for nothing for longest gives way.
MOST_SESSIONS = 32
_BYTES = 32


class Entered(NamedTuple):
    """What a page that is signed in shows: the cookie, which the browser keeps from its scripts,
    and the token, which it keeps from other servers of the same machine."""

    cookie: str
    token: str


class Session(NamedTuple):
    """One of them: the digest of its token, when it began and when it last asked (seconds)."""

    token: bytes
    began: float
    asked: float


def is_over(session: Session, now: float) -> bool:
    """Whether a session has ended by itself."""
    return now - session.began >= SESSION_S or now - session.asked >= IDLE_S


class Sessions:
    """The links and sessions of one queen. `now` tells monotonic seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        #: When each link was made, and each session, by digests; the oldest first.
        self._links: dict[bytes, float] = {}
        self._sessions: dict[bytes, Session] = {}

    def link(self) -> str:
        """The secret of a link that lets somebody in once."""
        secret = secrets.token_urlsafe(_BYTES)
        self._links[_digest(secret)] = self._now()
        while len(self._links) > MOST_LINKS:
            del self._links[next(iter(self._links))]
        return secret

    def enter(self, secret: str) -> Entered:
        """Lets somebody in who follows a link. Raises `unauthorized` where it is none, is too old,
        or was followed before."""
        made = self._links.pop(_digest(secret), None)
        now = self._now()
        if made is None or now - made >= LINK_S:
            raise RbeeError(
                "unauthorized",
                f"this link was used already, or is older than {LINK_S // 60} minutes",
                "type rbee-keeper open for another one",
            )
        entered = Entered(secrets.token_urlsafe(_BYTES), secrets.token_urlsafe(_BYTES))
        self._sessions[_digest(entered.cookie)] = Session(_digest(entered.token), now, now)
        while len(self._sessions) > MOST_SESSIONS:
            quiet = min(self._sessions, key=lambda each: self._sessions[each].asked)
            del self._sessions[quiet]
        return entered

    def holds(self, cookie: str, token: str) -> bool:
        """Whether this cookie and this token are those of one session, which has asked now.

        Raises `unauthorized` where the cookie is that of none.
        """
        digest, now = _digest(cookie), self._now()
        session = self._sessions.get(digest)
        if session is not None and is_over(session, now):
            del self._sessions[digest]
            session = None
        if session is None:
            raise RbeeError(
                "unauthorized", "this page is not signed in any more", "type rbee-keeper open"
            )
        if not secrets.compare_digest(session.token, _digest(token)):
            return False
        self._sessions[digest] = session._replace(asked=now)
        return True

    def leave(self, cookie: str) -> None:
        """Ends a session."""
        self._sessions.pop(_digest(cookie), None)

    def __len__(self) -> int:
        return len(self._sessions)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
