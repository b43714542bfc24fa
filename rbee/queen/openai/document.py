"""What programs can ask the queen, as an OpenAPI 3.1 document.

The schemas are made of the very types that requests are decoded into; see
https://spec.openapis.org/oas/v3.1.0.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec

from rbee import __version__
from rbee.queen.openai.errors import STATUSES
from rbee.queen.openai.messages import (
    ChatChunk,
    ChatCompletion,
    ChatRequest,
    Completion,
    CompletionRequest,
    EmbeddingRequest,
    Embeddings,
    Failed,
    Model,
    Models,
)
from rbee.wire import addresses, sse
from rbee.wire.errors import ErrorBody
from rbee.wire.messages.basics import Health
from rbee.wire.messages.hives import HiveList
from rbee.wire.messages.jobs import JobAccepted, JobList, JobRequest, JobView
from rbee.wire.messages.models import ClusterModelList
from rbee.wire.messages.workers import WorkerList

_SCHEMAS = "#/components/schemas/{name}"
_JSON = "application/json"


class Refused(msgspec.Struct):
    """An error outside of ``/v1``."""

    error: ErrorBody


class _Operation(NamedTuple):
    """`event` is what the events of a streamed answer hold, `refusals` the statuses of errors."""

    method: str
    path: str
    summary: str
    answer: type[msgspec.Struct]
    request: type[msgspec.Struct] | None = None
    status: int = 200
    event: type[msgspec.Struct] | None = None
    refusals: tuple[int, ...] = (401, 503)


_OPERATIONS = (
    _Operation("get", addresses.V1_MODELS, "The models that can be asked", Models),
    _Operation(
        "get",
        addresses.V1_MODELS + "/{id}",
        "One of them",
        Model,
        refusals=(400, 401, 404, 503),
    ),
    _Operation(
        "post",
        addresses.V1_CHAT,
        "Answers a conversation",
        ChatCompletion,
        ChatRequest,
        event=ChatChunk,
        refusals=STATUSES,
    ),
    _Operation(
        "post",
        addresses.V1_COMPLETIONS,
        "Goes on with a text",
        Completion,
        CompletionRequest,
        event=Completion,
        refusals=STATUSES,
    ),
    _Operation(
        "post",
        addresses.V1_EMBEDDINGS,
        "Makes vectors of texts",
        Embeddings,
        EmbeddingRequest,
        refusals=STATUSES,
    ),
    _Operation(
        "post",
        addresses.JOBS,
        "Hands in a job",
        JobAccepted,
        JobRequest,
        status=202,
        refusals=(400, 401, 408, 413, 415, 429, 503),
    ),
    _Operation("get", addresses.JOBS, "The jobs, newest first", JobList, refusals=(401,)),
    _Operation("get", addresses.JOBS + "/{id}", "One of them", JobView, refusals=(400, 401, 404)),
    _Operation("get", addresses.HIVES, "The machines", HiveList),
    _Operation("get", addresses.WORKERS, "The workers", WorkerList, refusals=(401,)),
    _Operation("get", addresses.MODELS, "The models on the machines", ClusterModelList),
    _Operation("get", addresses.HEALTH, "Who answers here", Health, refusals=()),
)


def document() -> dict[str, Any]:
    """The whole document, as plain values."""
    types: list[type[msgspec.Struct]] = [Failed, Refused]
    for each in _OPERATIONS:
        types += filter(None, (each.answer, each.request, each.event))
    references, schemas = msgspec.json.schema_components(types, ref_template=_SCHEMAS)
    reference = dict(zip(types, references))
    paths: dict[str, dict[str, Any]] = {}
    for each in _OPERATIONS:
        paths.setdefault(each.path, {})[each.method] = _described(each, reference)
    return {
        "openapi": "3.1.0",
        "info": {"title": "rbee", "version": __version__},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _described(one: _Operation, reference: dict[type[msgspec.Struct], Any]) -> dict[str, Any]:
    content: dict[str, Any] = {_JSON: {"schema": reference[one.answer]}}
    if one.event:
        content[sse.CONTENT_TYPE] = {"schema": _streamed(reference[one.event], reference[Failed])}
    refused = Failed if one.path.startswith(addresses.V1) else Refused
    failed = {_JSON: {"schema": reference[refused]}}
    described: dict[str, Any] = {
        "summary": one.summary,
        "responses": {
            str(one.status): {"description": one.summary, "content": content},
            **{
                str(status): {"description": HTTPStatus(status).phrase, "content": failed}
                for status in one.refusals
            },
        },
    }
    if one.request is not None:
        body = {_JSON: {"schema": reference[one.request]}}
        described["requestBody"] = {"required": True, "content": body}
    if "{id}" in one.path:
        described["parameters"] = [
            {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
        ]
    if one.path == addresses.HEALTH:
        described["security"] = []
    return described


def _streamed(piece: Any, failed: Any) -> dict[str, Any]:
    """One event of a stream: a piece of the answer, an error that ends it, or the last word."""
    told = {"contentMediaType": _JSON, "contentSchema": {"anyOf": [piece, failed]}}
    data = {"type": "string", "anyOf": [told, {"const": "[DONE]"}]}
    return {"type": "object", "properties": {"data": data}, "required": ["data"]}
