"""A model in parts: which of its layers lie on which device, and what each part takes. Pure.

Source: `load_tensors` of llama.cpp (2026.10). What is dealt out are units: the layers, in their
order, and behind them the output. A part is a run of units. The table of token embeddings stays in
the RAM of the machine that answers; where the output has no weights of its own, the part with the
output has a second copy of it. With several devices the engine works on several batches at once,
and keeps what it hands from one to the next four times over.

Compared with the engine's own report for llama (SmolLM2) over one to three devices: weights and KV
cache are exact, the graph is up to 4 % too high.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rbee.hive.models.fit import Need, estimate, layer_kv
from rbee.hive.models.gguf import GgufHeader

#: How often more than once a device keeps what goes in, where several work one behind the other.
_COPIES = 3
#: The hidden state is handed on in f32, and kept so often by the device that begins.
_HIDDEN_BYTES, _BEGINNING = 4, 4


class Spread(NamedTuple):
    """How many units each device has, and what each of these parts takes; `host` is what stays in
    RAM: the token embeddings and the layers that are on no device."""

    counts: tuple[int, ...]
    needs: tuple[Need, ...]
    host: Need


class Cut:
    """A model, ready to be cut: `headers` are those of all its files."""

    def __init__(
        self, headers: Sequence[GgufHeader], *, context: int, slots: int, batch: int, vectors: bool
    ) -> None:
        whole = estimate(
            headers,
            n_ctx=context * slots,
            n_slots=slots,
            ubatch=batch,
            on_gpu=False,
            vectors=vectors,
        )
        self._whole = whole
        self._kv = layer_kv(headers[0], context, slots, batch)
        layers = [0] * len(self._kv)
        for header in headers:
            for number, n_bytes in header.weights.layers.items():
                if number < len(layers):
                    layers[number] += n_bytes
        self._layers = layers
        self._embedding = sum(header.weights.embedding for header in headers)
        has_output = any(header.weights.has_output for header in headers)
        rest = whole.weights - sum(layers) - self._embedding
        self._output = rest + (0 if has_output else self._embedding)
        self._batch = min(batch, context * slots)
        self._hidden = _HIDDEN_BYTES * self._batch * headers[0].number("embedding_length")
        self._mask = 2 * self._batch * context

    @property
    def units(self) -> int:
        """The layers, and the output."""
        return len(self._layers) + 1

    def parts(self, counts: Sequence[int]) -> Spread:
        """What the parts take where each device has so many units; what is over stays in RAM.

        The first units stay there, the others lie behind one another.
        """
        at = self.units - sum(counts)
        host = self._need(0, at, self._embedding, 0)
        several = sum(1 for count in counts if count) > 1
        needs = []
        for count in counts:
            first = several and at == self.units - sum(counts)
            copies = _COPIES * (self._mask + self._hidden * (_BEGINNING if first else 1))
            needs.append(self._need(at, at + count, 0, copies if several else 0))
            at += count
        return Spread(tuple(counts), tuple(needs), host)

    def fill(self, rooms: Sequence[int], host_room: int, *, whole: bool) -> Spread | None:
        """As many units on devices with `rooms` (bytes each) as fit, and no more in RAM than
        `host_room`; None where that is too little. `whole`: all units have to be on the devices.

        Each device gets by its room, so that none is filled to the brim beside an empty one.
        """
        for units in range(self.units, self.units - 1 if whole else 0, -1):
            spread = self._dealt(units, rooms)
            if spread is not None:
                return spread if spread.host.total <= host_room else None
        return None

    def _dealt(self, units: int, rooms: Sequence[int]) -> Spread | None:
        """`units` over devices by their rooms, moved on from those that are too small."""
        counts = [0] * len(rooms)
        left, room_left = units, sum(rooms)
        for index, room in enumerate(rooms):
            share = left if index == len(rooms) - 1 else round(left * room / max(room_left, 1))
            for count in range(min(share, left), -1, -1):
                counts[index] = count
                tried = [*counts[: index + 1], left - count, *[0] * (len(rooms) - index - 2)]
                if self.parts(tried[: len(rooms)]).needs[index].total <= room:
                    break
            left -= counts[index]
            room_left -= room
        if left:
            return None
        spread = self.parts(counts)
        fits = all(need.total <= room for need, room in zip(spread.needs, rooms, strict=True))
        return spread if fits else None

    def _need(self, begin: int, end: int, weights: int, copies: int) -> Need:
        if begin == end and not weights:
            return Need(0, 0, 0, 0, self._whole.is_estimate)
        layers = len(self._layers)
        has_output = end == self.units and begin < end
        return Need(
            weights=weights
            + sum(self._layers[begin : min(end, layers)])
            + (self._output if has_output else 0),
            kv=sum(self._kv[begin : min(end, layers)]),
            compute=self._whole.compute + copies,
            output=self._whole.output if has_output else 0,
            is_estimate=self._whole.is_estimate,
        )
