"""``rbee-keeper open``: the queen's page in a browser, signed in.

What signs in is a link that works once. On a command line other users of the machine could read it
and be faster, so a browser is given the name of a file that leads there, which is its user's alone.
"""

from __future__ import annotations

import html
import os
import shutil
import sys
import threading
import webbrowser
from collections.abc import Mapping
from pathlib import Path

from rbee.keeper.awake import A_HIVE, AwakeQueen, awake_queen
from rbee.keeper.operation import wake_hives
from rbee.keeper.queen_target import QueenTarget
from rbee.keeper.screen import Screen
from rbee.process.home import Home
from rbee.wire import addresses, narration
from rbee.wire.messages.basics import encode
from rbee.wire.messages.page import ENTER_PAGE, FRAGMENT, MAKE_LINK, PAGE, EnterPage

#: How long a browser has to start and sign in before the link is shown instead (seconds).
_PATIENCE = 20.0
#: Signs in by a form, so that the secret stands in no address that a browser remembers. Name and
#: value of its field are JSON with the sign between them.
_SIGNS_IN = """\
<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><meta name="referrer" content="no-referrer">
<title>rbee</title>
<form method="post" enctype="text/plain" action="{url}">
<input type="hidden" name="{name}" value="{value}"><button>Open the page of rbee</button></form>
<script>document.forms[0].submit();</script></html>
"""


def open_page(screen: Screen, where: QueenTarget, *, prints: bool, qr: bool) -> None:
    """Wakes the queen and her hives, who stay, and opens her page in a browser.

    With `prints`, or where no browser can be shown, or none signs in, the link is the answer. With
    `qr` it is the link for another machine, as a code for its camera where that can be drawn.
    Raises `invalid_request` where she listens for no other machine.
    """
    with awake_queen(screen, where, A_HIVE) as queen:
        if qr:
            _show_code(screen, where, queen)
            return
        wake_hives(screen, queen, None)
        queen.keep()
        made = queen.client.call(MAKE_LINK)
        link = f"{queen.client.url}{PAGE.path}#{FRAGMENT}{made.secret}"
        if not prints and has_browser(os.environ, sys.platform):
            screen.say(narration.PAGE_OPENING, url=queen.client.url)
            if _signs_in(queen, made.secret, where.home):
                return
        screen.result({"link": link, "seconds": made.seconds}, link)
        minutes = made.seconds // 60
        screen.hint(f"this link signs a browser in once, within {minutes} minutes")
        host = addresses.host_of(queen.client.url)
        if "SSH_CONNECTION" in os.environ and addresses.is_loopback(host):
            port = queen.client.url.rpartition(":")[2]
            tunnel = f"ssh -N -L {port}:{host}:{port} HOST"
            screen.hint(f"it leads to this machine; from your own, type first: {tunnel}")


def _show_code(screen: Screen, where: QueenTarget, queen: AwakeQueen) -> None:
    from rbee.keeper.qr import drawn, why_not  # late: seldom wanted
    from rbee.keeper.reach import reach_of

    reach = reach_of(queen.client, where)
    wake_hives(screen, queen, None)
    queen.keep()
    made = queen.client.call(MAKE_LINK)
    link = f"{reach.url}{PAGE.path}#{FRAGMENT}{made.secret}"
    lines = drawn(link)
    why = why_not(
        lines,
        is_terminal=screen.has_page,
        columns=shutil.get_terminal_size().columns,
        encoding=sys.stdout.encoding,
    )
    if not why and not screen.as_json:
        screen.code(lines)
    elif why:
        screen.hint(f"{why}; this is what it holds")
    told = {"link": link, "seconds": made.seconds, "fingerprint": reach.fingerprint}
    screen.result(told, link)
    screen.hint(f"this link signs a browser in once, within {made.seconds // 60} minutes")
    if reach.shown.authority:
        screen.hint("that browser warns once, since it does not know the certificate; it is hers")
        screen.hint(f"where its SHA-256 is {reach.fingerprint}")


def has_browser(environ: Mapping[str, str], platform: str) -> bool:
    """Whether a browser would come up on a screen that a person sees. BROWSER says that one does;
    one on the far end of an SSH connection, or in a terminal, does not."""
    if environ.get("BROWSER"):
        return True
    if any(environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY")):
        return False
    return platform == "darwin" or any(environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _signs_in(queen: AwakeQueen, secret: str, home: Home) -> bool:
    """Whether a browser that was shown the form has signed in, in time."""
    has_failed = threading.Event()

    def show() -> None:
        # A browser that BROWSER names may be waited for until it ends.
        if not _opens(file):
            has_failed.set()
            queen.page_entered.set()

    file = home.path / f"open.{os.getpid()}.html"
    try:
        _write_for_us_alone(file, form_of(queen.client.url, secret))
        threading.Thread(target=show, name="browser", daemon=True).start()
        return queen.page_entered.wait(_PATIENCE) and not has_failed.is_set()
    except OSError:
        return False  # no file can be written: the link is printed
    finally:
        file.unlink(missing_ok=True)


def form_of(url: str, secret: str) -> str:
    """A document that signs in at the queen's address as soon as it is shown."""
    name, value = encode(EnterPage(secret=secret, form="=")).decode().split("=")
    parts = {"url": url + ENTER_PAGE.path, "name": name, "value": value}
    return _SIGNS_IN.format(**{key: html.escape(part) for key, part in parts.items()})


def _write_for_us_alone(file: Path, text: str) -> None:
    file.unlink(missing_ok=True)
    file.touch(mode=0o600, exist_ok=False)
    file.write_text(text, "utf-8")


def _opens(file: Path) -> bool:
    try:
        return webbrowser.open(file.as_uri())
    except (webbrowser.Error, OSError):
        return False
