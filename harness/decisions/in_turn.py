"""An engine that reads prompts in batches, by the order of its slots: whose are read, and when."""

from __future__ import annotations

import base64
import contextlib
import threading
from collections.abc import Sequence
from typing import NamedTuple

from rbee.worker.engines import Work
from rbee.worker.engines.llamacpp.body import text_of
from rbee.worker.engines.slots import SlotMemory, Slots, slot_for
from rbee.worker.engines.turns import PromptTurn, PromptTurns

#: Tokens of a batch.
BATCH = 512
#: Batches after which an engine has surely read all that it is given in a scenario.
_ENOUGH = 200
#: Far longer than a thread takes to see that it waits for nothing any more (seconds).
_SOON = 10.0


class _Prompt:
    def __init__(self, number: int, turn: PromptTurn, tokens: int, loses: bool) -> None:
        self.number, self.turn, self.tokens = number, turn, tokens
        self.loses = loses
        self.read = 0
        self.is_in = False

    def begin_or_go_on(self) -> None:
        """It is given to the engine, unless it has to wait."""
        if self.is_in or self.turn.check_hold():
            return
        self.turn.waits(threading.Event(), lambda is_held: None)
        self.is_in = True
        if self.loses and self.read:
            self.read, self.loses = 0, False
        self.turn.stops(Work(self.read, self.tokens, 0))

    def take(self, most: int) -> int:
        """How many tokens of it a batch has that has room for so many."""
        return min(most, self.tokens - self.read) if self.is_in else 0


class Reading:
    """What becomes of prompts that come one after the other."""

    def __init__(self) -> None:
        self._turns = PromptTurns(BATCH)
        self._stack = contextlib.ExitStack()
        self._prompts: list[_Prompt] = []
        #: The prompts in the order in which they were read, by the number of their coming.
        self.order: list[int] = []
        self.tokens_read = 0

    def come(
        self, tokens: int, *, looks: int = 0, may_stop: bool = True, loses: bool = False
    ) -> None:
        """One more comes; it `looks` as if it had so many tokens. Of one that `loses`, what was
        read is lost when it stops."""
        taken = self._turns.taken(looks or tokens, threading.Event(), may_stop=may_stop)
        turn = self._stack.enter_context(taken)
        # The later it comes, the later it has its turn with the engine.
        self._prompts.append(_Prompt(len(self._prompts) + 1, turn, tokens, loses))

    def read_batch(self) -> None:
        """Reads one batch of what there is."""
        for prompt in self._prompts:
            prompt.begin_or_go_on()
        room, had = BATCH, []
        for prompt in self._prompts:
            if taken := prompt.take(room):
                prompt.read += taken
                room -= taken
                had.append(prompt)
        self.tokens_read += BATCH - room
        for prompt in had:
            prompt.is_in = not prompt.turn.stops(Work(prompt.read, prompt.tokens, 0))
            if prompt.read == prompt.tokens:
                self.order.append(prompt.number)

    def read_all(self) -> list[int]:
        """Reads what is left; the order in which all were read."""
        for _ in range(_ENOUGH):
            if len(self.order) == len(self._prompts):
                return self.order
            self.read_batch()
        raise AssertionError(f"of {len(self._prompts)} prompts these were read: {self.order}")


def order_of(tokens: Sequence[int]) -> list[int]:
    """The order in which prompts are read that come one with each batch."""
    reading = Reading()
    for each in tokens:
        reading.come(each)
        reading.read_batch()
    return reading.read_all()


def read_of_others(tokens: int, short: int, each_time: int) -> int:
    """How many tokens of others are read before a prompt is, while short ones keep coming."""
    reading = Reading()
    reading.come(tokens)
    for _ in range(_ENOUGH):
        reading.read_batch()
        if 1 in reading.order:
            return reading.tokens_read - tokens
        for _ in range(each_time):
            reading.come(short)
    raise AssertionError("it was never read")


def order_beside(tokens: int, what: str, other: int, looks: int = 0) -> list[int]:
    """The order in which a prompt and one that comes after its first batch are read. `what` the
    first one may be: ``that it could not go on with``, or ``of which it has lost what it had
    read`` when it stopped once before."""
    reading = Reading()
    loses = what.startswith("of which")
    reading.come(tokens, may_stop=what != "that it could not go on with", loses=loses)
    reading.read_batch()
    if loses:
        reading.come(1)
        while not reading.order:
            reading.read_batch()
        reading.order.clear()
        reading.read_batch()
    reading.come(other, looks=looks)
    seen = {1: 1, len(reading._prompts): 2}
    while not reading.order or len(reading.order) < 2:
        reading.read_batch()
    return [seen[each] for each in reading.order]


class ReadBeside(NamedTuple):
    """What becomes of an answer and of a long prompt beside it: the seconds that each takes from
    its beginning, and how often the prompt stops."""

    answer: float
    prompt: float
    stops: int


class _Engine:
    """Reads a prompt of so many tokens at `speed` a second, with a token of each answer in each
    batch, and writes at `pace` where there is nothing to read.

    It has begun with the next batch by the time it is told to stop.
    """

    def __init__(self, tokens: int, speed: float, pace: float) -> None:
        self.now = 0.0
        self.turns = PromptTurns(BATCH, lambda: self.now)
        self._tokens, self._speed, self._pace = tokens, speed, pace
        self._read, self._is_in, self._is_stopping = 0, False, False
        self.stops = 0
        #: When the prompt was read.
        self.ended = 0.0

    def step(self, turn: PromptTurn, *, writes: bool) -> None:
        """One batch, or what there is of it."""
        if not self.ended and not self._is_in and not self._is_stopping and not turn.check_hold():
            turn.waits(threading.Event(), lambda is_held: None)
            self._is_in = True
            turn.stops(Work(self._read, self._tokens, 0))
        if self._is_stopping:
            self._is_stopping = False
            taken = min(BATCH, self._tokens - self._read)
            self._read += taken
            self.now += taken / self._speed
        elif self._is_in:
            taken = min(BATCH, self._tokens - self._read)
            self._read += taken
            self.now += taken / self._speed
            has_stopped = turn.stops(Work(self._read, self._tokens, 0))
            self.stops += has_stopped
            self._is_in, self._is_stopping = not has_stopped, has_stopped
            if self._read == self._tokens:
                self.ended, self._is_in = self.now, False
        elif writes or not self.ended:
            self.now += 1 / self._pace


def beside(
    tokens: int, speed: float, written: int, pace: float, *, is_wanted: bool = True
) -> ReadBeside:
    """An answer of `written` tokens whose caller comes with one word while the first batch of a
    prompt is read; 0: nobody comes. `is_wanted`: whoever has come stays."""
    engine, given_up = _Engine(tokens, speed, pace), threading.Event()
    begun, made, over = 0.0, 0, 0.0
    with engine.turns.taken(tokens, threading.Event()) as turn, contextlib.ExitStack() as stack:
        engine.step(turn, writes=False)
        if written:
            word = stack.enter_context(engine.turns.taken(1, given_up))
            begun = engine.now
            word.waits(threading.Event(), lambda is_held: None)
        if not is_wanted:
            word.stops(Work(1, 1, 1))
            given_up.set()
        while not engine.ended or (written and is_wanted and not over):
            engine.step(turn, writes=made < written)
            if written and is_wanted and not over:
                made += 1
                word.stops(Work(1, 1, made))
                if made == written:
                    over = engine.now
                    stack.close()
    return ReadBeside(over - begun, engine.ended, engine.stops)


def waits_though_called_off(tokens: int, other: int) -> bool:
    """Whether a prompt behind another one still waits once it is called off."""
    turns, cancelled, held = PromptTurns(BATCH), threading.Event(), threading.Event()

    def on_hold(is_held: bool) -> None:
        held.set()

    with turns.taken(tokens, threading.Event()), turns.taken(other, cancelled) as turn:
        waiting = threading.Thread(target=turn.waits, args=(cancelled, on_hold), daemon=True)
        waiting.start()
        assert held.wait(_SOON), "it does not wait at all"
        cancelled.set()
        waiting.join(_SOON)
        return waiting.is_alive()


def waits_for_who_is_given_up(tokens: int, other: int) -> bool:
    """Whether a prompt still waits behind another one that nobody wants any more, which the engine
    has forgotten."""
    turns, given_up, held = PromptTurns(BATCH), threading.Event(), threading.Event()

    def on_hold(is_held: bool) -> None:
        held.set()

    with turns.taken(tokens, given_up), turns.taken(other, threading.Event()) as turn:
        args = (threading.Event(), on_hold)
        waiting = threading.Thread(target=turn.waits, args=args, daemon=True)
        waiting.start()
        assert held.wait(_SOON), "it does not wait at all"
        given_up.set()
        waiting.join(_SOON)
        return waiting.is_alive()


def unread_after_one_called_off(read: str, prompt: str) -> int:
    """How many tokens of what the only slot has read are unread there, once a prompt was called
    off that had the slot."""
    slots, text = Slots(1), _text(read)
    with slots.taken(text) as slot:
        slot.is_read = True
    with slots.taken(_text(prompt)):
        pass
    with slots.taken(text) as slot:
        return slot.unread


def unread_beside_cache(read: Sequence[str], prompt: str) -> int:
    """How many tokens of a prompt an engine is taken to have unread that has one slot, a cache
    beside it, and has read these."""
    slots = Slots(1, engine_chooses=True)
    for each in read:
        with slots.taken(_text(each)) as slot:
            slot.is_read = True
    with slots.taken(_text(prompt)) as slot:
        return slot.unread


def unread_of_picture(size: int) -> int:
    """How many tokens a question about a picture is taken to have, whose file has so many bytes."""
    url = "data:image/png;base64," + base64.b64encode(bytes(size)).decode()
    content = [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": url}},
    ]
    with Slots(1).taken(text_of({"messages": [{"role": "user", "content": content}]})) as slot:
        return slot.unread


def chosen(read: str, prompt: str) -> int:
    """The slot, from 1 on, in which a prompt such as ``talk+40`` is read, which is ``talk`` with so
    many times more behind it, where `read` tells of each slot what it has read and how many prompts
    ago; ``-``: nothing."""
    slots = [_kept(each) for each in read.split()]
    return 1 + slot_for(_text(prompt), slots)


def _kept(told: str) -> SlotMemory:
    if told == "-":
        return SlotMemory()
    what, since = told.split(":")
    return SlotMemory(_text(what), int(since))


def _text(told: str) -> bytes:
    name, _, times = told.partition("+")
    return name.encode() * 10 + b"".join(
        b"%s %d." % (name.encode(), n) for n in range(int(times or 0))
    )
