"""What the header of a GGUF file says, without reading the weights behind it.

Phase 6 reads it from the hub by range, before a download, to answer "does it fit"; phase 7
reads it from the disk, after one, so that no broken file enters the catalog.

Format: GGUF versions 2 and 3, little endian, as specified in ggml's ``docs/gguf.md``; block
sizes of the tensor types as in ggml's ``ggml-common.h``.
"""

from __future__ import annotations

import itertools
import os
import struct
from collections.abc import Callable

import msgspec

from rbee.wire.errors import RbeeError

#: First read, in bytes: holds the whole header of a model with up to some 10,000 tokens.
FIRST_WINDOW = 256 * 1024
#: Each further read brings the window to four times its size, but adds no more than this.
LARGEST_STEP = 4 * 1024 * 1024
#: Real headers stay under 40 MB (250,000 tokens with their merges).
LARGEST_HEADER = 256 * 1024 * 1024
#: Arrays of numbers up to this length are kept, longer ones and arrays of text only counted.
KEPT_ARRAY = 4096

#: ggml tensor type -> (name, elements in a block, bytes of a block).
TENSOR_TYPES: dict[int, tuple[str, int, int]] = {
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    9: ("Q8_1", 32, 40),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1),
    25: ("I16", 1, 2),
    26: ("I32", 1, 4),
    27: ("I64", 1, 8),
    28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56),
    30: ("BF16", 1, 2),
    34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
    40: ("NVFP4", 64, 36),
    41: ("Q1_0", 128, 18),
}

#: general.file_type -> the quant's name (enum llama_ftype in llama.cpp's ``llama.h``).
QUANT_NAMES: dict[int, str] = {
    0: "F32",
    1: "F16",
    2: "Q4_0",
    3: "Q4_1",
    7: "Q8_0",
    8: "Q5_0",
    9: "Q5_1",
    10: "Q2_K",
    11: "Q3_K_S",
    12: "Q3_K_M",
    13: "Q3_K_L",
    14: "Q4_K_S",
    15: "Q4_K_M",
    16: "Q5_K_S",
    17: "Q5_K_M",
    18: "Q6_K",
    19: "IQ2_XXS",
    20: "IQ2_XS",
    21: "Q2_K_S",
    22: "IQ3_XS",
    23: "IQ3_XXS",
    24: "IQ1_S",
    25: "IQ4_NL",
    26: "IQ3_S",
    27: "IQ3_M",
    28: "IQ2_S",
    29: "IQ2_M",
    30: "IQ4_XS",
    31: "IQ1_M",
    32: "BF16",
    36: "TQ1_0",
    37: "TQ2_0",
    38: "MXFP4_MOE",
    39: "NVFP4",
    40: "Q1_0",
}

# Metadata value types: scalars by their struct format, then text and array.
_SCALARS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
_TEXT = 8
_ARRAY = 9
_LENGTH = struct.Struct("<Q")


class ArrayLength(msgspec.Struct, frozen=True):
    """An array of the metadata of which only the number of elements is kept."""

    count: int


MetaValue = str | int | float | bool | tuple[int | float, ...] | ArrayLength


class GgufTensor(msgspec.Struct, frozen=True):
    """One row of the tensor table.

    `shape` has the fastest-running dimension first; `offset` counts bytes from the header's
    `data_offset`; `n_bytes` is without padding.
    """

    name: str
    shape: tuple[int, ...]
    type_name: str
    n_bytes: int
    offset: int


class GgufHeader(msgspec.Struct, frozen=True):
    """The header of one GGUF file.

    `context_length` is the trained context in tokens (0 if the file does not say); `quant` is
    the name of the file's quantisation; `split_count` is the number of files the model was cut
    into (1 if it was not) and `split_no` this one's place, from 0: only number 0 carries the
    model's metadata. `data_offset` and `expected_file_size` are bytes.
    """

    version: int
    architecture: str
    name: str
    metadata: dict[str, MetaValue]
    tensors: tuple[GgufTensor, ...]
    context_length: int
    has_chat_template: bool
    quant: str
    split_count: int
    split_no: int
    data_offset: int
    expected_file_size: int

    @property
    def vocabulary(self) -> int:
        """Number of tokens that the tokenizer knows, 0 if the file has none."""
        tokens = self.metadata.get("tokenizer.ggml.tokens")
        return tokens.count if isinstance(tokens, ArrayLength) else 0

    def number(self, key: str, default: int = 0) -> int:
        """The whole number under `key` without its architecture prefix, or `default`."""
        value = self.metadata.get(f"{self.architecture}.{key}")
        return int(value) if isinstance(value, (int, float)) else default

    def numbers(self, key: str, length: int, default: int = 0) -> tuple[int, ...]:
        """`length` whole numbers under `key`: an array as it is, one number repeated."""
        value = self.metadata.get(f"{self.architecture}.{key}")
        if isinstance(value, tuple):
            padded = [int(each) for each in value[:length]]
            return tuple(padded + [default] * (length - len(padded)))
        return (self.number(key, default),) * length


def read_header(read: Callable[[int, int], bytes], name: str = "the model file") -> GgufHeader:
    """The header of the file that `read(offset, size)` gives access to.

    `read` returns the bytes from `offset` on, fewer than `size` only at the end of the file; it
    is asked once for headers up to `FIRST_WINDOW` and at most four times for one of 8 MB.
    `name` stands for the file in messages.

    Raises `RbeeError` `model_invalid` when this is no GGUF, or one that ends inside its header.
    """
    window = _Window(read, name)
    magic = window.take(4)
    if magic != b"GGUF":
        raise _not_gguf(name, magic)
    version = window.number("I")
    if version not in (2, 3):
        raise _invalid(name, _version_problem(version), "get the model as GGUF version 3")
    tensor_count = window.number("Q")
    pair_count = window.number("Q")
    metadata: dict[str, MetaValue] = {}
    for _ in range(pair_count):
        key = window.text()
        metadata[key] = window.value(window.number("I"))
    rows = [window.tensor_row() for _ in range(tensor_count)]

    alignment = metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or alignment < 1:
        raise _invalid(name, f"has an alignment of {alignment!r} bytes")
    data_offset = -(-window.position // alignment) * alignment
    tensors = _sized(rows)
    ends = [tensor.offset + tensor.n_bytes for tensor in tensors]

    split_count = _count(metadata, "split.count") or 1
    split_no = _count(metadata, "split.no")
    architecture = metadata.get("general.architecture", "")
    if not isinstance(architecture, str) or (not architecture and split_no == 0):
        raise _invalid(name, "does not say which architecture it has")
    return GgufHeader(
        version=version,
        architecture=architecture,
        name=str(metadata.get("general.name", "")),
        metadata=metadata,
        tensors=tensors,
        context_length=_count(metadata, f"{architecture}.context_length"),
        has_chat_template=any(key.startswith("tokenizer.chat_template") for key in metadata),
        quant=_quant_name(metadata, tensors),
        split_count=split_count,
        split_no=split_no,
        data_offset=data_offset,
        expected_file_size=data_offset + max(ends, default=0),
    )


def header_of_file(path: str) -> GgufHeader:
    """The header of the GGUF file at `path`, checked against the size the file really has.

    Raises `RbeeError`: `model_not_found` when there is no such file or it cannot be read,
    `model_invalid` when it is no GGUF or has been cut off.
    """
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            header = read_header(lambda offset, count: os.pread(file.fileno(), count, offset), path)
    except OSError as error:
        raise RbeeError(
            "model_not_found",
            f"cannot read the model file {path}: {error.strerror}",
            "check the path: the file must be readable on the hive's machine",
            {"path": path},
        ) from error
    check_size(header, size, path)
    return header


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
    """A growing prefix of the file, and a position in it that only moves forward."""

    def __init__(self, read: Callable[[int, int], bytes], name: str) -> None:
        self.position = 0
        self._read = read
        self._name = name
        self._bytes = bytearray()

    def number(self, kind: str) -> int:
        """The next scalar of struct format `kind`, a whole-number one."""
        return int(self._scalar(kind))

    def text(self) -> str:
        return self.take(self.number("Q")).decode("utf-8", "replace")

    def take(self, size: int) -> bytes:
        self._reach(self.position + size)
        self.position += size
        return bytes(self._bytes[self.position - size : self.position])

    def value(self, kind: int) -> MetaValue:
        if kind in _SCALARS:
            return self._scalar(_SCALARS[kind])
        if kind == _TEXT:
            return self.text()
        if kind == _ARRAY:
            return self._array(self.number("I"), self.number("Q"))
        raise _invalid(self._name, f"has metadata of unknown type {kind}")

    def tensor_row(self) -> tuple[str, tuple[int, ...], int, int]:
        """Name, shape, ggml type and offset of the next tensor."""
        name = self.text()
        dimensions = self.number("I")
        if dimensions > 8:
            raise _invalid(self._name, f"has a tensor of {dimensions} dimensions")
        shape = tuple(self.number("Q") for _ in range(dimensions))
        return name, shape, self.number("I"), self.number("Q")

    def _scalar(self, kind: str) -> int | float | bool:
        size = struct.calcsize("<" + kind)
        self._reach(self.position + size)
        (value,) = struct.unpack_from("<" + kind, self._bytes, self.position)
        self.position += size
        scalar: int | float | bool = value
        return scalar

    def _array(self, kind: int, count: int) -> MetaValue:
        if kind == _TEXT:
            self._skip_texts(count)
        elif kind not in _SCALARS:
            # Arrays of arrays among them: no engine reads those either.
            raise _invalid(self._name, f"has an array of unknown type {kind}")
        else:
            size = struct.calcsize("<" + _SCALARS[kind]) * count
            self._reach(self.position + size)
            self.position += size
            if count <= KEPT_ARRAY:
                layout = f"<{count}{_SCALARS[kind]}"
                return tuple(struct.unpack_from(layout, self._bytes, self.position - size))
        return ArrayLength(count)

    def _skip_texts(self, count: int) -> None:
        """Step over `count` texts; a vocabulary has 150,000, so this is the hot loop."""
        unpack = _LENGTH.unpack_from
        data = self._bytes
        position = self.position
        for _ in range(count):
            try:
                (length,) = unpack(data, position)
            except (struct.error, OverflowError):
                self._reach(position + 8)
                (length,) = unpack(data, position)
            position += 8 + length
        self._reach(position)
        self.position = position

    def _reach(self, end: int) -> None:
        """Make the window hold the first `end` bytes of the file."""
        if end > LARGEST_HEADER:
            raise _invalid(self._name, "has a damaged header: a length in it is out of range")
        while len(self._bytes) < end:
            have = len(self._bytes)
            step = min(have * 3, LARGEST_STEP) if have else FIRST_WINDOW
            wanted = max(step, end - have)
            more = self._read(have, wanted)
            self._bytes += more
            if len(more) < wanted and len(self._bytes) < end:
                raise _invalid(
                    self._name,
                    f"is cut off inside its header, after {len(self._bytes)} bytes",
                    "fetch or copy the file again",
                )


def _sized(rows: list[tuple[str, tuple[int, ...], int, int]]) -> tuple[GgufTensor, ...]:
    """The tensor table with sizes in bytes.

    Tensors lie behind one another, so one of a type newer than `TENSOR_TYPES` gets the room up
    to the next (and the last one none).
    """
    offsets = sorted({offset for _, _, _, offset in rows})
    following = dict(itertools.pairwise(offsets))
    tensors = []
    for name, shape, kind, offset in rows:
        elements = 1
        for extent in shape:
            elements *= extent
        if kind in TENSOR_TYPES:
            type_name, block, block_bytes = TENSOR_TYPES[kind]
            n_bytes = -(-elements // block) * block_bytes
        else:
            type_name, n_bytes = f"type {kind}", following.get(offset, offset) - offset
        tensors.append(GgufTensor(name, shape, type_name, n_bytes, offset))
    return tuple(tensors)


def _quant_name(metadata: dict[str, MetaValue], tensors: tuple[GgufTensor, ...]) -> str:
    """The quant as the file names it, else the type that holds most of its bytes."""
    kind = metadata.get("general.file_type")
    # Bit 10 marks a guess of the writer's.
    if isinstance(kind, int) and kind & ~1024 in QUANT_NAMES:
        return QUANT_NAMES[kind & ~1024]
    held: dict[str, int] = {}
    for tensor in tensors:
        held[tensor.type_name] = held.get(tensor.type_name, 0) + tensor.n_bytes
    return max(held, key=lambda type_name: held[type_name], default="")


def _count(metadata: dict[str, MetaValue], key: str) -> int:
    value = metadata.get(key, 0)
    return value if isinstance(value, int) else 0


def _version_problem(version: int) -> str:
    if version & 0xFFFF == 0:
        return "is a big-endian GGUF"
    return f"is GGUF version {version}, and only 2 and 3 are known"


def _not_gguf(name: str, start: bytes) -> RbeeError:
    if start == b"vers":
        return _invalid(name, "is a Git LFS pointer, not the model", "run: git lfs pull")
    if start[:1] == b"<":
        return _invalid(name, "is a web page, not a model", "fetch the file itself")
    return _invalid(
        name,
        "is no GGUF file",  # whose it may be, and what it holds, is nobody's business here
        "convert the model to GGUF, or name a repository that holds it as GGUF",
    )


def _invalid(name: str, wrong: str, suggestion: str = "") -> RbeeError:
    return RbeeError(
        "model_invalid",
        f"{name} {wrong}",
        suggestion or "fetch the model again, or choose another file",
        {"file": name},
    )
