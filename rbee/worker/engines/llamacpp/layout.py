"""What of a model is loaded, and onto which devices, written into llama.cpp's parameters.

A model is laid in layers: over the GPUs of one machine, the processor taking what is left, or over
the devices of several machines.
"""

from __future__ import annotations

from typing import Any

import xllamacpp

from rbee.wire.messages.orders import WorkerOrders
from rbee.wire.placement import CPU
from rbee.worker.engines.llamacpp.devices import devices, gpus_of, is_on_cpu

_ALL_LAYERS = 999
#: Has the experts of some layers lie in RAM, as `--n-cpu-moe` of llama.cpp does.
_EXPERTS = r"blk\.({})\.ffn_(gate|up|down|gate_up)_(ch)?exps=CPU"
#: The path of programs that unpack media which it cannot read itself: there are none.
_NOWHERE = "/nonexistent"
_DRAFT = [xllamacpp.common_speculative_type.COMMON_SPECULATIVE_TYPE_DRAFT_SIMPLE]
_NO_DRAFT = [xllamacpp.common_speculative_type.COMMON_SPECULATIVE_TYPE_NONE]


def lay_out(params: Any, orders: WorkerOrders) -> None:
    """Has the engine lay the model on the devices of the orders, so many layers on each."""
    parts, gpus = orders.placement.parts, gpus_of(orders)
    if orders.placement.others:
        _lay_out_over_machines(params, orders)
        return
    if is_on_cpu(orders):
        params.n_gpu_layers = 0
        return
    params.fit_params = False  # by its own reckoning it would lay them elsewhere
    layers = {gpus[part.device]: part.layers for part in parts if part.device in gpus}
    params.n_gpu_layers = sum(layers.values()) if len(parts) > 1 else _ALL_LAYERS
    if aside := sum(part.layers for part in parts if part.experts):
        numbers = "|".join(map(str, range(aside)))
        params.tensor_buft_overrides = _EXPERTS.format(numbers)
    if len(layers) == 1:
        params.split_mode = xllamacpp.llama_split_mode.LLAMA_SPLIT_MODE_NONE
        (params.main_gpu,) = layers
    else:
        params.split_mode = xllamacpp.llama_split_mode.LLAMA_SPLIT_MODE_LAYER
        shares = range(len(params.tensor_split))
        params.tensor_split = [float(layers.get(number, 0)) for number in shares]


def _lay_out_over_machines(params: Any, orders: WorkerOrders) -> None:
    """The devices of other machines stand before those of this one, in the order of the streams."""
    placement = orders.placement
    shares = [part.layers for parts in placement.others.values() for part in parts]
    if not is_on_cpu(orders):
        gpus = gpus_of(orders)
        on = {gpus[part.device]: part.layers for part in placement.own if part.device != CPU}
        shares += [on.get(number, 0) for number in range(max(on, default=-1) + 1)]
    params.fit_params = False
    params.n_gpu_layers = sum(shares)
    params.split_mode = xllamacpp.llama_split_mode.LLAMA_SPLIT_MODE_LAYER
    unused = len(params.tensor_split) - len(shares)
    params.tensor_split = [*map(float, shares), *[0.0] * unused]


def add_projector(params: Any, orders: WorkerOrders) -> None:
    """Has the engine load the projector: on the one GPU that has the model, else in RAM."""
    params.mmproj.path = orders.projector
    params.video_ffmpeg_bin_dir = _NOWHERE
    params.mmproj_use_gpu = not is_on_cpu(orders) and len(orders.placement.parts) == 1
    if params.mmproj_use_gpu:
        (place,) = gpus_of(orders).values()
        params.mmproj_device = devices()[place].name


def leave_out_projector(params: Any) -> None:
    """Has the engine load no projector after all."""
    params.mmproj.path = ""


def add_draft(params: Any, orders: WorkerOrders) -> None:
    """Has the engine load a draft: on the one device that has the model."""
    draft = params.speculative.draft
    draft.mparams.path = orders.draft_paths[0]
    params.speculative.types = _DRAFT
    for threads in (draft.cpuparams, draft.cpuparams_batch):
        threads.n_threads = orders.threads
    if is_on_cpu(orders):
        draft.n_gpu_layers = 0
        return
    (place,) = gpus_of(orders).values()
    draft.n_gpu_layers = _ALL_LAYERS
    draft.devices = devices()[place].name


def leave_out_draft(params: Any) -> None:
    """Has the engine load no draft after all."""
    params.speculative.types = _NO_DRAFT
    params.speculative.draft.mparams.path = ""
