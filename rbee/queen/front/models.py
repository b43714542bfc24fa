"""Which model a name means that somebody sends, and which models there are to be asked. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rbee.queen.rights import Rights, names_of
from rbee.wire.errors import RbeeError
from rbee.wire.messages.models import ClusterModelView, Makes
from rbee.wire.messages.names import AddName
from rbee.wire.messages.workers import WorkerBeat
from rbee.wire.model_ref import BUNDLED, is_short_name, parse_model_ref
from rbee.wire.shown import beginning

_LATEST = ":latest"
_FILE = "file"
_HUBS = ("huggingface.co/", "hf.co/")
_CAPABILITIES: dict[Makes, list[str]] = {
    "": [],
    "texts": ["completion", "embedding"],
    "vectors": ["embedding"],
    "ranks": ["rerank"],
}


def as_told(model: str) -> str:
    """A model's name without what ollama's programs put around it: the tag that stands for none,
    and the place of the hub. They ask by the same names whichever API they speak."""
    if model.partition(":")[0].lower() == _FILE:
        return model
    bare = model.removesuffix(_LATEST)
    place = bare.removeprefix("https://")
    for hub in _HUBS:
        if place.startswith(hub):
            return place.removeprefix(hub)
    return bare


def spellings(model: str) -> tuple[str, str]:
    """By what a name of somebody's own is looked for where `model` is asked for: that very name,
    and else what is left of it `as_told`."""
    return model, as_told(model)


def model_ref_of(model: str) -> str:
    """The reference that a client's `model` means; ``owner/repo`` is one of the hub.

    Raises `model_not_found` for a name of somebody else's models, and `invalid_request`.
    """
    named = model.partition(":")[0].lower() in ("hf", _FILE) or model == BUNDLED
    if not named and "/" not in model.strip("/"):
        raise _nobody_called(model)
    return str(parse_model_ref(model if named or model.startswith("/") else f"HF:{model}"))


def _nobody_called(model: str) -> RbeeError:
    """The error for a name that is nobody's, told to who has the swarm's own token and so its
    keeper: to others `rbee.queen.rights` speaks."""
    named = ""
    if is_short_name(model):
        named = f" (rbee-keeper name {model} HF:owner/repo calls one so)"
    return RbeeError(
        "model_not_found",
        f"no model is called '{beginning(model)}' here{named}",
        "name a repository of the hub, as owner/repo:Q4_K_M; GET /v1/models lists what there is",
        {"field": "model"},
    )


def capabilities_of(makes: Makes | None) -> list[str]:
    """What a model is for of which that comes; nothing where that is not known."""
    return _CAPABILITIES[makes or ""]


def refs_of(worker: WorkerBeat) -> Sequence[str]:
    """The references that lead to what a worker has loaded."""
    return (worker.model_ref,) if worker.names is None else worker.names


def models_of(
    present: Iterable[ClusterModelView], workers: Iterable[tuple[str, WorkerBeat]]
) -> dict[str, tuple[str, list[str]]]:
    """Status and hives of each model by its reference; `workers` come with their hive."""
    hives: dict[str, set[str]] = {}
    loaded = set()
    for view in present:
        hives.setdefault(view.model_ref, set()).add(view.hive_id)
    for hive_id, worker in workers:
        for ref in refs_of(worker):
            hives.setdefault(ref, set()).add(hive_id)
            loaded.add(ref)
    found = {
        ref: ("loaded" if ref in loaded else "present", sorted(those))
        for ref, those in sorted(hives.items())
    }
    return {BUNDLED: ("known", []), **found}


def seen_by(rights: Rights | None, refs: Iterable[str], named: Iterable[AddName]) -> dict[str, str]:
    """What somebody calls the models that may be asked, and their references: with `rights` the
    holder of a key. Behind the models stand the names that people have given those."""
    names = {ref: ref for ref in refs} if rights is None else names_of(refs, rights)
    seen = set(names.values())
    called = {
        each.name: each.model_ref for each in named if rights is None or each.model_ref in seen
    }
    return {**names, **called}
