"""How long the queen thinks about where a job runs, and how long Python sorts as much.

``python -m bench.placement HIVES...`` prints one JSON line: for each number of hives the
milliseconds of each decision and of each sort. They are this thread's processor time, which leaves
out most of what else the machine does; decisions are taken by the clock, too. In a process of its
own, with nothing of the bench in memory, and with a garbage collector that leaves the modules
alone, as in the queen. A decision is the worst case of a job: a worker that holds its model is
looked for, none is there, and the best place for a new one is found. The sort is Python's own, of
as many tuples as there are GPUs.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import sys
import time

from bench.simulated_hives import GPUS, devices_of, workers_of
from rbee.queen.decisions import decide
from rbee.queen.next_steps import Check
from rbee.queen.registry import Registry
from rbee.queen.state import Claim, State
from rbee.wire.messages.hives import Heartbeat
from rbee.wire.messages.jobs import JobRequest

#: Decisions over each fleet.
_TIMES = 500


async def main(counts: list[int]) -> None:
    """Measures and prints."""
    gc.freeze()
    print(json.dumps({count: _measured(count) for count in counts}))


def _measured(count: int) -> dict[str, list[float]]:
    registry = _fleet(count)
    nobody_has = JobRequest(model_ref="HF:author/model-9-9", prompt="hello")
    claim = Claim("job", "", nobody_has, 1, acting=False, looked=True, fresh=True)
    state = State(registry.hives, claims={claim.job_id: claim})
    tuples = [
        (random.random(), 1, 8, True, random.random(), "gpu0", number, "hive", "cuda")
        for number in range(count * GPUS)
    ]
    times: dict[str, list[float]] = {"decision": [], "by_clock": [], "sort": []}
    for _ in range(_TIMES):
        clock, began = time.perf_counter(), time.thread_time()
        assert isinstance(decide(state), Check)
        times["decision"].append((time.thread_time() - began) * 1e3)
        times["by_clock"].append((time.perf_counter() - clock) * 1e3)
        began = time.thread_time()
        sorted(tuples)
        times["sort"].append((time.thread_time() - began) * 1e3)
    return times


def _fleet(count: int) -> Registry:
    registry = Registry(60.0, lambda line, **facts: None)
    for number in range(count):
        hive_id, url = f"hive-{number}", f"http://10.0.0.1:{number}"
        registry.woken(hive_id, "10.0.0.1", url)
        registry.described(hive_id, devices_of(number))
        workers = workers_of(number, url)
        registry.beat(Heartbeat(hive_id=hive_id, timestamp="", url=url, workers=workers))
    return registry


if __name__ == "__main__":
    asyncio.run(main([int(count) for count in sys.argv[1:]]))
