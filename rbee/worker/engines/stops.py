"""The texts before which an answer ends, found in what an engine writes."""

from __future__ import annotations

from collections.abc import Sequence

from rbee.worker.engines.thinking import overlap


class Stops:
    """Lets a text through, but for what may still become one of the stop texts."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = stops
        self._held = ""
        #: The one that ended the text; empty: none has yet.
        self.met = ""

    def take(self, text: str) -> str:
        """What may be told once `text` has come; nothing behind a stop text is."""
        held = self._held + text
        found = [(at, stop) for stop in self._stops if (at := held.find(stop)) >= 0]
        if found:
            at, self.met = min(found)
            self._held = ""
            return held[:at]
        keep = max((overlap(held, stop) for stop in self._stops), default=0)
        self._held = held[len(held) - keep :]
        return held[: len(held) - keep]

    def rest(self) -> str:
        """What was held back of a text that is over."""
        held, self._held = self._held, ""
        return held
