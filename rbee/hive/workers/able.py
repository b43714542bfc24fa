"""Whether an engine can serve a device, and whether it has done so. Pure.

Both are asked of the engine itself: what it finds on the machine before it has orders, and where
the model is once it is loaded.
"""

from __future__ import annotations

from rbee.wire.errors import RbeeError
from rbee.wire.messages.orders import WorkerOrders
from rbee.wire.messages.workers import EngineFacts, WorkerReport, WorkerState
from rbee.wire.narration import device_name
from rbee.wire.placement import CPU

#: What the models of a hive are.
_FORMAT = "gguf"


def not_able(facts: EngineFacts, backend: str, *, simulated: bool, parts: int) -> RbeeError | None:
    """Why an engine cannot serve a device of this kind, or `parts` devices; None: it can.

    A simulated device is served by an engine that runs on the CPU. The details have the `backend`
    where it has no use of any device of that.
    """
    more: dict[str, str] = {}
    if _FORMAT not in facts.formats:
        what, fix = f"reads no {_FORMAT.upper()}", "take another engine"
    elif backend not in facts.backends and not simulated:
        what, fix = f"finds no {backend} device on this machine", _fix(facts, backend)
        more = {"backend": backend}
    elif parts > 1 and not facts.splits:
        what, fix = "lays a model on one device, not on several", "take another engine"
    else:
        return None
    return RbeeError(
        "backend_unavailable",
        f"engine {facts.engine} {facts.version} {what}",
        fix,
        {"engine": facts.engine, "version": facts.version, "backends": facts.backends, **more},
    )


def not_placed(facts: EngineFacts, orders: WorkerOrders, report: WorkerReport) -> RbeeError | None:
    """What is wrong where a model is not on each device that was ordered; None: all is well.

    A worker that is still loading, and one on the CPU or a simulated device, is where it has to be.
    """
    serving = report.state in (WorkerState.READY, WorkerState.BUSY)
    if not serving or orders.backend == "cpu" or orders.simulated:
        return None
    # Those on other machines are looked after there.
    placed, parts = report.placed, orders.placement.own
    alone = len(orders.placement.parts) == 1
    bare = [part.device for part in parts if part.device != CPU and (alone or part.layers)]
    if placed is not None and orders.backend in placed.backends:
        # An engine that lays a model on one device need not tell by how much that has changed.
        changed = placed.device_bytes
        bare = [device for device in bare if not changed.get(device, alone)]
    if not bare:
        return None
    return RbeeError(
        "backend_unavailable",
        f"engine {facts.engine} has loaded {orders.model_ref} without a layer on "
        f"{device_name('+'.join(bare))}",
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
