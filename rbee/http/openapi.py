"""What a daemon can be asked, as an OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.0).

The schemas are made of the very types that requests are decoded into.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec.json import schema_components

from rbee import __version__
from rbee.http.serving import Served
from rbee.wire import sse
from rbee.wire.routes import JSON_LINES, NONE, Events, Route, Who

#: Routes that belong together, and the type of their errors.
Group = tuple[Sequence[Served], type]

_SCHEMAS = "#/components/schemas/{name}"
_JSON = "application/json"


def document(role: str, groups: Sequence[Group]) -> dict[str, Any]:
    """The whole document, as plain values."""
    types = [kind for group in groups for kind in _types(*group)]
    references, schemas = schema_components(types, ref_template=_SCHEMAS)
    reference = dict(zip(types, references))
    paths: dict[str, dict[str, Any]] = {}
    for served, refused in groups:
        for each in served:
            operation = _described(each, refused, reference, schemas)
            operations, method = paths.setdefault(each.route.path, {}), each.route.method.lower()
            # Two APIs have this path; a header of the request tells them apart.
            if method in operations:
                operation = _either(operations[method], operation)
            operations[method] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": f"rbee {role}", "version": __version__},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _either(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """An operation that one door or the other answers. Neither has a body."""
    parameters = {each["name"]: each for each in (*other["parameters"], *one["parameters"])}
    both = dict(one, parameters=list(parameters.values()))
    both["responses"] = {
        status: _answered_as(one["responses"][status], other["responses"][status])
        for status in one["responses"]
    }
    return both


def _answered_as(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    schemas = [answer["content"][_JSON]["schema"] for answer in (one, other)]
    return dict(one, content={_JSON: {"schema": {"anyOf": schemas}}})


def _types(served: Sequence[Served], refused: type) -> Iterator[type]:
    yield refused
    for route, _, _ in served:
        for kind in (route.request, route.answer, route.event, route.line):
            if kind not in (NONE, None, Events):
                yield kind


def _described(
    served: Served, refused: type, reference: dict[Any, Any], schemas: dict[str, Any]
) -> dict[str, Any]:
    route, about, _ = served
    failed = {"description": "An error", "content": {_JSON: {"schema": reference[refused]}}}
    described: dict[str, Any] = {
        "summary": about,
        "responses": {
            str(route.status): {"description": about, **_answered(route, refused, reference)},
            "4XX": failed,
            "5XX": failed,
        },
    }
    if route.may_be_empty:
        described["responses"]["204"] = {"description": about}
    if route.has_body:
        body = {_JSON: {"schema": reference[route.request]}}
        described["requestBody"] = {"required": True, "content": body}
    else:
        described["parameters"] = list(_parameters(route, reference, schemas))
    if route.who is Who.ANYBODY:
        described["security"] = []
    return described


def _answered(route: Route[Any, Any], refused: type, reference: dict[Any, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if route.answer not in (NONE, Events):
        content[_JSON] = {"schema": reference[route.answer]}
    if route.event is Events:
        content[sse.CONTENT_TYPE] = {"schema": {"type": "string"}}
    elif route.event is not None:
        streamed = _streamed(reference[route.event], reference[refused])
        content[sse.CONTENT_TYPE] = {"schema": streamed}
    if route.line is not None:
        content[JSON_LINES] = {"schema": _one_of_lines(reference[route.line], reference[refused])}
    return {"content": content} if content else {}


def _parameters(
    route: Route[Any, Any], reference: dict[Any, Any], schemas: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """What travels in the path, and in the query."""
    fields: dict[str, Any] = {name: {"type": "string"} for name in route.named}
    wanted: list[str] = []
    if route.request is not NONE:
        schema = schemas[reference[route.request]["$ref"].rpartition("/")[2]]
        fields |= schema["properties"]
        wanted = schema.get("required", [])
    for name, schema in fields.items():
        in_path = name in route.named
        yield {
            "name": name,
            "in": "path" if in_path else "query",
            "required": in_path or name in wanted,
            "schema": schema,
        }


def _streamed(piece: Any, failed: Any) -> dict[str, Any]:
    """One event of a stream: a piece of the answer, an error that ends it, or the last word."""
    text = {"contentMediaType": _JSON, "contentSchema": {"anyOf": [piece, failed]}}
    data = {"type": "string", "anyOf": [text, {"const": "[DONE]"}]}
    return {"type": "object", "properties": {"data": data}, "required": ["data"]}


def _one_of_lines(piece: Any, failed: Any) -> dict[str, Any]:
    """The lines of a stream: each a piece of the answer, or an error that ends it."""
    return {
        "type": "string",
        "contentMediaType": _JSON,
        "contentSchema": {"anyOf": [piece, failed]},
    }
