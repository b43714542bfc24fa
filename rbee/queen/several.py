"""One model over several machines, as the queen sees to it. Phases 6 and 9.

The head is a worker like any other, on one of the machines; on each of the others a side computes.
All that they say to one another goes through the queen, by the ports and tunnels that the hives are
reached by anyway. A stream from a head to one of its sides is what holds both: where it ends,
whoever ended it, each hive ends its own. A hive that falls silent has its streams ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from rbee.http.client import Peer
from rbee.http.streams import End
from rbee.process.deadline import timeout
from rbee.process.tasks import begin, spawn
from rbee.queen.hives import Hives
from rbee.queen.state import LOCAL, Place
from rbee.queen.troubles import APART
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import Named
from rbee.wire.messages.devices import FoundRoom, PartRoom
from rbee.wire.messages.sides import (
    LONGEST_SAMPLE,
    SAMPLE,
    SIDE_STREAM,
    SIDES_HERE,
    SPREAD_ROOM,
    START_SIDE,
    STOP_SIDE,
    WORKER_STREAM,
    AskSample,
    AskSides,
    AskSpread,
    FreeDevice,
    OtherDevice,
    PartOfWorker,
    SidePart,
    SidesHere,
    StartSide,
)
from rbee.wire.narration import now_ms
from rbee.wire.placement import Part, Placement
from rbee.wire.routes import Route
from rbee.wire.settings import Settings

A = TypeVar("A")
Q = TypeVar("Q")

#: For how many workers their sides, and the loss of one, are remembered.
_REMEMBERED = 64
#: By how many bytes a network is measured, and by how many more where those took less than so many
#: seconds; and how long they are waited for.
_SAMPLES, _FAST, _PATIENCE = (LONGEST_SAMPLE // 4, LONGEST_SAMPLE), 0.25, 2.0
#: A hive to speak to, by its id. Raises `hive_unreachable`.
PeerOf = Callable[[str], Peer]


class Several:
    """Asks for room on several machines, and lays the streams between them."""

    def __init__(self, hives: Hives, settings: Settings) -> None:
        self._hives = hives
        self._patience = settings.connect_timeout
        #: For how long a network counts as measured (milliseconds).
        self._fresh_ms = 1000 * settings.network_fresh
        #: The hive that a worker lost a part on.
        self._lost: dict[str, str] = {}
        #: The sides of workers, by their hives; also of some that have ended.
        self._sides: dict[str, Mapping[str, str]] = {}
        #: The sides whose streams have ended since `until_left` was last called.
        self._leaving: list[Mapping[str, str]] = []

    async def ask_room(
        self,
        place: Place,
        model_ref: str,
        ctx: int | None,
        engine: str | None,
        peer_of: PeerOf,
        idle: Sequence[Part] = (),
        away: Mapping[str, list[FreeDevice]] | None = None,
    ) -> FoundRoom:
        """What a worker takes there, part by part, were these `idle` parts of others gone. Raises
        what keeps it from being there. Hives that are `away` are not asked, and have this.

        Nothing is started where two of the machines speak different versions.
        """
        placement = place.placement
        head, others = placement.head.hive_id, placement.others
        asked = AskSides(engine=engine)

        async def ask(hive_id: str) -> SidesHere:
            if away and hive_id in away:
                return SidesHere(rpc="", devices=away[hive_id])
            try:
                return await self._of(place, hive_id, peer_of, SIDES_HERE, asked)
            except RbeeError as error:
                if error.code == "backend_unavailable":
                    error.details[APART] = [hive_id]
                raise

        answers = await asyncio.gather(*map(ask, (head, *others)))
        here = dict(zip((head, *others), answers))
        versions = {each: has.rpc for each, has in here.items() if each not in (away or ())}
        refusal = unlike(versions, place.device)
        if refusal is not None:
            raise refusal
        wanted = AskSpread(
            device=Placement(placement.own).devices,
            model=model_ref,
            ctx=ctx or 0,
            others=[free for each in others for free in _wanted(each, here[each], placement, idle)],
            idle=[
                FreeDevice(device=part.device, free_bytes=part.bytes)
                for part in idle
                if part.hive_id == head
            ],
        )
        found = await peer_of(head).call(SPREAD_ROOM, wanted)
        for each in (head, *others):
            await self._measure(each, peer_of)
        return _named(found, head)

    async def _measure(self, hive_id: str, peer_of: PeerOf) -> None:
        """Finds out how fast bytes come from a hive, where that is not known; one that does not
        answer is left to what is asked of it next."""
        hive = self._hives.registry.hives.get(hive_id)
        if hive is None or hive_id == LOCAL or now_ms() - hive.measured_at_ms < self._fresh_ms:
            return
        fastest = 0.0
        for count in _SAMPLES:
            began = time.monotonic()
            try:
                async with timeout(_PATIENCE):
                    await peer_of(hive_id).call(SAMPLE, AskSample(count=count))
            except asyncio.TimeoutError:
                pass  # what took longer than `_PATIENCE` is taken to have taken that
            except RbeeError:
                return
            took = time.monotonic() - began
            fastest = max(fastest, count / took)
            if took > _FAST:
                break
        if self._hives.registry.hives.get(hive_id) is not hive:
            return  # it has ended meanwhile
        hive.bytes_per_second, hive.measured_at_ms = fastest, now_ms()
        with contextlib.suppress(RbeeError):  # else it is measured again
            await self._hives.directory.measured(hive_id, fastest)

    async def start_sides(
        self, place: Place, found: FoundRoom, engine: str | None, peer_of: PeerOf
    ) -> tuple[Placement, dict[str, str]]:
        """Starts the sides of a model, all at the same time. Returns where all of it is to be, and
        the sides by their hives. Raises what keeps one from being there; then none is left."""
        head = place.hive_id
        placement = Placement(tuple(_part(each, head) for each in found.parts))
        others = placement.others

        async def start(hive_id: str) -> str:
            parts = [SidePart(device=each.device, bytes=each.bytes) for each in others[hive_id]]
            wanted = StartSide(parts=parts, engine=engine)
            started = await self._of(place, hive_id, peer_of, START_SIDE, wanted)
            return str(started.side_id)

        starting = [begin(start(each)) for each in others]
        try:
            sides = await asyncio.gather(*starting)
        except BaseException:
            ended = await asyncio.gather(*starting, return_exceptions=True)
            begun = {each: side for each, side in zip(others, ended) if isinstance(side, str)}
            await asyncio.shield(self.stop_sides(begun, peer_of))
            raise
        return placement, dict(zip(others, sides))

    async def stop_sides(self, sides: Mapping[str, str], peer_of: PeerOf) -> None:
        """Ends sides that no head has come to."""

        async def stop(hive_id: str, side_id: str) -> None:
            with contextlib.suppress(RbeeError):  # their hive ends them in a moment
                await peer_of(hive_id).call(STOP_SIDE, Named(id=side_id))

        await asyncio.gather(*(stop(*each) for each in sides.items()))

    async def connect(
        self, place: Place, worker_id: str, sides: Mapping[str, str], peer_of: PeerOf
    ) -> None:
        """Lays the streams from a head to its sides. Raises what keeps one from being laid."""
        head = place.hive_id
        laid: list[tuple[End, End]] = []
        try:
            for hive_id, side_id in sides.items():
                side = await self._stream(peer_of, hive_id, SIDE_STREAM, Named(id=side_id))
                laid.append((side, side))
                wanted = PartOfWorker(id=worker_id, hive_id=hive_id)
                laid[-1] = side, await self._stream(peer_of, head, WORKER_STREAM, wanted)
        except BaseException:
            for opened in laid:
                _close(opened)
            raise
        for side, worker in laid:
            side.join(worker)
        self._sides[worker_id] = sides
        while len(self._sides) > _REMEMBERED:
            del self._sides[next(iter(self._sides))]
        watched = {each: end for each, (end, _) in zip(sides, laid)}
        heads = [worker for _, worker in laid]
        name = f"the streams of {worker_id}"
        watch = self._hold(worker_id, head, watched, heads)

        def over(_: object) -> None:
            _close(heads)
            self._leaving = [*self._leaving[-_REMEMBERED:], sides]

        spawn(watch, name, over)

    async def until_left(self, peer_of: PeerOf) -> None:
        """Returns once the sides are gone whose streams have ended: until then they keep room."""
        leaving, self._leaving = self._leaving, []
        for sides in leaving:
            await self.stop_sides(sides, peer_of)

    def sides_of(self, worker_id: str) -> Mapping[str, str]:
        """The sides of a worker, by their hives."""
        return self._sides.get(worker_id, {})

    def explained(self, worker_id: str | None, error: RbeeError) -> RbeeError:
        """What went wrong with a worker, where that is the loss of one of its parts; the details
        then have the hive of that (`part_on`)."""
        lost = self._lost.get(worker_id or "")
        if lost is None or error.code != "worker_crashed" or error.details.get("starting"):
            return error
        what = f"worker {worker_id} has lost its part on hive {lost}"
        fix = f"rbee-keeper hives tells of {lost}"
        return RbeeError(error.code, what, fix, {**error.details, "part_on": lost})

    async def _hold(
        self, worker_id: str, head: str, sides: Mapping[str, End], heads: Sequence[End]
    ) -> None:
        """Returns once one of the streams has ended, or one of the hives has fallen silent. A side
        that was the first is remembered; `heads` are the ends at the head."""
        waits: dict[asyncio.Task[Any], str] = {begin(self._hives.registry.until_lost(head)): ""}
        for hive_id, end in sides.items():
            waits[begin(end.is_over.wait())] = hive_id
            waits[begin(self._hives.registry.until_lost(hive_id))] = hive_id
        for end in heads:
            waits[begin(end.is_over.wait())] = ""
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
        # One end may have ended others by now: the one that ended first is the cause.
        ends = [*((end.over_at, hive_id) for hive_id, end in sides.items())]
        ends += [(end.over_at, "") for end in heads]
        over_at, first = min(ends)
        lost = {waits[each] for each in done} if over_at == math.inf else {first}
        if "" not in lost:
            self._lost[worker_id] = min(lost)
        while len(self._lost) > _REMEMBERED:
            del self._lost[next(iter(self._lost))]

    async def _stream(self, peer_of: PeerOf, hive_id: str, route: Route[Q, None], wanted: Q) -> End:
        """Opens a stream. Raises `worker_crashed` for every failure, as the worker needs it, with
        the hive at the other end in its details (`part_on`)."""
        try:
            async with timeout(self._patience):
                return await peer_of(hive_id).stream(route, wanted)
        except (RbeeError, asyncio.TimeoutError) as error:
            why = error.message if isinstance(error, RbeeError) else "it takes too long"
            what = f"no stream leads to hive {hive_id}: {why}"
            fix = "rbee-keeper hives tells of that machine"
            details = {"starting": True, "part_on": hive_id}
            raise RbeeError("worker_crashed", what, fix, details) from None

    async def _of(
        self, place: Place, hive_id: str, peer_of: PeerOf, route: Route[Q, A], wanted: Q
    ) -> A:
        try:
            return await peer_of(hive_id).call(route, wanted)
        except RbeeError as error:
            if hive_id == place.hive_id:
                raise
            raise await self._as_of_the_place(place, hive_id, error) from None

    async def _as_of_the_place(self, place: Place, hive_id: str, error: RbeeError) -> RbeeError:
        """The trouble of one of the machines, as that of the place: its head is well."""
        error = self._hives.typed_from_here(hive_id, error)
        what = f"hive {hive_id}: {error.message}"
        if error.code != "hive_unreachable":
            details, fix = {**error.details, "device": place.device}, error.suggestion
            fix = f"on {hive_id}: {fix}" if error.code == "backend_unavailable" else fix
            return RbeeError(error.code, what, fix, details)
        await self._hives.check(hive_id)
        return RbeeError("worker_crashed", what, error.suggestion, {"starting": True})


def _wanted(
    hive_id: str, here: SidesHere, placement: Placement, idle: Sequence[Part]
) -> list[OtherDevice]:
    """What a hive has free of the devices that are wanted of it, with what is idle."""
    free = Counter({each.device: each.free_bytes for each in here.devices})
    free.update({part.device: part.bytes for part in idle if part.hive_id == hive_id})
    return [
        OtherDevice(hive_id=hive_id, device=part.device, free_bytes=free[part.device])
        for part in placement.others[hive_id]
    ]


def unlike(versions: Mapping[str, str], device: str) -> RbeeError | None:
    """Why machines cannot share a model whose engines speak these versions, by hive; None: they
    can. An engine that meets another version ends its process. The details name those that are
    apart from the most. Pure."""
    found = Counter(versions.values())
    if len(found) == 1:
        return None
    ((most, _),) = found.most_common(1)
    listed = ", ".join(f"{version} on {hive}" for hive, version in versions.items())
    return RbeeError(
        "backend_unavailable",
        f"the engines of these machines speak different versions of RPC: {listed}",
        "install the same version of xllamacpp on each, then build its RPC backend again",
        {"device": device, APART: [hive for hive, speaks in versions.items() if speaks != most]},
    )


def _named(found: FoundRoom, head: str) -> FoundRoom:
    for part in found.parts:
        part.hive_id = part.hive_id or head
    return found


def _part(room: PartRoom, head: str) -> Part:
    return Part(room.hive_id or head, room.device, room.layers, room.need_bytes)


def _close(ends: Sequence[End]) -> None:
    for end in ends:
        end.close()
