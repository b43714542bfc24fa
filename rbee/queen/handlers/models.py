"""Models: listed and removed."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from rbee.http.serving import serves
from rbee.queen.hives import Hives
from rbee.queen.openai.routes import Known
from rbee.queen.registry import Registry
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import Unreachable
from rbee.wire.messages.models import (
    CLUSTER_MODELS,
    MODELS,
    REMOVE_CLUSTER_MODEL,
    REMOVE_MODEL,
    ClusterModelList,
    ClusterModelView,
    ModelRemoved,
    OneModel,
    RemoveModel,
)
from rbee.wire.model_ref import parse_model_ref


class ModelHandlers(NamedTuple):
    """The models of all hives."""

    hives: Hives
    registry: Registry

    @serves(CLUSTER_MODELS)
    async def listed(self) -> ClusterModelList:
        """Lists the models of all hives that answer; `unreachable` names those that do not."""
        models, unreachable = await self._everywhere()
        return ClusterModelList(models=models, unreachable=unreachable)

    @serves(REMOVE_CLUSTER_MODEL)
    async def remove(self, wanted: RemoveModel) -> ModelRemoved | None:
        """Removes a model from a hive; 204 where no other name leads to its files."""
        ref = parse_model_ref(wanted.ref)
        hive = self.registry.hives.get(wanted.node)
        if hive is None:
            await self.hives.members.require(wanted.node)
            raise RbeeError("hive_not_found", f"hive {wanted.node} is not awake", "rbee-keeper up")
        removed = await self.hives.peer(hive).call(REMOVE_MODEL, OneModel(ref=str(ref)))
        return removed if removed.kept_for else None

    async def known(self, awake: bool = False) -> Known:
        """The models on the hives that answer, the workers with the hive of each, and the hives
        that do not answer; with `awake` those that sleep are woken first, as for a job."""
        if awake:
            await self.hives.awake(None, lambda line, **facts: None)
        models, unreachable = await self._everywhere()
        return models, self.registry.workers(), unreachable

    async def _everywhere(self) -> tuple[list[ClusterModelView], list[Unreachable]]:
        answers, unreachable = await self.hives.ask_each(MODELS, None)
        models = [
            ClusterModelView(hive_id=hive.hive_id, **msgspec.structs.asdict(model))
            for hive, answer in answers
            for model in answer.models
        ]
        return models, unreachable
