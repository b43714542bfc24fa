"""The queen's page and who is signed in there, tried in this process with a clock of its own."""

from __future__ import annotations

import re
from typing import Any

from aiohttp.test_utils import make_mocked_request

from rbee.queen.page.handlers import Page
from rbee.queen.page.sessions import Entered, Sessions
from rbee.wire.errors import RbeeError
from rbee.wire.messages.page import TOKEN_HEADER

_HOST = "127.0.0.1:8500"
_COOKIE = "rbee-8500"
_HOUR = 3600.0


class Door:
    """A page, and what somebody has of it."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sessions = Sessions(lambda: self.now)
        self.link = self._sessions.link()
        self.entered: Entered | None = None

    def sign_in(self) -> None:
        """Somebody follows the link."""
        self.entered = self._sessions.enter(self.link)

    def follow(self, when: str) -> str:
        """Follows the link in this way: why that was refused the last time; empty: it was not."""
        number = int(next(iter(re.findall(r"\d+", when)), 0))
        link = self.link
        if "seconds" in when:
            self.now += number
        elif "other links" in when:
            for _ in range(number):
                self._sessions.link()
        elif "letter" in when:
            link = ("B" if link[0] == "A" else "A") + link[1:]
        why = ""
        for _ in range(2 if when == "twice" else 1):
            why = _why_not(lambda: self._sessions.enter(link))
        return why

    def pass_through(self, what: str) -> None:
        """This happens to a page that is signed in."""
        assert self.entered is not None
        number = int(next(iter(re.findall(r"\d+", what)), 0))
        if "seconds" in what:
            self.now += number
        elif "each hour" in what:
            for _ in range(number):
                self.now += _HOUR
                _why_not(self.ask)
        elif "others sign in" in what:
            for _ in range(number):
                self.now += 1
                self._sessions.enter(self._sessions.link())
        elif "signs out" in what:
            self._sessions.leave(self.entered.cookie)
        elif "another one" in what:
            self._sessions = Sessions(lambda: self.now)
        else:
            assert what == "nothing more happens", what

    def ask(self) -> None:
        """The page asks for something. Raises as a queen refuses that."""
        assert self.entered is not None
        self._ask({TOKEN_HEADER: self.entered.token})

    def why_refused(self) -> str:
        """Why what the page asks is refused; empty: it is not."""
        return _why_not(self.ask)

    def why_request_refused(self, told: str) -> str:
        """Why a request with the page's cookie and these headers is refused; empty: it is not."""
        assert self.entered is not None
        headers = {}
        for each in told.split(", "):
            if each == "its token":
                headers[TOKEN_HEADER] = self.entered.token
            elif each == "the token of another page":
                headers[TOKEN_HEADER] = self._sessions.enter(self._sessions.link()).token
            elif each != "nothing else":
                name, _, value = each.partition(" ")
                headers[name] = value
        return _why_not(lambda: self._ask(headers))

    def _ask(self, headers: dict[str, str]) -> None:
        assert self.entered is not None
        page = Page(_COOKIE, self._sessions, lambda: None)
        sent = {"Host": _HOST, "Cookie": f"{_COOKIE}={self.entered.cookie}", **headers}
        assert page.asks(make_mocked_request("GET", "/jobs", headers=sent))


def assert_outcome(why: str, outcome: str) -> None:
    """``answered``, ``signs in``, or refused with these words."""
    words = outcome.partition('"')[2].rstrip('"')
    assert bool(why) == bool(words) and words in why, why or "not refused"


def environment_of(told: str) -> dict[str, str]:
    """The variables that a row of a table names."""
    pairs: Any = (each.partition("=")[::2] for each in told.split() if "=" in each)
    return dict(pairs)


def _why_not(do: Any) -> str:
    try:
        do()
    except RbeeError as error:
        return error.message
    return ""
