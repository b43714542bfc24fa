"""Whether an engine can serve a device, and whether it has done so. Pure.

Both are asked of the engine itself: what it finds on the machine before it has orders, and where
the model is once it is loaded.
"""

from __future__ import annotations

from rbee.wire.errors import RbeeError
from rbee.wire.messages.orders import WorkerOrders
from rbee.wire.messages.workers import EngineFacts, WorkerReport, WorkerState
from rbee.wire.narration import device_name

#: What to type where an engine finds no device of a kind.
_FIXES = {
    "llamacpp": {
        "cuda": "pip install --force-reinstall xllamacpp --index-url "
        "https://xorbitsai.github.io/xllamacpp/whl/cu128",
        "metal": "pip install --force-reinstall xllamacpp (its macOS wheel has Metal)",
        "cpu": "pip install xllamacpp",
    },
    "ctransformers": {
        "cuda": "take engine llamacpp for a GPU",
        "metal": "take engine llamacpp for a GPU",
        "cpu": "pip install ctransformers",
    },
}


def not_able(facts: EngineFacts, backend: str, *, simulated: bool) -> RbeeError | None:
    """Why an engine cannot serve a device of this kind; None: it can.

    A simulated device is served by an engine that runs on the CPU.
    """
    if backend in facts.backends or simulated:
        return None
    return RbeeError(
        "backend_unavailable",
        f"engine {facts.engine} {facts.version} finds no {backend} device on this machine",
        _FIXES[facts.engine][backend],
        {"engine": facts.engine, "version": facts.version, "backends": facts.backends},
    )


def not_placed(engine: str, orders: WorkerOrders, report: WorkerReport) -> RbeeError | None:
    """What is wrong where a model is not on the device that was ordered; None: all is well.

    A worker that is still loading, and one on the CPU or a simulated device, is where it has to be.
    """
    serving = report.state in (WorkerState.READY, WorkerState.BUSY)
    if not serving or orders.backend == "cpu" or orders.simulated:
        return None
    placed = report.placed
    if placed is not None and orders.backend in placed.backends and placed.device_bytes != 0:
        return None
    return RbeeError(
        "backend_unavailable",
        f"engine {engine} has loaded {orders.model_ref} without a layer on "
        f"{device_name(orders.placement.devices)}",
        _FIXES[engine][orders.backend],
        {
            "engine": engine,
            "device": orders.placement.devices,
            "backends": placed.backends if placed else [],
        },
    )
