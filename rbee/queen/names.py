"""Names of one's own for models, and what is asked by them.

The one owner of them is the queen: whoever asks, by whatever API or command, asks her. What
``rbee-keeper name`` gives is in her catalog, what ``config.toml`` gives stands there alone. Queens
that share a catalog read it when they start, and when something is changed there by themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec

from rbee.http.serving import serves
from rbee.process.tasks import DATABASE, in_thread
from rbee.queen.catalog import NameCatalog
from rbee.wire.errors import invalid, no_such
from rbee.wire.messages.basics import Named
from rbee.wire.messages.inference import ChatMessage
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.messages.names import (
    ADD_NAME,
    NAMES,
    REMOVE_NAME,
    AddName,
    NameList,
    NameView,
    configured,
    require_name,
)
from rbee.wire.model_ref import BUNDLED, is_short_name, nobody_called, parse_model_ref
from rbee.wire.settings import Settings

#: Settings of a name that have another name as a field of a job.
_CALLED = {"context": "ctx", "thinking": "think"}


class Names:
    """The names that people have given to models, kept in the catalog."""

    def __init__(self, catalog: NameCatalog, settings: Settings) -> None:
        self._catalog = catalog
        self._configured = {each.name: each for each in configured(settings.names)}
        self._kept: Mapping[str, AddName] | None = None
        self._reading = asyncio.Lock()
        self.default_model = settings.default_model or BUNDLED

    async def all(self) -> dict[str, AddName]:
        """Each of them, those of ``config.toml`` before others of the same name."""
        async with self._reading:
            if self._kept is None:
                rows = await in_thread(DATABASE, self._catalog.list)
                self._kept = {row.name: row for row in rows}
            return {**self._kept, **self._configured}

    async def find(self, *spellings: str) -> AddName | None:
        """The name that was typed, by the first of these spellings that is one; None: none is."""
        short = [each for each in spellings if is_short_name(each)]
        if not short:
            return None
        names = await self.all()
        return next((names[each] for each in short if each in names), None)

    async def ref_of(self, typed: str) -> str:
        """The reference of a model that is called so. Raises `model_not_found` for a short name
        that nobody has given, and `invalid_request`."""
        named = await self.find(typed)
        if named is not None:
            return named.model_ref
        if is_short_name(typed):
            raise nobody_called(typed)
        return str(parse_model_ref(typed))

    async def meant(self, wanted: JobRequest) -> JobRequest:
        """A job with the reference of its model, and what its name brings. Raises as `ref_of`."""
        named = await self.find(wanted.model_ref)
        if named is not None:
            return asked_by_name(wanted, named)
        wanted.model_ref = await self.ref_of(wanted.model_ref)
        return wanted

    @serves(NAMES)
    async def list(self) -> NameList:
        """Lists the names of models, and what is asked by each."""
        names = await self.all()
        return NameList(
            names=[self._view(names[name]) for name in sorted(names)],
            default_model=self.default_model,
        )

    @serves(ADD_NAME)
    async def add(self, wanted: AddName) -> NameView:
        """Gives a model a name, with settings for whoever asks by it; a name that is there already
        gets another meaning."""
        require_name(wanted.name)
        if wanted.name in self._configured:
            raise invalid(
                f"the name {wanted.name} stands in config.toml",
                f"change [names.{wanted.name}] there, or take another name",
                field="name",
            )
        wanted.model_ref = str(parse_model_ref(wanted.model_ref))
        await in_thread(DATABASE, self._catalog.put, wanted)
        self._kept = None
        return self._view(wanted)

    @serves(REMOVE_NAME)
    async def remove(self, wanted: Named) -> None:
        """Takes a name away; its model stays."""
        if wanted.id in self._configured:
            raise invalid(
                f"the name {wanted.id} stands in config.toml",
                f"remove [names.{wanted.id}] there",
                field="name",
            )
        if not await in_thread(DATABASE, self._catalog.remove, wanted.id):
            raise no_such("name", wanted.id, await self.all(), "rbee-keeper names lists them")
        self._kept = None

    def _view(self, row: AddName) -> NameView:
        return NameView(
            name=row.name,
            model_ref=row.model_ref,
            settings=row.settings.given(),
            from_config=row.name in self._configured,
        )


def asked_by_name(wanted: JobRequest, named: AddName) -> JobRequest:
    """A job with what its name brings and it does not say itself. Pure."""
    given = named.settings.given().items()
    values = {_CALLED.get(name, name): value for name, value in given}
    system = values.pop("system", None)
    if wanted.must_call or wanted.json_schema is not None or wanted.grammar is not None:
        values.pop("ignore_eos", None)  # a form ends the answer
    asked = {name: value for name, value in values.items() if getattr(wanted, name) is None}
    asked["model_ref"] = named.model_ref
    if system is not None and wanted.inputs is None and not wanted.raw:
        said = wanted.messages or [ChatMessage(role="user", content=wanted.prompt or "")]
        if said[0].role != "system":
            first = ChatMessage(role="system", content=system)
            asked.update(messages=[first, *said], prompt=None)
    return msgspec.structs.replace(wanted, **asked)
