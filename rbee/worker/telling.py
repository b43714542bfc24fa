"""What is told of an inference while it goes on: numbers for a bar, and now and then a line. Pure.

Short prompts and quick answers are told of by their tokens alone. Phase 11.2.
"""

from __future__ import annotations

import msgspec

from rbee.wire import narration
from rbee.wire.messages.events import Progress
from rbee.wire.narration import Narration, say
from rbee.worker.engines import Work

#: What an event of the stream is made of.
News = Progress | Narration

#: A prompt is long that an engine does not read in one batch (tokens).
_LONG = 512
#: Between two movements of a bar (seconds).
_BAR = 0.5
#: Between two lines for people (seconds), and of an answer also so many tokens.
_LINE = 10.0
_TOKENS = 100


class ProgressNews(msgspec.Struct):
    """One inference, told in the order in which it goes on."""

    _began: tuple[float, int] | None = None
    _held_at: float = 0.0
    _is_read: bool = False
    _read: int = 0
    _moved_at: float = 0.0
    _said_at: float = 0.0
    _moved: bool = False
    _wrote_since: float = 0.0
    _wrote: int = 0

    def of(self, work: Work, now: float) -> list[News]:
        """What there is to tell once this much is done, `now` being monotonic seconds."""
        if self._is_read:
            return self._writing(work, now) if work.made >= self._wrote + _TOKENS else []
        return self._reading(work, now)

    def held(self, is_held: bool, now: float) -> None:
        """Others are read before it from `now` on (monotonic seconds), or it goes on: the time in
        between it was not being read."""
        if is_held:
            self._held_at = now
        elif self._began is not None:
            since, known = self._began
            self._began = since + now - self._held_at, known

    def _reading(self, work: Work, now: float) -> list[News]:
        if self._began is None:
            self._began = (now, work.read)
            self._read = work.read
            self._moved_at = self._said_at = now
        since, known = self._began
        long = work.to_read - known > _LONG
        news: list[News] = []
        if work.read >= work.to_read:
            self._is_read = True
            self._wrote_since = self._said_at = now
            if long and self._moved:
                news.append(_bar(work, work.to_read - known, now - since))
            if long:
                took = narration.seconds(now - since)
                facts = {"tokens": work.to_read - known, "seconds": took}
                news.append(say(narration.PROMPT_READ, facts))
        elif long and work.read > self._read:
            self._read = work.read
            if now - self._moved_at >= _BAR:
                self._moved, self._moved_at = True, now
                news.append(_bar(work, work.read - known, now - since))
            if now - self._said_at >= _LINE:
                self._said_at = now
                facts = {"done": work.read, "total": work.to_read}
                news.append(say(narration.PROMPT_SO_FAR, facts))
        return news

    def _writing(self, work: Work, now: float) -> list[News]:
        if now - self._said_at < _LINE:
            return []
        self._said_at, self._wrote = now, work.made
        rate = work.made / (now - self._wrote_since)
        return [say(narration.ANSWER_SO_FAR, {"tokens": work.made, "rate": f"{rate:.1f}"})]


def _bar(work: Work, read: int, seconds: float) -> Progress:
    return Progress("prompt", work.read, work.to_read, round(read / seconds, 1) if seconds else 0.0)
