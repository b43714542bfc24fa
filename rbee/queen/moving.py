"""Replaces workers by ones in a better place: a new one first, then the end of the old one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

from rbee.process.tasks import spawn
from rbee.queen.claims import Claims
from rbee.queen.hearers import Say
from rbee.queen.hives import Hives
from rbee.queen.jobs import Job
from rbee.queen.next_steps import Check, MakeRoom, Start, Stay
from rbee.queen.placing import Placing
from rbee.queen.replacing import look_again, may_move, replacement, short_of, waits_for_a_gpu
from rbee.queen.starting import Starting
from rbee.queen.state import Claim
from rbee.wire import narration
from rbee.wire.errors import RbeeError
from rbee.wire.narration import device_name
from rbee.wire.placement import CPU


class _Better(NamedTuple):
    """The claim of a replacement, and whether its model may be fetched. `short`: the GPUs that were
    too small when the worker was placed, and the bytes that it takes there."""

    move: Claim
    may_fetch: bool
    short: Mapping[tuple[str, str], int]


class Moving:
    """The workers that are not where they would be best, and those that are being replaced."""

    def __init__(self, claims: Claims, hives: Hives, starting: Starting, say: Say) -> None:
        """`say` hears of each that is replaced."""
        self._claims = claims
        self._hives = hives
        self._starting = starting
        self._say = say
        #: What is to replace workers, by the id of the worker.
        self._better: dict[str, _Better] = {}
        self._moves: dict[str, asyncio.Task[None]] = {}
        self._described = 0

    def started(self, job: Job, claim: Claim, start: Start) -> None:
        """A worker has been started for a job, which is replaced where a better place may have room
        for it later."""
        place, worker_id = start.place, claim.worker_id
        is_busy_elsewhere = place.fallback and waits_for_a_gpu(claim)
        if is_busy_elsewhere or (may_move(claim, place) and not start.up_to):
            hives = self._hives.registry.hives.values()
            known = frozenset(hive.hive_id for hive in hives if hive.devices) - claim.skipped
            move = replacement(claim, worker_id, known)
            self._better[worker_id] = _Better(move, job.may_fetch, short_of(claim))
            if is_busy_elsewhere:
                self._begin(worker_id)

    def close(self) -> None:
        """Stops the replacements that are under way."""
        for move in self._moves.values():
            move.cancel()

    def refresh(self) -> None:
        """After a change, before it is decided upon: ends the moves of workers that nobody has any
        more, and begins others, where that may be, to machines that have joined since, and to GPUs
        that others have left."""
        if not self._better:
            return  # what moves is one of those
        registry, state = self._hives.registry, self._claims.state
        there = {worker.worker_id for _, worker in registry.workers()}
        moves = [claim for claim in state.claims.values() if claim.moves]
        for claim in moves:
            if not claim.acting and claim.moves not in there:
                self._moves[claim.job_id].cancel()
        if self._described == registry.described_so_far:
            return
        self._described = registry.described_so_far
        for worker_id in self._better.keys() - there:
            del self._better[worker_id]
        with_gpus = {
            hive.hive_id for hive in state.hives.values() if hive.devices and hive.devices.gpus
        }
        moving = {claim.moves for claim in moves}
        for worker_id, (move, _, short) in self._better.items():
            if worker_id in moving:
                continue
            if look_again(state, move, short) or not with_gpus <= move.known:
                self._begin(worker_id)

    def _begin(self, worker_id: str) -> None:
        """Once a better place has room, a worker is replaced by one there."""
        move, may_fetch, _ = self._better[worker_id]
        job = Job(move.request, holders=move.holders, may_fetch=may_fetch)
        move.job_id = job.job_id
        self._claims.add(job, move)
        name = f"the move of {worker_id}"
        self._moves[job.job_id] = spawn(self._move(job, move), name, lambda _: self._over(job))

    async def _move(self, job: Job, claim: Claim) -> None:
        registry = self._hives.registry
        devices = [each.device for _, each in registry.workers() if each.worker_id == claim.moves]
        old = "a CPU" if devices in ([], [CPU]) else device_name(devices[0])
        models = {"model_ref": job.request.model_ref, "old": old}
        placing = Placing(job, claim, self._claims, self._hives, self._starting)
        try:
            while any(each.worker_id == claim.moves for _, each in registry.workers()):
                decision = await self._claims.next(claim)
                if isinstance(decision, Check):
                    await placing.check(decision)
                elif isinstance(decision, Start):
                    place = decision.place
                    joined = place.is_new_to(claim.known)
                    line = narration.MOVE_TO_JOINED if joined else narration.MOVE_BEGUN
                    where = {"device": device_name(place.device), "hive_id": place.hive_id}
                    self._say(line, **where, **models)
                    await placing.start(decision)
                elif isinstance(decision, MakeRoom):
                    await self._starting.end(job, decision.hive_id, claim.moves)
                    self._say(narration.MOVED, worker_id=claim.moves, **models)
                    return
                elif isinstance(decision, Stay):
                    return
        except RbeeError as error:
            self._say(narration.MOVE_IN_VAIN, why=error.message, **models)

    def _over(self, job: Job) -> None:
        claim = self._claims.state.claims[job.job_id]
        claim.known |= self._hives.registry.hives.keys()
        claim.worker_id = ""
        del self._moves[job.job_id]
        self._claims.leave(job)
