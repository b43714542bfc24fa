"""A browser that is told what to do, by Playwright: one line of JSON each, answered by one.

Each scenario has a profile of its own (`begin`), in which nothing is known of the others. What a
page says of errors, and what its policy forbids, is kept for `complaints`.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, TimeoutError, sync_playwright

#: How long an element, or a text in one, is waited for (milliseconds).
PATIENCE_MS = 90_000
_PR_SET_CHILD_SUBREAPER = 36
#: Whatever the browser would ask of the internet, or draw with a card.
_ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class BrowserUser:
    """Somebody in front of a browser, with several tabs."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._context: BrowserContext | None = None
        self._tab: Page | None = None
        self._complaints: list[str] = []

    def begin(self, width: int, height: int, scheme: str) -> None:
        """With a profile that is new, and a window of this size; `scheme` is light or dark."""
        self.end()
        self._complaints = []
        self._context = self._browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
        )
        self._context.set_default_timeout(PATIENCE_MS)
        self._context.on("weberror", lambda error: self._complaints.append(str(error.error)))

    def end(self) -> None:
        """Closes all tabs."""
        if self._context is not None:
            self._context.close()
        self._context = self._tab = None

    def tab(self, url: str, foreign: bool = False) -> int:
        """Opens an address in another tab; its status. What goes wrong in a `foreign` page is its
        own affair."""
        assert self._context is not None
        self._tab = self._context.new_page()
        if not foreign:
            self._tab.on("console", self._hear)
        answer = self._tab.goto(url, wait_until="commit")
        return answer.status if answer is not None else 0

    def type_address(self, url: str) -> None:
        """Types another address into this tab."""
        self._page.goto(url)

    def back_to(self, number: int) -> None:
        """Looks at another tab, counted from 0."""
        assert self._context is not None
        self._tab = self._context.pages[number]

    def address(self) -> str:
        """What stands in the bar, and in what the page itself knows of how it was opened."""
        return str(self._page.evaluate("location.href"))

    def press(self, key: str) -> None:
        """Presses a key."""
        self._page.keyboard.press(key)

    def type(self, text: str) -> None:
        """Types a text where the focus is."""
        self._page.keyboard.type(text)

    def focused(self) -> str:
        """What has the focus, as a screen reader calls it."""
        return str(self._page.evaluate(_FOCUSED))

    def fill(self, label: str, text: str) -> None:
        """Fills in the field of this label."""
        self._page.get_by_label(label, exact=True).fill(text)

    def click(self, name: str) -> None:
        """Clicks the button of this name."""
        self._page.get_by_role("button", name=name, exact=True).click()

    def wait_for(self, selector: str, text: str) -> None:
        """Until an element that is seen has this text in it."""
        try:
            self._page.locator(selector).filter(has_text=text, visible=True).first.wait_for()
        except TimeoutError as error:
            shown = self._page.evaluate("document.body.innerText.slice(0, 2000)")
            raise AssertionError(f"{error}; {self._complaints}; what is seen: {shown}") from None

    def seen(self, selector: str) -> str:
        """The text of an element, as far as it is seen."""
        return self._page.locator(selector).first.inner_text()

    def table(self, name: str) -> list[list[str]]:
        """The rows of the table of this caption, as a screen reader has them, all of one moment:
        the page draws them anew again and again."""
        rows = self._page.get_by_role("table", name=name, exact=True).get_by_role("row")
        found: list[list[str]] = rows.evaluate_all(_CELLS)
        return found

    def frames(self) -> list[str]:
        """The addresses of what the page shows inside of it."""
        return [frame.url for frame in self._page.frames[1:]]

    def run(self, script: str) -> Any:
        """What a script, a function without arguments, gives in the page."""
        return self._page.evaluate(script)

    def picture(self, path: str, selector: str = "") -> None:
        """Takes a picture of what is seen, or of an element."""
        if selector:
            self._page.locator(selector).first.screenshot(path=path)
        else:
            self._page.screenshot(path=path)

    def cookies(self) -> list[dict[str, Any]]:
        """What the browser keeps."""
        assert self._context is not None
        return [dict(each) for each in self._context.cookies()]

    def complaints(self) -> list[str]:
        """What went wrong in a page so far, by its own word."""
        return self._complaints

    @property
    def _page(self) -> Page:
        assert self._tab is not None, "no tab is open"
        return self._tab

    def _hear(self, message: Any) -> None:
        # What a server refuses is told as an error, too; scenarios see that on the page.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self._complaints.append(message.text)


_CELLS = """(rows) => rows.map((row) => [...row.querySelectorAll("th, td")].map(
  (cell) => cell.innerText.split(/\\s+/).filter(Boolean).join(" "),
))"""

_FOCUSED = """() => {
  const it = document.activeElement;
  const label = it.labels?.[0]?.textContent ?? it.getAttribute("aria-label") ?? it.textContent;
  return `${it.tagName.toLowerCase()} ${label.trim().split("\\n")[0]}`;
}"""


def _adopt_orphans() -> None:
    """What Chromium starts and lets go of, its handler of crashes for one, stays below this
    program, where it belongs to no scenario."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def main(executable: str, *options: str) -> None:
    """Does what stdin says, until that ends."""
    _adopt_orphans()
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=[*_ARGUMENTS, *options], chromium_sandbox=not is_root
        )
        person = BrowserUser(browser)
        print(json.dumps({"got": browser.version}), flush=True)
        for line in sys.stdin:
            name, *arguments = json.loads(line)
            try:
                told = {"got": getattr(person, name)(*arguments)}
            except Exception as error:
                told = {"failed": f"{type(error).__name__}: {error}"}
            print(json.dumps(told), flush=True)
        person.end()
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
