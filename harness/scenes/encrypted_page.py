"""The queen's page by https://, and the code that leads a phone there."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import ssl

from harness.rig import browsing
from harness.rig.browsing import Browser
from harness.rig.cluster import Cluster
from harness.rig.program import Finished

_LINK = re.compile(r"https://\S+/#link=\S+")
_BLOCKS = "█▀▄"


def look(cluster: Cluster) -> Browser:
    """A browser that believes the key of the queen's certificate."""
    told = cluster.run("rbee-keeper certificate --json")
    cluster.assert_status(0, told)
    return browsing.look_trusting(cluster, json.loads(told.stdout)["key"])


def link(cluster: Cluster) -> str:
    """What ``rbee-keeper open --qr`` prints into a pipe."""
    finished = cluster.run("rbee-keeper open --qr")
    cluster.assert_status(0, finished)
    return finished.stdout.strip()


def follow(cluster: Cluster, browser: Browser) -> None:
    """Follows that in another tab."""
    browser.tab(link(cluster))


def assert_awake(browser: Browser) -> None:
    """It shows the swarm, by https://."""
    browser.wait_for("#state", "awake")
    assert browser.address().startswith("https://"), browser.address()


def assert_cookie(browser: Browser) -> None:
    """Neither scripts, other sites nor connections that are not encrypted have it."""
    (cookie,) = browser.cookies()
    assert cookie["httpOnly"] and cookie["sameSite"] == "Strict" and cookie["secure"], cookie
    assert cookie["name"].startswith("__Host-"), cookie
    assert browser.run("() => document.cookie") == ""


def sign_in_twice(cluster: Cluster, browser: Browser) -> None:
    """Two tabs at the same host, one by https:// and one by http://."""
    encrypted = link(cluster)
    port = cluster.ports.queen
    here = re.sub(r"https://[^/]+", f"https://127.0.0.1:{port}", encrypted)
    for address in (here, browsing.link(cluster)):
        browser.tab(address)
        # A page that is loaded anew while it signs in has spent its link for nothing.
        browser.wait_for("#state", "awake")


def assert_both_awake(browser: Browser) -> None:
    """Neither tab has signed the other out."""
    for number in (1, 0):
        browser.back_to(number)
        browser.run("() => location.reload()")
        browser.wait_for("#state", "awake")


def follow_warned(cluster: Cluster, browser: Browser) -> str:
    """Why a browser does not follow it."""
    try:
        browser.tab(link(cluster), True)
    except AssertionError as error:
        return str(error)
    return ""


def assert_warned(browser: Browser, why: str) -> None:
    """It does not know who has signed the certificate, and has no cookie."""
    assert "ERR_CERT_AUTHORITY_INVALID" in why, why
    assert browser.cookies() == []


def assert_code(finished: Finished) -> str:
    """A code of equal lines is drawn, with the link below; that."""
    lines = [line for line in finished.stdout.splitlines() if any(b in line for b in _BLOCKS)]
    lengths = {len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in lines}
    assert len(lines) > 15 and len(lengths) == 1, finished
    return _link_in(finished)


def assert_no_code(finished: Finished) -> None:
    """The link is there, and nothing is drawn."""
    assert not any(block in finished.stdout for block in _BLOCKS), finished
    _link_in(finished)


def assert_told(finished: Finished, printed: str) -> None:
    """The SHA-256 of the certificate that is shown at the address of the link is told."""
    host, _, port = printed.removeprefix("https://").partition("/")[0].rpartition(":")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((host, int(port)), 10.0) as connected:
        with context.wrap_socket(connected) as encrypted:
            shown = encrypted.getpeercert(binary_form=True) or b""
    digits = hashlib.sha256(shown).hexdigest().upper()
    assert ":".join(re.findall("..", digits)) in finished.stderr, finished


def _link_in(finished: Finished) -> str:
    found = _LINK.search(finished.stdout)
    assert found, finished
    return found[0]
