"""The devices that llama.cpp finds, and those among them that a worker's orders name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import xllamacpp

from rbee.wire.messages.devices import GpuBackend
from rbee.wire.messages.orders import WorkerOrders
from rbee.wire.messages.workers import EngineDevice

#: How names of llama.cpp's devices begin, by backend.
_BACKENDS: Mapping[str, GpuBackend] = {
    "CUDA": "cuda",
    "Metal": "metal",
    "MTL": "metal",
    "ROCm": "rocm",
    "Vulkan": "vulkan",
    "SYCL": "sycl",
}
#: ``GGML_BACKEND_DEVICE_TYPE_IGPU``
_INTEGRATED = 2


def backends() -> set[str]:
    """Those that it finds a device for."""
    return {"cpu", *(device.backend for device in devices())}


def devices() -> list[EngineDevice]:
    """The devices that it finds besides the processor, as it counts them.

    Those that share the memory of the processor are used where there are no others, as llama.cpp
    does it.
    """
    found = [device for each in xllamacpp.get_device_info() if (device := _device(each))]
    return [device for device in found if not device.integrated] or found


def _device(row: Mapping[str, Any]) -> EngineDevice | None:
    name = str(row["name"])
    backend = next((_BACKENDS[prefix] for prefix in _BACKENDS if name.startswith(prefix)), None)
    if backend is None:
        return None
    return EngineDevice(
        name=name,
        description=str(row["description"]),
        backend=backend,
        total_bytes=int(row["memory_total"]),
        free_bytes=int(row["memory_free"]),
        bus=str(row.get("device_id") or "").lower(),
        integrated=row.get("type") == _INTEGRATED and backend != "metal",
    )


def is_on_cpu(orders: WorkerOrders) -> bool:
    """Whether the processor of this machine computes all of its part of the model."""
    return orders.backend == "cpu" or orders.simulated


def gpus_of(orders: WorkerOrders) -> dict[str, int]:
    """The GPUs of the orders, and their places among those that the engine lists."""
    gpus = [part.device for part in orders.placement.own if part.device.startswith("gpu")]
    places = orders.engine_places
    return {each: places.get(each, int(each.removeprefix("gpu"))) for each in gpus}


def free_memory(orders: WorkerOrders) -> dict[str, int]:
    """The bytes that are free on each GPU of the orders that the engine finds."""
    found = devices()
    return {
        device: found[number].free_bytes
        for device, number in gpus_of(orders).items()
        if number < len(found) and found[number].backend == orders.backend
    }
