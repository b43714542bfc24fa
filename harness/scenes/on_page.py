"""The queen's page as a person has it, and as others would misuse it."""

from __future__ import annotations

import http.server
import json
import re
import shlex
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fixtures.hub.repositories import REPOSITORIES
from harness.rig.browsing import Browser, keep_picture, link, look
from harness.rig.cluster import Cluster
from harness.rig.program import Finished
from harness.rig.waiting import wait_until

#: Stops of the tabulator between the top of the page and what is looked for, at most.
_STOPS = 40
_PATIENCE_S = 90.0
#: How much lighter or darker a text is than its ground at least (WCAG 2.2, 1.4.3).
_CONTRAST = 4.5


def signed_in(cluster: Cluster, *how: Any) -> Browser:
    """A browser in which the page is signed in."""
    browser = look(cluster, *how)
    follow(cluster, browser)
    return browser


def follow(cluster: Cluster, browser: Browser) -> str:
    """Follows a new link in another tab; the link."""
    printed = link(cluster)
    browser.tab(printed)
    browser.wait_for("#state", "awake")
    return printed


def assert_tells_strangers_nothing(cluster: Cluster, browser: Browser) -> None:
    """The page says what to type, and holds nothing of the swarm."""
    browser.tab(cluster.url("queen", "/"))
    browser.wait_for("#out", "rbee-keeper open")
    seen = browser.seen("body")
    assert "Machines" not in seen and "localhost" not in seen, seen
    keep_picture(browser, "page-signed-out")


def assert_secret_is_nowhere(cluster: Cluster, browser: Browser, printed: str) -> None:
    """Neither address, history, storage nor logs hold the secret of a link."""
    secret = printed.partition("link=")[2]
    kept = browser.run(_KEPT)
    logs = json.dumps(cluster.logs())
    assert len(secret) > 30 and secret not in json.dumps(kept), kept
    assert secret not in logs and "link=" not in logs
    assert browser.address() == cluster.url("queen", "/")


_KEPT = """() => [
  location.href, document.referrer, {...localStorage}, {...sessionStorage}, document.cookie,
  history.state, performance.getEntries().map((each) => each.name), document.body.innerHTML,
]"""


def assert_cookie_is_kept_from_others(browser: Browser) -> None:
    """Scripts do not see it, and no other site's requests have it."""
    (cookie,) = browser.cookies()
    assert cookie["httpOnly"] and cookie["sameSite"] == "Strict", cookie
    assert browser.run("() => document.cookie") == ""


def assert_link_refused(cluster: Cluster, printed: str, words: str) -> None:
    """Another browser that follows the link is told so, and shown nothing."""
    browser = look(cluster)
    browser.tab(printed)
    browser.wait_for("#why", words)
    assert browser.cookies() == []


def wait_for_row(browser: Browser, table: str, told: str) -> None:
    """A row of the table has the texts that `told` quotes, and with ``tokens per second`` in it a
    number of these."""
    texts = re.findall(r'"(.*?)"', told)
    speed = "tokens per second" in told

    def has_row() -> bool:
        rows = browser.table(table)
        assert rows, "there is no such table"
        at = rows[0].index("Tokens/s") if speed else 0
        for row in rows[1:]:
            has_speed = not speed or (len(row) > at and row[at] and float(row[at]) > 0)
            if has_speed and all(any(text in cell for cell in row) for text in texts):
                return True
        raise AssertionError(rows)

    wait_until(f"{table} has a row with {texts}", has_row, _PATIENCE_S)


def have_story_told(cluster: Cluster, model: str) -> None:
    """A command tells a story until the scenario is over, and another waits for its turn."""
    command = f"rbee-keeper infer --device cpu --model {model} 'write a story'"
    telling = cluster.start(command)
    telling.wait_for_text()
    waiting = cluster.start(command)

    def end() -> None:
        for running in (waiting, telling):
            running.interrupt()
            cluster.finish(running)

    cluster.on_close(end)


def _progress(cluster: Cluster) -> list[Any]:
    return [each["progress"] for each in cluster.queen_get("/operations")["operations"]]


def type_and_wait_for_the_hub(cluster: Cluster, command_line: str) -> None:
    """A command that waits for the hub until the scenario is over; bytes have come."""
    running = cluster.start(command_line)
    wait_until("bytes have come", lambda: any(_progress(cluster)))

    def end() -> None:
        cluster.hub.release()
        cluster.assert_status(0, cluster.finish(running))

    cluster.on_close(end)


def ask_by_name(cluster: Cluster, names: Sequence[str]) -> None:
    """Files of these names are asked for as models."""
    body = REPOSITORIES["author/minillama"].files["minillama-q4_0.gguf"].body
    for name in names:
        path = cluster.write(name, body)
        said = shlex.join(["rbee-keeper", "infer", "--max-tokens", "2", "--model", f"file:{path}"])
        cluster.assert_status(0, cluster.run(f"{said} hello"))


def assert_shows(browser: Browser, names: Sequence[str]) -> None:
    """Each of these stands on the page as text, in each place that tells of a model."""
    for name in names:
        for where in ("#workers", "#queue", "#models", "#lines", "#machines"):
            browser.wait_for(where, name)


def assert_made_nothing(browser: Browser) -> None:
    """No element came of what it shows, and none of it has run."""
    count = "document.querySelectorAll('main img, main svg, main script').length"
    found = browser.run(f"() => [document.title, {count}]")
    assert found == ["rbee", 0], found


def tab_to(browser: Browser, label: str) -> list[str]:
    """Presses the tabulator until what is called so has the focus; each stop that was not seen."""
    unseen = []
    for _ in range(_STOPS):
        browser.press("Tab")
        if not browser.run(_IS_SEEN):
            unseen.append(browser.focused())
        if browser.focused().endswith(f" {label}"):
            return unseen
    raise AssertionError(f"{label} is not reached; last {browser.focused()}")


_IS_SEEN = """() => {
  const it = document.activeElement;
  const style = getComputedStyle(it);
  const place = it.getBoundingClientRect();
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2
    && place.width > 0 && place.bottom > 0 && place.top < innerHeight;
}"""


def assert_fits(browser: Browser) -> None:
    """Nothing reaches over the edge of the window."""
    assert browser.run("() => document.documentElement.scrollWidth <= innerWidth")
    over = browser.run(_OVER_THE_EDGE)
    assert over == [], over


_OVER_THE_EDGE = """() => [...document.querySelectorAll("body *")].filter((each) => {
  const place = each.getBoundingClientRect();
  return place.width > 1 && place.right > innerWidth + 1;
}).map((each) => each.outerHTML.slice(0, 80))"""


def assert_readable(browser: Browser) -> None:
    """Each text is as much lighter, or darker, than what is behind it as it has to be."""
    pale = [each for each in browser.run(_CONTRASTS) if each[0] < _CONTRAST]
    assert pale == [], pale


_CONTRASTS = """() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((each) => each / 255).map(
    (each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4,
  ).reduce((sum, each, at) => sum + each * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = parse(getComputedStyle(each).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility()
        || element.matches(":disabled")) continue;
    const [one, other] = [parse(getComputedStyle(element).color), ground(element)].map(light);
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    found.push([contrast, texts.currentNode.data.trim().slice(0, 40)]);
  }
  return found;
}"""


class Neighbour:
    """A page that another user of the machine serves, on another port of the same host."""

    def __init__(self, cluster: Cluster) -> None:
        cookies: list[str] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                cookies.append(self.headers.get("Cookie", ""))
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(b"<!DOCTYPE html><title>a neighbour</title>")

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()

        def close() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        cluster.on_close(close)
        self._cluster = cluster
        self._cookies = cookies
        self._url = f"http://127.0.0.1:{server.server_address[1]}/"

    def misuse(self, browser: Browser, ways: Sequence[str]) -> dict[str, Any]:
        """Has the browser, in another tab, ask the queen in each of these ways; what came of it."""
        browser.tab(self._url, True)
        found = {
            way: browser.run(_TRY.replace("WAY", _WAYS[way]).replace("QUEEN", self._queen))
            for way in ways
        }
        frames = browser.frames()
        browser.back_to(0)
        return {**found, "frames": frames}

    def assert_got_nothing(self, found: dict[str, Any], jobs: int) -> None:
        """Nothing was read, no job begun, no frame filled; nor is the cookie alone worth anything,
        which browsers send to each port of a host."""
        frames = found.pop("frames")
        assert set(found.values()) == {"nothing"}, found
        assert all(not frame.startswith(self._queen) for frame in frames), frames
        assert len(self._cluster.queen_get("/jobs")["jobs"]) == jobs
        assert self._cookies and self._cookies[-1].startswith("rbee-"), self._cookies
        for path in ("/jobs", "/workers", "/events"):
            sent = {"Cookie": self._cookies[-1]}
            answer = self._cluster.http("GET", "queen", path, token=None, headers=sent)
            assert answer.status == 403, answer

    @property
    def _queen(self) -> str:
        return self._cluster.url("queen", "")


_WAYS = {
    "reads the jobs": "fetch('QUEEN/jobs', {credentials: 'include'})",
    "reads the jobs, with the header": (
        "fetch('QUEEN/jobs', {credentials: 'include', headers: {'X-Rbee-Page': 'x'}})"
    ),
    "asks for a completion": (
        "fetch('QUEEN/v1/chat/completions', {method: 'POST', mode: 'no-cors',"
        " credentials: 'include', body: JSON.stringify({model: 'minillama',"
        " messages: [{role: 'user', content: 'hello'}]})})"
    ),
    "signs the page out": "fetch('QUEEN/page/session', {method: 'DELETE', credentials: 'include'})",
    "shows the page in a frame": (
        "new Promise((seen) => { const it = document.createElement('iframe'); it.src = 'QUEEN/';"
        " it.onload = () => seen(new Response()); document.body.append(it); })"
    ),
}
_TRY = "() => WAY.then((it) => it.text()).catch(() => '').then((text) => text || 'nothing')"


def assert_signs_in(cluster: Cluster, printed: str) -> None:
    """The link can be changed for a session, as the page does."""
    secret = printed.strip().partition("#link=")[2]
    answer = cluster.http("POST", "queen", "/page/session", {"secret": secret}, token=None)
    assert answer.status == 200 and answer.json()["token"], answer


#: Stands for a browser: writes down what it is told, opens it, and sends the form that is there.
_STAND_IN = """\
#!{python}
import html, json, pathlib, re, sys, urllib.parse, urllib.request
page = pathlib.Path(urllib.parse.unquote(urllib.parse.urlsplit(sys.argv[1]).path)).read_text()
pathlib.Path({told!r}).write_text(json.dumps([*sys.argv[1:], page]))
said = {{key: html.unescape(text) for key, text in re.findall('(action|name|value)="(.*?)"', page)}}
body = said["name"] + "=" + said["value"] + "\\r\\n"
asked = urllib.request.Request(said["action"], body.encode(), {{"Content-Type": "text/plain"}})
urllib.request.urlopen(asked).read()
"""


def stand_in(cluster: Cluster) -> Path:
    """Something that BROWSER names and that opens a page; the file into which it writes what it was
    told, and what it found there."""
    told = cluster.folder / "told-to-the-browser.json"
    _name_browser(cluster, _STAND_IN.format(python=sys.executable, told=str(told)))
    return told


def failing_stand_in(cluster: Cluster) -> None:
    """Something that BROWSER names and that opens nothing."""
    _name_browser(cluster, "#!/bin/sh\nexit 1\n")


def open_as_told(cluster: Cluster, browser: Browser) -> Finished:
    """The browser opens what ``rbee-keeper open`` tells it to, in a tab; what came of the
    command."""
    told = cluster.folder / "told-to-the-browser"
    _name_browser(cluster, f'#!/bin/sh\nprintf %s "$1" > {told}.new && mv {told}.new {told}\n')
    cluster.expect_warm()
    running = cluster.start("rbee-keeper open")
    wait_until("a browser is told what to open", told.exists, _PATIENCE_S)
    browser.tab(told.read_text())
    browser.wait_for("#state", "awake")
    return cluster.finish(running)


def assert_opened(cluster: Cluster, browser: Browser, finished: Finished) -> None:
    """The page is there, with nothing in its address, and so is the word that it is."""
    cluster.assert_status(0, finished)
    assert "a browser is signed in on the page" in finished.stderr, finished
    assert browser.address() == cluster.url("queen", "/")
    assert browser.run("() => document.documentElement.innerHTML.includes('rbee-page')") is False


def _name_browser(cluster: Cluster, text: str) -> None:
    script = cluster.folder / "bin" / "a-browser"
    script.write_text(text)
    script.chmod(0o755)
    cluster.environment["BROWSER"] = str(script)


def assert_told_no_secret(cluster: Cluster, told: Path, finished: Finished) -> None:
    """The browser was told the name of a file, which is there no more, and nothing was printed."""
    url, page = json.loads(told.read_text())
    assert "submit()" in page and url.startswith(cluster.home.as_uri()) and "link" not in url, url
    assert not list(cluster.home.glob("open.*")), cluster.files()
    assert "link=" not in finished.stderr + finished.stdout, finished
