"""How a model makes one vector of a text, from its header alone. Pure.

A model that was made for vectors names its way in its header. Of any other the last token's is
taken, which has seen all of the text; of an encoder without a word about it, the mean of all.
"""

from __future__ import annotations

from collections.abc import Sequence

from rbee.hive.models.gguf.header import GgufHeader
from rbee.wire.messages.models import Makes
from rbee.wire.messages.workers import Pooling

#: Values of `pooling_type` (enum llama_pooling_type in llama.cpp's ``llama.h``).
_MEAN, _CLS, _LAST, _RANK = 1, 2, 3, 4
#: Architectures of which llama.cpp tells how well a text answers another as a share of 1.
_SHARES = ("qwen3", "qwen3vl")

#: The ways of models that make no vectors.
RANKS = ("rank", "share")

#: Tokens that the engine works through at once, unless it has to see a whole text at once.
_BATCH = 512
#: The same on a CPU. It reads a prompt as fast, and whoever writes beside a long one has a token
#: with each batch. (Of 2,000 tokens SmolLM2 read 250 a second so, 251 with 512, and 236 with 128.)
_BATCH_ON_CPU = 256
#: Context of a model that was trained with more, unless more is asked for (tokens).
_LARGEST_DEFAULT_CONTEXT = 8192
#: The same for one that has to see a text as a whole, which takes memory by its length.
_LARGEST_DEFAULT_TEXT = 2048


def pooling_of(header: GgufHeader) -> Pooling:
    """The way of a model, in the words that a worker is told."""
    stated = header.number("pooling_type")
    if stated == _RANK:
        return "share" if header.architecture in _SHARES else "rank"
    if stated in (_MEAN, _CLS, _LAST):
        return "own"
    return "mean" if _is_encoder(header) else "last"


def makes(header: GgufHeader) -> Makes:
    """What comes of a model."""
    if pooling_of(header) in RANKS:
        return "ranks"
    return "vectors" if reads_whole(header) or pooling_of(header) == "own" else "texts"


def reads_whole(header: GgufHeader) -> bool:
    """Whether the engine has to see all of a text at once: its memory grows with the length."""
    return header.number("pooling_type") in (_MEAN, _CLS, _RANK) or _is_encoder(header)


def batch_of(headers: Sequence[GgufHeader], context: int, *, on_cpu: bool = False) -> int:
    """How many tokens the engine is to work through at once, with a context of so many; `on_cpu`:
    on nothing else.

    Experts are read anew for each batch, and a picture has to be in one, so that both want large
    ones there, too.
    """
    head = headers[0]
    if reads_whole(head):
        return context
    wants_large = head.number("expert_count") or any(each.is_projector for each in headers)
    return _BATCH_ON_CPU if on_cpu and not wants_large else _BATCH


def default_context(header: GgufHeader) -> int:
    """Tokens of context of a worker for which nobody has asked for another."""
    most = _LARGEST_DEFAULT_TEXT if reads_whole(header) else _LARGEST_DEFAULT_CONTEXT
    return min(header.context_length or most, most)


def longest_request(header: GgufHeader, context: int, slots: int) -> int:
    """Tokens that one request may fill where `slots` slots of `context` tokens share them: all that
    the others leave, as far as the model was made for it."""
    if reads_whole(header):
        return context
    return min(context * slots, max(context, header.context_length))


def _is_encoder(header: GgufHeader) -> bool:
    return header.metadata.get(f"{header.architecture}.attention.causal") is False
