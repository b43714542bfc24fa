"""Does it fit: bytes of memory that a model needs, from its header alone.

Phase 6. Pure functions of a header, of the settings a worker runs with and of what a device has.

Source of the formulas: the buffers that llama.cpp (2026.10) reserves when it makes a context.
They were compared with its own report of those buffers in loads on the CPU, of the
`CHECKED_ARCHITECTURES`, with contexts from 256 to 32,768 tokens, one to four slots, batches of
128 to 8,192, with and without vectors, and, as workers are set up, with flash attention and a KV
cache of f16. Weights, KV cache and output are exact; the graph is within 0.9 %. What layers with a
state keep is exact for mamba, lfm2 and qwen35, made small for it. Everything else is an estimate,
says so, and the margin has to carry the rest: what a GPU's runtime takes, experts, latent
attention.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from rbee.hive.models.gguf.header import GgufHeader
from rbee.hive.models.pooling import RANKS, batch_of, longest_request, pooling_of
from rbee.wire.limits import MOST_PIXELS, MOST_PIXELS_IN_ALL
from rbee.wire.placement import DEVICE_FLOOR
from rbee.wire.settings import Settings

#: Where the formulas were compared with what the engine reserves.
CHECKED_ARCHITECTURES = frozenset({"bert", "gemma2", "gemma3", "llama", "phi3", "qwen2", "qwen3"})

#: Architectures that see a whole text at once and keep nothing of it: no KV cache at all
#: (`llama_model::create_memory`).
WITHOUT_CACHE = frozenset(
    {
        *("bert", "dream", "eurobert", "gemma-embedding", "jina-bert-v2", "jina-bert-v3"),
        *("llada", "llada-moe", "modern-bert", "neo-bert", "nomic-bert"),
        *("nomic-bert-moe", "rnd1", "wavtokenizer-dec"),
    }
)
#: Architectures all of whose layers keep a state of fixed size in the place of a KV cache
#: (`llm_arch_is_recurrent`).
RECURRENT = frozenset({"arwkv7", "mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7"})
#: Architectures each of whose layers has both.
_ATTEND_AND_KEEP_STATE = frozenset({"falcon-h1"})
#: Of each group of so many layers the last alone attends, where the file does not say it (the
#: default of `full_attention_interval` in llama.cpp's loader).
ATTENTION_INTERVALS: Mapping[str, int] = {"qwen35": 4, "qwen35moe": 4, "qwen3next": 4}

#: Bytes of one element of the KV cache: f16.
_KV_BYTES = 2
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

#: A shorter context is no advice to give (tokens).
_SHORTEST_CONTEXT = 512
#: A state is kept in f32.
_STATE_BYTES = 4
#: More than any machine has (bytes).
_MOST = 2**51
#: Projectors that scale each picture, or each piece of one, to a fixed size; and the most patches
#: that the others make of one: four for each of 4,096 tokens (`set_limit_image_tokens` of
#: llama.cpp's loader).
_OF_ONE_SIZE = frozenset(
    {
        *("mlp", "mlp_norm", "ldp", "ldpv2", "adapter", "resampler", "gemma3", "gemma3nv"),
        *("idefics3", "internvl", "janus_pro", "llama4", "cogvlm", "nemotron_v2_vl", "yasa2"),
    }
)
_PATCHES = 4 * 4096
#: Bytes of a pixel while pictures are unpacked: of all of a request, and of the current one.
_UNPACKED, _UNPACKING = 3, 12
#: RAM of a worker's process without its model (bytes).
WORKER_ITSELF = 40 * 1024 * 1024
#: What may be taken without a model: by a worker with the threads that serve, 170 MB when measured;
#: by the stack of each thread of the engine; by the driver of a GPU (bytes).
_BESIDES = 256 * 1024 * 1024
_STACK = 8 * 1024 * 1024
_DRIVER = 8 * 1024 * 1024 * 1024


class Need(msgspec.Struct, frozen=True):
    """Bytes that a worker takes for a model, by what they are for.

    `kv` is what a layer keeps of the tokens it has seen, in whatever form; `sight` a projector,
    with its graph, and `draft` all that a model takes which writes ahead. `is_estimate` is true
    where the formulas have not been compared with the engine. `unread` are the bytes of the weights
    that no single token reads.
    """

    weights: int
    kv: int
    compute: int
    output: int
    is_estimate: bool
    unread: int = 0
    sight: int = 0
    draft: int = 0

    @property
    def total(self) -> int:
        """All of it, in bytes."""
        return self.weights + self.overhead

    @property
    def overhead(self) -> int:
        """What comes on top of the weights, in bytes: the same for every quant of a model."""
        return self.kv + self.compute + self.output + self.sight + self.draft

    @classmethod
    def sum(cls, needs: Iterable[Need]) -> Need:
        """What all parts of a model take."""
        rows = [msgspec.structs.astuple(need) for need in needs]
        weights, kv, compute, output, estimates, *others = map(sum, zip(*rows))
        return cls(weights, kv, compute, output, bool(estimates), *others)

    def beside(self, draft: Need) -> Need:
        """What it takes together with a model that writes ahead of it."""
        estimated = self.is_estimate or draft.is_estimate
        return msgspec.structs.replace(self, draft=draft.total, is_estimate=estimated)

    def read_for_a_token(self, slots: int) -> int:
        """The bytes that an engine with `slots` slots reads to make one token, with half of the
        context of a slot in use."""
        return self.weights - self.unread + self.kv // (2 * slots)


def worker_need(
    headers: Sequence[GgufHeader],
    context: int,
    slots: int,
    on_gpu: bool = False,
    batch: int | None = None,
) -> Need:
    """What a worker needs that loads the model with all layers on one device, and works through
    `batch` tokens at once (None: those of `batch_of` there).

    `headers` is one header, or those of all parts of a split model in order, behind them that of
    its projector; each of `slots` slots has `context` tokens. On a GPU the table of token
    embeddings stays in RAM where the output has a tensor of its own; on the CPU it counts. A worker
    that can make vectors has the engine reserve the logits of a whole batch.

    Formula: with ``cells`` = context cells per slot, a multiple of `CONTEXT_STEP`, and ``ub`` = the
    tokens of a batch; slots that share their cells (`longest_request`) count as one that has all
    of them, and the windows of all::

        weights = bytes of all tensors [- token_embd]
        KV      = sum over layers that attend:
                      cells(layer) * slots * n_head_kv * 2*(d_k + d_v)
                  + sum over layers with a state: slots * 4 * (size of the state)
        compute = 4*ub*max(dense, [n_vocab + 5*n_embd]) + 2*ub*cells [+ 2*ub*window]
        dense   = 3*n_ff + 5*n_embd, or n_ff + 5*n_embd where an encoder's feed-forward has no
                  gate, or 5*(n_embd + n_inner) where that is more
        output  = 4 * slots * (n_vocab [+ n_embd])

    where layers with a sliding window have ``window + ub`` cells, padded, if that is fewer. A
    model `WITHOUT_CACHE` has ``ub`` cells in its graph, no KV and no logits.
    """
    headers, sight = apart_from_sight(headers)
    head = headers[0]
    shape = _Measures(head)
    vectors = pooling_of(head) not in RANKS
    batch = batch or batch_of(headers, context, on_cpu=not on_gpu)
    return Need(
        weights=_bounded(_weights(headers, on_gpu)),
        kv=_bounded(sum(kv_by_layer(head, context, slots, batch))),
        compute=_bounded(graph(headers, context, slots, batch, output=True)),
        output=_bounded(4 * slots * (shape.n_vocab + (shape.n_embd if vectors else 0))),
        is_estimate=bool(sight)
        or not shape.is_dense
        or head.architecture not in CHECKED_ARCHITECTURES,
        unread=_bounded(_unread(headers, on_gpu)),
        sight=_bounded(sight),
    )


def apart_from_sight(headers: Sequence[GgufHeader]) -> tuple[Sequence[GgufHeader], int]:
    """The headers of the model itself, and what its projector takes (bytes).

    That is its weights and the graph of its encoder, which sees one picture, or one piece of a
    large one, at a time, in ``n`` patches: as many as its file says, or of kinds that take a
    picture as it is as many as they see of one at most::

        graph = 4 * n * (4*n_embd + n_ff)

    With flash attention, for LLaVA's kind, that was 5 and 7 % above what llama.cpp reserves.
    """
    sight = 0
    for header in headers:
        if not header.is_projector:
            continue
        patch = header.number("vision.patch_size")
        side = header.number("vision.image_size") // patch if patch else 0
        kind = header.metadata.get("clip.projector_type")
        patches = side * side if kind in _OF_ONE_SIZE else max(side * side, _PATCHES)
        wide, inner = (
            header.number(f"vision.{name}") for name in ("embedding_length", "feed_forward_length")
        )
        sight += header.weights.n_bytes + 4 * patches * (4 * wide + inner)
    return [header for header in headers if not header.is_projector], sight


def of_unused_experts(header: GgufHeader, n_bytes: int) -> int:
    """What of so many bytes of experts one token leaves unread."""
    count, used = header.number("expert_count"), header.number("expert_used_count")
    return n_bytes - n_bytes * used // count if 0 < used < count else 0


def graph(
    headers: Sequence[GgufHeader], context: int, slots: int, batch: int, *, output: bool
) -> int:
    """The bytes of a model's graph, see `worker_need`; without `output` that of layers alone."""
    headers, _ = apart_from_sight(headers)
    head = headers[0]
    shape = _Measures(head)
    vectors = output and pooling_of(head) not in RANKS
    ub = min(batch, context * slots)
    cells, window, _ = _cells(head, shape, context, slots, ub)
    attends = shape.keeps_nothing or any(shape.heads_kv)
    masked = window if any(shape.windowed) else 0
    gated = any(part.weights.gated for part in headers)
    dense = (1 if shape.keeps_nothing and not gated else 3) * shape.n_ff + 5 * shape.n_embd
    dense = max(dense, 5 * (shape.n_embd + shape.n_inner) if shape.n_inner else 0)
    logits = shape.n_vocab + 5 * shape.n_embd if vectors and not shape.keeps_nothing else 0
    return 4 * ub * max(dense, logits) + 2 * ub * (attends * cells + masked)


def kv_by_layer(header: GgufHeader, context: int, slots: int, batch: int) -> list[int]:
    """What each layer keeps of `slots` slots of `context` tokens, in bytes; see `worker_need`."""
    shape = _Measures(header)
    ub = min(batch, context * slots)
    cells, window, apart = _cells(header, shape, context, slots, ub)
    row = _KV_BYTES * (shape.key_length + shape.value_length)
    state = _STATE_BYTES * shape.state
    layers = zip(shape.heads_kv, shape.windowed, shape.keep_state, strict=True)
    return [
        apart * (window if windowed else cells) * heads * row + (slots * state if keeps else 0)
        for heads, windowed, keeps in layers
    ]


def largest_context(
    headers: Sequence[GgufHeader], asked: int, fits: Callable[[Need], bool], on_gpu: bool
) -> int:
    """The largest of the halves of `asked` tokens with which a worker of one slot fits; 0: none.

    For the advice of a refusal.
    """
    context = asked // 2
    while context >= _SHORTEST_CONTEXT:
        if fits(worker_need(headers, context, 1, on_gpu)):
            return context
        context //= 2
    return 0


def gpu_budget(*, total_bytes: int, free_bytes: int, reserved_bytes: int, margin_bytes: int) -> int:
    """Bytes of a GPU that a new worker may take; not below 0.

    `free_bytes` is what the driver calls free, `reserved_bytes` what running and loading workers
    of this hive have been promised: a worker that loads has not taken all of it yet, and other
    programs are known to the driver alone, so the smaller of both views counts. At least
    `DEVICE_FLOOR` stays free.
    """
    available = min(free_bytes, total_bytes - reserved_bytes)
    return max(0, available - max(DEVICE_FLOOR, margin_bytes))


def ram_budget(*, total_bytes: int, free_bytes: int, reserved_bytes: int) -> int:
    """Bytes of RAM that a new worker may take; not below 0.

    `free_bytes` is what the system, or the control group, has left. The weights of the workers
    that run count as free there, for they can be read again; but who takes that room reads them
    again for each token, so what has been promised is not promised twice.
    """
    return max(0, min(free_bytes, total_bytes - reserved_bytes))


def ram_needed(need: Need, factor: float) -> int:
    """Bytes of RAM that must be available before a worker on the CPU is started.

    `factor` over the model's own, but at least what the worker itself takes.
    """
    return max(math.ceil(need.total * factor), need.total + WORKER_ITSELF)


def ram_room(free: int, factor: float) -> int:
    """The most bytes a part of a model may take for `ram_needed` to be no more than `free`."""
    return max(0, min(int(free / factor), free - WORKER_ITSELF))


def memory_limit(
    need: Need, settings: Settings, *, on_gpu: bool, threads: int, slots: int = 1
) -> int:
    """Bytes of memory of its own that a worker may take at most, whatever it loads or is asked; 0:
    settings bound it by none.

    What was promised for its model (see `ram_needed`), where that is an estimate once more as
    much; what its process takes besides, the stacks of its threads among it, which count in full;
    what the pictures of `slots` requests do while they are unpacked; and a margin, which requests
    are read and answered in. Weights count in full although they
    are mapped, since an engine may lay them out anew. On a GPU `need` is the device's, and what
    passes through the RAM is bounded by it and the driver's own.
    """
    if not settings.worker_margin_mib:
        return 0
    promised = ram_needed(need, settings.ram_factor) * (2 if need.is_estimate else 1)
    itself = _BESIDES + 2 * threads * _STACK + (_DRIVER if on_gpu else 0)
    if need.sight:
        itself += slots * (MOST_PIXELS_IN_ALL * _UNPACKED + MOST_PIXELS * _UNPACKING)
    return promised + itself + (settings.prompt_cache_mib + settings.worker_margin_mib) * 2**20


def largest_fitting(quants: Mapping[str, int], overhead: int, budget: int) -> str:
    """The largest quant that would fit, for the advice of a refusal; nothing if none does.

    `quants` are bytes of weights by name; `overhead` is `Need.overhead` of any of them; `budget`
    is bytes.
    """
    fitting = {name: size for name, size in quants.items() if size + overhead <= budget}
    return max(fitting, key=lambda name: (fitting[name], name), default="")


class _Measures:
    """The measures of a model that the formulas are made of."""

    def __init__(self, header: GgufHeader) -> None:
        layers = header.number("block_count")
        self.n_embd = header.number("embedding_length")
        self.n_head = max(header.numbers("attention.head_count", layers), default=0)
        self.keeps_nothing = header.architecture in WITHOUT_CACHE
        heads_kv = header.numbers("attention.head_count_kv", layers)
        given = f"{header.architecture}.attention.head_count_kv" in header.metadata
        attends = _attends(header, heads_kv if given else None, layers)
        self.heads_kv = tuple(
            (each if given else self.n_head) if attending else 0
            for each, attending in zip(heads_kv, attends, strict=True)
        )
        self.state = _state(header)
        both = header.architecture in _ATTEND_AND_KEEP_STATE
        self.keep_state = tuple(both or not attending for attending in attends)
        width = self.n_embd // self.n_head if self.n_head else 0
        self.key_length = header.number("attention.key_length", width)
        self.value_length = header.number("attention.value_length", width)
        used = header.number("expert_used_count")
        self.n_ff = max(
            max(header.numbers("feed_forward_length", layers), default=0),
            used * header.number("expert_feed_forward_length"),
        )
        self.n_inner = header.number("ssm.inner_size")
        self.n_vocab = header.number("vocab_size") or header.vocabulary
        self.window = header.number("attention.sliding_window")
        self.windowed = _windowed(header, layers) if self.window else (False,) * layers
        # Experts, latent attention and layers with a state have buffers of their own.
        self.is_dense = not (
            header.number("expert_count") or header.number("attention.kv_lora_rank") or self.state
        )


def _attends(header: GgufHeader, heads_kv: Sequence[int] | None, layers: int) -> tuple[bool, ...]:
    """For each layer whether it has a KV cache. `heads_kv`, where given, is 0 for one without."""
    if header.architecture in WITHOUT_CACHE | RECURRENT:
        return (False,) * layers
    default = ATTENTION_INTERVALS.get(header.architecture, 0)
    interval = header.number("full_attention_interval", default)
    return tuple(
        (heads_kv is None or heads_kv[layer] > 0) and (not interval or (layer + 1) % interval == 0)
        for layer in range(layers)
    )


def _state(header: GgufHeader) -> int:
    """Numbers that a layer with a state keeps of one sequence (`n_embd_r` and `n_embd_s` of
    llama.cpp's `llama_hparams`); 0 where the file tells of none."""
    wide = header.number("embedding_length")
    if head := header.number("wkv.head_size"):  # RWKV
        return wide * (header.number("token_shift_count", 2) + head)
    if steps := header.number("shortconv.l_cache"):  # LFM2
        return wide * (steps - 1)
    if head := header.number("kda.head_dim"):  # Kimi Linear
        count = max(header.numbers("attention.head_count", 1))
        steps = header.number("ssm.conv_kernel", 1) - 1
        return 3 * steps * count * head + head * head * count
    inner, depth = header.number("ssm.inner_size"), header.number("ssm.state_size")
    steps = max(header.number("ssm.conv_kernel") - 1, 0)
    return steps * (inner + 2 * header.number("ssm.group_count") * depth) + depth * inner


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
    total = sum(part.weights.n_bytes for part in parts)
    if on_gpu and any(part.weights.has_output for part in parts):
        total -= sum(part.weights.embedding for part in parts)
    return total


def _unread(parts: Sequence[GgufHeader], on_gpu: bool) -> int:
    """The experts that a token does not use, and a table of the tokens that is no output: a token
    reads one row of it."""
    experts = sum(sum(part.weights.experts.values()) for part in parts)
    table = 0
    if not on_gpu and any(part.weights.has_output for part in parts):
        table = sum(part.weights.embedding for part in parts)
    return of_unused_experts(parts[0], experts) + table


def _bounded(n_bytes: int) -> int:
    """Cut at what no machine has, so that a message can carry it."""
    return max(0, min(n_bytes, _MOST))


def _cells(
    header: GgufHeader, shape: _Measures, context: int, slots: int, ub: int
) -> tuple[int, int, int]:
    """The cells for a layer that sees all of them, and for one that sees a window; and how often
    there are so many: once where the slots share them, else once for each slot."""
    shared = longest_request(header, context, slots) > context
    apart, together = (1, slots) if shared else (slots, 1)
    cells = ub if shape.keeps_nothing else _padded(context * together)
    window = min(cells, _padded(shape.window * together + ub)) if shape.window else cells
    return cells, window, apart


def _padded(cells: int) -> int:
    return -(-cells // CONTEXT_STEP) * CONTEXT_STEP
