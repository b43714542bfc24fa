"""How much context a job needs of its worker, and what is done where that has less. Pure.

The queen has no tokenizer. She guesses by the bytes of a request which of several workers is large
enough; the worker counts, and refuses what does not fit. Then a larger one is looked for, once for
each job: its size is a power of two, so that a model's workers grow a few times at most, however
many ask for whatever.
"""

from __future__ import annotations

from rbee.wire.errors import RbeeError
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.messages.workers import WorkerBeat

#: Bytes of a request to a token of it, at most, in most languages.
_BYTES = 4
#: What a picture is to most models at most (tokens).
_PICTURE = 1024
#: What an answer is given room for of which nobody has said how long it may be (tokens).
_ANSWER = 1024


def guessed(size_asked: int, request: JobRequest) -> int:
    """How many tokens a request will take, its answer included, by a guess; it has so many bytes
    beside its pictures."""
    pictures = _PICTURE * len(request.pictures)
    return size_asked // _BYTES + pictures + (request.max_tokens or 0)


def wanted(error: RbeeError, request: JobRequest, worker: WorkerBeat) -> int:
    """The context that a worker needs for a job that `worker` has refused (tokens); 0: a larger one
    would not help, or was not asked for: a request that names a context gets that one."""
    if request.ctx is not None or not is_short(error):
        return 0
    tokens, had = error.details["tokens"], error.details["context"]
    if had < worker.context:
        return 0  # refused by a smaller bound than the worker's context
    answer = 0 if request.inputs is not None else (request.max_tokens or _ANSWER)
    grown = min(1 << (tokens + answer - 1).bit_length(), worker.trained)
    return int(grown) if grown > max(worker.context, tokens) else 0


def is_short(error: RbeeError) -> bool:
    """Whether an error is a worker's that has too little context."""
    counts = (error.details.get(name) for name in ("tokens", "context"))
    return error.code == "invalid_request" and all(isinstance(each, int) for each in counts)


def is_too_long(error: RbeeError) -> bool:
    """Whether the prompt alone does not fit, of a refusal for want of context."""
    return bool(error.details.get("tokens", 0) >= error.details.get("context", 0))


def no_larger(error: RbeeError, context: int) -> RbeeError:
    """The refusal of a prompt for which there is no room on any machine, `context` being what it
    would take."""
    return RbeeError(
        error.code,
        f"{error.message}, and no machine has room for {context}",
        error.suggestion,
        error.details,
    )
