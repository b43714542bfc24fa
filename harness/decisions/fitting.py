"""Whether a model fits: headers, machines and their limits on paper, for what decides on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from fixtures.real import HOME
from harness.decisions import paper
from harness.rig import client
from harness.rig.cluster import Cluster
from rbee.hive.capacity import Fit
from rbee.hive.control_groups import (
    ProcessLimits,
    limits_of_this_process,
    memory_kills,
    room_of_a_program,
)
from rbee.hive.models.fit import Need, worker_need
from rbee.hive.models.gguf.header import GgufHeader, header_of_file
from rbee.hive.models.gguf.tensors import Weights
from rbee.hive.models.local import bundled_path
from rbee.hive.models.parts import Cut, LayerSplit, beside_ram
from rbee.hive.models.split import parts_of
from rbee.hive.processors import engine_threads, usable_cores
from rbee.wire.errors import RbeeError
from rbee.wire.messages.devices import PartRoom
from rbee.wire.model_ref import BUNDLED

_MIB = 1024 * 1024
#: How far the engine's report is rounded (MiB), and how far the promise may be beside it.
_ROUNDED, _APART = 0.02, 0.01
#: Devices, and what they are called.
_PLACES = {"gpu0": "a GPU", "cpu": "the CPU"}


class Planned:
    """A worker that is planned for a model, and what it is promised."""

    def __init__(self, header: GgufHeader) -> None:
        self._header = header
        self._need: Need | None = None
        self._parts = LayerSplit((), (), 0, Need(0, 0, 0, 0, False))

    @classmethod
    def of_file(cls, name: str) -> Planned:
        """The model that ships with rbee, or one of the real ones by its name."""
        path = bundled_path() if name == BUNDLED else HOME / f"{name}.gguf"
        return cls(header_of_file(str(path)))

    @classmethod
    def on_paper(cls, architecture: str, layers: int, says: str) -> Planned:
        """A model whose layers have 2 heads of 128 each; `says` is what else its file says."""
        told: dict[str, Any] = {
            "block_count": layers,
            "embedding_length": 1024,
            "attention.head_count": 8,
            "attention.head_count_kv": 2,
            "attention.key_length": 128,
            "attention.value_length": 128,
        }
        for each in filter(None, says.split(", ")):
            name, *numbers = each.split()
            told[name] = int(numbers[0]) if len(numbers) == 1 else tuple(map(int, numbers))
        return cls(paper.header(architecture, told, trained=8192))

    @classmethod
    def of_experts(cls, layers: int, mebibytes: int, experts: int) -> Planned:
        """A model on paper; each of its layers has so many MiB, of which so many are experts'."""
        planned = cls.on_paper("llama", layers, "expert_count 8")
        weights = Weights(
            n_bytes=layers * mebibytes * _MIB,
            layers=dict.fromkeys(range(layers), mebibytes * _MIB),
            experts=dict.fromkeys(range(layers), experts * _MIB),
        )
        return cls(msgspec.structs.replace(planned._header, weights=weights))

    @classmethod
    def of_tables(cls, layers: int, mebibytes: int, embedding: int, output: int) -> Planned:
        """The same; its table of embeddings has so many MiB, and its output, if it has one."""
        planned = cls.on_paper("llama", layers, "")
        weights = Weights(
            n_bytes=(layers * mebibytes + embedding + output) * _MIB,
            embedding=embedding * _MIB,
            has_output=output > 0,
            layers=dict.fromkeys(range(layers), mebibytes * _MIB),
        )
        return cls(msgspec.structs.replace(planned._header, weights=weights))

    def plan(self, slots: int, context: int) -> None:
        """With so many slots of so many tokens each, on the CPU."""
        self._need = worker_need([self._header], context, slots)

    def at_once(self, where: str, context: int) -> int:
        """How many tokens of it are worked through at once where `where` says, in words."""
        headers = [self._header]
        if "projector" in where:
            headers.append(paper.header("clip", {"has_vision_encoder": True}, trained=0))
        devices = [name for name, words in _PLACES.items() if words in where]
        parts = [PartRoom(device=each, need_bytes=0, free_bytes=0) for each in devices]
        return Fit({}, parts, 1, context, headers).batch

    def cut(self, layers: Sequence[int]) -> None:
        """In parts of so many layers each, for one slot of 2048 tokens."""
        self._parts = Cut([self._header], 2048, 1).parts(layers)

    def lay(self, rooms: Sequence[int]) -> None:
        """On devices with so much room each (MiB), for one slot of 2048 tokens."""
        self._parts = Cut([self._header], 2048, 1).fill([room * _MIB for room in rooms])

    def lay_beside_ram(self, rooms: Sequence[int]) -> None:
        """On devices with so much room each (MiB) and in RAM."""
        self._parts = beside_ram([self._header], 2048, 1, [room * _MIB for room in rooms])

    def lay_over_machines(self, rooms: Sequence[Sequence[str]]) -> None:
        """On devices of machines, each with its room (MiB) and ``RAM`` or ``GPU``."""
        free = [int(count) * _MIB for count, _ in rooms]
        slow = [kind == "RAM" for _, kind in rooms]
        layers = Cut([self._header], 2048, 1).over(free, slow, int(slow[0]))
        self._parts = self._parts._replace(layers=tuple(layers))

    def assert_in_ram(self, layers: int, experts: int) -> None:
        """So many layers are in RAM, and the experts of so many."""
        assert (self._parts.left, self._parts.lean) == (layers, experts), self._parts

    def assert_parts(self, weights: Sequence[float], cache: Sequence[float]) -> None:
        """What the parts take (MiB), as near as can be told."""
        for need, *expected in zip(self._parts.needs, weights, cache, strict=True):
            found = [need.weights / _MIB, need.kv / _MIB]
            assert all(abs(a - b) < _ROUNDED for a, b in zip(found, expected)), found

    def assert_weights(self, weights: Sequence[float], host: float) -> None:
        """What the parts take of the weights, and what stays in RAM (MiB)."""
        found = [need.weights / _MIB for need in self._parts.needs]
        assert (found, self._parts.host.weights / _MIB) == (weights, host), (
            found,
            self._parts.host,
        )

    def assert_laid(self, layers: Sequence[int]) -> None:
        """So many layers lie on each device."""
        assert list(self._parts.layers) == layers, self._parts.layers

    def assert_promised(self, expected: Mapping[str, float]) -> None:
        """Weights, cache, graph and output are what is expected (MiB), as near as can be told."""
        assert self._need is not None
        promised = {
            "weights": self._need.weights / _MIB,
            "cache": self._need.kv / _MIB,
            "graph": self._need.compute / _MIB,
        }
        for name, engine in expected.items():
            apart = abs(promised[name] - engine)
            assert apart <= _ROUNDED + _APART * engine, f"{name}: {promised[name]}, not {engine}"

    def assert_cached(self, expected: float) -> None:
        """What its layers keep of a context takes so many MiB."""
        assert self._need is not None
        kept = self._need.kv / _MIB
        assert abs(kept - expected) < 0.01, f"{kept} MiB, not {expected}"


class PaperMachine:
    """The files in which a machine tells of its processors and control groups, in a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._cores = 0
        self._limits = ProcessLimits()
        self._killed = 0

    def has_groups(self, version: int, groups: Sequence[Mapping[str, str]]) -> None:
        """Control groups, one inside the other, the outermost first; this process is in the last.

        Columns, each of which may be empty: `limit`, `throttled above`, `used`, `idle files` in
        MiB, `processors`, and `killed` for want of memory.
        """
        path = Path("/")
        mount = self._root / "sys/fs/cgroup"
        for group in groups:
            path = path / group["group"].replace(" ", "-")
            self._write_group(version, mount, path, group)
        if version == 2:
            self._write("proc/self/cgroup", f"0::{path}\n")
            mounts = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
        else:
            self._write("proc/self/cgroup", f"4:memory:{path}\n3:cpu,cpuacct:{path}\n")
            mounts = (
                "31 23 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
                "32 23 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
            )
        self._write("proc/self/mountinfo", mounts)

    def has_processors(self, cores: Iterable[str]) -> None:
        """Physical cores, each told by the numbers of its processors."""
        for core in cores:
            for number in core.split(","):
                topology = f"sys/devices/system/cpu/cpu{number}/topology"
                self._write(f"{topology}/core_cpus_list", f"{core}\n")

    def ask(self) -> None:
        """What may be used of it now."""
        self._limits = limits_of_this_process(self._root)
        self._killed = memory_kills(self._root)

    def count_cores(self, processors: str) -> None:
        """Those that a process may keep busy that may run on these processors."""
        allowed = [int(each) for each in processors.split()]
        quota = limits_of_this_process(self._root).processors
        self._cores = usable_cores(self._root, allowed, quota)

    def assert_threads(self, threads: int, mebibytes: float) -> None:
        """An engine gets so many threads for a model of that size."""
        given = engine_threads(self._cores, round(mebibytes * _MIB))
        assert given == threads, f"{given} threads on {self._cores} cores"

    def assert_memory(self, total: str, free: str) -> None:
        """In MiB; `all` is no limit."""
        found = [self._limits.memory, self._limits.memory_free]
        told = ["all" if each is None else str(each // _MIB) for each in found]
        assert told == [total, free], f"{told}, not {[total, free]}"

    def assert_killed(self, count: int) -> None:
        """So many processes were killed for want of memory."""
        assert self._killed == count, self._killed

    def _write_group(self, version: int, mount: Path, path: Path, group: Mapping[str, str]) -> None:
        def amount(name: str) -> int | None:
            return int(group[name]) * _MIB if group.get(name) else None

        limit, used, idle = amount("limit"), amount("used") or 0, amount("idle files") or 0
        share = group.get("processors")
        quota = round(float(share) * 100000) if share else None
        inside = str(path).lstrip("/")
        if version == 2:
            folder = mount / inside
            high = amount("throttled above")
            self._write(folder / "memory.max", f"{limit or 'max'}\n")
            self._write(folder / "memory.high", f"{high or 'max'}\n")
            self._write(folder / "memory.current", f"{used}\n")
            self._write(folder / "memory.stat", f"anon 1\ninactive_file {idle}\n")
            killed = group.get("killed") or 0
            self._write(folder / "memory.events", f"oom 9\noom_kill {killed}\n")
            self._write(folder / "cpu.max", f"{quota or 'max'} 100000\n")
        else:
            folder = mount / "memory" / inside
            self._write(folder / "memory.limit_in_bytes", f"{limit or 9223372036854771712}\n")
            self._write(folder / "memory.usage_in_bytes", f"{used}\n")
            self._write(folder / "memory.stat", f"cache 1\ntotal_inactive_file {idle}\n")
            killed = group.get("killed") or 0
            told = f"oom_kill_disable 0\nunder_oom 0\noom_kill {killed}\n"
            self._write(folder / "memory.oom_control", told)
            times = mount / "cpu,cpuacct" / inside
            self._write(times / "cpu.cfs_quota_us", f"{quota or -1}\n")
            self._write(times / "cpu.cfs_period_us", "100000\n")

    def _write(self, path: str | Path, text: str) -> None:
        target = self._root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


class SplitSet:
    """The bundled model, cut into files in a folder."""

    def __init__(self, folder: Path, parts: int, *, empty_first: bool) -> None:
        self._folder = folder
        self._parts = parts
        # Late: numpy, which it wants, takes its time.
        from fixtures.real.rewriting import split

        split(bundled_path(), folder / "model.gguf", parts, empty_first=empty_first)
        self._found: tuple[str, ...] = ()
        self._refused: RbeeError | None = None

    def lose(self, number: int) -> None:
        """Part `number` is not there."""
        self._part(number).unlink()

    def rename(self, number: int) -> None:
        """Part `number` has a name that does not tell what it is."""
        self._part(number).rename(self._folder / "renamed.gguf")

    def link(self, number: int) -> None:
        """A link of another name leads to part `number`."""
        (self._folder / "renamed.gguf").symlink_to(self._part(number))

    def swap(self, one: int, other: int) -> None:
        """Two parts have each other's names."""
        aside = self._folder / "aside"
        self._part(one).rename(aside)
        self._part(other).rename(self._part(one))
        aside.rename(self._part(other))

    def look_up(self, number: int | None) -> None:
        """Which files the model is made of, from the name of one; None: the renamed one."""
        named = self._folder / "renamed.gguf" if number is None else self._part(number)
        try:
            self._found = parts_of(str(named))
        except RbeeError as refused:
            self._refused = refused

    def assert_whole(self) -> None:
        """All of its files were found, in order."""
        assert self._refused is None, self._refused.message
        expected = tuple(str(self._part(number + 1)) for number in range(self._parts))
        assert self._found == expected, f"found {self._found}"

    def assert_refused(self, code: str, naming: str) -> None:
        """It was refused with a code, in words that name something."""
        assert self._refused is not None, f"found {self._found}"
        said = f"{self._refused.message}\n{self._refused.suggestion}"
        assert self._refused.code == code and naming in said, f"{self._refused.code}: {said}"

    def _part(self, number: int) -> Path:
        return self._folder / f"model-{number:05d}-of-{self._parts:05d}.gguf"


def lend_one_part(cluster: Cluster) -> None:
    """The second of three files, alone in the folder in which commands are typed."""
    part = HOME / "smollm2-in-three-00002-of-00003.gguf"
    (cluster.work / "alone-00002-of-00003.gguf").symlink_to(part)


def assert_threads_told(answer: client.Answer) -> None:
    """The worker in a list has as many threads as this process could keep cores busy."""
    (worker,) = answer.json()["workers"]
    assert worker["threads"] == usable_cores(), worker


def room_beside(space: str, data: str) -> str:
    """MiB that a model may take where each program may have so many of each, or ``all``."""
    bounds = (None if each == "all" else int(each) << 20 for each in (space, data))
    room = room_of_a_program(*bounds)
    return "all" if room is None else str(room >> 20)
