"""Does it fit: bytes of memory that a model needs, from its header alone.

Phase 6. Pure functions of a header, of the settings a worker runs with and of what a device has.

Source of the formulas: the buffers that llama.cpp (2026.10) reserves when it makes a context.
They were compared with its own report of those buffers in 160 loads on the CPU, of the
`CHECKED_ARCHITECTURES`, with contexts from 256 to 32,768 tokens, one to four slots, batches of
128 and 512, flash attention on and off, and KV types f16, q8_0 and q4_0. Weights, KV cache and
output are exact; the graph is within 0.9 %, but for phi3 without flash attention, where it is up
to 4.1 % too high. `Need.compute` may be far more than the graph: it has room for the logits of a
whole batch, which the engine reserves only where it is asked for them. Everything else is an
estimate, says so, and the margin has to carry the rest: what a GPU's runtime takes, experts,
latent attention, state-space layers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec

from rbee.hive.models.gguf import GgufHeader

#: Where the formulas were compared with what the engine reserves.
CHECKED_ARCHITECTURES = frozenset({"gemma2", "gemma3", "llama", "phi3", "qwen2", "qwen3"})

#: Bytes of one element of the KV cache, by type (ggml block bytes over block elements).
KV_TYPE_BYTES: Mapping[str, float] = {
    "f32": 4.0,
    "f16": 2.0,
    "bf16": 2.0,
    "q8_0": 34 / 32,
    "q5_1": 24 / 32,
    "q5_0": 22 / 32,
    "q4_1": 20 / 32,
    "q4_0": 18 / 32,
    "iq4_nl": 18 / 32,
}

#: llama.cpp rounds a context up to a multiple of this many cells.
CONTEXT_STEP = 256
#: Which layers attend to a window only, for files without the pattern in their metadata: of each
#: group of so many layers the last sees everything (`set_swa_pattern` in llama.cpp's loader).
WINDOW_PATTERNS: Mapping[str, int] = {
    "cohere2": 4,
    "gemma2": 2,
    "gemma3": 6,
    "gemma3n": 5,
    "gpt-oss": 2,
}

#: What a context of the device's runtime takes before any model is in it (ollama's floor for
#: CUDA and ROCm), and the least that is left free.
DEVICE_FLOOR = 457 * 1024 * 1024
#: The RAM that must be available, over the RAM that is needed.
RAM_FACTOR = 1.2


class Need(msgspec.Struct, frozen=True):
    """Bytes that a worker takes for a model, by what they are for.

    `is_estimate` is true where the formulas have not been compared with the engine.
    """

    weights: int
    kv: int
    compute: int
    output: int
    is_estimate: bool

    @property
    def total(self) -> int:
        """All of it, in bytes."""
        return self.weights + self.overhead

    @property
    def overhead(self) -> int:
        """What comes on top of the weights, in bytes: the same for every quant of a model."""
        return self.kv + self.compute + self.output


def estimate(
    headers: GgufHeader | Sequence[GgufHeader],
    *,
    n_ctx: int,
    n_slots: int = 1,
    ubatch: int = 512,
    flash_attention: bool = True,
    kv_type_k: str = "f16",
    kv_type_v: str = "f16",
    on_gpu: bool = True,
) -> Need:
    """What a worker needs that loads the model with all layers on one device.

    `headers` is one header, or those of all parts of a split model in order. `n_ctx` counts the
    tokens of all `n_slots` together, which share it evenly. `kv_type_k` and `kv_type_v` are keys
    of `KV_TYPE_BYTES`. On a GPU the table of token embeddings stays in RAM where the output has a
    tensor of its own; on the CPU it counts.

    Formula: with ``cells`` = context cells per slot, a multiple of `CONTEXT_STEP`::

        weights = bytes of all tensors [- token_embd]
        KV      = sum over layers: cells(layer) * slots * n_head_kv * (d_k*b_k + d_v*b_v)
        compute = max(graph, 4 * ub * (n_embd + n_vocab))
        graph   = 4*ub*(3*n_ff + 5*n_embd) + 2*ub*cells [+ 2*ub*window]         flash attention
                  4*ub*max(cells*(n_head + 1) + 3*n_embd + 3*n_head*d_k + 2*n_head_kv*d_k
                           [+ window + n_embd], 3*n_ff + 5*n_embd)              without
        output  = 4 * n_vocab * slots

    where layers with a sliding window have ``window + ub`` cells, padded, if that is fewer.
    """
    parts = (headers,) if isinstance(headers, GgufHeader) else tuple(headers)
    head = parts[0]
    shape = _Shape(head)
    cells = _padded(math.ceil(n_ctx / n_slots))
    ub = min(ubatch, n_ctx)
    window = min(cells, _padded(shape.window + ub)) if shape.window else cells

    element = (KV_TYPE_BYTES[kv_type_k], KV_TYPE_BYTES[kv_type_v])
    row = shape.key_length * element[0] + shape.value_length * element[1]
    kv = sum(
        (window if windowed else cells) * n_slots * heads * row
        for heads, windowed in zip(shape.heads_kv, shape.windowed, strict=True)
    )
    masked = window if any(shape.windowed) else 0
    dense = 3 * shape.n_ff + 5 * shape.n_embd
    heads_kv = max(shape.heads_kv, default=0)
    if flash_attention:
        graph = 4 * ub * dense + 2 * ub * (cells + masked)
    else:
        scores = cells * (shape.n_head + 1) + 3 * shape.n_embd
        scores += (3 * shape.n_head + 2 * heads_kv) * shape.key_length
        scores += masked + shape.n_embd if masked else 0
        graph = 4 * ub * max(scores, dense)
    return Need(
        weights=_weights(parts, on_gpu),
        kv=math.ceil(kv),
        compute=max(graph, 4 * ub * (shape.n_embd + shape.n_vocab)),
        output=4 * shape.n_vocab * n_slots,
        is_estimate=not shape.is_dense or head.architecture not in CHECKED_ARCHITECTURES,
    )


def gpu_budget(
    *, total_bytes: int, free_bytes: int, reserved_bytes: int = 0, margin_bytes: int = 0
) -> int:
    """Bytes of a GPU that a new worker may take; not below 0.

    `free_bytes` is what the driver calls free, `reserved_bytes` what running and loading workers
    of this hive have been promised: a worker that loads has not taken all of it yet, and other
    programs are known to the driver alone, so the smaller of both views counts. At least
    `DEVICE_FLOOR` stays free.
    """
    available = min(free_bytes, total_bytes - reserved_bytes)
    return max(0, available - max(DEVICE_FLOOR, margin_bytes))


def ram_needed(need: Need) -> int:
    """Bytes of RAM that must be available before a worker on the CPU is started."""
    return math.ceil(need.total * RAM_FACTOR)


def largest_fitting(quants: Mapping[str, int], overhead: int, budget: int) -> str:
    """The largest quant that would fit, for the advice of a refusal; nothing if none does.

    `quants` are bytes of weights by name; `overhead` is `Need.overhead` of any of them; `budget`
    is bytes.
    """
    fitting = {name: size for name, size in quants.items() if size + overhead <= budget}
    return max(fitting, key=lambda name: (fitting[name], name), default="")


class _Shape:
    """The measures of a model that the formulas are made of."""

    def __init__(self, header: GgufHeader) -> None:
        layers = header.number("block_count")
        self.n_embd = header.number("embedding_length")
        self.n_head = max(header.numbers("attention.head_count", layers), default=0)
        heads_kv = header.numbers("attention.head_count_kv", layers)
        given = f"{header.architecture}.attention.head_count_kv" in header.metadata
        self.heads_kv = heads_kv if given else (self.n_head,) * layers
        width = self.n_embd // self.n_head if self.n_head else 0
        self.key_length = header.number("attention.key_length", width)
        self.value_length = header.number("attention.value_length", width)
        used = header.number("expert_used_count")
        self.n_ff = max(
            max(header.numbers("feed_forward_length", layers), default=0),
            used * header.number("expert_feed_forward_length"),
        )
        self.n_vocab = header.number("vocab_size") or header.vocabulary
        self.window = header.number("attention.sliding_window")
        self.windowed = _windowed(header, layers) if self.window else (False,) * layers
        # Experts, latent attention and state-space layers have buffers of their own.
        self.is_dense = not (
            header.number("expert_count")
            or header.number("attention.kv_lora_rank")
            or any(key.startswith(f"{header.architecture}.ssm.") for key in header.metadata)
        )


def _windowed(header: GgufHeader, layers: int) -> tuple[bool, ...]:
    """For each layer whether it attends to the window alone. None where the file leaves it open:
    then every layer counts in full."""
    key = "attention.sliding_window_pattern"
    stated = header.metadata.get(f"{header.architecture}.{key}")
    if isinstance(stated, tuple):
        return tuple(bool(each) for each in header.numbers(key, layers))
    period = header.number(key) or WINDOW_PATTERNS.get(header.architecture, 0)
    return tuple(bool(period) and layer % period < period - 1 for layer in range(layers))


def _weights(parts: Sequence[GgufHeader], on_gpu: bool) -> int:
    sizes = {tensor.name: tensor.n_bytes for part in parts for tensor in part.tensors}
    total = sum(sizes.values())
    if on_gpu and "output.weight" in sizes:
        total -= sizes.get("token_embd.weight", 0)
    return total


def _padded(cells: int) -> int:
    return -(-cells // CONTEXT_STEP) * CONTEXT_STEP
