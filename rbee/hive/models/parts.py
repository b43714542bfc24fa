"""A model in parts: which of its layers lie on which device, and what each part takes. Pure.

What is dealt out are the layers, in their order, and behind them the output, which counts as one
more. The first of them stay in RAM where the devices are too small for all; each device has a run
of the others. The table of token embeddings is in RAM in any case, and so is a projector; where the
output has no weights of its own, the device with the output has a second copy of that table.

Source: `load_tensors` of llama.cpp (2026.10). Over one and two devices, alone and beside RAM,
weights and KV cache were exact for SmolLM2 by the engine's own report. The graph was 3 % too high
where the devices had all layers, and up to 9 MiB beside RAM. The same with each feed-forward four
times over as experts, some of them in RAM: weights and cache exact, the graph 4 % too low.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from rbee.hive.models.fit import (
    Need,
    apart_from_sight,
    graph,
    kv_by_layer,
    of_unused_experts,
    worker_need,
)
from rbee.hive.models.gguf.header import GgufHeader
from rbee.hive.models.pooling import batch_of, longest_request

#: Where all layers lie on several devices, the engine works on several batches at once, and each
#: device keeps this many copies of its inputs (`pipeline_parallel` in llama.cpp).
_COPIES = 3
#: Bytes of a number of the hidden state (f32), and how many copies of it the first device keeps.
_HIDDEN_BYTES, _BEGINNING = 4, 4
#: Devices are filled to the same share of their room, in steps of one part in this many.
_STEPS = 1024


class LayerSplit(NamedTuple):
    """How many layers each device has, and what each of these parts takes; `left` layers lie on no
    device, and `host` is what they, and the token embeddings, take in RAM, with the experts of the
    first `lean` layers."""

    layers: tuple[int, ...]
    needs: tuple[Need, ...]
    left: int
    host: Need
    lean: int = 0


def beside_ram(
    headers: Sequence[GgufHeader], context: int, slots: int, rooms: Sequence[int]
) -> LayerSplit:
    """A model on devices with `rooms` (bytes each) and in RAM.

    Of a model with experts those of as few layers as will do are in RAM, and all else is on the
    devices where that fits: of many experts a token uses few. Else whole layers are in RAM.
    """
    whole = Cut(headers, context, slots)
    spread = whole.fill(rooms)
    least, enough = 0, whole.layers - 1
    if not spread.left or not whole.has_experts:
        return spread
    if (lean := Cut(headers, context, slots, enough).fill(rooms)).left:
        return spread
    while enough - least > 1:
        count = (least + enough) // 2
        tried = Cut(headers, context, slots, count).fill(rooms)
        if tried.left:
            least = count
        else:
            enough, lean = count, tried
    return lean


def hidden_bytes(header: GgufHeader) -> int:
    """What one part hands on to the next for a token, in bytes."""
    return _HIDDEN_BYTES * header.number("embedding_length")


def logits_bytes(header: GgufHeader) -> int:
    """What the output of a model comes to for a token, in bytes."""
    return _HIDDEN_BYTES * (header.number("vocab_size") or header.vocabulary)


class Cut:
    """A model that is to be cut, for `slots` slots of `context` tokens; `headers` are those of all
    its files. The experts of its first `lean` layers are to be in RAM. `on_cpu`: all of it is."""

    def __init__(
        self,
        headers: Sequence[GgufHeader],
        context: int,
        slots: int,
        lean: int = 0,
        *,
        on_cpu: bool = False,
    ) -> None:
        batch = batch_of(headers, context, on_cpu=on_cpu)
        self._whole = worker_need(headers, context, slots, batch=batch)
        headers, self.sight = apart_from_sight(headers)
        head = headers[0]
        self._graph = graph(headers, context, slots, batch, output=False)
        kv = kv_by_layer(head, context, slots, batch)
        layers = [sum(each.weights.layers.get(at, 0) for each in headers) for at in range(len(kv))]
        experts = [
            sum(each.weights.experts.get(at, 0) for each in headers) for at in range(len(kv))
        ]
        self.has_experts = any(experts)
        self._lean, self._aside = lean, sum(experts[:lean])
        unread = [of_unused_experts(head, count) for count in experts]
        self._unread_aside = sum(unread[:lean])
        self._unread = [0, *itertools.accumulate([*[0] * lean, *unread[lean:], 0])]
        self.embedding = sum(each.weights.embedding for each in headers)
        has_output = any(each.weights.has_output for each in headers)
        output = self._whole.weights - sum(layers) - (self.embedding if has_output else 0)
        self._largest = max(layers, default=0)
        layers[:lean] = [n - of_experts for n, of_experts in zip(layers[:lean], experts)]
        self._weights = [0, *itertools.accumulate([*layers, max(0, output)])]
        self._kv = [0, *itertools.accumulate([*kv, 0])]
        batch = min(batch, context * slots)
        self._hidden = batch * hidden_bytes(head)
        shared = longest_request(head, context, slots) > context
        self._mask = 2 * batch * context * (slots if shared else 1)

    @property
    def least(self) -> int:
        """The bytes of the smallest part: the output, on a device beside RAM."""
        return self.parts([1]).needs[0].total

    @property
    def layers(self) -> int:
        """How many there are to deal out."""
        return len(self._weights) - 1

    def fill(self, rooms: Sequence[int]) -> LayerSplit:
        """As many layers as fit on devices with `rooms` (bytes each).

        Where all do, each device is filled to the same share of its room, as far as layers allow.
        """
        passed_on = _COPIES * (self._mask + self._hidden * _BEGINNING) if len(rooms) > 1 else 0
        passed_on = self._largest if self._lean else passed_on
        if sum(self._fill(rooms, passed_on)) < self.layers:
            return self.parts(self._fill(rooms, self._largest, staying=1))

        def filled(share: int) -> list[int]:
            return self._fill([room * share // _STEPS for room in rooms], passed_on)

        return self.parts(filled(self._least_share(filled)))

    def over(self, rooms: Sequence[int], slow: Sequence[bool], in_ram: int) -> list[int]:
        """How many layers each device of several machines has, of `rooms` bytes each; fewer than
        there are where they have no room for all.

        The `slow` ones get what the others have no room for, each to the same share of its room.
        The first `in_ram` of them (0 or 1) are the RAM that the token embeddings are in, too.
        """
        beside = self.embedding + self.sight
        rooms = [max(0, room - beside * (at < in_ram)) for at, room in enumerate(rooms)]
        copies = _COPIES * (self._mask + self._hidden * _BEGINNING)
        more = max(copies, self._largest) if in_ram else copies

        def filled(share: int) -> list[int]:
            shares = [room * share // _STEPS if late else room for room, late in zip(rooms, slow)]
            return self._fill(shares, more)

        whole = filled(_STEPS)
        if sum(whole) < self.layers:
            return whole
        if not any(slow):
            return list(self.fill(rooms).layers)
        return filled(self._least_share(filled))

    def _least_share(self, filled: Callable[[int], list[int]]) -> int:
        """The smallest share of each device's room, in `_STEPS`, with which all layers are on
        devices. `_STEPS` itself is known to do."""
        least, enough = 0, _STEPS
        while enough - least > 1:
            share = (least + enough) // 2
            least, enough = (least, share) if sum(filled(share)) == self.layers else (share, enough)
        return enough

    def lacking(self, layers: Sequence[int]) -> int:
        """The bytes of the layers that are on no device, where `layers` are on devices."""
        need = self._need(0, self.layers - sum(layers), 0)
        return need.weights + need.kv

    def parts(self, layers: Sequence[int]) -> LayerSplit:
        """What the parts take where each device has so many layers."""
        at = left = self.layers - sum(layers)
        several = sum(map(bool, layers)) > 1
        needs = []
        for count in layers:
            more = 0
            # To read a prompt, its weights in RAM are lent to a device, layer by layer.
            if left or self._lean:
                more = self._largest
            elif several:
                more = _COPIES * (self._mask + self._hidden * (1 if at else _BEGINNING))
            needs.append(self._need(at, at + count, more) if count else self._nothing)
            at += count
        aside, unread = self.embedding + self._aside, self.embedding + self._unread_aside
        host = self._need(0, left, 0, aside, unread)
        host = msgspec.structs.replace(host, sight=self.sight)
        return LayerSplit(tuple(layers), tuple(needs), left, host, self._lean)

    def _fill(self, rooms: Sequence[int], more: int, staying: int = 0) -> list[int]:
        """How many layers each device takes, the last one first, beside `more` bytes of graph; at
        least `staying` of them are on none."""
        layers = [0] * len(rooms)
        begin = self.layers
        for index in reversed(range(len(rooms))):
            end = begin
            while begin > staying and self._need(begin - 1, end, more).total <= rooms[index]:
                begin -= 1
            layers[index] = end - begin
        return layers

    @property
    def _nothing(self) -> Need:
        return Need(0, 0, 0, 0, self._whole.is_estimate)

    def _need(self, begin: int, end: int, more: int, weights: int = 0, unread: int = 0) -> Need:
        """What layers `begin` to `end` take, with `more` bytes of graph and of other weights, of
        which no token reads `unread`."""
        has_output = end == self.layers and begin < end
        return Need(
            weights=self._weights[end] - self._weights[begin] + weights,
            kv=self._kv[end] - self._kv[begin],
            compute=(self._whole.compute if has_output else self._graph) + more,
            output=self._whole.output if has_output else 0,
            is_estimate=self._whole.is_estimate,
            unread=self._unread[end] - self._unread[begin] + unread,
        )
