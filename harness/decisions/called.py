"""Names of one's own for models, decided in this process."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

import msgspec

from rbee.keeper.options import MODEL
from rbee.queen.catalog import NameCatalog
from rbee.queen.front.models import as_told, model_ref_of, spellings
from rbee.queen.names import Names, asked_by_name
from rbee.queen.ollama.inventory import Inventory
from rbee.queen.rights import Rights, granted_by_name, limits_of
from rbee.wire.errors import RbeeError
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.messages.names import AddName, configured, settings_of
from rbee.wire.settings import Settings, settings_from

#: What is on the machines of the swarm.
_PRESENT = ("HF:author/minillama", "file:/home/maria/diary.gguf")
_BREAK = "~"


def _told(made: Any) -> str:
    return json.dumps(made, sort_keys=True).strip("{}") or "nothing"


def spelled(typed: str) -> str:
    """What settings come to that are typed with commas between them, or what is refused."""
    try:
        return _told(settings_of(typed.split(", ")).given())
    except RbeeError as error:
        return f"refused: {error.details['field']}"


def in_config(text: str) -> str:
    """What names a ``config.toml`` gives, with ``~`` between its lines, or why it is refused."""
    try:
        settings = settings_from({}, text.replace(_BREAK, "\n"))
    except RbeeError as error:
        return f"refused: {error.message}"
    found = configured(settings.names)
    return ", ".join(f"{each.name} is {each.model_ref}" for each in found) or "none"


def job_of(settings: str, request: str) -> str:
    """What a request (JSON without its braces) becomes that asks by a name with these settings."""
    named = AddName(
        name="bee",
        model_ref="HF:author/minillama",
        settings=settings_of(settings.split(", ")),
    )
    asked = msgspec.json.decode(f'{{"model_ref": "bee", {request}}}', type=JobRequest)
    made = msgspec.to_builtins(asked_by_name(asked, named))
    assert made.pop("model_ref") == "HF:author/minillama", made
    return _told(made)


def granted_to(limits: str, fetch: str, ref: str) -> str:
    """What a key's holder gets for a name of this reference."""
    models = () if limits == "nothing" else limits_of(limits.split(", "))
    rights = Rights(models=models, may_fetch=fetch == "fetch")
    try:
        return granted_by_name(AddName(name="bee", model_ref=ref), _PRESENT, rights).ref
    except RbeeError as error:
        assert "bee" in error.message and ref not in error.message, error.message
        return error.code


def in_ollamas_list(limits: str) -> str:
    """What ollama's programs find of a name of minillama's, with a key that is limited so."""
    rights = None if limits == "no key" else Rights(models=limits_of(limits.split(", ")))
    named = [AddName(name="bee", model_ref="minillama")]
    return ", ".join(
        sorted(row.name for row in Inventory(([], [], []), rights, named).tags().models)
    )


def asked_for(name: str) -> str:
    """The model that a name means to whoever asks below ``/v1``."""
    try:
        return model_ref_of(as_told(name))
    except RbeeError:
        return "refused"


class _NothingKept:
    """A catalog in which no name stands."""

    def list(self) -> list[AddName]:
        return []


def name_asked_for(model: str, given: str) -> str:
    """The name that is meant by `model` in an API, of these with commas between them."""
    settings = Settings(names={name: {"model": "HF:owner/repo"} for name in given.split(", ")})
    names = Names(cast(NameCatalog, _NothingKept()), settings)
    found = asyncio.run(names.find(*spellings(model)))
    return "none" if found is None else found.name


def typed(text: str) -> str:
    """What the command line takes for a model."""
    try:
        return str(MODEL.read(text))
    except RbeeError:
        return "refused"
