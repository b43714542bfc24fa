"""Whether an engine can serve a device, and whether it has done so. Pure.

Both are asked of the engine itself: what it finds on the machine before it has orders, and where
the model is once it is loaded.
"""

from __future__ import annotations

from rbee.wire.errors import RbeeError
from rbee.wire.messages.orders import WorkerOrders
from rbee.wire.messages.workers import EngineFacts, WorkerReport, WorkerState
from rbee.wire.narration import device_name

#: What the models of a hive are.
_FORMAT = "gguf"


def not_able(facts: EngineFacts, backend: str, *, simulated: bool) -> RbeeError | None:
    """Why an engine cannot serve a device of this kind; None: it can.

    A simulated device is served by an engine that runs on the CPU.
    """
    reads = _FORMAT in facts.formats
    if reads and (backend in facts.backends or simulated):
        return None
    what = f"finds no {backend} device on this machine" if reads else f"reads no {_FORMAT.upper()}"
    return RbeeError(
        "backend_unavailable",
        f"engine {facts.engine} {facts.version} {what}",
        _fix(facts, backend) if reads else "take another engine",
        {"engine": facts.engine, "version": facts.version, "backends": facts.backends},
    )


def not_placed(facts: EngineFacts, orders: WorkerOrders, report: WorkerReport) -> RbeeError | None:
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
        f"engine {facts.engine} has loaded {orders.model_ref} without a layer on "
        f"{device_name(orders.placement.devices)}",
        _fix(facts, orders.backend),
        {
            "engine": facts.engine,
            "device": orders.placement.devices,
            "backends": placed.backends if placed else [],
        },
    )


def _fix(facts: EngineFacts, backend: str) -> str:
    """What to type where an engine is of no use for devices of a kind."""
    return facts.install.get(backend, "take another engine, or another device")
