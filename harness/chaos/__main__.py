"""``python -m harness.chaos [--seed S] [--rounds N] [--first F] [--round R] [--real] [--splits]``.

Strikes the swarm once a round and looks at what comes of it. Prints the seed, then a line a round;
a round that fails tells how to repeat it. The status is 1 when any failed.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from collections.abc import Sequence

from harness.chaos.campaign import Campaign
from harness.chaos.plan import REAL, TOYS
from harness.chaos.round import RoundResult
from harness.chaos.splits import SplitCampaign
from harness.rig import census, tags
from harness.rig.ports import PortSlice

#: What rounds of models over several machines need.
_OF_SPLITS = ("needs-hosts", "needs-rpc", "needs-real-models")


def main(arguments: Sequence[str]) -> int:
    """Runs the rounds, prints what came of them, and returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m harness.chaos", description=__doc__)
    parser.add_argument("--seed", default="", help="what the rounds are drawn from; else random")
    parser.add_argument("--rounds", type=int, default=300, help="how many (default 300)")
    parser.add_argument("--first", type=int, default=1, help="the number of the first (default 1)")
    parser.add_argument("--round", type=int, help="this one alone, in a home of its own")
    parser.add_argument("--real", action="store_true", help="with the models of real weights")
    parser.add_argument("--splits", action="store_true", help="of a model over two machines")
    chosen = parser.parse_args(list(arguments))
    models = REAL if chosen.real else TOYS
    seed = chosen.seed or secrets.token_hex(4)
    first, count = (chosen.round, 1) if chosen.round else (chosen.first, chosen.rounds)
    reason = chosen.splits and next(filter(None, (tags.NEEDS[need]() for need in _OF_SPLITS)), "")
    if reason:
        print(f"no rounds of models over several machines: {reason}")
        return 0
    print(f"seed {seed}", flush=True)
    census.take_charge()
    began, failed = time.monotonic(), []
    ports = PortSlice()
    splits = SplitCampaign(seed, ports.take()) if chosen.splits else None
    with splits or Campaign(seed, ports.take(), models) as campaign:
        for number in range(first, first + count):
            verdict = campaign.run(number)
            print(verdict.told, flush=True)
            if verdict.complaints:
                failed.append(number)
                print(_in_full(verdict, first), flush=True)
    ports.close()
    took = time.monotonic() - began
    print(f"\n{count} rounds in {took:.0f} s, {len(failed)} failed {failed or ''}".rstrip())
    return 1 if failed else 0


def _in_full(verdict: RoundResult, first: int) -> str:
    """Each complaint, what the programs wrote, and how to have it again."""
    plan = verdict.plan
    told = verdict.complaints.about()
    again = f"python -m harness.chaos --seed {plan.seed}{plan.flag}"
    since = max(plan.since, first)
    told += [verdict.report, f"to repeat it: {again} --round {plan.number}"]
    if since < plan.number:
        rounds = plan.number - since + 1
        told.append(f"with the rounds before it: {again} --first {since} --rounds {rounds}")
    return "\n".join(told)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
