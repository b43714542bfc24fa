"""What the header of a GGUF file says, without reading the weights behind it.

Phase 6 reads it from the hub by range, before a download, to answer "does it fit"; phase 7
reads it from the disk, after one, so that no broken file enters the catalog.

Whoever made the file may mean harm. Every count and length is compared with a bound before
anything is made of it, what is not needed is stepped over, and of the tensor table only its sums
are kept: reading takes a few MB of memory and at most a second or two, whatever a file holds. The
bounds are far above every model that is known.

Format: GGUF versions 2 and 3, little endian, as specified in ggml's ``docs/gguf.md``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable

import msgspec

from rbee.hive.models.gguf.tensors import MOST_LAYERS, MOST_TENSORS, TensorTable, Weights
from rbee.hive.models.gguf.window import (
    MOST_TEXTS,
    TEMPLATE,
    Length,
    MetaValue,
    Window,
    beyond,
    invalid,
    wrong_type,
)
from rbee.process.content import open_regular
from rbee.wire.errors import RbeeError, model_unreadable
from rbee.wire.messages.basics import LARGEST_CONTEXT

#: Real ones have up to a hundred keys.
MOST_KEYS = 16 * 1024
#: A model is cut into a hundred files at most.
MOST_PARTS = 1024
#: llama.cpp takes powers of two; writers take 32 (bytes).
LARGEST_ALIGNMENT = 1024 * 1024

#: The numbers that rbee reckons with, by their key without the architecture: the least and the most
#: that each may be.
_NUMBERS: dict[str, tuple[int, int]] = {
    "attention.head_count": (0, 2**14),
    "attention.head_count_kv": (0, 2**14),
    "attention.key_length": (0, 2**16),
    "attention.kv_lora_rank": (0, 2**20),
    "attention.sliding_window": (0, 2**32),
    "attention.sliding_window_pattern": (0, 2**32),
    "attention.value_length": (0, 2**16),
    "block_count": (0, MOST_LAYERS),
    "context_length": (0, LARGEST_CONTEXT),
    "embedding_length": (0, 2**20),
    "expert_count": (0, 2**16),
    "expert_feed_forward_length": (0, 2**24),
    "expert_used_count": (0, 2**16),
    "feed_forward_length": (0, 2**24),
    "full_attention_interval": (0, 2**32),
    "kda.head_dim": (0, 2**16),
    "pooling_type": (-1, 2**31),
    "shortconv.l_cache": (0, 2**16),
    "ssm.conv_kernel": (0, 2**16),
    "ssm.group_count": (0, 2**16),
    "ssm.inner_size": (0, 2**22),
    "ssm.state_size": (0, 2**20),
    "token_shift_count": (0, 2**16),
    "vision.embedding_length": (0, 2**20),
    "vision.feed_forward_length": (0, 2**24),
    "vision.image_size": (0, 2**16),
    "vision.patch_size": (0, 2**16),
    "vocab_size": (0, MOST_TEXTS),
    "wkv.head_size": (0, 2**16),
}
#: Those of them that are one number; the others may be one for each layer.
_ONE_NUMBER = ("block_count", "context_length", "embedding_length", "vocab_size")
_TOKENS = "tokenizer.ggml.tokens"
#: The architecture of projectors of all kinds.
_PROJECTOR = "clip"
#: What is no model, by its architecture or by what it calls itself.
_OF_MODELS = {
    _PROJECTOR: "a projector, by which a model is shown pictures or sounds",
    "mmproj": "a projector, by which a model is shown pictures or sounds",
    "adapter": "an adapter, which changes a model",
    "imatrix": "the statistics that quants are made with",
}
_ARCHITECTURE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

#: general.file_type -> the quant's name (enum llama_ftype in llama.cpp's ``llama.h``).
QUANT_NAMES: dict[int, str] = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0",
    9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S", 12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S",
    15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS",
    21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S",
    27: "IQ3_M", 28: "IQ2_S", 29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16",
    36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4_MOE", 39: "NVFP4", 40: "Q1_0",
}  # fmt: skip


class GgufHeader(msgspec.Struct, frozen=True):
    """The header of one GGUF file.

    `quant` is the name of the file's quantisation; `split_count` is the number of files the model
    was cut into (1 if it was not) and `split_no` this one's place, from 0: only number 0 carries
    the model's metadata. `data_offset` and `expected_file_size` are bytes, and so is `kept`: what
    the header takes in memory, roughly.
    """

    architecture: str
    metadata: dict[str, MetaValue]
    weights: Weights
    quant: str
    split_count: int
    split_no: int
    data_offset: int
    expected_file_size: int
    kept: int = 0

    @property
    def is_projector(self) -> bool:
        """Whether it is no language model, but turns pictures into what one reads."""
        encodes = self.metadata.get(f"{_PROJECTOR}.has_vision_encoder")
        return self.architecture == _PROJECTOR and encodes is True

    @property
    def context_length(self) -> int:
        """The context that it was trained with, in tokens; 0 if the file does not say."""
        return self.number("context_length")

    @property
    def vocabulary(self) -> int:
        """Number of tokens that the tokenizer knows, 0 if the file has none."""
        return self.tokens.count

    @property
    def tokens(self) -> Length:
        """Where the texts of its vocabulary are."""
        tokens = self.metadata.get(_TOKENS)
        return tokens if isinstance(tokens, Length) else Length(0)

    def number(self, key: str, default: int = 0) -> int:
        """The whole number under `key` without its architecture prefix, or `default`.

        It is in its bounds: only a key of `_NUMBERS` can be asked for.
        """
        assert key in _NUMBERS, key
        value = self.metadata.get(f"{self.architecture}.{key}")
        return int(value) if isinstance(value, int) else default

    def numbers(self, key: str, length: int) -> tuple[int, ...]:
        """`length` whole numbers under `key`: an array as it is, then 0; or one number repeated."""
        assert key in _NUMBERS, key
        value = self.metadata.get(f"{self.architecture}.{key}")
        if isinstance(value, tuple):
            padded = [int(each) for each in value[:length]]
            return tuple(padded + [0] * (length - len(padded)))
        return (self.number(key),) * length


def read_header(read: Callable[[int, int], bytes], name: str = "the model file") -> GgufHeader:
    """The header of the file that `read(offset, size)` gives access to.

    `read` returns the bytes from `offset` on, fewer than `size` only at the end of the file; it
    is asked once for headers up to `FIRST_WINDOW` and at most four times for one of 8 MB.
    `name` stands for the file in messages.

    Raises `RbeeError` `model_invalid` when this is no GGUF, one that ends inside its header, or one
    that says what no model does.
    """
    window = Window(read, name)
    magic = window.take(4)
    if magic != b"GGUF":
        raise _not_gguf(name, magic)
    version = window.number("I")
    if version not in (2, 3):
        wrong = f"is GGUF version {version}, and only 2 and 3 are known"
        if version & 0xFFFF == 0:
            wrong = "is a big-endian GGUF"
        raise invalid(name, wrong, "get the model as GGUF version 3")
    tensor_count = window.number("Q")
    if tensor_count > MOST_TENSORS:
        raise beyond(name, f"{tensor_count} tensors", MOST_TENSORS)
    pair_count = window.number("Q")
    if pair_count > MOST_KEYS:
        raise beyond(name, f"{pair_count} keys", MOST_KEYS)
    metadata: dict[str, MetaValue] = {}
    for _ in range(pair_count):
        key = window.key()
        if key in metadata:
            raise invalid(name, f"has the key {key[:64]!r} twice")
        metadata[key] = window.value(window.number("I"), key)
    table = TensorTable(name)
    for _ in range(tensor_count):
        table.add(*window.tensor_row())
    weights, quant = table.sums()

    architecture, split_count, split_no = _checked(metadata, name)
    alignment = _alignment(metadata, name)
    end = window.position
    data_offset = -(-end // alignment) * alignment
    return GgufHeader(
        architecture=architecture,
        metadata=metadata,
        weights=weights,
        quant=_quant_name(metadata) or quant,
        split_count=split_count,
        split_no=split_no,
        data_offset=data_offset,
        expected_file_size=data_offset + weights.end if weights.count else end,
        kept=window.kept,
    )


def header_of_file(path: str) -> GgufHeader:
    """The header of the GGUF file at `path`, checked against the size the file really has.

    Blocks. Raises `RbeeError`: `model_not_found` when there is no such file or it cannot be read,
    `model_invalid` when it is no GGUF, has been cut off, or changes while it is read.
    """
    try:
        with open_regular(path) as file:
            before = os.fstat(file)
            size = before.st_size
            if not size:  # so do files of the kernel say, some of which never end
                raise invalid(path, "is empty")

            def read(offset: int, count: int) -> bytes:
                return os.pread(file, max(0, min(count, size - offset)), offset)

            header = read_header(read, path)
            after = os.fstat(file)
    except OSError as error:
        raise model_unreadable(path, error) from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise changing(path)
    check_size(header, size, path)
    return header


def changing(path: str) -> RbeeError:
    """The error for a file that is another one than a moment ago."""
    return RbeeError(
        "model_invalid",
        f"{path} is being written: it changed while its header was read",
        "wait until it is whole, then ask again",
        {"file": path},
    )


def require_model(header: GgufHeader, name: str) -> None:
    """Refuse a file, the first of its model, that says that it is none but belongs to one.

    Raises `RbeeError` `model_invalid`.
    """
    kind = header.metadata.get("general.type")
    what = _OF_MODELS.get(header.architecture) or _OF_MODELS.get(str(kind))
    if what is None and header.split_count == 1 and not header.weights.count:
        what = "a vocabulary without weights"
    if what is not None:
        raise invalid(name, f"is {what}, and no model", "name the model that it belongs to")


def check_size(header: GgufHeader, size: int, name: str) -> None:
    """Refuse a file of `size` bytes that ends before the last tensor of its header does.

    Raises `RbeeError` `model_invalid`.
    """
    if size < header.expected_file_size:
        raise invalid(
            name,
            f"is cut off: it has {size} bytes, its header promises {header.expected_file_size}",
            "fetch or copy the file again",
        )


def _checked(metadata: dict[str, MetaValue], name: str) -> tuple[str, int, int]:
    """The architecture, the number of parts and which one this is; all that rbee reckons with is
    of the type and within the bounds that it has in a model. Raises `model_invalid`."""
    split_count = _number(metadata, "split.count", (0, MOST_PARTS), name) or 1
    split_no = _number(metadata, "split.no", (0, MOST_PARTS), name)
    if split_no >= split_count:
        raise invalid(name, f"is part {split_no + 1} of {split_count}")
    _number(metadata, "split.tensors.count", (0, MOST_TENSORS), name)
    architecture = metadata.get("general.architecture", "")
    if architecture == "" and split_no == 0:
        raise invalid(name, "does not say which architecture it has")
    if architecture != "":
        if not isinstance(architecture, str) or not _ARCHITECTURE.fullmatch(architecture):
            raise invalid(name, "has an architecture that is not called as one")
        for key, bounds in _NUMBERS.items():
            _number(metadata, f"{architecture}.{key}", bounds, name)
    if not isinstance(metadata.get(TEMPLATE, ""), str):
        raise wrong_type(name, TEMPLATE, "a text")
    return str(architecture), split_count, split_no


def _number(metadata: dict[str, MetaValue], key: str, bounds: tuple[int, int], name: str) -> int:
    """The whole number under a key, 0 where there is none or one for each layer. Raises
    `model_invalid` where it is none, or out of bounds."""
    value = metadata.get(key, 0)
    single = key.partition(".")[2] in _ONE_NUMBER or key.startswith("split.")
    each_of = value if isinstance(value, tuple) and not single else (value,)
    for each in each_of:
        if not isinstance(each, int):
            raise wrong_type(name, key, "a whole number")
        if not bounds[0] <= each <= bounds[1]:
            raise invalid(name, f"has {key} {each}; {bounds[0]} to {bounds[1]} can be")
    return value if isinstance(value, int) else 0


def _alignment(metadata: dict[str, MetaValue], name: str) -> int:
    alignment = metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or isinstance(alignment, bool):
        raise wrong_type(name, "general.alignment", "a whole number")
    if not 1 <= alignment <= LARGEST_ALIGNMENT or alignment & (alignment - 1):
        raise invalid(name, f"has an alignment of {alignment} bytes; a power of two belongs there")
    return alignment


def _quant_name(metadata: dict[str, MetaValue]) -> str:
    """The quant as the file names it, or nothing."""
    kind = metadata.get("general.file_type")
    # Bit 10 marks a guess of the writer's.
    return QUANT_NAMES.get(kind & ~1024, "") if isinstance(kind, int) else ""


def _not_gguf(name: str, start: bytes) -> RbeeError:
    if start == b"vers":
        return invalid(name, "is a Git LFS pointer, not the model", "run: git lfs pull")
    if start[:1] == b"<":
        return invalid(name, "is a web page, not a model", "fetch the file itself")
    return invalid(
        name,
        "is no GGUF file",  # what it holds is nobody's business here
        "convert the model to GGUF, or name a repository that holds it as GGUF",
    )
