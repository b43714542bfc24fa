"""``python -m harness.load [--streams N] [--seconds S] [--seed X] [--real]``.

Calls a swarm of its own from many programs at once, cuts a tenth of what they ask for, and looks
whether anything was lost or has leaked. Prints the seed, a line of figures, and whatever is not as
it should be; the status is 1 when there is anything.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from collections.abc import Sequence

from harness.load.run import REAL, TOY, Load
from harness.rig import census, lending
from harness.rig.cluster import Cluster
from harness.rig.ports import PortSlice


def main(arguments: Sequence[str]) -> int:
    """Carries the load out, prints what came of it, and returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m harness.load", description=__doc__)
    parser.add_argument("--streams", type=int, default=64, help="how many at once (default 64)")
    parser.add_argument("--seconds", type=float, default=60, help="for how long (default 60)")
    parser.add_argument("--seed", default="", help="what it is drawn from; else random")
    parser.add_argument("--real", action="store_true", help="with a model of real weights")
    chosen = parser.parse_args(list(arguments))
    seed = chosen.seed or secrets.token_hex(4)
    print(f"seed {seed}", flush=True)
    census.take_charge()
    ports = PortSlice()
    cluster = Cluster(ports.take())
    complaints = ["it broke off"]
    try:
        complaints = _carry_out(cluster, seed, chosen)
    finally:
        complaints += cluster.close()
        if complaints:
            print("\n".join([cluster.report(), *complaints]), flush=True)
        cluster.remove()
        ports.close()
        lending.end()
    return 1 if complaints else 0


def _carry_out(cluster: Cluster, seed: str, chosen: argparse.Namespace) -> list[str]:
    load = Load(cluster, seed, chosen.streams, REAL if chosen.real else TOY)
    load.open()
    end = time.monotonic() + chosen.seconds
    load.call(lambda _: time.monotonic() < end)
    print(load.told, flush=True)
    load.look(patient=True)
    return load.complaints.about()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
