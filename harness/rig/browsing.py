"""A person in front of a browser: Chromium, as it is installed here, told what to do by Playwright.

One browser serves all the scenarios of a test process, each with a profile of its own, and another
one those that believe the same certificate. They run in the environment of the clients that others
wrote.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness import clients
from harness.rig.cluster import ROOT, Cluster
from harness.rig.program import clean_environment, end, spawn

#: What the browser is called where it is installed: by Debian, by others, and on a Mac.
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ON_A_MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
#: Wide enough for two columns, and as narrow as a phone.
WIDE, NARROW = (1240, 800), (360, 740)


def chromium() -> str | None:
    """The browser of this machine."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    return found or (_ON_A_MAC if os.path.exists(_ON_A_MAC) else None)


def reason_why_not() -> str:
    """Why no page can be looked at here; "" where one can."""
    if chromium() is None:
        return "no Chromium is installed"
    there = (clients.HOME / "lib").glob("python*/site-packages/playwright")
    if any(there) or importlib.util.find_spec("playwright"):
        return ""
    return "Playwright is needed, which make test fetches"


class Browser:
    """A browser that one scenario uses at a time."""

    def __init__(self, *options: str) -> None:
        """`options` are Chromium's own."""
        self._options = options
        there = clients.HOME / "bin" / "python"
        search = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {
            **clean_environment(),
            "HOME": tempfile.gettempdir(),
            "PYTHONPATH": os.pathsep.join(search),
        }
        self._process = spawn(
            [there, "-m", f"{clients.__name__}.with_chromium", str(chromium()), *options],
            env=environment,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answer()

    def __getattr__(self, name: str) -> Any:
        """Has it do something; see `harness.clients.with_chromium.BrowserUser`."""
        if name.startswith("_"):
            raise AttributeError(name)

        def ask(*arguments: object) -> Any:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps([name, *arguments]) + "\n")
            self._process.stdin.flush()
            return self._answer()

        return ask

    def has(self, options: Sequence[str]) -> bool:
        """Whether it was started with these, and no others."""
        return self._options == tuple(options)

    def close(self) -> None:
        """Ends it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        end(self._process)

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the browser is gone"
        told = json.loads(line)
        assert "failed" not in told, told["failed"]
        return told.get("got")


_resting: list[Browser] = []


def end_all() -> None:
    """Ends the browsers that nobody uses."""
    while _resting:
        _resting.pop().close()


def look(
    cluster: Cluster, size: Sequence[int] = WIDE, scheme: str = "light", *options: str
) -> Browser:
    """A browser with a new profile, for this scenario. At the end nothing may have gone wrong in a
    page by its own word."""
    browser = next((one for one in _resting if one.has(options)), None)
    if browser is None:
        browser = Browser(*options)
    else:
        _resting.remove(browser)
    browser.begin(*size, scheme)

    def give_back() -> None:
        complaints = browser.complaints()
        browser.end()
        _resting.append(browser)
        assert not complaints, complaints

    cluster.on_close(give_back)
    return browser


def look_trusting(cluster: Cluster, key: str) -> Browser:
    """A browser that believes whoever shows this public key (SHA-256, hexadecimal digits), and
    nobody whose certificate it does not know else."""
    digest = base64.b64encode(bytes.fromhex(key)).decode()
    return look(cluster, WIDE, "light", f"--ignore-certificate-errors-spki-list={digest}")


def link(cluster: Cluster) -> str:
    """What ``rbee-keeper open --print`` prints. The swarm stays."""
    finished = cluster.run("rbee-keeper open --print")
    cluster.expect_warm()
    printed = finished.stdout.strip()
    assert finished.status == 0 and "/#link=" in printed, finished
    return printed


PICTURES = ROOT / "docs" / "images"


def keep_picture(browser: Browser, name: str, selector: str = "") -> None:
    """A picture of the page, for the documentation where RBEE_PICTURES says so: a browser of
    another version draws another one."""
    folder = PICTURES if os.environ.get("RBEE_PICTURES") else Path(tempfile.gettempdir())
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.png"
    browser.picture(str(path), selector)
    try:
        assert 5_000 < path.stat().st_size < 150_000, f"{path} has {path.stat().st_size} bytes"
    finally:
        if folder != PICTURES:
            path.unlink()
