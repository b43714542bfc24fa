"""What is told of a worker that does not start, or does not go on. Pure, but for the log's end."""

from __future__ import annotations

from collections.abc import Collection

from rbee.hive.workers.restart import Cause
from rbee.hive.workers.worker import Worker
from rbee.wire.errors import RbeeError, no_such, stuck
from rbee.wire.narration import size

#: The advice for a SIGKILL that this hive did not send.
_PERHAPS_MEMORY = (
    "rbee sent no such signal; the kernel does where memory runs out (dmesg tells): take a smaller"
    " model or a shorter context, or: {}"
)


def missing(worker_id: str, known: Collection[str]) -> RbeeError:
    """There is no such worker here."""
    return no_such("worker", worker_id, known, "rbee-keeper ps lists the workers")


def stopped(worker: Worker) -> RbeeError:
    """Somebody has stopped it before it was ready."""
    what = f"worker {worker.worker_id} was stopped before it was ready"
    return RbeeError("worker_crashed", what, "try again")


def stalled(worker: Worker, load_stall: float) -> RbeeError:
    """It has loaded for so many seconds without getting on."""
    what = f"worker {worker.worker_id} made no progress for {load_stall:g} s"
    return worker.error("worker_start_timeout", what)


def engine_stuck(worker: Worker, token_stall: float) -> RbeeError:
    """It is about to be ended, since its engine has done nothing for so many seconds."""
    what = (
        f"the engine of worker {worker.worker_id} has done nothing for {token_stall:g} s"
        " (token_stall); its hive ends it"
    )
    return stuck(worker.worker_id, what, token_stall)


def no_part_there(worker: Worker, hive_id: str) -> RbeeError:
    """It waits for no connection to that hive."""
    what = f"{worker.worker_id} waits for no part on {hive_id}"
    return RbeeError("not_found", what, "ask the queen")


def part_lost(worker: Worker, hive_id: str) -> RbeeError:
    """The connection to its part on another hive has ended."""
    what = f"worker {worker.worker_id} has lost its part on hive {hive_id}"
    fix = "rbee-keeper hives tells of that machine"
    return RbeeError("worker_crashed", what, fix, {"part_on": hive_id})


def parts_ended(worker: Worker, how: str) -> RbeeError:
    """It has ended, and its parts on other machines with it."""
    what = f"worker {worker.worker_id}, which was spread over machines, ended ({how})"
    return RbeeError("worker_crashed", what, f"rbee-keeper logs {worker.worker_id}")


def out_of_memory(worker: Worker, limit: int) -> RbeeError:
    """The kernel has ended it; `limit` is what may be used of the machine's RAM (bytes)."""
    need = worker.promise.total
    return worker.error(
        "insufficient_ram",
        f"out of memory: the kernel ended worker {worker.worker_id}; {worker.orders.model_ref} was"
        f" to take {size(need)}, and {size(limit)} of RAM may be used on that machine",
        "take a smaller model, a shorter context (context) or fewer callers at once (slots), or"
        " raise the memory limit of that machine",
        need_bytes=need,
        limit_bytes=limit,
        out_of_memory=True,
        loading=not worker.start.is_over,
    )


def deadly(worker: Worker, how: str) -> RbeeError:
    """Its engine has died twice of loading its model, the second time without its chat template."""
    return worker.error(
        "model_invalid",
        f"{worker.facts.engine} dies of loading {worker.orders.model_ref} ({how}, worker"
        f" {worker.worker_id})",
        "its file is damaged, or not for this engine: fetch it anew (rbee-keeper rm, then"
        " pull), or take another file of that model",
        died=True,
    )


def died_too_often(worker: Worker, how: str, cause: Cause) -> RbeeError:
    """It has been started again as often as is allowed."""
    what = f"worker {worker.worker_id} died ({how}) and was restarted {worker.restart_count}"
    advice = _PERHAPS_MEMORY if cause is Cause.PERHAPS_MEMORY else ""
    return worker.error("worker_crashed", f"{what} times in vain", advice)


def as_of_the_worker(worker: Worker, error: BaseException) -> BaseException:
    """`internal` of a worker that dies or hangs before it listens, as `worker_crashed`, which one
    that does so later is."""
    if isinstance(error, RbeeError) and error.code == "internal":
        crash = worker.error("worker_crashed", error.message, **error.details, starting=True)
        del crash.details["device"]  # it had not used its device yet
        return crash
    return error
