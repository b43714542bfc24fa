"""Models, as they are fetched and listed."""

from typing import Literal

import msgspec

from rbee.wire.messages.basics import (
    Answer,
    Name,
    Named,
    NonEmpty,
    OperationStarted,
    Request,
    Started,
    Unreachable,
)
from rbee.wire.routes import NONE, Events, Route

#: Texts, and vectors too; vectors alone; how well a text answers another.
Makes = Literal["", "texts", "vectors", "ranks"]


class PullModel(Request, kw_only=True):
    """A model that a hive is to fetch; without `node` the hive beside her is meant.

    `hub_token` is as in `JobRequest`.
    """

    model_ref: NonEmpty
    node: Name | None = None
    hub_token: str = ""


class ProvisionModel(Request, kw_only=True):
    """A model that is to be fetched; `newest`: the hub is asked whether it has another version."""

    model_ref: NonEmpty
    newest: bool = False


class ProvisionStarted(Started, kw_only=True):
    """A model is fetched."""

    provision_id: str


class ModelView(Answer, kw_only=True):
    """One row of the model catalog: a name, and what it leads to.

    Rows with the same `content` are names of the same files; `workers` are those that have them
    loaded, where one model was asked for. `context_length` is what it was trained with (tokens; 0:
    the file does not say). `makes` is what comes of it; empty where many were not asked for, or its
    file cannot be read. `sees`: it can be shown pictures.
    """

    model_ref: str
    path: str
    size_bytes: int
    quant: str | None = None
    architecture: str | None = None
    status: str = "ready"
    content: str = ""
    context_length: int = 0
    makes: Makes = ""
    workers: list[str] = []
    sees: bool = False


class ModelRemoved(Answer, kw_only=True):
    """A model is removed: the other names, for which the files stay."""

    kept_for: list[str]


class ModelList(Answer, kw_only=True):
    """The models of a hive."""

    models: list[ModelView]


class ClusterModelView(ModelView, kw_only=True):
    """A model, and the hive that has it."""

    hive_id: str


class ClusterModelList(Answer, kw_only=True):
    """The models of all hives that live."""

    models: list[ClusterModelView]
    unreachable: list[Unreachable] = []


class Provisioned(msgspec.Struct, kw_only=True, omit_defaults=True):
    """`done` of a model's provisioning; the queen says on which hive."""

    model_ref: str
    hive_id: str = ""
    path: str
    size_bytes: int
    duration_ms: float = 0.0


class NamedModel(Request, kw_only=True):
    """The model that is meant, by its reference."""

    ref: str


class FindModel(NamedModel, kw_only=True):
    """`lead`: the hub is asked what a new name means, and nothing is fetched."""

    lead: bool = False


class RemoveModel(NamedModel, kw_only=True):
    """A model that is to leave the hive `node`."""

    node: Name = "localhost"


# Of the queen.
CLUSTER_MODELS = Route("GET", "/models", NONE, ClusterModelList, on_page=True)
PULL_MODEL = Route("POST", "/models/provision", PullModel, OperationStarted, status=202)
REMOVE_CLUSTER_MODEL: Route[RemoveModel, ModelRemoved | None] = Route(
    "DELETE", "/models/{ref:path}", RemoveModel, ModelRemoved, may_be_empty=True
)

# Of a hive.
MODELS = Route("GET", "/models", NONE, ModelList)
MODEL = Route("GET", "/models/{ref:path}", FindModel, ModelView)
REMOVE_MODEL = Route("DELETE", "/models/{ref:path}", NamedModel, ModelRemoved)
PROVISION_MODEL = Route("POST", "/models/provision", ProvisionModel, ProvisionStarted, status=202)
PROVISION_EVENTS = Route("GET", "/models/provision/{id}/events", Named, Events)
