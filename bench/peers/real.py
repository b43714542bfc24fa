"""``python -m bench.peers.real``: rbee beside its engine's own server, with real weights.

Everybody's defaults: neither is told how many threads, batches or caches to use. The two take turns
load by load, and who is first changes. Writes its figures, and its part of the page.

``--quick`` measures little, for who works on it, and leaves ``docs/`` alone; ``--whole`` adds the
longest prompts of the most callers, which take ten minutes. Exit status: 0 written, whatever the
figures are; 1 a run failed; 2 usage; 130 Ctrl+C.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bench import report
from bench.peers.client import Address, Order
from bench.peers.measure import carried_out
from bench.peers.servers import EngineServer, Rbee, Server
from bench.peers.writing import REAL_FIGURES, write_page
from bench.swarm import ROOT
from fixtures import real
from rbee.wire.settings import Settings

#: What a reader sees, and where `--quick` writes instead.
DOCS = ROOT / "docs"
TRIAL = ROOT / "bench" / "results" / "peers"
#: SmolLM2-135M-Instruct, made to say no token that ends a story.
MODEL = real.HOME / "smollm2-endless.gguf"
#: Tokens of an answer: of few callers so many that most of the time is writing, else few enough for
#: a run of a quarter of an hour.
WRITTEN, WRITTEN_LATE, QUICK_TOKENS = 256, 48, 8
#: Seconds of the idle pause, and how often it is taken.
PAUSE, PAUSES = 10.0, 6
#: The longest that one load may take (seconds).
_STUCK = 900.0
_CONTEXT = 8192


class Load(NamedTuple):
    """Prompts of `words` words (a token each), from so many callers at once, `rounds` times; each
    answer has so many `tokens`."""

    words: int
    callers: int
    rounds: int
    tokens: int = WRITTEN


LOADS = (
    Load(20, 1, 8),
    Load(20, 4, 4),
    Load(20, 16, 2, WRITTEN_LATE),
    Load(500, 1, 4),
    Load(500, 4, 3),
    Load(500, 16, 1, WRITTEN_LATE),
    Load(4000, 1, 2),
    Load(4000, 4, 1),
)
LONGEST = Load(4000, 16, 1, WRITTEN_LATE)
QUICK = tuple(Load(*each, QUICK_TOKENS) for each in ((20, 1, 2), (20, 4, 1), (100, 1, 1)))


class _Engine(EngineServer):
    """The engine's own server, with its own defaults."""

    @property
    def address(self) -> Address:
        return Address(self._port, MODEL.name)

    def _start(self) -> None:
        arguments = [str(MODEL), str(self._port), str(Settings().slots), str(_CONTEXT)]
        process = self._run([sys.executable, "-m", "bench.peers.engine_as_it_comes", *arguments])
        self._until_answered(process, self._port, "/health")


class _Rbee(Rbee):
    """rbee with nothing set."""

    @property
    def address(self) -> Address:
        return super().address._replace(model=f"file:{MODEL}")

    def _settings(self) -> dict[str, object]:
        return {}


def measure(loads: Sequence[Load], pauses: int) -> dict[str, Any]:
    """All loads and pauses of both. Raises RunFailed and AnswerFailed."""
    found: list[dict[str, Any]] = []
    with _Engine() as engine, _Rbee() as rbee:
        sides: dict[str, Server] = {"engine": engine, "rbee": rbee}
        for server in sides.values():
            _ask(server, Load(20, Settings().slots, 1, QUICK_TOKENS), 0)
        for load in loads:
            rounds = [_by_turns(sides, load, number) for number in range(1, load.rounds + 1)]
            found.append({**load._asdict(), "rounds": rounds})
            print(f"  {load.words} tokens, {load.callers} at once: {_told(rounds)}", flush=True)
        rested = Load(20, 1, 1, WRITTEN_LATE)
        idle = [_by_turns(sides, rested, 99 + number, PAUSE) for number in range(pauses)]
    return {"loads": found, "idle": idle}


def _by_turns(
    sides: Mapping[str, Server], load: Load, number: int, pause: float = 0.0
) -> dict[str, Any]:
    """What both have answered; who is asked first changes with the number of the turn."""
    turns = list(sides.items())[:: 1 if number % 2 else -1]
    return {name: _ask(server, load, number, pause) for name, server in turns}


def _ask(server: Server, load: Load, seed: int, pause: float = 0.0) -> dict[str, Any]:
    """One round; with a `pause` each caller asks twice, behind it and at once."""
    order = Order(
        *server.address,
        prompt=f"{seed}:",
        max_tokens=load.tokens,
        streams=load.callers,
        requests=1,
        pause=pause,
        words=load.words,
        # No prompt comes twice, also not from other callers: the engine remembers what it has read.
        seed=(seed * 100 + load.callers) * 10_000 + load.words,
    )
    seen = carried_out(order, server.name, _STUCK)
    return {name: seen[name] for name in ("first_ms", "writing_s", "tokens", "seconds")}


def _told(rounds: list[dict[str, Any]]) -> str:
    return ", ".join(
        f"{side} {min(min(each[side]['first_ms']) for each in rounds):.0f} ms"
        for side in ("engine", "rbee")
    )


def main(arguments: list[str]) -> int:
    """Measures what was asked for; the exit status."""
    asked = _asked(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = TRIAL if asked.quick else DOCS
    loads = QUICK if asked.quick else (*LOADS, LONGEST) if asked.whole else LOADS
    if not MODEL.exists():
        print("real: the real models are needed that make test fetches", file=sys.stderr)
        return 1
    settings = {
        "model": MODEL.stem,
        "slots": Settings().slots,
        "context": _CONTEXT,
        "pause_s": PAUSE,
    }
    document = report.document_of(
        "real", lambda: measure(loads, 1 if asked.quick else PAUSES), settings, quick=asked.quick
    )
    report.write(folder / REAL_FIGURES, document)
    print(f"written to {write_page(folder)}")
    return 0


def _asked(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.peers.real", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--quick", action="store_true", help="measure little, leave docs/ alone")
    parser.add_argument(
        "--whole", action="store_true", help="also 16 callers with 4,000 tokens each"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
