"""What Schemathesis asks for, made answerable: the model that there is, and a word or two of it.

It tries each field of a request in some ten ways. Many requests have a field of one name and one
schema in common; that is tried in the first of them alone. Of the values that fit a field, and of
those that are wrong for it in one way, one is tried, and some of the others. Where `EVERYWHERE` is
set, all of it is tried.
"""

from __future__ import annotations

import itertools
import json
import os
import re
from typing import Any

import schemathesis
from schemathesis.generation.meta import CoveragePhaseData

#: Set for each value of each field to be tried in each request that has it, which takes minutes.
EVERYWHERE = "HARNESS_EVERYWHERE"
_MODEL = "minillama"
#: Each value that is allowed may start a worker of its own, or name a machine that is not there.
_PLACES = ("node", "device", "backend", "engine", "ctx")
_WRITING = ("/api/chat", "/api/generate")
#: The fields that bound an answer, by path.
_TOKENS = {
    "/v1/responses": ("max_output_tokens",),
    "/v1/responses/input_tokens": (),
    "/v1/messages": ("max_tokens",),
    "/v1/messages/count_tokens": (),
}
_ELSE = ("max_tokens", "max_completion_tokens")
#: What of a field says nothing of what it may hold.
_SAYS_NO_FORM = ("description", "default")
#: Of the values that are of no new kind every so many-th is tried, so that no value is left out for
#: all of the fields.
_ONE_IN = 10
#: The names of fields in what Schemathesis says of a value.
_NAMED = re.compile(r"'([^']*)'")
_REFERENCE = re.compile(r'"#/components/schemas/([^"]+)"')


@schemathesis.hook
def before_load_schema(_context: Any, document: dict[str, Any]) -> None:
    """Takes the fields out of a request that an earlier one has, but for those it cannot be
    without. Those that may hold anything are one where the same becomes of them."""
    if os.environ.get(EVERYWHERE):
        return
    schemas = document["components"]["schemas"]
    operations = [each for path in document["paths"].values() for each in path.values()]
    answered = _led_to([each.get("responses") for each in operations], schemas)
    asked = _led_to([each.get("requestBody") for each in operations], schemas)
    seen: set[tuple[str, str]] = set()
    for schema in (schemas[name] for name in asked if name not in answered):
        fields = schema.get("properties", {})
        for name, field in list(fields.items()):
            form = {key: value for key, value in field.items() if key not in _SAYS_NO_FORM}
            known = (name, json.dumps(form)) if form else ("", field.get("description", ""))
            if known not in seen:
                seen.add(known)
            elif name not in schema.get("required", ()):
                del fields[name]


def _led_to(what: Any, schemas: dict[str, Any]) -> list[str]:
    """The names of the schemas that this leads to, in its order."""
    waiting, found = [what], dict[str, None]()
    while waiting:
        named = dict.fromkeys(_REFERENCE.findall(json.dumps(waiting.pop(0))))
        waiting += [schemas[name] for name in named if name not in found]
        found.update(named)
    return list(found)


_tried: set[tuple[object, ...]] = set()
_others = itertools.count(1)


@schemathesis.hook
def filter_case(_context: Any, case: Any) -> bool:
    """Whether this request is sent: for each field one of each kind of value, and some others."""
    value = case.meta.phase.data
    if not isinstance(value, CoveragePhaseData) or os.environ.get(EVERYWHERE):
        return True
    where = (case.method, case.path, value.parameter)
    fields = _NAMED.findall(value.description) or [value.description]
    kind = (*where, case.meta.generation.mode, value.scenario, *fields)
    known = kind in _tried
    _tried.add(kind)
    return not known or next(_others) % _ONE_IN == 0


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
    """Looks at a request that is about to be sent; what is wrong with it stays wrong."""
    body = case.body
    if not isinstance(body, dict):
        return
    for name in ("model", "model_ref"):
        if isinstance(body.get(name), str) and body[name]:
            body[name] = _MODEL
    for name in _PLACES:
        body.pop(name, None)
    if case.path.startswith("/api/"):
        if case.path in _WRITING:
            _shorten_for_ollama(body)
        return
    for name in _TOKENS.get(case.path, _ELSE):
        if body.get(name) is None or (type(body[name]) is int and 1 < body[name] <= 1_000_000):
            body[name] = 2


def _shorten_for_ollama(body: dict[str, Any]) -> None:
    options = body.setdefault("options", {})
    if isinstance(options, dict):
        options.pop("num_ctx", None)
        options["num_predict"] = 2
