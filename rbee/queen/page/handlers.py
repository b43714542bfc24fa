"""The queen's page: its files, and who is signed in there.

The page itself holds nothing that is anybody's: it asks for that as other programs do, by routes
that are rows `on_page`, with a cookie and a token. A link, which the owner of the token asks for,
is changed into these once.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from rbee.http.serving import serves, serves_http
from rbee.queen.page.origin import why_foreign
from rbee.queen.page.sessions import LINK_S, SESSION_S, Sessions
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import Named, encode
from rbee.wire.messages.page import (
    ENTER_PAGE,
    LEAVE_PAGE,
    MAKE_LINK,
    PAGE,
    PAGE_FILE,
    TOKEN_HEADER,
    EnterPage,
    PageEntered,
    PageLink,
)

_FOLDER = Path(__file__).parent / "files"
_INDEX = "index.html"
#: Leads on to it where a form has signed in; the token stands in it once.
_ENTERED, _TOKEN_GOES_HERE = "entered.html", "THE_TOKEN"
#: The files that there are, with what each is; no other name leads to anything.
_KINDS = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
#: What the page may do: load its own files and ask its own queen. No script or style stands in the
#: document, nothing is made of text, nobody frames it.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # A browser asks each time, so that it shows the page of this version after an upgrade.
    "Cache-Control": "no-cache",
}
#: How the name of a cookie begins that browsers take from an encrypted connection alone
#: (RFC 6265bis, 4.1.3.2): who changes what is not encrypted puts none in its place.
_ENCRYPTED = "__Host-"
_FOR_PROGRAMS = "rbee is running\nrbee-keeper open shows her page in a browser\n"


class Page:
    """The page of a queen whose cookie is called `cookie`, with `_ENCRYPTED` before that where it
    came by TLS; `entered` is told that somebody signed in."""

    def __init__(self, cookie: str, sessions: Sessions, entered: Callable[[], None]) -> None:
        self._cookie = cookie
        self._sessions = sessions
        self._entered = entered

    def asks(self, request: web.Request) -> bool:
        """Whether the page asks this, signed in.

        Raises `unauthorized` where it is signed in no more, and `foreign_page` for what has its
        cookie and is not the page: browsers send it with what others have them ask, too.
        """
        cookie = request.cookies.get(self._name(request))
        if cookie is None:
            return False
        if why := why_foreign(request.headers):
            raise _foreign(why)
        if not self._sessions.holds(cookie, request.headers.get(TOKEN_HEADER, "")):
            raise _foreign(f"it has no {TOKEN_HEADER} header with the page's token")
        return True

    @serves_http(PAGE)
    async def show(self, request: web.Request) -> web.Response:
        """Shows a browser her page, which tells a person how to sign in; to programs, ollama's
        clients among them, says that she runs."""
        if "text/html" in request.headers.get("Accept", ""):
            return _file(_INDEX)
        return web.Response(text=_FOR_PROGRAMS, headers={"Vary": "Accept"})

    @serves_http(PAGE_FILE)
    async def file(self, request: web.Request, wanted: Named) -> web.Response:
        """Gives a file that the page is made of."""
        return _file(wanted.id)

    @serves(MAKE_LINK)
    async def make_link(self) -> PageLink:
        """Makes a link that lets a browser in once; rbee-keeper open opens it."""
        return PageLink(secret=self._sessions.link(), seconds=LINK_S)

    @serves_http(ENTER_PAGE)
    async def enter(self, request: web.Request, wanted: EnterPage) -> web.Response:
        """Changes the secret of a link, once, for a cookie and a token, with which the page may ask
        what it shows."""
        # From any page: the secret alone lets in, and the owner of the queen has given it.
        try:
            entered = self._sessions.enter(wanted.secret)
        except RbeeError:
            if wanted.form:
                return web.Response(status=303, headers={"Location": PAGE.path})
            raise
        if wanted.form:
            answer = _file(_ENTERED, _TOKEN_GOES_HERE, entered.token)
        else:
            body = encode(PageEntered(token=entered.token))
            answer = web.Response(body=body, content_type="application/json")
        answer.headers["Cache-Control"] = "no-store"
        answer.set_cookie(
            self._name(request),
            entered.cookie,
            max_age=SESSION_S,
            httponly=True,
            samesite="Strict",
            secure=request.secure,
        )
        self._entered()
        return answer

    @serves_http(LEAVE_PAGE)
    async def leave(self, request: web.Request) -> web.Response:
        """Signs the page out that asks."""
        name = self._name(request)
        self._sessions.leave(request.cookies.get(name, ""))
        answer = web.Response(status=204)
        answer.del_cookie(name, httponly=True, samesite="Strict", secure=request.secure)
        return answer

    def _name(self, request: web.Request) -> str:
        return f"{_ENCRYPTED}{self._cookie}" if request.secure else self._cookie


def _file(name: str, instead_of: str = "", said: str = "") -> web.Response:
    path = _FOLDER / name
    kind = _KINDS.get(path.suffix)
    # Compared with the names in the folder, so that no path leads out of it.
    if kind is None or name not in {each.name for each in _FOLDER.iterdir()}:
        raise RbeeError("not_found", f"the page has no file {name!r}", "GET / shows it")
    headers = {**_HEADERS, "Vary": "Accept"} if name == _INDEX else _HEADERS
    text = path.read_text("utf-8").replace(instead_of, said) if said else path.read_text("utf-8")
    return web.Response(text=text, content_type=kind, charset="utf-8", headers=headers)


def _foreign(why: str) -> RbeeError:
    return RbeeError(
        "foreign_page",
        f"this request has the cookie of the queen's page, and is not the page's: {why}",
        "open the page itself, or ask with the token in an Authorization header",
    )
