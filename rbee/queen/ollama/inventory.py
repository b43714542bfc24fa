"""What is told of the models that there are, and of those that workers have loaded. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from rbee.queen.front.models import models_of, refs_of
from rbee.queen.front.offer import Known
from rbee.queen.ollama.mapping import moment
from rbee.queen.ollama.messages import Details, Listed, Processes, Running, Shown, Tags
from rbee.queen.ollama.names import spelled
from rbee.queen.rights import Rights, names_of
from rbee.wire.messages.jobs import LONGEST_IDLE
from rbee.wire.messages.models import ClusterModelView
from rbee.wire.messages.names import AddName
from rbee.wire.messages.workers import WorkerBeat

#: When a model was made is not known here; this is how Go, and so ollama, writes that.
_UNKNOWN_TIME = "0001-01-01T00:00:00Z"


class Inventory:
    """The models as one caller sees them: with `rights` those of a key, by its names for them, and
    by those that are `named`."""

    def __init__(self, known: Known, rights: Rights | None, named: Iterable[AddName] = ()) -> None:
        present, workers, _ = known
        self._present = {view.model_ref: view for view in reversed(present)}
        refs = models_of(present, workers)
        names = {ref: ref for ref in refs} if rights is None else names_of(refs, rights)
        #: What each is called, by its reference.
        self.names: Mapping[str, str] = {ref: spelled(name) for name, ref in names.items()}
        #: The references of those that people have called so.
        self._called = {
            spelled(each.name): each.model_ref
            for each in named
            if rights is None or each.model_ref in self.names
        }
        self._workers = [worker for _, worker in workers]

    def context_of(self, ref: str) -> int:
        """What a model was trained with (tokens); 0: that is not known."""
        view = self._present.get(ref)
        return view.context_length if view else 0

    def tags(self) -> Tags:
        """All of them."""
        called = [(ref, name) for name, ref in self._called.items()]
        return Tags(
            models=[self._listed(ref, name) for ref, name in [*self.names.items(), *called]]
        )

    def running(self, now_ms: float, idle_worker: float) -> Processes:
        """Those that are loaded, by each name that leads there; one that works now may idle for
        `idle_worker` seconds behind that, where nobody has said otherwise."""
        running = [
            self._running(worker, ref, moment(_until(worker, now_ms, idle_worker)))
            for worker in self._workers
            for ref in refs_of(worker)
            if ref in self.names
        ]
        return Processes(models=running)

    def shown(self, ref: str, name: str) -> Shown:
        """One of them, which a caller calls `name`."""
        view = self._present.get(ref)
        family = view.architecture if view else None
        information: dict[str, Any] = {"general.architecture": family or ""}
        trained = self.context_of(ref)
        if family and trained:
            information[f"{family}.context_length"] = trained
        return Shown(
            details=_details(view),
            model_info=information,
            capabilities=_capabilities(view),
            modelfile=f"FROM {name}\n",
            modified_at=_UNKNOWN_TIME,
        )

    def _listed(self, ref: str, name: str) -> Listed:
        view = self._present.get(ref)
        return Listed(
            name=name,
            model=name,
            size=view.size_bytes if view else 0,
            digest=digest_of(ref, view.content if view else ""),
            details=_details(view),
            modified_at=_UNKNOWN_TIME,
        )

    def _running(self, worker: WorkerBeat, ref: str, until: str) -> Running:
        view = self._present.get(ref)
        on_gpu = worker.backend != "cpu"
        size = view.size_bytes if view else 0
        return Running(
            name=self.names[ref],
            model=self.names[ref],
            size=worker.vram_bytes or size,
            digest=digest_of(ref, worker.content),
            details=_details(view),
            expires_at=until,
            size_vram=(worker.vram_bytes or size) if on_gpu else 0,
            context_length=worker.context,
        )


def _until(worker: WorkerBeat, now_ms: float, idle_worker: float) -> float:
    """When a worker unloads if nobody asks it again (Unix time, ms)."""
    if worker.kept:
        return now_ms + LONGEST_IDLE * 1000
    idle = idle_worker if worker.may_idle_s is None else worker.may_idle_s
    return worker.unloads_at_ms or now_ms + idle * 1000


def digest_of(ref: str, content: str) -> str:
    """64 digits that are the same for the same files, or where those are unknown for the name."""
    return hashlib.sha256((content or ref).encode()).hexdigest()


def _details(view: ClusterModelView | None) -> Details:
    family = (view.architecture if view else None) or ""
    quant = (view.quant if view else None) or ""
    return Details(family=family, families=[family] if family else [], quantization_level=quant)


def _capabilities(view: ClusterModelView | None) -> list[str]:
    """In ollama's words, which has none for what ranks texts. Its programs take a model that has
    `embedding` for one that does nothing else."""
    if view is not None and view.makes == "ranks":
        return []
    if view is not None and view.makes == "vectors":
        return ["embedding"]
    sees = view is not None and view.sees
    return ["completion", "tools", *(["vision"] if sees else [])]
