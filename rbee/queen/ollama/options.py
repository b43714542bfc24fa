"""What becomes of each option of a model that ollama knows. Pure.

Some mean the same to a job, some change nothing that a caller can notice. The rest would change
the answer: of these a job gets what it has by the same name, and any other is taken where its value
asks for nothing, and refused by its name otherwise. What each of them means is told at
https://docs.ollama.com/modelfile#parameter.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from rbee.wire.errors import RbeeError, invalid
from rbee.wire.limits import LONGEST_STOP, MOST_LOOKED_BACK, MOST_STOPS, MOST_TOKENS
from rbee.wire.messages.basics import LARGEST_CONTEXT
from rbee.wire.messages.jobs import JobRequest

#: Seeds of a job are smaller.
_SEEDS = 2**32
#: The options that mean the same to a job.
_AS_ASKED = ("temperature", "presence_penalty", "frequency_penalty")
#: What asks for nothing, of others that would change an answer; None: they go with one of those.
_NEUTRAL: dict[str, float | None] = {
    "min_p": 0,
    "typical_p": 1,
    "tfs_z": 1,
    "repeat_penalty": 1,
    "repeat_last_n": None,
    "mirostat": 0,
    "mirostat_tau": None,
    "mirostat_eta": None,
    "rope_frequency_base": 0,
    "rope_frequency_scale": 0,
}
_OF_A_JOB = frozenset(JobRequest.__struct_fields__)

Number = Annotated[float, msgspec.Meta(ge=-(2**53), le=2**53)]
Ending = Annotated[str, msgspec.Meta(max_length=LONGEST_STOP)]
Penalty = Annotated[float, msgspec.Meta(ge=-2, le=2)]


class Options(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How tokens are drawn, and how a model is loaded; an explicit null is none of them."""

    num_predict: Number | None = None
    num_ctx: Annotated[float, msgspec.Meta(ge=0, le=LARGEST_CONTEXT)] | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=5)] | None = None
    top_k: Annotated[float, msgspec.Meta(ge=-1, lt=2**31)] | None = None
    top_p: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    seed: int | float | None = None
    stop: Ending | Annotated[list[Ending], msgspec.Meta(max_length=MOST_STOPS)] | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    # See `_NEUTRAL`.
    min_p: Number | None = None
    typical_p: Number | None = None
    tfs_z: Number | None = None
    repeat_penalty: Number | None = None
    repeat_last_n: Number | None = None
    mirostat: Number | None = None
    mirostat_tau: Number | None = None
    mirostat_eta: Number | None = None
    rope_frequency_base: Number | None = None
    rope_frequency_scale: Number | None = None
    # These say how a model is loaded, which the swarm decides; no answer depends on them.
    num_keep: Any = None
    penalize_newline: Any = None
    num_batch: Any = None
    num_gpu: Any = None
    main_gpu: Any = None
    num_thread: Any = None
    num_gqa: Any = None
    numa: Any = None
    low_vram: Any = None
    f16_kv: Any = None
    logits_all: Any = None
    vocab_only: Any = None
    use_mmap: Any = None
    use_mlock: Any = None
    embedding_only: Any = None
    draft_num_predict: Any = None


def sampled(options: Options | None) -> dict[str, Any]:
    """The fields of a job that these options are. Raises `invalid_request` by the name of one."""
    if options is None:
        return {}
    said: dict[str, Any] = {name: getattr(options, name) for name in _AS_ASKED}
    for name, neutral in _NEUTRAL.items():
        value = getattr(options, name)
        if name in _OF_A_JOB:
            said[name] = int(value) if value is not None and value == int(value) else value
        elif neutral is not None and value not in (None, neutral):
            field = f"options.{name}"
            advice = f"leave it out, or send {neutral}"
            raise invalid(f"{field} is not served here", advice, field=field)
    if options.repeat_last_n == -1:  # all that there is
        said["repeat_last_n"] = MOST_LOOKED_BACK
    said["top_p"] = options.top_p
    if options.top_p == 0:  # the likeliest token alone
        said.update(top_p=None, top_k=1)
    elif options.top_k is not None:
        said["top_k"] = max(0, _whole(options.top_k, "top_k"))
    predicted = _whole(options.num_predict, "num_predict")
    said["max_tokens"] = min(predicted, MOST_TOKENS) if predicted > 0 else None
    seed = _whole(options.seed, "seed") if options.seed is not None else -1
    said["seed"] = seed % _SEEDS if seed != -1 else None
    context = _whole(options.num_ctx, "num_ctx")
    said["ctx"] = max(32, context) if context else None
    said["stop"] = _stops(options.stop)
    return said


def refused(field: str, why: str) -> RbeeError:
    """The error for a field of a request, by its name."""
    return invalid(f"{field} {why}", f"change {field}", field=field)


def _stops(given: str | list[str] | None) -> list[str] | None:
    listed = [given] if isinstance(given, str) else given or []
    return [each for each in listed if each] or None


def _whole(number: float | None, name: str) -> int:
    """A whole number, which JSON may write as 8.0; none is 0."""
    if number is None:
        return 0
    if number != int(number):
        raise refused(f"options.{name}", f"is {number}, and a whole number is wanted")
    return int(number)
