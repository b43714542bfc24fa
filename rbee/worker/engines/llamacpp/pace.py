"""How fast a model writes, which tells whether a draft gains something."""

from __future__ import annotations

import time
from typing import Any

from rbee.worker.engines.llamacpp.server import LlamaServer

#: What is written to measure it: so many tokens, so often, for so long at most (seconds), but some
#: tokens in any case.
_TOKENS, _TIMES, _SECONDS, _LEAST_TOKENS = 64, 3, 8.0, 8
_QUESTION = [{"role": "user", "content": "How is bread made? Explain it step by step."}]
#: A prompt for a model that has no chat template.
ONCE = "Once upon a time there was a girl who lived in a house by the sea."


def pace_of(server: LlamaServer, *, chats: bool, on_cpu: bool) -> float:
    """How many tokens a second it writes: the best of a few short answers.

    On the processor a second is one of computing, which other programs take no part of; they would
    decide what a draft gains, and that is remembered.
    """
    clock = time.process_time if on_cpu else time.monotonic
    body: dict[str, Any] = {
        "max_tokens": _TOKENS,
        "temperature": 0,
        "ignore_eos": True,
        "stream": True,
        **({"messages": _QUESTION} if chats else {"prompt": ONCE}),
    }
    end, best = time.monotonic() + _SECONDS, 0.0
    for _ in range(_TIMES):
        times: list[float] = []

        def on_chunk(chunk: dict[str, Any], times: list[float] = times) -> bool | None:
            times.append(clock())
            return (time.monotonic() > end and len(times) > _LEAST_TOKENS) or None

        server.complete(body, on_chunk)
        if len(times) > 1 and times[-1] > times[0]:
            best = max(best, (len(times) - 1) / (times[-1] - times[0]))
        if time.monotonic() > end:
            break
    return best
