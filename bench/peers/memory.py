"""What servers hold in memory, and which of it is the model's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

from bench.engine_alone import CONTEXT
from bench.peers.servers import SLOTS
from bench.swarm import model_path
from rbee.hive.models.fit import worker_need
from rbee.hive.models.gguf.header import header_of_file


class Held(NamedTuple):
    """Bytes. `pss` shares out what several processes map; `rss` counts it for each of them."""

    pss: int
    rss: int


def held(parts: Mapping[str, Sequence[psutil.Process]]) -> dict[str, Held]:
    """What the processes of each part hold now."""
    return {part: _sum(map(_of_process, processes)) for part, processes in parts.items()}


def of_the_model() -> int:
    """Bytes that a process holds for the model alone: its weights, and the KV cache of all slots.

    By the formula that a hive plans with, which is exact for these two. The buffers in which the
    engine computes are not among them.
    """
    header = header_of_file(model_path())
    need = worker_need([header], CONTEXT, SLOTS)
    return need.weights + need.kv


def _sum(each: map[Held]) -> Held:
    together = list(each)
    return Held(sum(one.pss for one in together), sum(one.rss for one in together))


def _of_process(process: psutil.Process) -> Held:
    kilobytes = {
        name: int(value.split()[0])
        for name, _, value in (
            line.partition(":")
            for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()[1:]
        )
    }
    return Held(kilobytes["Pss"] * 1024, kilobytes["Rss"] * 1024)
