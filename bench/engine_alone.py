"""The engine without rbee: loads a GGUF, answers one prompt, prints the text.

``python bench/engine_alone.py MODEL PROMPT``. What a cold ``rbee-keeper infer`` is measured
against: the least that the same engine, settings and chat template take in one process. It
imports nothing but the engine.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import xllamacpp

#: Tokens of context: what the bundled model was trained with.
CONTEXT = 512
SEED = 1


def load(
    model: str,
    threads: int,
    slots: int = 1,
    port: int = 0,
    context: int = CONTEXT,
    batch: int | None = None,
) -> xllamacpp.Server:
    """The model in this process, with the settings that a worker gives its engine.

    The engine's own HTTP server listens at `port`; 0: any free one. `context` is that of each slot,
    `batch` how many tokens of a prompt are read at once, where not as many as the engine likes.
    """
    import xllamacpp  # here: who only wants the constants of this module maps no engine

    params = xllamacpp.CommonParams()
    params.model.path = model
    params.port = port
    params.n_ctx = context * slots
    params.n_parallel = slots
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.cache_ram_mib = 0
    params.warmup = False
    params.ctx_shift = False
    params.use_jinja = True
    params.n_gpu_layers = 0
    if batch is not None:
        params.n_batch = params.n_ubatch = batch
    return xllamacpp.Server(params)


def generate(server: xllamacpp.Server, prompt: str, on_text: Callable[[str], None]) -> int:
    """Answers `prompt` through the chat template, always the likeliest token.

    Returns how many tokens the engine generated.
    """
    counted = 0

    def on_chunk(chunk: dict[str, Any]) -> None:
        nonlocal counted
        counted = chunk.get("timings", {}).get("predicted_n", counted)
        for choice in chunk["choices"]:
            text = choice["delta"].get("content")
            if text:
                on_text(text)

    server.handle_chat_completions(
        {
            "stream": True,
            "return_progress": True,
            "cache_prompt": True,
            "temperature": 0,
            "seed": SEED,
            "messages": [{"role": "user", "content": prompt}],
        },
        on_chunk,
    )
    return counted


def default_threads() -> int:
    """Threads that every server is given where the model is a toy: a core is left for the rest."""
    return max(1, (os.cpu_count() or 2) - 1)


def main(model: str, prompt: str) -> None:
    """Prints the answer token by token, and leaves without tearing down, as rbee does."""

    def show(text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()

    generate(load(model, default_threads()), prompt, show)
    show("\n")
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
