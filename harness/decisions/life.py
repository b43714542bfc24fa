"""The decisions about life: what an engine does between two looks, and what follows from it."""

from __future__ import annotations

import re

from rbee.hive.workers.upkeep import Due, next_due
from rbee.hive.workers.worker import idle_since
from rbee.wire.messages.events import Progress
from rbee.wire.messages.workers import WorkerState
from rbee.wire.settings import Settings
from rbee.worker.engines import Work
from rbee.worker.life import Life, Snapshot, is_left_out
from rbee.worker.telling import News, ProgressNews

#: When the engine is first looked at, and what it had done by then for its one request.
_FIRST = Snapshot(1000.0, {"mine": 512}, 512, 20.0)
_BATCH = 512
_COMPUTING = re.compile(r"computing for ([\d.]+) seconds")


def looked_at(this: str, *, idle_before: float = 0.0, seconds: float = 10.0) -> Life:
    """An engine that did nothing for `idle_before` seconds, and then `this` within `seconds`."""
    life = Life()
    life.observe(_FIRST)
    before = _FIRST._replace(at=_FIRST.at + idle_before)
    life.observe(before)
    life.observe(_after(this, before)._replace(at=before.at + seconds))
    return life


def judged(life: Life) -> str:
    """What an engine is seen to be."""
    return "idle" if life.idle else "at work"


def due_for(state: str, idle: float) -> tuple[Due | None, float]:
    """What a hive does next about a worker it has just heard of, and in how many seconds."""
    now = 5000.0
    due = next_due(WorkerState(state), now, now - idle, None, Settings())
    return due, due.at - now if due else 0.0


def idle_by_report(seconds: float, what: str) -> str:
    """Since when a worker has been idle that was so for `seconds` until it told `what`."""
    now = 5000.0
    works, more = "works" in what, "ended" in what
    since = idle_since(now - seconds, now, works=works, more=more)
    return {None: "it works", now: "now", now - seconds: "before"}[since]


def request(seconds: float, tokens: int) -> str:
    """What a silent request is, while others of an engine with 4 x 8192 tokens got so many."""
    return "forgotten" if is_left_out(seconds, tokens, 60.0, 4 * 8192) else "waiting"


def is_told_to_wait(tokens: int, own: int, seconds: float) -> bool:
    """Whether a request waits that got `own` tokens since it came, while others got so many."""
    life = Life()
    life.observe(Snapshot(0.0, {"others": 10, "mine": 0}, 10, 0.0))
    done = {"others": 10 + tokens, "mine": own}
    life.observe(Snapshot(seconds, done, sum(done.values()), 0.0))
    return "mine" in life.waiting(seconds)


def told(prompt: int, speed: float, answer: int, pace: float) -> list[News]:
    """What is told of a prompt of so many tokens and its answer, at so many tokens a second."""
    telling = ProgressNews()
    news: list[News] = []
    for read in [*range(0, prompt, _BATCH), prompt]:
        news += telling.of(Work(read, prompt, 0), read / speed)
    for made in range(1, answer + 1):
        news += telling.of(Work(prompt, prompt, made), prompt / speed + made / pace)
    return news


def told_of_held(prompt: int, speed: float, wait: float) -> list[News]:
    """What is told of a prompt of so many tokens, read at so many a second, that stops half way for
    others, for so many seconds."""
    telling, late = ProgressNews(), 0.0
    news: list[News] = []
    for read in [*range(0, prompt, _BATCH), prompt]:
        if not late and read > prompt / 2:
            telling.held(True, read / speed)
            late = wait
            telling.held(False, read / speed + late)
        news += telling.of(Work(read, prompt, 0), read / speed + late)
    return news


def end_of(news: list[News]) -> tuple[float, str]:
    """The tokens a second at which the bar ends, and the last line for people."""
    rates = [each.rate for each in news if isinstance(each, Progress)]
    said = [each.human for each in news if not isinstance(each, Progress)]
    return rates[-1], said[-1]


def bars(news: list[News]) -> int:
    """How often a bar moves."""
    return sum(isinstance(each, Progress) for each in news)


def lines(news: list[News]) -> list[str]:
    """The actions of the lines for people."""
    return [each.action for each in news if not isinstance(each, Progress)]


def _after(this: str, before: Snapshot) -> Snapshot:
    done, total = dict(before.done), before.total
    computing = _COMPUTING.fullmatch(this)
    if computing:
        return before._replace(cpu=before.cpu + float(computing[1]))
    if this == "nothing":
        return before
    if this == "another request":
        return before._replace(done={**done, "another": 0})
    if this == "the request is over":
        return before._replace(done={})
    much = {
        "a batch of the prompt is read": _BATCH,
        "a token is made": 1,
        "a vector is made": 1,
    }[this]
    return before._replace(done={"mine": done["mine"] + much}, total=total + much)
