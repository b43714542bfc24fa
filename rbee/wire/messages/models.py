"""Models, as they are fetched and listed."""

from __future__ import annotations

import msgspec

from rbee.wire.messages.basics import Answer, Name, NonEmpty, Request, Started, Unreachable


class PullModel(Request, kw_only=True):
    """The queen's `POST /models/provision`; without `node` the hive beside her is meant.

    `hub_token` is as in `JobRequest`.
    """

    model_ref: NonEmpty
    node: Name | None = None
    hub_token: str = ""


class ProvisionModel(Request, kw_only=True):
    """`POST /models/provision`; `newest`: the hub is asked whether it has another version."""

    model_ref: NonEmpty
    newest: bool = False


class ProvisionStarted(Started, kw_only=True):
    """The answer to `POST /models/provision`."""

    provision_id: str


class ModelView(Answer, kw_only=True):
    """One row of the model catalog: a name, and what it leads to.

    Rows with the same `content` are names of the same files; `workers` are those that have them
    loaded, where one model was asked for.
    """

    model_ref: str
    path: str
    size_bytes: int
    quant: str | None = None
    architecture: str | None = None
    status: str = "ready"
    content: str = ""
    workers: list[str] = []


class ModelRemoved(Answer, kw_only=True):
    """The answer to `DELETE /models/{ref}`: the other names, for which the files stay."""

    kept_for: list[str]


class ModelList(Answer, kw_only=True):
    """`GET /models` of a hive."""

    models: list[ModelView]


class ClusterModelView(ModelView, kw_only=True):
    """One row of the queen's `GET /models`."""

    hive_id: str


class ClusterModelList(Answer, kw_only=True):
    """`GET /models` of the queen, over all hives that live."""

    models: list[ClusterModelView]
    unreachable: list[Unreachable] = []


class Provisioned(msgspec.Struct, kw_only=True, omit_defaults=True):
    """`done` of a model's provisioning; the queen says on which hive."""

    model_ref: str
    hive_id: str = ""
    path: str
    size_bytes: int
    duration_ms: float = 0.0
