"""The queen's page: who is let in there, and its files."""

from rbee.wire.messages.basics import Answer, Named, NonEmpty, Request
from rbee.wire.routes import NONE, Route, Who

#: The header in which the page shows the token that it was given when somebody signed in.
TOKEN_HEADER = "X-Rbee-Page"
#: What stands before the secret in the fragment of a link, which browsers send to nobody.
FRAGMENT = "link="


class PageLink(Answer, kw_only=True):
    """The secret of a link that signs in once, within `seconds`: in its fragment, behind
    `FRAGMENT`."""

    secret: str
    seconds: int


class EnterPage(Request, kw_only=True):
    """Somebody follows a link with this secret. `form`: a form in a browser sends it, by
    ``text/plain``, and is answered with a document that leads on to the page."""

    secret: NonEmpty
    form: str = ""


class PageEntered(Answer, kw_only=True):
    """A page is signed in. It shows `token` with all that it asks, beside the cookie that came with
    this answer."""

    token: str


PAGE = Route("GET", "/", NONE, NONE, status=200, who=Who.ANYBODY)
PAGE_FILE = Route("GET", "/page/{id}", Named, NONE, status=200, who=Who.ANYBODY)
MAKE_LINK = Route("POST", "/page/links", NONE, PageLink)
ENTER_PAGE = Route("POST", "/page/session", EnterPage, PageEntered, who=Who.ANYBODY)
LEAVE_PAGE = Route("DELETE", "/page/session", NONE, NONE, on_page=True)
