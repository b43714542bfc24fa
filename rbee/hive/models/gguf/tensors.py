"""The table of tensors in a header of GGUF: their types, and what they come to.

Block sizes of the types as in ggml's ``ggml-common.h``.
"""

from __future__ import annotations

import itertools
import re
from array import array

import msgspec

from rbee.hive.models.gguf.window import invalid

#: Real ones have some thousands of tensors; 400 experts in 60 layers, each apart, are 72,000.
MOST_TENSORS = 128 * 1024
#: llama.cpp takes 512 layers; the largest models have a hundred or two.
MOST_LAYERS = 2048
#: Where a tensor may end, behind the header; above every disk (bytes).
_LARGEST_OFFSET = 2**56
#: ggml has some 40 types by now.
_MOST_TYPES = 1024
#: A tensor of a layer, and whether it is of its experts.
_LAYER = re.compile(rb"blk\.(\d{1,6})\.(ffn_(?:gate|up|down|gate_up)_(?:ch)?exps)?")

#: ggml tensor type -> (name, elements in a block, bytes of a block).
TENSOR_TYPES: dict[int, tuple[str, int, int]] = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22), 7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34), 9: ("Q8_1", 32, 40), 10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110), 12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292), 16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136), 24: ("I8", 1, 1), 25: ("I16", 1, 2),
    26: ("I32", 1, 4), 27: ("I64", 1, 8), 28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56), 30: ("BF16", 1, 2), 34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66), 39: ("MXFP4", 32, 17), 40: ("NVFP4", 64, 36),
    41: ("Q1_0", 128, 18),
}  # fmt: skip


class Weights(msgspec.Struct, frozen=True):
    """What the tensor table comes to: sizes in bytes, without padding.

    `end` is where the last tensor ends, from the header's `data_offset` on; `embedding` what the
    table of the tokens takes. `has_output` is whether the output has weights of its own, `gated`
    whether a feed-forward has a gate. `layers` are the bytes of each layer that has tensors here,
    by its number, `experts` what of them are those of experts.
    """

    count: int = 0
    n_bytes: int = 0
    end: int = 0
    embedding: int = 0
    has_output: bool = False
    gated: bool = False
    layers: dict[int, int] = {}
    experts: dict[int, int] = {}


class TensorTable:
    """The sums of the tensor table, row by row.

    Tensors lie behind one another, so one of a type newer than `TENSOR_TYPES` gets the room up
    to the next (and the last one none).
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._names = array("q")
        self._offsets = array("Q")
        self._unknown: dict[int, list[int]] = {}
        self._held: dict[int, int] = {}
        self._end = self._embedding = 0
        self._has_output = self._gated = False
        self._layers: dict[int, int] = {}
        self._experts: dict[int, int] = {}

    def add(self, name: bytes, elements: int, kind: int, offset: int) -> None:
        """Takes a row in. Raises `model_invalid`."""
        if kind >= _MOST_TYPES:
            raise invalid(self._name, f"has a tensor of unknown type {kind}")
        n_bytes = 0
        if kind in TENSOR_TYPES:
            _, block, block_bytes = TENSOR_TYPES[kind]
            n_bytes = -(-elements // block) * block_bytes
        else:
            self._unknown.setdefault(kind, []).append(offset)
        if offset + n_bytes > _LARGEST_OFFSET:
            raise invalid(self._name, "has a tensor that would end beyond every disk")
        self._names.append(hash(name))
        self._offsets.append(offset)
        self._held[kind] = self._held.get(kind, 0) + n_bytes
        self._end = max(self._end, offset + n_bytes)
        if name == b"token_embd.weight":
            self._embedding = n_bytes
        self._has_output |= name == b"output.weight"
        self._gated |= b".ffn_gate" in name
        if layer := _LAYER.match(name):
            number = int(layer[1])
            if number > MOST_LAYERS:
                raise invalid(self._name, f"has a tensor of layer {number}")
            self._layers[number] = self._layers.get(number, 0) + n_bytes
            if layer[2]:
                self._experts[number] = self._experts.get(number, 0) + n_bytes

    def sums(self) -> tuple[Weights, str]:
        """What all rows come to, and the type that holds most of their bytes."""
        names = sorted(self._names)
        if any(one == other for one, other in itertools.pairwise(names)):
            raise invalid(self._name, "has two tensors of one name")
        if self._unknown:
            offsets = sorted(set(self._offsets))
            following = dict(itertools.pairwise(offsets))
            for kind, those in self._unknown.items():
                self._held[kind] = sum(following.get(each, each) - each for each in those)
        total = sum(self._held.values())
        if total > _LARGEST_OFFSET:
            raise invalid(self._name, "has tensors that no disk would hold")
        most = max(self._held, key=lambda kind: self._held[kind], default=-1)
        quant = TENSOR_TYPES[most][0] if most in TENSOR_TYPES else f"type {most}"
        weights = Weights(
            count=len(self._names),
            n_bytes=total,
            end=self._end,
            embedding=self._embedding,
            has_output=self._has_output,
            gated=self._gated,
            layers=self._layers,
            experts=self._experts,
        )
        return weights, quant if self._held else ""
