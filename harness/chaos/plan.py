"""What happens in a round of chaos: a pure function of the seed and the number of the round."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from random import Random
from typing import Protocol

from fixtures import real


@dataclass(frozen=True)
class RoundModels:
    """What is asked for in the rounds.

    `fetched` are on the fixture hub, a home fetches one after the other, and the first of them
    never ends a story by itself; `own` is there without a hub. Answers are as long as `tokens`
    says. Their files are `scale` times as large as those of the toys, and so is what the hub sends.
    """

    fetched: tuple[str, ...]
    own: str
    tokens: tuple[int, ...]
    scale: int

    @property
    def endless(self) -> str:
        """It tells stories until it is stopped."""
        return self.fetched[0]


_QUANTS = ("Q2_K", "Q3_K_M", "Q4_0", "Q4_K_M", "Q5_0", "Q5_K_M", "Q6_K", "Q8_0", "F16")
TOYS = RoundModels(
    (
        "HF:author/endless-llama",
        "HF:author/minillama:Q4_0",
        "HF:author/minillama-split",
        "HF:author/minillama:Q8_0",
        "HF:author/minillama:F16",
        *(f"HF:TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF:{quant}" for quant in _QUANTS),
    ),
    own="minillama",
    tokens=(20, 150, 500),
    scale=1,
)
REAL = RoundModels(
    ("HF:author/endless-smollm2", "HF:author/smollm2"),
    own=f"file:{real.HOME}/smollm2.gguf",
    tokens=(5, 20, 80),
    scale=100,
)
#: One round in so many begins with a new home.
_ROUNDS_IN_A_HOME = 8


class Opening(enum.Enum):
    """In what state the load finds the swarm."""

    ASLEEP = "asleep"
    KEPT = "kept warm"
    UP = "up"


class Deed(enum.Enum):
    """What is done to the one who is struck."""

    KILL = "killed"
    FREEZE = "frozen"
    CUT = "cut"


@dataclass(frozen=True)
class Client:
    """Somebody who wants something of the swarm: a command line, or a job over HTTP."""

    command: str = ""
    model: str = ""
    max_tokens: int = 0

    def __str__(self) -> str:
        return self.command.removeprefix("rbee-keeper ") or f"POST /jobs {self.model}"


@dataclass(frozen=True)
class Moment:
    """An event of the first client: a line of narration, so much text, or progress."""

    line: str = ""
    characters: int = 0
    progress: bool = False

    def __str__(self) -> str:
        if self.progress:
            return "progress"
        return f'"{self.line}"' if self.line else f"{self.characters} characters"


@dataclass(frozen=True)
class HubTrouble:
    """How the hub serves the files of this round; nothing where both are None."""

    rate_bytes_s: int | None = None
    cut_after_bytes: int | None = None

    def __str__(self) -> str:
        told = []
        if self.rate_bytes_s:
            told.append(f"at {self.rate_bytes_s // 1000} KB/s")
        if self.cut_after_bytes:
            told.append(f"cut after {self.cut_after_bytes // 1000} KB")
        return f", hub {' and '.join(told)}" if told else ""


@dataclass(frozen=True)
class Strike:
    """Who is struck: the first of `victims` of whom there is one, `pick` (0 to 1) of several.

    Who is frozen is thawed after `thaw_s` seconds, or stays so where that is None.
    """

    deed: Deed
    victims: tuple[str, ...]
    pick: float = 0.0
    thaw_s: float | None = None


class Drawn(Protocol):
    """A round of any kind, as it is told and had again; `since` is the first of its home."""

    @property
    def seed(self) -> str:
        """What it is drawn from."""

    @property
    def number(self) -> int:
        """From 1."""

    @property
    def since(self) -> int:
        """The round with which its home was new."""

    @property
    def flag(self) -> str:
        """What asks for rounds of this kind, with a space before it."""


@dataclass(frozen=True)
class Plan:
    """One round. `since` is the round with which its home was new; `jitter_s` in seconds.

    `next_model` is what the prompt after it asks for.
    """

    seed: str
    number: int
    since: int
    opening: Opening
    clients: tuple[Client, ...]
    moment: Moment
    jitter_s: float
    hub: HubTrouble
    strike: Strike
    next_model: str
    models: RoundModels = TOYS

    @property
    def flag(self) -> str:
        """What asks for rounds of this kind."""
        return " --real" if self.models is REAL else ""

    @property
    def removed(self) -> set[str]:
        """The models that somebody wants removed in this round."""
        orders = [client.command.split() for client in self.clients]
        return {order[-1] for order in orders if order[1:2] == ["rm"]}

    @property
    def removed_so_far(self) -> set[str]:
        """Those of all rounds of this home up to this one."""
        numbers = range(self.since, self.number + 1)
        rounds = (draw(self.seed, number, self.models) for number in numbers)
        return {ref for one in rounds for ref in one.removed}

    def __str__(self) -> str:
        clients = " | ".join(map(str, self.clients))
        return f"{self.opening.value}: {clients}{self.hub}"


_WAKING = (
    "bee-keeper: queen is asleep, waking queen...",
    "bee-keeper: launching queen on :8500 and waiting for health...",
    "bee-keeper: queen is awake and healthy",
    "bee-keeper: connected to queen via SSE",
    "queen: waking the beehive at localhost:8600",
    "queen: first heartbeat from hive localhost; checking capabilities...",
)
_FETCHING = (
    "queen: asked hive to download model <ref>",
    "hive: model size = <size>; starting download",
    "hive: model size = <size>; starting download",
    "hive: model downloaded in <duration>",
)
_PLACING = ("queen: asking hive if there's room on <device>...",)
_STARTING = (
    "hive: waking worker on :<port> with model=<path>, device=<device>",
    "queen: worker registered, waiting for heartbeat...",
    "worker: loading model from <path>",
    "queen: <backend> worker is awake and ready",
)
_INFERRING = ("queen: connection to worker established; starting inference",)
_FINISHING = ("queen: worker finished inference", "[DONE]")
_SLEEPING = (
    "bee-keeper: asking queen to cascade shutdown",
    "queen: shutting down workers...",
    "queen: shutting down hives...",
)


def is_fresh(seed: str, number: int) -> bool:
    """Whether a round begins with a new home."""
    return number == 1 or Random(f"{seed}/{number}/home").randrange(_ROUNDS_IN_A_HOME) == 0


def draw(seed: str, number: int, models: RoundModels = TOYS) -> Plan:
    """The round of this number, from 1."""
    since = next(each for each in range(number, 0, -1) if is_fresh(seed, each))
    dice = Random(f"{seed}/{number}")
    fetched = models.fetched
    new = fetched[(number - since) % len(fetched)]
    old = fetched[(number - since - 1) % len(fetched)] if number > since else models.own
    opening = dice.choice((Opening.ASLEEP, Opening.ASLEEP, Opening.KEPT, Opening.UP))
    what = dice.choices(("new", "old", "endless", "bundled", "pull", "rm"), (6, 3, 4, 2, 2, 2))[0]
    moment = _moment(dice, opening, what)
    strike = _strike(dice, opening, fetching=what in ("new", "pull"))
    hub = _hub_trouble(dice, models.scale) if what in ("new", "pull") else HubTrouble()
    meant = {"new": new, "old": old, "endless": models.endless, "bundled": models.own}
    first = _first(dice, what, meant, models.tokens, as_json=moment.progress)
    asleep = opening is Opening.ASLEEP
    company = [
        _companion(dice, tuple(meant.values()), models.tokens, with_http=not asleep)
        for _ in range(dice.choice((0, 0, 1) if asleep else (1, 2, 3)))
    ]
    return Plan(
        seed,
        number,
        since,
        opening,
        (first, *company),
        moment,
        _jitter(dice, moment),
        hub,
        strike,
        dice.choice((models.own, new if what in ("new", "pull") else models.own)),
        models,
    )


def _jitter(dice: Random, moment: Moment) -> float:
    """Seconds from the moment to the strike: near it, or anywhere in what follows."""
    longest = 0.05 if moment.line in _SLEEPING else 0.4
    return round(dice.choice((0.0, dice.uniform(0, 0.05), dice.uniform(0, longest))), 3)


def _first(
    dice: Random, what: str, meant: dict[str, str], lengths: tuple[int, ...], *, as_json: bool
) -> Client:
    flags = " --json" if as_json else ""
    if what in ("pull", "rm"):
        return Client(f"rbee-keeper {what}{flags} {meant['new' if what == 'pull' else 'old']}")
    return Client(_infer(meant[what], dice.choice(lengths), flags))


def _companion(
    dice: Random, models: tuple[str, ...], lengths: tuple[int, ...], *, with_http: bool
) -> Client:
    model, tokens = dice.choice(models), dice.choice(lengths)
    if with_http and dice.random() < 0.6:
        return Client(model=model, max_tokens=tokens)
    return Client(_infer(model, tokens, ""))


def _infer(model: str, tokens: int, flags: str) -> str:
    return f"rbee-keeper infer{flags} --model {model} --max-tokens {tokens} 'once upon a time'"


def _moment(dice: Random, opening: Opening, what: str) -> Moment:
    if what in ("new", "pull") and dice.random() < 0.15:
        return Moment(progress=True)
    lines: tuple[str, ...] = _WAKING if opening is Opening.ASLEEP else _WAKING[2:4]
    if what in ("new", "pull"):
        lines += _FETCHING
    if what not in ("pull", "rm"):
        if dice.random() < 0.3:
            return Moment(characters=dice.choice((1, 50, 500)))
        lines += _PLACING + _INFERRING * 2 + _FINISHING
        if opening is Opening.ASLEEP or what != "bundled":
            lines += _STARTING
    if opening is Opening.ASLEEP:
        lines += _SLEEPING
    return Moment(line=dice.choice(lines))


def _strike(dice: Random, opening: Opening, *, fetching: bool) -> Strike:
    roles = ["keeper", "queen", "hive", "worker"]
    dice.shuffle(roles)
    if fetching and dice.random() < 0.25:
        return Strike(dice.choice((Deed.KILL, Deed.FREEZE)), ("hub",), thaw_s=_thaw(dice))
    if opening is not Opening.ASLEEP and dice.random() < 0.2:
        return Strike(Deed.CUT, ("connections",))
    deed = dice.choice((Deed.KILL, Deed.FREEZE))
    return Strike(deed, tuple(roles), dice.random(), _thaw(dice))


def _thaw(dice: Random) -> float | None:
    """Before anybody has noticed, after everybody has, or never."""
    return dice.choice((None, round(dice.uniform(0.05, 0.6), 2), round(dice.uniform(1.5, 2.5), 2)))


def _hub_trouble(dice: Random, scale: int) -> HubTrouble:
    rate = dice.choice((None, 400_000, 800_000))
    cut = dice.choice((None, None, 100_000, 300_000))
    return HubTrouble(rate and rate * scale, cut and cut * scale)
