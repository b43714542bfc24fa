"""Headers of models that are on paper alone, for decisions about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rbee.hive.models.gguf.header import GgufHeader
from rbee.hive.models.gguf.tensors import Weights


def header(architecture: str, says: Mapping[str, object], *, trained: int) -> GgufHeader:
    """A header without tensors; `says` is its metadata without the name of the architecture,
    `trained` the tokens of context that it was trained with."""
    says = {"context_length": trained, **says}
    metadata: dict[str, Any] = {f"{architecture}.{name}": value for name, value in says.items()}
    return GgufHeader(
        architecture=architecture,
        metadata=metadata,
        weights=Weights(),
        quant="",
        split_count=1,
        split_no=0,
        data_offset=0,
        expected_file_size=0,
    )
