"""New inputs out of old ones: bytes that change, and JSON whose parts do."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable, Sequence
from typing import Any

#: No input is larger (bytes).
LARGEST = 256 * 1024
_EDGES = (0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 127, 128, 255, 256, 1023, 4095, 4096, 4097, 65535)
_FAR = (2**15, 2**16, 2**20, 2**24, 2**27, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53, 2**62, 2**63)
_INTEGERS = (*_EDGES, *_FAR, 2**63 - 1, 2**64 - 1, -1, -2, -(2**31), -(2**63))
_TEXTS = (
    "", " ", "\n", "\0", "\x1b[2J", "²", "٣", "é", "🐝", "\ud800", "..", "../" * 8, "/", "//",
    "a" * 100, "a" * 5000, "1" * 5000, "1e999", "-0", "nan", "NaN", "Infinity", "true", "null", "~",
    "$ref", "#", "#/", "{}", "[]", "\\", "'", '"', "`", "=", ":", ",", ";", "@", "0x10", "1_000",
)  # fmt: skip
_VALUES: tuple[Any, ...] = (
    None, True, False, [], {}, 0.5, -0.5, 1e308, 1e-308, float("inf"), float("nan"), 10**400,
    *_INTEGERS, *_TEXTS,
)  # fmt: skip


class Mutator:
    """Makes inputs for one target, all drawn from one seed."""

    def __init__(
        self,
        draw: random.Random,
        words: Sequence[str],
        make: Callable[[random.Random], bytes] | None,
    ) -> None:
        """`words` are what means something to the target; `make` draws a whole input."""
        self._draw = draw
        self._words = words
        self._make = make

    def mutate(self, pool: Sequence[bytes]) -> bytes:
        """An input that is near one of the pool, or a new one."""
        draw = self._draw
        if self._make is not None and draw.random() < 0.4:
            return self._make(draw)[:LARGEST]
        data = draw.choice(pool)
        for _ in range(draw.choice((1, 1, 1, 2, 3, 5))):
            line, newline, rest = data.partition(b"\n")
            if draw.random() < 0.7 and data[:1] in b"{[":
                data = self._json(data, pool)
            elif draw.random() < 0.7 and newline and rest[:1] in b"{[":
                data = line + b"\n" + self._json(rest, [each.partition(b"\n")[2] for each in pool])
            else:
                data = self._bytes(data, pool)
        return data[:LARGEST]

    def _bytes(self, data: bytes, pool: Sequence[bytes]) -> bytes:
        draw = self._draw
        at = draw.randrange(len(data) + 1)
        end = min(len(data), at + draw.choice((1, 2, 4, 8, 16, 64, 1024)))
        way = draw.randrange(8)
        if way == 0:
            return data[:at] + draw.randbytes(end - at) + data[end:]
        if way == 1:
            return data[:at] + data[end:]
        if way == 2:
            return data[:at] + data[at:end] * draw.choice((2, 3, 50, 2000)) + data[end:]
        if way == 3:
            size = draw.choice((1, 2, 4, 8))
            packed = struct.pack("<Q", draw.choice(_INTEGERS) % 2 ** (8 * size))[:size]
            return data[:at] + packed + data[at + size :]
        if way == 4:
            other = draw.choice(pool)
            return data[:at] + other[draw.randrange(len(other) + 1) :]
        if way == 5:
            return data[:at]
        return data[:at] + _encoded(self._word()) + data[end if way == 6 else at :]

    def _word(self) -> str:
        draw = self._draw
        if draw.random() < 0.3:
            return str(draw.choice(_INTEGERS))
        return draw.choice((*self._words, *self._words, *_TEXTS))

    def _json(self, data: bytes, pool: Sequence[bytes]) -> bytes:
        try:
            tree = json.loads(data)
        except (ValueError, RecursionError):
            return self._bytes(data, pool)
        places = _places(tree)
        if not places:
            return self._bytes(data, pool)
        holder, key = self._draw.choice(places)
        self._change(holder, key, places)
        try:
            return json.dumps(tree).encode()
        except (ValueError, RecursionError):
            return data

    def _change(self, holder: Any, key: Any, places: Sequence[tuple[Any, Any]]) -> None:
        draw = self._draw
        value = holder[key]
        way = draw.randrange(10)
        if way < 4:
            holder[key] = draw.choice((draw.choice(_VALUES), self._word(), self._word()))
        elif way == 4:
            other, at = draw.choice(places)
            holder[key] = json.loads(json.dumps(other[at]))
        elif way == 5:
            depth = draw.choice((1, 2, 10, 100, 900))
            for _ in range(depth):
                value = draw.choice(({self._word(): value}, [value])) if depth < 9 else [value]
            holder[key] = value
        elif way == 6 and isinstance(value, list):
            times = draw.choice((2, 10, 300))
            holder[key] = (value * times)[:3000]
        elif way == 7 and isinstance(value, dict):
            value[self._word()] = draw.choice(_VALUES)
        elif way == 8 and isinstance(holder, dict):
            holder[self._word()] = holder.pop(key)
        elif way == 9:
            del holder[key]
        else:
            holder[key] = [value, value]


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Each part of a tree, as what holds it and its key there; at most some thousands."""
    found: list[tuple[Any, Any]] = []
    waiting = [tree]
    while waiting and len(found) < 3000:
        here = waiting.pop()
        keys = here.keys() if isinstance(here, dict) else range(len(here))
        for key in keys:
            found.append((here, key))
            if isinstance(here[key], (dict, list)):
                waiting.append(here[key])
    return found


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
