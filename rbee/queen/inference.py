"""Phase 11 at the queen: an inference on a worker, and how its tokens reach the job's readers."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import secrets

from rbee.http.client import Peer
from rbee.process.deadline import timeout
from rbee.queen.hives import Hives
from rbee.queen.jobs import Job
from rbee.wire import narration
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import Named, decode
from rbee.wire.messages.events import Done
from rbee.wire.messages.inference import CANCEL_INFERENCE, INFER, InferRequest, Question
from rbee.wire.messages.workers import WorkerBeat
from rbee.wire.settings import Settings

#: What an event of an answer takes at most, on average (bytes): a token, each that might have stood
#: in its place, a vector.
_A_TOKEN = 256
_A_LIKELIHOOD = 160
_A_VECTOR = 256 * 1024
#: What a token and its text take of a text that is taken apart: there are no more than bytes.
_A_PIECE = 64
#: What comes besides: lines, and how the answer ended.
_BESIDES = 1024 * 1024
#: No answer is longer (tokens), whatever a worker says of its context.
_MOST_TOKENS = 2**17


def longest_answer(asked: Question, size_asked: int, context: int) -> int:
    """What a worker with this context can have to say to a question of so many bytes (bytes).

    A worker that says more is none: its machine is somebody else's by now.
    """
    most = _BESIDES + size_asked
    if asked.inputs is not None:
        return most + len(asked.inputs) * _A_VECTOR
    if asked.tokens_only:
        return most + size_asked * _A_PIECE
    if asked.echo and asked.logprobs is not None:
        most += size_asked * (_A_TOKEN + (1 + asked.logprobs) * _A_LIKELIHOOD)
    tokens = min(context or _MOST_TOKENS, asked.max_tokens or _MOST_TOKENS, _MOST_TOKENS)
    likely = 0 if asked.logprobs is None else 1 + asked.logprobs
    return most + tokens * (_A_TOKEN + likely * _A_LIKELIHOOD)


async def infer(
    job: Job, worker: WorkerBeat, hives: Hives, settings: Settings, *, whole: bool
) -> Done:
    """Has a worker answer a job, with `whole` only if all of the answer has room. Raises the error
    in which that ends.

    Cancelling it stops the worker's engine.
    """
    peer = await hives.peers.worker(job.hive_id or "", worker.url, worker.worker_id, job.job_id)
    job.works()
    asked = {name: getattr(job.request, name) for name in Question.__struct_fields__}
    infer_id = secrets.token_hex(8)
    ctx = job.request.ctx
    wanted = InferRequest(
        infer_id=infer_id,
        model_ref=job.request.model_ref,
        context=ctx,
        whole=whole and ctx is None,
        **asked,
    )
    # Whether the engine works is for the worker's hive to judge. Here a worker may be silent
    # longer than its hive may, which is said first where both are: it sends a comment with each
    # of its heartbeats.
    silence = settings.heartbeat_interval * (settings.heartbeats_missed + 1)
    begun = functools.partial(job.say, narration.INFER_CONNECTED)
    stream = peer.events(INFER.path, wanted, stall=silence, on_open=begun)
    try:
        most = longest_answer(job.request, job.size_asked, worker.context)
        end, data = await job.relay(peer, stream, most=most)
        if end == "cancelled":
            raise asyncio.CancelledError
    except asyncio.CancelledError:
        await asyncio.shield(_stop(peer, wanted, settings))
        raise
    if not end:
        raise RbeeError(
            "worker_crashed",
            "the worker ended its stream without saying how the inference ended",
            f"rbee-keeper logs {worker.worker_id}",
        )
    job.say(narration.INFER_DONE)
    return decode(data, Done)


async def _stop(peer: Peer, begun: InferRequest, settings: Settings) -> None:
    # An error means that it is over, or its worker gone, and nothing is left to cancel.
    with contextlib.suppress(RbeeError, asyncio.TimeoutError):
        async with timeout(settings.stop_request):
            await peer.call(CANCEL_INFERENCE, Named(id=begun.infer_id or ""))
