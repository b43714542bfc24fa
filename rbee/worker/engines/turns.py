"""Whose prompt an engine reads, where one is so long that others would wait for it. Phase 11.

An engine reads in batches, and fills each with the prompt that is first among its slots until that
is read: beside a prompt of many batches nobody else has a first token before its end. So a long
one makes way, between two batches, for one that is much shorter, and goes on where it was. What
comes after it may cost it no more tokens than it has itself, and it gets on by a batch between two
stops, so that prompts that keep coming hold it up for a while, and not for ever. Of prompts that
are long alike, one is read behind the other.

Those who write have a token with each batch of others. Where a batch takes long, a long prompt
stops behind it for a while, in which they write as fast as if it were not there.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from rbee.worker.engines import Work

#: How often somebody who waits looks whether his answer is still wanted (seconds).
_LOOK_S = 0.25
#: However few tokens of a prompt are unread, it counts as this part of a batch.
_LEAST_PART = 4
#: A batch that is read in less keeps nobody who writes waiting (seconds).
_LONG_BATCH_S = 0.25
#: For how long a prompt stops for them, as a share of the time that its batch took.
_SHARE_OF_WRITERS = 0.5


def makes_way(left: int, total: int, overtaken: int, unread: int, batch: int) -> bool:
    """Whether a prompt of `total` tokens, `left` of them still to read, lets one pass that has
    `unread` to read: where that saves the other one more than a batch, and is at most half as much
    as its own. Those that have passed it already have cost it `overtaken`. Pure."""
    cost = cost_of(unread, batch)
    return left > batch and unread <= left // 2 and overtaken + cost <= total


def cost_of(unread: int, batch: int) -> int:
    """What it costs a prompt, in tokens, that one with `unread` to read passes it: of one that was
    read before next to nothing may be unread, and the engine is still stopped for it. Pure."""
    return max(unread, batch // _LEAST_PART)


def reads_behind(left: int, unread: int, batch: int) -> bool:
    """Whether a prompt that passes nobody, with `unread` tokens to read, waits for one that has
    `left`: where both fill batches of their own. The last ones of it share theirs. Pure."""
    return min(left, unread) > 2 * batch


def rest_behind(left: int, took: float, batch: int) -> float:
    """For how many seconds a prompt stops for those who write, with `left` tokens to read, once a
    batch of it `took` so many. 0: not at all. Pure."""
    return took * _SHARE_OF_WRITERS if left > batch and took >= _LONG_BATCH_S else 0.0


class PromptTurns:
    """The prompts that an engine reads, with batches of so many tokens.

    `now` tells the time (monotonic seconds).
    """

    def __init__(self, batch: int, now: Callable[[], float] = time.monotonic) -> None:
        self.batch = batch
        self.now = now
        self.changed = threading.Condition()
        self._reading: list[PromptTurn] = []
        #: Those whose prompt is read, and whose answer is not over.
        self._writing: list[PromptTurn] = []

    @contextlib.contextmanager
    def taken(
        self, unread: int, cancelled: threading.Event, *, may_stop: bool = True
    ) -> Iterator[PromptTurn]:
        """For a prompt that has about `unread` tokens to read, until `cancelled` is set.

        One that may not stop could not go on where it was.
        """
        turn = PromptTurn(self, unread, cancelled, may_stop)
        with self.changed:
            for each in self._reading:
                each.let_pass(turn)
            if not any(turn in each.before for each in self._reading):
                turn.before |= {
                    each for each in self._reading if reads_behind(each.left, unread, self.batch)
                }
            self._reading.append(turn)
        try:
            yield turn
        finally:
            with self.changed:
                self.is_read(turn)
                self._writing.remove(turn)

    @property
    def is_written(self) -> bool:
        """Whether an answer is written that somebody wants."""
        return any(each.is_wanted for each in self._writing)

    def is_read(self, turn: PromptTurn) -> None:
        """Nobody waits for this prompt any more; its answer is written."""
        if turn not in self._writing:
            self._writing.append(turn)
        if turn in self._reading:
            self._reading.remove(turn)
        for each in self._reading:
            each.before.discard(turn)
        self.changed.notify_all()

    def knows(self, turn: PromptTurn) -> None:
        """How much of this prompt is unread is known: who need not wait for that goes on."""
        for each in self._reading:
            each.look_again(turn)
        self.changed.notify_all()


class PromptTurn:
    """One prompt: when it is read, and when it stops for others."""

    def __init__(
        self, turns: PromptTurns, unread: int, cancelled: threading.Event, may_stop: bool
    ) -> None:
        self._turns = turns
        self._cancelled = cancelled
        self._may_stop = may_stop
        #: Tokens that are to be read, at first and now; a guess until the engine has told them.
        self.total = self.left = max(unread, 1)
        #: What it has cost that others have passed it (tokens), by which of them.
        self._passed: dict[PromptTurn, int] = {}
        #: Whose prompts are read before any more of this one is.
        self.before: set[PromptTurn] = set()
        #: Whether it has stopped for others, and may go on when they are read.
        self.has_stopped = False
        self._is_told = False
        #: How much was read of it when it began or went on.
        self._read = 0
        #: When it went on, or its last batch was read.
        self._since = turns.now()
        #: Until when its next batch is read, with which the engine has begun by the time it stops.
        self._busy_until = 0.0
        #: How long it lets others write once nobody is read before it (seconds), and until when.
        self._rest = self._rest_until = 0.0

    @property
    def is_wanted(self) -> bool:
        """Whether anybody still wants its answer."""
        return not self._cancelled.is_set()

    def waits(self, cancelled: threading.Event, on_hold: Callable[[bool], object]) -> None:
        """Blocks while it is held, or until it is cancelled; `on_hold` is told before and after."""
        with self._turns.changed:
            if self.check_hold():
                on_hold(True)
                while self.check_hold() and not cancelled.is_set():
                    rest = self._rest_until - self._turns.now()
                    self._turns.changed.wait(_LOOK_S if self.before else min(rest, _LOOK_S))
                on_hold(False)
            self.has_stopped = False
            self._rest = self._rest_until = 0.0
            self._since = self._turns.now()

    def check_hold(self) -> bool:
        """Whether others are read before any more of it is, or write before that. Forgets who was
        given up, and begins its rest once nobody else is read before it."""
        # One that was given up may never come back from an engine that forgot it.
        self.before = {each for each in self.before if each.is_wanted}
        if self.before:
            return True
        if self._rest:
            begin = max(self._turns.now(), self._busy_until)
            self._rest, self._rest_until = 0.0, begin + self._rest
        return self._turns.now() < self._rest_until and self._turns.is_written

    def stops(self, work: Work) -> bool:
        """Takes over what the engine has read of it; whether it stops here for others."""
        if self.has_stopped or not self.left:
            return self.has_stopped
        with self._turns.changed:
            if work.made or work.read >= work.to_read:
                self.left = 0
                self._turns.is_read(self)
                return False
            self.left = work.to_read - work.read
            if not self._is_told:
                self._is_told = True
                self.total, self._read = self.left, work.read
            if work.read < self._read:
                self._may_stop = False  # what it had read is lost to it
            self._turns.knows(self)
            now = self._turns.now()
            took, self._since = now - self._since, now
            if self._may_stop and work.read > self._read:
                rest = rest_behind(self.left, took, self._turns.batch)
                self.has_stopped = bool(self.before) or (rest > 0 and self._turns.is_written)
                if self.has_stopped:
                    self._read, self._rest = work.read, rest
                    self._busy_until = now + took
            return self.has_stopped

    def let_pass(self, other: PromptTurn) -> None:
        """Has another prompt, which has just come, be read before any more of this one."""
        passed = sum(self._passed.values())
        if self._may_stop and makes_way(
            self.left, self.total, passed, other.left, self._turns.batch
        ):
            self._passed[other] = cost_of(other.left, self._turns.batch)
            self.before.add(other)

    def look_again(self, other: PromptTurn) -> None:
        """Waits for another prompt no more, where that is not what it was taken for."""
        if other not in self.before:
            return
        if other not in self._passed:
            waits = reads_behind(other.left, self.left, self._turns.batch)
        else:
            cost = cost_of(other.left, self._turns.batch)
            self._passed[other] = max(cost, self._passed[other])
            waits = other.left <= max(self.left // 2, self._turns.batch)
        if not waits:
            self.before.discard(other)
