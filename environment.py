"""behave's hooks: each scenario gets its own cluster, and is not over before all of it is gone."""

from __future__ import annotations

import gc
import os
import sys
import time
from pathlib import Path
from typing import Any

from harness import ledger
from harness.rig import (
    browsing,
    census,
    lending,
    lent_clients,
    lent_swarms,
    postgresql,
    sentences,
    tags,
)
from harness.rig.cluster import Cluster
from harness.rig.loop_guard import LoopGuard
from harness.rig.ports import PortSlice
from rbee.process.imports import quick_imports

sentences.use()
# What the steps import stays: it is not looked through again and again while there is more of it.
with quick_imports():
    import aiohttp  # noqa: F401
gc.disable()


def before_all(context: Any) -> None:
    """Adopts orphans, takes a slice of the ports, and refuses to run without assertions."""
    if not __debug__:
        raise RuntimeError("assertions are off (PYTHONOPTIMIZE or -O): nothing would be checked")
    gc.enable()
    census.take_charge()
    context.port_slice = PortSlice()
    context.skipped = []
    context.ran = [0]


def before_scenario(context: Any, scenario: Any) -> None:
    """Skips, with the reason, what this machine cannot do; else makes a cluster."""
    reason = tags.reason_to_skip(scenario.effective_tags)
    if reason:
        context.skipped.append(f"{scenario.location} {scenario.name}: {reason}")
        scenario.skip(reason)
        return
    context.ran[0] += 1
    context.began = time.monotonic()
    context.processor_at_first = census.processor_s()
    context.loop_guard = LoopGuard()
    context.loop_guard.start()
    gc.collect()
    gc.freeze()  # what is there by now stays; else the guard would look through all of it
    context.cluster = lent_swarms.cluster_for(scenario, context.port_slice)


def after_scenario(context: Any, scenario: Any) -> None:
    """Fails the scenario for what it left behind, what its logs hold, and what nobody awaited."""
    if not hasattr(context, "loop_guard"):
        return
    cluster: Cluster | None = getattr(context, "cluster", None)
    complaints: list[str] = []
    rests = False
    if cluster is not None and cluster.lent is not None and not scenario.status.has_failed():
        complaints += lent_swarms.take_back(cluster.lent)
        rests = not complaints
    if cluster is not None and not rests:
        expected = tags.TRACEBACK in scenario.effective_tags
        complaints += cluster.close(tracebacks_expected=expected)
    complaints += context.loop_guard.stop()
    scenario.whole_seconds = time.monotonic() - context.began
    scenario.processor_s = census.processor_s() - context.processor_at_first
    if cluster is not None:
        if complaints or scenario.status.has_failed():
            scenario.report = cluster.report()
            print(scenario.report)
        if not rests:
            cluster.remove()
    if complaints:
        raise AssertionError("after the scenario:\n" + "\n".join(complaints))


def after_feature(_context: Any, feature: Any) -> None:
    """Writes what came of the feature into the ledger of the runner, when there is one."""
    path = os.environ.get(ledger.VARIABLE)
    if path:
        print(ledger.write(Path(path), feature), file=sys.__stdout__, flush=True)


def after_all(context: Any) -> None:
    """Names what was skipped, and fails a run in which nothing ran."""
    if "port_slice" not in context:
        return
    if context.skipped:
        print("\nSkipped:", file=sys.__stdout__)
        for line in context.skipped:
            print(f"  {line}", file=sys.__stdout__)
    lent_swarms.end()
    context.port_slice.close()
    lending.end()
    lent_clients.end()
    browsing.end_all()
    postgresql.end()
    if not context.ran[0] and not context.skipped:
        raise AssertionError("no scenario ran: the selection matches nothing")
