"""Vectors as callers want them. Pure."""

from __future__ import annotations

import math
import struct

from rbee.wire.messages.events import floats_of


def shortened(vector: bytes, dimensions: int) -> bytes:
    """The first so many numbers of a vector, its length 1 again; 0, or more than it has: all.

    What is left means something where a model was taught that its first numbers tell most
    (Matryoshka embeddings, https://arxiv.org/abs/2205.13147); a file does not say so.
    """
    if not 0 < 4 * dimensions < len(vector):
        return vector
    first = floats_of(vector[: 4 * dimensions])
    length = math.hypot(*first) or 1.0
    return struct.pack(f"<{dimensions}f", *(number / length for number in first))
