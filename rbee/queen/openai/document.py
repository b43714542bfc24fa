"""What programs can ask the queen, as an OpenAPI 3.1 document.

The schemas are made of the very types that requests are decoded into; see
https://spec.openapis.org/oas/v3.1.0.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from rbee import __version__
from rbee.queen.openai.messages import (
    ChatCompletion,
    ChatRequest,
    Completion,
    CompletionRequest,
    Failed,
    Model,
    Models,
)
from rbee.wire import addresses, sse
from rbee.wire.messages import (
    ClusterModelList,
    ClusterWorkerList,
    Health,
    HiveList,
    JobAccepted,
    JobList,
    JobRequest,
    JobView,
)

_SCHEMAS = "#/components/schemas/{name}"
_JSON = "application/json"


class _Operation(NamedTuple):
    method: str
    path: str
    summary: str
    answer: type[msgspec.Struct]
    request: type[msgspec.Struct] | None = None
    status: int = 200
    streams: bool = False


_OPERATIONS = (
    _Operation("get", addresses.V1_MODELS, "The models that can be asked", Models),
    _Operation("get", addresses.V1_MODELS + "/{id}", "One of them", Model),
    _Operation(
        "post",
        addresses.V1_CHAT,
        "Answers a conversation",
        ChatCompletion,
        ChatRequest,
        streams=True,
    ),
    _Operation(
        "post",
        addresses.V1_COMPLETIONS,
        "Goes on with a text",
        Completion,
        CompletionRequest,
        streams=True,
    ),
    _Operation("post", addresses.JOBS, "Hands in a job", JobAccepted, JobRequest, 202),
    _Operation("get", addresses.JOBS, "The jobs, newest first", JobList),
    _Operation("get", addresses.JOBS + "/{id}", "One of them", JobView),
    _Operation("get", addresses.HIVES, "The machines", HiveList),
    _Operation("get", addresses.WORKERS, "The workers", ClusterWorkerList),
    _Operation("get", addresses.MODELS, "The models on the machines", ClusterModelList),
    _Operation("get", addresses.HEALTH, "Who answers here", Health),
)


def document() -> dict[str, Any]:
    """The whole document, as plain values."""
    types: list[type[msgspec.Struct]] = [Failed]
    for each in _OPERATIONS:
        types += [each.answer, *([each.request] if each.request else [])]
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
    if one.streams:
        content[sse.CONTENT_TYPE] = {"schema": {"type": "string"}}
    described: dict[str, Any] = {
        "summary": one.summary,
        "responses": {str(one.status): {"description": one.summary, "content": content}},
    }
    if one.path.startswith(addresses.V1):
        failed = {_JSON: {"schema": reference[Failed]}}
        described["responses"]["default"] = {"description": "It failed", "content": failed}
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
