"""What the header of a GGUF file says, without reading the weights behind it.

Phase 6 reads it from the hub by range, before a download, to answer "does it fit"; phase 7
reads it from the disk, after one, so that no broken file enters the catalog.

Whoever made the file may mean harm. Every count and length is compared with a bound before
anything is made of it, what is not needed is stepped over, and of the tensor table only its sums
are kept: reading takes a few MB of memory and at most a second or two, whatever a file holds. The
bounds are far above every model that is known.

Format: GGUF versions 2 and 3, little endian, as specified in ggml's ``docs/gguf.md``; block
sizes of the tensor types as in ggml's ``ggml-common.h``.
"""

from __future__ import annotations

import itertools
import os
import re
import struct
from array import array
from collections.abc import Callable

import msgspec

from rbee.process.content import open_regular
from rbee.wire.errors import RbeeError, model_unreadable
from rbee.wire.messages.basics import LARGEST_CONTEXT

#: First read, in bytes: holds the whole header of a model with up to some 10,000 tokens.
FIRST_WINDOW = 256 * 1024
#: Each further read brings the window to four times its size, but adds no more than this.
LARGEST_STEP = 4 * 1024 * 1024
#: Real headers stay under 40 MB (250,000 tokens with their merges); bytes.
LARGEST_HEADER = 128 * 1024 * 1024
#: Real ones have up to a hundred keys, and a million texts (a vocabulary and its merges).
MOST_KEYS = 16 * 1024
MOST_TEXTS = 4 * 1024 * 1024
#: Real ones have some thousands of tensors; 400 experts in 60 layers, each apart, are 72,000.
MOST_TENSORS = 128 * 1024
#: llama.cpp takes names of 63 bytes, and 4 dimensions.
LONGEST_TENSOR_NAME = 256
MOST_DIMENSIONS = 8
#: A model is cut into a hundred files at most.
MOST_PARTS = 1024
#: What is kept of the metadata, in bytes of memory.
MOST_KEPT = 4 * 1024 * 1024
#: Arrays of numbers up to this length are kept, longer ones and arrays of text only counted.
KEPT_ARRAY = 4096
#: Texts up to this length are kept, longer ones only measured; but for the chat template (bytes).
KEPT_TEXT = 4096
LONGEST_TEMPLATE = 1024 * 1024
#: llama.cpp takes powers of two; writers take 32 (bytes).
LARGEST_ALIGNMENT = 1024 * 1024
#: Where a tensor may end, behind the header; above every disk (bytes).
_LARGEST_OFFSET = 2**56
#: ggml has some 40 types by now.
_MOST_TYPES = 1024

#: The numbers that rbee reckons with, by their key without the architecture: the least and the most
#: that each may be. llama.cpp takes 512 layers; the largest models have a hundred or two.
_NUMBERS: dict[str, tuple[int, int]] = {
    "attention.head_count": (0, 2**14),
    "attention.head_count_kv": (0, 2**14),
    "attention.key_length": (0, 2**16),
    "attention.kv_lora_rank": (0, 2**20),
    "attention.sliding_window": (0, 2**32),
    "attention.sliding_window_pattern": (0, 2**32),
    "attention.value_length": (0, 2**16),
    "block_count": (0, 2048),
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
#: A tensor of a layer, and whether it is of its experts.
_LAYER = re.compile(rb"blk\.(\d{1,6})\.(ffn_(?:gate|up|down|gate_up)_(?:ch)?exps)?")
_MOST_LAYERS = _NUMBERS["block_count"][1]
#: Those of them that are one number; the others may be one for each layer.
_ONE_NUMBER = ("block_count", "context_length", "embedding_length", "vocab_size")
_TEMPLATE = "tokenizer.chat_template"
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

#: general.file_type -> the quant's name (enum llama_ftype in llama.cpp's ``llama.h``).
QUANT_NAMES: dict[int, str] = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0",
    9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S", 12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S",
    15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS",
    21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S",
    27: "IQ3_M", 28: "IQ2_S", 29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16",
    36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4_MOE", 39: "NVFP4", 40: "Q1_0",
}  # fmt: skip

# Metadata value types: scalars by their struct format, then text and array.
_SCALARS = {
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
}  # fmt: skip
_TEXT = 8
_ARRAY = 9
_LENGTH = struct.Struct("<Q")


class Length(msgspec.Struct, frozen=True):
    """What is kept of a long text (bytes) or array (elements) of the metadata; of one of texts also
    where its elements are in the file, from `begin` to `end` (bytes)."""

    count: int
    begin: int = 0
    end: int = 0


MetaValue = str | int | float | bool | tuple[int | float, ...] | Length


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
    window = _Window(read, name)
    magic = window.take(4)
    if magic != b"GGUF":
        raise _not_gguf(name, magic)
    version = window.number("I")
    if version not in (2, 3):
        wrong = f"is GGUF version {version}, and only 2 and 3 are known"
        if version & 0xFFFF == 0:
            wrong = "is a big-endian GGUF"
        raise _invalid(name, wrong, "get the model as GGUF version 3")
    tensor_count = window.number("Q")
    if tensor_count > MOST_TENSORS:
        raise _beyond(name, f"{tensor_count} tensors", MOST_TENSORS)
    pair_count = window.number("Q")
    if pair_count > MOST_KEYS:
        raise _beyond(name, f"{pair_count} keys", MOST_KEYS)
    metadata: dict[str, MetaValue] = {}
    for _ in range(pair_count):
        key = window.key()
        if key in metadata:
            raise _invalid(name, f"has the key {key[:64]!r} twice")
        metadata[key] = window.value(window.number("I"), key)
    table = _TensorTable(name)
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
                raise _invalid(path, "is empty")

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
        raise _invalid(name, f"is {what}, and no model", "name the model that it belongs to")


def check_size(header: GgufHeader, size: int, name: str) -> None:
    """Refuse a file of `size` bytes that ends before the last tensor of its header does.

    Raises `RbeeError` `model_invalid`.
    """
    if size < header.expected_file_size:
        raise _invalid(
            name,
            f"is cut off: it has {size} bytes, its header promises {header.expected_file_size}",
            "fetch or copy the file again",
        )


class _Window:
    """A piece of the file, and a position in it that only moves forward.

    What lies behind the position is let go of, and what is skipped is not read.
    """

    def __init__(self, read: Callable[[int, int], bytes], name: str) -> None:
        self.position = 0
        #: Bytes of memory that what was kept of the metadata takes, roughly.
        self.kept = 0
        self._read = read
        self._name = name
        self._start = 0
        self._bytes = bytearray()
        self._texts = 0

    def number(self, kind: str) -> int:
        """The next scalar of struct format `kind`, a whole-number one."""
        return int(self._scalar(kind))

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        self._reach(self.position + size)
        at = self.position - self._start
        self.position += size
        return bytes(self._bytes[at : at + size])

    def key(self) -> str:
        """The next key of the metadata."""
        length = self.number("Q")
        self._keep(length + 200)
        return self._text(length)

    def value(self, kind: int, key: str) -> MetaValue:
        """The value of a key, of a type of the metadata."""
        if kind in _SCALARS:
            return self._scalar(_SCALARS[kind])
        if kind == _TEXT:
            length = self.number("Q")
            if key == _TEMPLATE and length > LONGEST_TEMPLATE:
                raise _beyond(self._name, f"a chat template of {length} bytes", LONGEST_TEMPLATE)
            if length > KEPT_TEXT and key != _TEMPLATE:
                self._skip(length)
                return Length(length)
            self._keep(4 * length)  # at worst a letter takes four bytes
            return self._text(length)
        if kind == _ARRAY:
            return self._array(self.number("I"), self.number("Q"))
        raise _invalid(self._name, f"has metadata of unknown type {kind}")

    def tensor_row(self) -> tuple[bytes, int, int, int]:
        """Name, number of elements, ggml type and offset of the next tensor."""
        length = self.number("Q")
        if not 0 < length <= LONGEST_TENSOR_NAME:
            what = f"a tensor whose name has {length} bytes"
            raise _beyond(self._name, what, LONGEST_TENSOR_NAME)
        name = self.take(length)
        dimensions = self.number("I")
        if dimensions > MOST_DIMENSIONS:
            raise _beyond(self._name, f"a tensor of {dimensions} dimensions", MOST_DIMENSIONS)
        elements = 1
        for extent in struct.unpack(f"<{dimensions}Q", self.take(8 * dimensions)):
            elements *= extent
        return name, elements, self.number("I"), self.number("Q")

    def _text(self, length: int) -> str:
        return self.take(length).decode("utf-8", "replace")

    def _scalar(self, kind: str) -> int | float | bool:
        (value,) = struct.unpack("<" + kind, self.take(struct.calcsize("<" + kind)))
        scalar: int | float | bool = value
        return scalar

    def _array(self, kind: int, count: int) -> MetaValue:
        if kind == _TEXT:
            begin = self.position
            self._skip_texts(count)
            return Length(count, begin, self.position)
        if kind not in _SCALARS:
            # Arrays of arrays among them: no engine reads those either.
            raise _invalid(self._name, f"has an array of unknown type {kind}")
        size = struct.calcsize("<" + _SCALARS[kind]) * count
        if count <= KEPT_ARRAY:
            self._keep(40 * count)
            return tuple(struct.unpack(f"<{count}{_SCALARS[kind]}", self.take(size)))
        self._skip(size)
        return Length(count)

    def _skip_texts(self, count: int) -> None:
        """Step over `count` texts; a vocabulary has 150,000, so this is the hot loop."""
        self._texts += count
        if self._texts > MOST_TEXTS:
            raise _beyond(self._name, f"{self._texts} texts in lists", MOST_TEXTS)
        unpack = _LENGTH.unpack_from
        data, start = self._bytes, self._start
        at = self.position - start
        for _ in range(count):
            try:
                (length,) = unpack(data, at)
            except (struct.error, OverflowError):
                self.position = start + at
                self._reach(self.position + 8)
                data, start = self._bytes, self._start
                at = self.position - start
                (length,) = unpack(data, at)
            at += 8 + length
        self.position = start + at
        self._skip(0)

    def _skip(self, size: int) -> None:
        """Moves the position, without reading what is stepped over."""
        self.position += size
        self._check_position(self.position)

    def _keep(self, n_bytes: int) -> None:
        self.kept += n_bytes
        if self.kept > MOST_KEPT:
            what = f"metadata that would take more than {MOST_KEPT} bytes of memory"
            raise _invalid(self._name, f"has {what}; no model has so much")

    def _check_position(self, position: int) -> None:
        if position > LARGEST_HEADER:
            raise _invalid(self._name, "has a damaged header: a length in it is out of range")

    def _reach(self, end: int) -> None:
        """Make the window hold the bytes of the file from the position to `end`."""
        self._check_position(end)
        if end <= self._start + len(self._bytes):
            return
        del self._bytes[: self.position - self._start]
        self._start = self.position
        while (have := self._start + len(self._bytes)) < end:
            step = min(have * 3, LARGEST_STEP) if have else FIRST_WINDOW
            wanted = max(step, end - have)
            more = self._read(have, wanted)[:wanted]
            self._bytes += more
            if len(more) < wanted and have + len(more) < end:
                after = f", after {have + len(more)} bytes" if self._bytes else ""
                raise _invalid(
                    self._name,
                    f"is cut off inside its header{after}",
                    "fetch or copy the file again",
                )


class _TensorTable:
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
            raise _invalid(self._name, f"has a tensor of unknown type {kind}")
        n_bytes = 0
        if kind in TENSOR_TYPES:
            _, block, block_bytes = TENSOR_TYPES[kind]
            n_bytes = -(-elements // block) * block_bytes
        else:
            self._unknown.setdefault(kind, []).append(offset)
        if offset + n_bytes > _LARGEST_OFFSET:
            raise _invalid(self._name, "has a tensor that would end beyond every disk")
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
            if number > _MOST_LAYERS:
                raise _invalid(self._name, f"has a tensor of layer {number}")
            self._layers[number] = self._layers.get(number, 0) + n_bytes
            if layer[2]:
                self._experts[number] = self._experts.get(number, 0) + n_bytes

    def sums(self) -> tuple[Weights, str]:
        """What all rows come to, and the type that holds most of their bytes."""
        names = sorted(self._names)
        if any(one == other for one, other in itertools.pairwise(names)):
            raise _invalid(self._name, "has two tensors of one name")
        if self._unknown:
            offsets = sorted(set(self._offsets))
            following = dict(itertools.pairwise(offsets))
            for kind, those in self._unknown.items():
                self._held[kind] = sum(following.get(each, each) - each for each in those)
        total = sum(self._held.values())
        if total > _LARGEST_OFFSET:
            raise _invalid(self._name, "has tensors that no disk would hold")
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


def _checked(metadata: dict[str, MetaValue], name: str) -> tuple[str, int, int]:
    """The architecture, the number of parts and which one this is; all that rbee reckons with is
    of the type and within the bounds that it has in a model. Raises `model_invalid`."""
    split_count = _number(metadata, "split.count", (0, MOST_PARTS), name) or 1
    split_no = _number(metadata, "split.no", (0, MOST_PARTS), name)
    if split_no >= split_count:
        raise _invalid(name, f"is part {split_no + 1} of {split_count}")
    _number(metadata, "split.tensors.count", (0, MOST_TENSORS), name)
    architecture = metadata.get("general.architecture", "")
    if architecture == "" and split_no == 0:
        raise _invalid(name, "does not say which architecture it has")
    if architecture != "":
        if not isinstance(architecture, str) or not _ARCHITECTURE.fullmatch(architecture):
            raise _invalid(name, "has an architecture that is not called as one")
        for key, bounds in _NUMBERS.items():
            _number(metadata, f"{architecture}.{key}", bounds, name)
    if not isinstance(metadata.get(_TEMPLATE, ""), str):
        raise _wrong_type(name, _TEMPLATE, "a text")
    return str(architecture), split_count, split_no


def _number(metadata: dict[str, MetaValue], key: str, bounds: tuple[int, int], name: str) -> int:
    """The whole number under a key, 0 where there is none or one for each layer. Raises
    `model_invalid` where it is none, or out of bounds."""
    value = metadata.get(key, 0)
    single = key.partition(".")[2] in _ONE_NUMBER or key.startswith("split.")
    each_of = value if isinstance(value, tuple) and not single else (value,)
    for each in each_of:
        if not isinstance(each, int):
            raise _wrong_type(name, key, "a whole number")
        if not bounds[0] <= each <= bounds[1]:
            raise _invalid(name, f"has {key} {each}; {bounds[0]} to {bounds[1]} can be")
    return value if isinstance(value, int) else 0


def _alignment(metadata: dict[str, MetaValue], name: str) -> int:
    alignment = metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or isinstance(alignment, bool):
        raise _wrong_type(name, "general.alignment", "a whole number")
    if not 1 <= alignment <= LARGEST_ALIGNMENT or alignment & (alignment - 1):
        raise _invalid(name, f"has an alignment of {alignment} bytes; a power of two belongs there")
    return alignment


def _quant_name(metadata: dict[str, MetaValue]) -> str:
    """The quant as the file names it, or nothing."""
    kind = metadata.get("general.file_type")
    # Bit 10 marks a guess of the writer's.
    return QUANT_NAMES.get(kind & ~1024, "") if isinstance(kind, int) else ""


def _not_gguf(name: str, start: bytes) -> RbeeError:
    if start == b"vers":
        return _invalid(name, "is a Git LFS pointer, not the model", "run: git lfs pull")
    if start[:1] == b"<":
        return _invalid(name, "is a web page, not a model", "fetch the file itself")
    return _invalid(
        name,
        "is no GGUF file",  # what it holds is nobody's business here
        "convert the model to GGUF, or name a repository that holds it as GGUF",
    )


def _invalid(name: str, wrong: str, suggestion: str = "") -> RbeeError:
    return RbeeError(
        "model_invalid",
        f"{name} {wrong}",
        suggestion or "fetch the model again, or choose another file",
        {"file": name},
    )


def _beyond(name: str, what: str, most: int) -> RbeeError:
    return _invalid(name, f"has {what}; a model has at most {most}")


def _wrong_type(name: str, key: str, right: str) -> RbeeError:
    return _invalid(name, f"has {key} in a wrong type; {right} belongs there")
