"""Gets models onto this machine, one download for all who ask for the same one.

Phase 7: `POST /models/provision` lands here, the progress is told as events, and the catalog row
is written after the last byte has been checked, not before. Phase 6 asks for the header alone,
which is read by range so that a model that cannot fit is refused before it is fetched.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

import msgspec

from rbee.hive.models import hub
from rbee.hive.models.aliases import branch, is_of, means_the_same
from rbee.hive.models.catalog import ModelCatalog, ModelRow, StoredFile
from rbee.hive.models.download import (
    Cancelled,
    download,
    is_content_of,
    require_disk,
)
from rbee.hive.models.gguf.header import GgufHeader, header_of_file, require_model
from rbee.hive.models.local import row_of_local, sees_all
from rbee.hive.models.model_plan import HubFile, ModelPlan, Patience
from rbee.hive.models.plan_files import (
    PlanFiles,
    header_on_hub,
    open_to_others,
    require_inside,
    unvouched,
)
from rbee.hive.models.provision import ProgressTeller, Provision
from rbee.hive.models.split import together
from rbee.hive.models.stored import take_off, unfinished
from rbee.hive.models.turns import Turns
from rbee.http.board import Board
from rbee.process.content import content_id, leads_to
from rbee.process.tasks import DATABASE, DISK, Threads, begin, in_thread, spawn
from rbee.wire import narration
from rbee.wire.errors import RbeeError, listed, nearest
from rbee.wire.messages.models import Provisioned
from rbee.wire.model_ref import ModelRef, parse_model_ref
from rbee.wire.settings import Settings

#: How long the hub's word on what a name stands for is believed, until it has been fetched.
_PLAN_FRESH = 60.0
#: Models whose headers are remembered, and what these take together (bytes).
_HEADERS_KEPT = 64
_HEADERS_SIZE = 16 * 1024 * 1024
#: Provisions that are over and can still be read about.
_PROVISIONS_KEPT = 64

#: Threads for each kind of slow work: a ``file:`` may lie on a disk that does not answer, and
#: reading headers or asking the hub may hang. One kind does not hold up the others.
FILES = Threads("files", 4)
HEADERS = Threads("headers", 2)
HUB = Threads("hub", 8)
DOWNLOADS = Threads("downloads", 12)
#: How many of the downloads may come from one host.
OF_ONE_HOST = 8


class Provisioner(msgspec.Struct):
    """The models of this machine: which are here, which are coming.

    `on_led` hears of each name that leads to other files from now on, with these files; `in_use`
    are the files that workers have loaded.
    """

    _models: Path
    _catalog: ModelCatalog
    _settings: Settings
    _on_led: Callable[[str, Sequence[str]], object]
    _in_use: Callable[[], set[str]]
    provisions: Board[Provision] = msgspec.field(
        default_factory=lambda: Board(_missing, _PROVISIONS_KEPT)
    )
    _plans: dict[ModelRef, tuple[float, ModelPlan]] = {}
    _headers: dict[str, tuple[GgufHeader, ...]] = {}
    _turns: Turns = msgspec.field(default_factory=lambda: Turns(DOWNLOADS.most, OF_ONE_HOST))
    #: Whether files may lie there that a newer version has replaced.
    _is_untidy: bool = True

    @property
    def _patience(self) -> Patience:
        settings, most = self._settings, Patience()
        return Patience(
            min(most.answer_s, settings.download_stall), min(most.tries, settings.download_tries)
        )

    async def find(self, ref: ModelRef) -> ModelRow | None:
        """The catalog's row of a model whose files are all here, else None.

        The bundled model and files of this machine enter the catalog when first asked for, and
        so does another name of a model of the hub whose files are here. Nobody is asked for that.
        Raises `model_not_found` or `model_invalid` for a ``file:`` that is no model.
        """
        found = await in_thread(_lies_in(ref), self._ready, ref)
        if found is not None:
            return found
        if ref.source != "hf":
            return await in_thread(_lies_in(ref), self._enter_local, ref)
        return await in_thread(DISK, self._enter_by_another_name, ref)

    async def lead(self, ref: ModelRef) -> ModelRow | None:
        """As `find`; where it finds nothing the hub is asked whether the name leads to files that
        are here. Raises what the hub says."""
        found = await self.find(ref)
        if found is not None or ref.source != "hf":
            return found
        plan = await self.plan(ref)
        here = await in_thread(DISK, self._here, plan)
        if not all(file.name in here for file in plan.files):
            return None
        return await self._entered(PlanFiles(plan, self._models / plan.folder, here))

    async def headers(self, ref: ModelRef) -> tuple[GgufHeader, ...]:
        """The GGUF headers of a model's files, here or on the hub; remembered by what they are.

        Raises what the hub says, and `model_invalid`.
        """
        found = await self.find(ref)
        parts: Iterable[GgufHeader]
        if found is not None:
            content = await in_thread(_lies_in(ref), content_id, found.paths)
            # Somebody's own file may lie on a disk that answers no more.
            kind = FILES if ref.source == "file" else HEADERS
            parts = map(header_of_file, found.paths)
        else:
            plan = await self.plan(ref)
            content = " ".join([ref.repo, plan.commit, *(file.name for file in plan.files)])
            kind = HUB
            parts = (header_on_hub(file, self._patience) for file in plan.files)
        known = self._headers.get(content)
        if known is not None:
            return known
        try:
            headers = await in_thread(kind, together, parts)
            require_model(headers[0], found.path if found is not None else str(ref))
        except RbeeError as error:
            if found is not None:
                error.details["on_disk"] = True
            raise
        self._headers[content] = headers
        kept = sum(each.kept for all_parts in self._headers.values() for each in all_parts)
        while len(self._headers) > _HEADERS_KEPT or kept > _HEADERS_SIZE:
            kept -= sum(each.kept for each in self._headers.pop(next(iter(self._headers))))
        return headers

    async def plan(self, ref: ModelRef) -> ModelPlan:
        """What a reference to the hub stands for; believed for a while, until it was fetched."""
        now = time.monotonic()
        if ref not in self._plans or now - self._plans[ref][0] > _PLAN_FRESH:
            self._plans[ref] = now, await in_thread(HUB, hub.resolve, ref, self._patience)
        return self._plans[ref][1]

    def provision(self, ref: ModelRef, newest: bool) -> Provision:
        """Begins to fetch a model, or joins whoever began before.

        With `newest` the hub is asked whether it has another version than is here.
        """
        for running in self.provisions.under_way():
            same = running.ref == ref and running.newest >= newest
            if same and not running.stopped.is_set():
                return running
        provision = Provision(ref, newest)
        self.provisions.add(provision)
        provision.begin(self._run(provision), f"fetching {ref}")
        return provision

    async def remove(self, ref: ModelRef) -> list[str]:
        """Takes a name out of the catalog, and off the disk what rbee itself put there for it.

        Files stay to which other names lead; these are returned. Of a download that was never
        finished, what has arrived is removed. Raises `model_not_found` with a near match, and
        `model_in_use` while it is being fetched.
        """
        self._plans.pop(ref, None)
        for running in self.provisions.under_way():
            if running.ref.repo == ref.repo:
                raise RbeeError(
                    "model_in_use",
                    f"{running.ref} is being fetched by this hive",
                    "wait until it is here, or press Ctrl+C where it is fetched",
                )
        return await in_thread(DISK, self._remove, ref)

    async def names_of(self, paths: Sequence[str]) -> list[str]:
        """The names in the catalog that lead to these very files."""
        rows = await in_thread(DATABASE, self._catalog.list)
        return [row.ref for row in rows if row.paths == list(paths)]

    def tidy_soon(self) -> None:
        """A worker may have let go of files that a newer version has replaced."""
        if self._is_untidy:
            spawn(self._tidy(), "tidying up", lambda ended: None)

    async def _tidy(self, by: Provision | None = None) -> None:
        """Removes files that a newer version has replaced, but for those that workers have loaded.

        Not while something is fetched, which may bring them back, but for the one `by` whom that is
        done.
        """
        others = [each for each in self.provisions.under_way() if each is not by]
        if not self._is_untidy or others:
            return
        self._is_untidy = False
        kept = self._in_use()
        for path in await in_thread(DATABASE, self._catalog.superseded):
            if path in kept:
                self._is_untidy = True
            else:
                await in_thread(DISK, take_off, self._models, [Path(path)])
                await in_thread(DATABASE, self._catalog.swept, path)

    async def close(self) -> None:
        """Stops every download; what has been fetched stays for the next time."""
        ending = [begin(each.call_off()) for each in self.provisions.under_way()]
        if ending:
            await asyncio.wait(ending, timeout=self._settings.stop_request)

    async def _run(self, provision: Provision) -> Provisioned:
        try:
            row = await self._row_for(provision)
            await self._tidy(provision)
        except Cancelled:
            raise asyncio.CancelledError from None
        except Exception:
            self._plans.pop(provision.ref, None)
            raise
        return Provisioned(model_ref=str(provision.ref), path=row.path, size_bytes=row.size_bytes)

    async def _row_for(self, provision: Provision) -> ModelRow:
        """The model as it is here, or fetched; with `newest` as the hub has it now."""
        ref = provision.ref
        row = await self.find(ref)
        if row is None:
            return await self._fetch(provision, await self.plan(ref))
        if not provision.newest or ref.source != "hf" or ref.is_pinned:
            return row
        self._plans.pop(ref, None)
        if await in_thread(HUB, hub.is_offline):
            provision.say(narration.MODEL_UNASKED, why="HF_HUB_OFFLINE is set")
            return row
        try:
            plan = await self.plan(ref)
        except RbeeError as error:
            provision.say(narration.MODEL_UNASKED, why=error.message)
            return row
        if not plan.is_asked:
            provision.say(narration.MODEL_UNASKED, why="the hub is out of reach")
            return row
        commit = plan.commit[:12]
        if is_of(row, plan):
            row = msgspec.structs.replace(row, revision=plan.commit)
            await in_thread(DATABASE, self._catalog.add, row)
            provision.say(narration.MODEL_CURRENT, model_ref=str(ref), commit=commit)
            return row
        provision.say(narration.MODEL_NEWER, model_ref=str(ref), commit=commit)
        newer = await self._fetch(provision, plan)
        await self._lead_others(row, newer)
        return newer

    async def _fetch(self, provision: Provision, plan: ModelPlan) -> ModelRow:
        started = time.monotonic()
        folder = self._models / plan.folder
        await in_thread(DISK, require_inside, self._models, folder, plan)
        here = await in_thread(DISK, self._here, plan)
        plan = await self._without_what_is_wrong(provision, plan, here)
        files = PlanFiles(plan, folder, here)
        size = narration.size(plan.size_bytes)
        if plan.note:
            provision.say(narration.MODEL_NOTE, note=plan.note)
        if all(file.name in here for file in plan.files):
            other = await in_thread(DISK, self._name_of, here[plan.files[0].name])
            provision.say(narration.MODEL_SHARED, other=other)
        elif all(file.cached_path for file in plan.files):
            provision.say(narration.MODEL_CACHED)
        else:
            already = await in_thread(DISK, files.arrived_size)
            require_disk(str(self._models), plan.size_bytes - already)
            provision.say(narration.MODEL_SIZE, size=size)
            if already:
                provision.say(narration.MODEL_RESUME, done=narration.size(already), size=size)
            teller = ProgressTeller(provision, plan.size_bytes, already)
            await self._download_all(provision, files, teller)
            took = narration.seconds(time.monotonic() - started)
            provision.say(narration.MODEL_DOWNLOADED, seconds=took)
        return await self._entered(files)

    async def _without_what_is_wrong(
        self, provision: Provision, plan: ModelPlan, here: dict[str, StoredFile]
    ) -> ModelPlan:
        """The plan without the files of a cache that others may write and that are not as listed.

        Of a cache that is this user's own the hub's client has seen to that. What was found right
        is known by its times from then on.
        """
        cached = [file for file in plan.files if file.cached_path and file.name not in here]
        shared = await in_thread(DISK, open_to_others, cached)
        if not shared:
            return plan
        if not plan.is_asked:
            # A blob's name is no proof of its content: whoever writes it chooses the name.
            raise unvouched(shared[0])
        total = sum(file.size for file in shared)
        provision.say(narration.MODEL_SHARED_CACHE, size=narration.size(total))
        teller = ProgressTeller(provision, total, 0)
        wrong: dict[str, HubFile] = {}
        before = 0
        for file in shared:
            watch = teller.watch(file, before)
            if not await in_thread(DISK, is_content_of, file, file.cached_path, watch):
                wrong[file.name] = msgspec.structs.replace(file, cached_path="")
                provision.say(narration.MODEL_CACHE_WRONG, file=file.name)
            before += file.size
        files = tuple(wrong.get(file.name, file) for file in plan.files)
        return msgspec.structs.replace(plan, files=files)

    async def _entered(self, files: PlanFiles) -> ModelRow:
        """The row of a model whose files are all on the disk, from now on in the catalog."""
        row = await in_thread(HEADERS, files.checked_row)
        await in_thread(DATABASE, self._catalog.add, row)
        self._plans.pop(files.plan.ref, None)
        self._is_untidy = True
        self._on_led(row.ref, row.paths)
        return row

    def _here(self, plan: ModelPlan) -> dict[str, StoredFile]:
        """The files of a plan that are here under another name or of an earlier version, by name.

        They are known by what the hub calls their content, and as they were when it was checked.
        """
        known = {file.etag: file for row in self._catalog.list() for file in row.files if file.etag}
        found = {}
        for file in plan.files:
            stored = known.get(file.etag)
            if stored is not None and stored.size_bytes == file.size:
                with contextlib.suppress(OSError):
                    if stored.is_as_checked(os.stat(stored.path)):
                        found[file.name] = stored
        return found

    async def _lead_others(self, before: ModelRow, newer: ModelRow) -> None:
        """Other names of a model that was replaced by a newer version lead to that, too."""
        ref = parse_model_ref(newer.ref)
        for row in await in_thread(DATABASE, self._catalog.list):
            known = parse_model_ref(row.ref)
            same_files = row.paths == before.paths
            same_names = [file.name for file in row.files] == [file.name for file in newer.files]
            if same_files and same_names and branch(known) == branch(ref):
                led = msgspec.structs.replace(newer, ref=row.ref, added_at_ms=row.added_at_ms)
                await in_thread(DATABASE, self._catalog.add, led)
                self._on_led(row.ref, newer.paths)

    def _name_of(self, stored: StoredFile) -> str:
        rows = self._catalog.list()
        return next((row.ref for row in rows if stored in row.files), stored.path)

    def _enter_by_another_name(self, ref: ModelRef) -> ModelRow | None:
        """The row of a name that is new, but must mean what another name of this repository means:
        its file, its quant, or the default branch."""
        for row in self._catalog.list():
            known = parse_model_ref(row.ref)
            if known != ref and means_the_same(ref, known, row):
                found = self._catalog.find(row.ref)
                if found is not None and found.status == "ready":
                    alias = msgspec.structs.replace(found, ref=str(ref), added_at_ms=0)
                    self._catalog.add(alias)
                    return alias
        return None

    async def _download_all(
        self, provision: Provision, files: PlanFiles, teller: ProgressTeller
    ) -> None:
        settings = self._settings
        patience = settings.download_stall, settings.download_tries
        before = 0
        for file in files.plan.files:
            if file in files.missing():
                watch = teller.watch(file, before)
                provision.is_in_line = True
                async with self._turns.turn(file.host, provision.wait_in_line):
                    provision.is_in_line = False
                    await in_thread(DOWNLOADS, download, file, files.path(file), watch, *patience)
            before += file.size

    def _remove(self, ref: ModelRef) -> list[str]:
        rows = self._catalog.list()
        known = [row.ref for row in rows]
        if str(ref) not in known:
            pieces = unfinished(self._models, ref, rows)
            if pieces:
                take_off(self._models, pieces)
                return []
            near = nearest(str(ref), known)
            raise RbeeError(
                "model_not_found",
                f"{ref} is not on this hive",
                f"did you mean {near}?"
                if near
                else f"rbee-keeper models lists what is: {listed(known)}",
                {"models": known},
            )
        mine = {path for row in rows if row.ref == str(ref) for path in row.paths}
        owned = self._catalog.remove(str(ref))
        take_off(self._models, [Path(file.path) for file in owned])
        left = (row for row in rows if row.ref != str(ref))
        return [row.ref for row in left if not mine.isdisjoint(row.paths)]

    def _ready(self, ref: ModelRef) -> ModelRow | None:
        """The row of a name whose files are all here, and are those that it leads to."""
        row = self._catalog.find(str(ref))
        if row is None or row.status != "ready":
            return None
        if ref.source == "file" and not (leads_to(ref.path, row.paths) and sees_all(ref, row)):
            return None
        return row

    def _enter_local(self, ref: ModelRef) -> ModelRow:
        row = row_of_local(ref)
        self._catalog.add(row)
        return row


def _missing(provision_id: str, known: Collection[str]) -> RbeeError:
    what = f"no provision {provision_id} on this hive"
    return RbeeError("not_found", what, "ask for the model again")


def _lies_in(ref: ModelRef) -> Threads:
    """The threads in which a model's files are looked at."""
    return FILES if ref.source == "file" else DISK
