"""Gets models onto this machine, one download for all who ask for the same one.

Phase 7: `POST /models/provision` lands here, the progress is told as events, and the catalog row
is written after the last byte has been checked, not before. Phase 6 asks for the header alone,
which is read by range so that a model that cannot fit is refused before it is fetched.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import threading
import time
from importlib import resources
from pathlib import Path

from rbee.hive.models import hub
from rbee.hive.models.catalog import ModelCatalog, ModelRow, stored_file
from rbee.hive.models.download import Cancelled, arrived_size, download, require_disk
from rbee.hive.models.gguf import GgufHeader, check_size, header_of_file, read_header
from rbee.hive.models.split import parts_of
from rbee.http.events import EventLog
from rbee.process.sabotage import sabotaged
from rbee.process.tasks import in_thread, spawn
from rbee.wire import narration as say_so
from rbee.wire.errors import RbeeError, listed, nearest
from rbee.wire.messages import Progress, Provisioned
from rbee.wire.model_ref import BUNDLED, ModelRef
from rbee.wire.narration import Line, say
from rbee.wire.settings import Settings

#: Seconds between two lines that tell the percentage.
_BETWEEN_PERCENTS = 2.0


class Provision:
    """One model on its way, and the story of it."""

    def __init__(self, ref: ModelRef) -> None:
        self.provision_id = secrets.token_hex(8)
        self.ref = ref
        self.events = EventLog()
        self.cancelled = threading.Event()
        self.task: asyncio.Task[None] | None = None

    def say(self, line: Line, **facts: object) -> None:
        """Narrates to everybody who waits for this model."""
        self.events.narrate(say(line, facts))


class Provisioner:
    """The models of this machine: which are here, which are coming."""

    def __init__(self, models: Path, catalog: ModelCatalog, settings: Settings) -> None:
        self._models = models
        self._catalog = catalog
        self._settings = settings
        defaults = hub.Patience()
        self._patience = hub.Patience(
            min(defaults.answer_s, settings.download_stall),
            min(defaults.tries, settings.download_tries),
        )
        self._provisions: dict[str, Provision] = {}
        self._plans: dict[ModelRef, hub.ModelPlan] = {}
        self._headers: dict[ModelRef, tuple[GgufHeader, ...]] = {}

    async def find(self, ref: ModelRef) -> ModelRow | None:
        """The catalog's row of a model whose files are all here, else None.

        The bundled model and files of this machine enter the catalog when first asked for.
        Raises `model_not_found` or `model_invalid` for a ``file:`` that is no model.
        """
        found = await in_thread(self._catalog.find, str(ref))
        if found is not None and found.status != "ready":
            found = None
        if found is None and ref.source != "hf":
            found = await in_thread(self._enter_local, ref)
        return found

    async def headers(self, ref: ModelRef) -> tuple[GgufHeader, ...]:
        """The GGUF headers of a model's files, here or on the hub; remembered.

        Raises what the hub says, and `model_invalid`.
        """
        if ref not in self._headers:
            found = await self.find(ref)
            if found is not None:
                paths = [file.path for file in found.files]
                headers = await in_thread(lambda: tuple(map(header_of_file, paths)))
            else:
                plan = await self.plan(ref)
                headers = await in_thread(_headers_on_hub, plan, self._patience)
            self._headers[ref] = headers
        return self._headers[ref]

    async def plan(self, ref: ModelRef) -> hub.ModelPlan:
        """What a reference to the hub stands for; remembered until it has been fetched."""
        if ref not in self._plans:
            self._plans[ref] = await in_thread(hub.resolve, ref, self._patience)
        return self._plans[ref]

    def provision(self, ref: ModelRef) -> Provision:
        """Begins to fetch a model, or joins whoever began before."""
        for running in self._provisions.values():
            over = running.events.closed or running.cancelled.is_set()
            if running.ref == ref and not over and not sabotaged("hive:download-twice"):
                return running
        provision = Provision(ref)
        self._provisions[provision.provision_id] = provision
        provision.task = spawn(
            self._run(provision),
            f"fetching {ref}",
            lambda ended: provision.events.end_with(ended, "hive"),
        )
        return provision

    async def remove(self, ref: ModelRef) -> None:
        """Takes a model out of the catalog, and off the disk what rbee itself put there.

        Of a download that was never finished, what has arrived is removed. Raises
        `model_not_found` with a near match, and `model_in_use` while it is being fetched.
        """
        self._forget(ref)
        for running in self._provisions.values():
            if running.ref.repo == ref.repo and not running.events.closed:
                raise RbeeError(
                    "model_in_use",
                    f"{running.ref} is being fetched by this hive",
                    "wait until it is here, or press Ctrl+C where it is fetched",
                )
        await in_thread(self._remove, ref)

    def get(self, provision_id: str) -> Provision:
        """A provision by its id. Raises `not_found`."""
        try:
            return self._provisions[provision_id]
        except KeyError:
            raise RbeeError(
                "not_found", f"no provision {provision_id} on this hive", "ask for the model again"
            ) from None

    async def close(self) -> None:
        """Stops every download; what has been fetched stays for the next time."""
        tasks = [each.task for each in self._provisions.values() if each.task is not None]
        for provision in self._provisions.values():
            provision.cancelled.set()
        if tasks:
            await asyncio.wait(tasks, timeout=self._settings.stop_request)

    async def _run(self, provision: Provision) -> None:
        try:
            row = await self.find(provision.ref) or await self._fetch(provision)
        except Cancelled:
            provision.events.cancelled()
        except Exception as error:
            self._forget(provision.ref)
            if not isinstance(error, RbeeError):
                raise  # whoever sees the end of the task tells it
            provision.events.error(error.body())
        else:
            provision.events.done(
                Provisioned(model_ref=str(provision.ref), path=row.path, size_bytes=row.size_bytes)
            )

    async def _fetch(self, provision: Provision) -> ModelRow:
        ref, started = provision.ref, time.monotonic()
        plan = await self.plan(ref)
        folder = self._models / plan.folder
        size = say_so.size(plan.size_bytes)
        if sabotaged("hive:catalog-before-download"):
            await in_thread(self._catalog.add, _row_of_nothing(plan))
        if plan.note:
            provision.say(say_so.MODEL_NOTE, note=plan.note)
        if all(file.cached_path for file in plan.files):
            provision.say(say_so.MODEL_CACHED)
        else:
            already = await in_thread(_arrived_size, plan, folder)
            require_disk(str(self._models), plan.size_bytes - already)
            provision.say(say_so.MODEL_SIZE, size=size)
            if already:
                provision.say(say_so.MODEL_RESUME, done=say_so.size(already), size=size)
            teller = _ProgressTeller(provision, plan.size_bytes, already)
            await self._download_all(provision, plan, folder, teller)
            took = say_so.seconds(time.monotonic() - started)
            provision.say(say_so.MODEL_DOWNLOADED, seconds=took)
        row = await in_thread(_checked_row, plan, folder)
        if not sabotaged("hive:forget-model"):
            await in_thread(self._catalog.add, row)
        self._forget(ref)
        return row

    async def _download_all(
        self,
        provision: Provision,
        plan: hub.ModelPlan,
        folder: Path,
        teller: _ProgressTeller,
    ) -> None:
        loop = asyncio.get_running_loop()
        before = 0
        for file in plan.files:
            if not file.cached_path:

                def on_progress(done: int, total: int, before: int = before) -> None:
                    loop.call_soon_threadsafe(teller.tell, before + done)

                def on_trouble(why: str, done: int, before: int = before) -> None:
                    loop.call_soon_threadsafe(teller.trouble, why, before + done)

                await in_thread(
                    download,
                    file,
                    str(folder / file.name),
                    on_progress,
                    on_trouble,
                    provision.cancelled,
                    self._settings.download_stall,
                    self._settings.download_tries,
                )
            before += file.size

    def _remove(self, ref: ModelRef) -> None:
        rows = self._catalog.list()
        known = [row.ref for row in rows]
        if str(ref) not in known:
            unfinished = self._unfinished(ref, rows)
            if unfinished:
                self._take_off_the_disk(unfinished)
                return
            near = nearest(str(ref), known)
            raise RbeeError(
                "model_not_found",
                f"{ref} is not on this hive",
                f"did you mean {near}?"
                if near
                else f"rbee-keeper models lists what is: {listed(known)}",
                {"models": known},
            )
        owned = self._catalog.remove(str(ref))
        if not sabotaged("hive:keep-files"):
            self._take_off_the_disk([Path(file.path) for file in owned])

    def _unfinished(self, ref: ModelRef, rows: tuple[ModelRow, ...]) -> list[Path]:
        """The files of a repository that no model in the catalog has."""
        if ref.source != "hf":
            return []
        whole = {file.path for row in rows for file in row.files}
        there = (self._models / hub.repo_folder(ref.repo)).rglob("*")
        return [path for path in there if path.is_file() and str(path) not in whole]

    def _take_off_the_disk(self, paths: list[Path]) -> None:
        for path in paths:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            for folder in path.parents:
                if self._models not in folder.parents:
                    break
                with contextlib.suppress(OSError):  # it holds other files
                    folder.rmdir()

    def _enter_local(self, ref: ModelRef) -> ModelRow:
        path = bundled_path() if ref.source == "bundled" else Path(ref.path)
        if not os.path.isfile(path):  # unlike Path, it takes a name that no disk would
            raise RbeeError(
                "model_not_found",
                f"{path} is not on this machine",
                "check the path; it is read on the machine of the hive",
                {"path": str(path)},
            )
        paths = parts_of(str(path))
        header = header_of_file(paths[0])
        row = ModelRow(
            ref=str(ref),
            repo="",
            revision="",
            path=paths[0],
            files=tuple(stored_file(each, owned=False) for each in paths),
            size_bytes=sum(os.path.getsize(each) for each in paths),
            architecture=header.architecture,
            quant=header.quant,
            context_length=header.context_length,
        )
        self._catalog.add(row)
        return row

    def _forget(self, ref: ModelRef) -> None:
        self._plans.pop(ref, None)
        self._headers.pop(ref, None)


class _ProgressTeller:
    """Turns byte counts into `progress` events, and into a line of narration now and then."""

    def __init__(self, provision: Provision, total: int, already: int) -> None:
        self._provision = provision
        self._total = total
        self._since = time.monotonic()
        self._base = already
        self._told = 0.0

    def tell(self, done: int) -> None:
        now = time.monotonic()
        if done <= self._base:
            self._since = now  # what is already here is being read again
        rate = max(0, done - self._base) / max(now - self._since, 1e-3)
        events = self._provision.events
        if events.closed:
            return
        events.emit("progress", Progress("download", done, self._total, round(rate)))
        if now - self._told >= _BETWEEN_PERCENTS:
            self._told = now
            percent = done * 100 // self._total
            self._provision.say(say_so.MODEL_PERCENT, percent=percent, rate=say_so.size(rate))

    def trouble(self, why: str, done: int) -> None:
        if not self._provision.events.closed:
            self._provision.say(say_so.MODEL_TROUBLE, why=why, done=say_so.size(done))


def bundled_path() -> Path:
    """Where the model that ships with rbee lies."""
    return Path(str(resources.files("rbee.hive.models.bundled") / f"{BUNDLED}.gguf"))


def _headers_on_hub(plan: hub.ModelPlan, patience: hub.Patience) -> tuple[GgufHeader, ...]:
    return tuple(_header_on_hub(file, patience) for file in plan.files)


def _header_on_hub(file: hub.HubFile, patience: hub.Patience) -> GgufHeader:
    def read(offset: int, size: int) -> bytes:
        return hub.read_range(file, offset, size, patience)

    name = f"{file.repo}/{file.name}"
    try:
        header = read_header(read, name)
        check_size(header, file.size, name)
    except RbeeError as error:
        if error.code == "model_invalid":
            # To fetch it again would bring the same.
            error.suggestion = f"name another file or quant, or another repository than {file.repo}"
        raise
    return header


def _checked_row(plan: hub.ModelPlan, folder: Path) -> ModelRow:
    """The catalog row of a fetched model; a file that is none leaves the disk again."""
    paths = [Path(file.cached_path or folder / file.name) for file in plan.files]
    try:
        header = header_of_file(str(paths[0]))
        for path in paths:
            check_size(header_of_file(str(path)), path.stat().st_size, path.name)
    except RbeeError:
        for file, path in zip(plan.files, paths):
            if not file.cached_path:
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()
        raise
    return _row(plan, folder, header)


def _arrived_size(plan: hub.ModelPlan, folder: Path) -> int:
    """Bytes of the plan's files that are on the disk, in the hub's cache or in `folder`."""
    return sum(
        file.size if file.cached_path else arrived_size(file, str(folder / file.name))
        for file in plan.files
    )


def _row_of_nothing(plan: hub.ModelPlan) -> ModelRow:
    """The row that there would be if rows were written before the files are there."""
    return ModelRow(str(plan.ref), plan.repo, plan.commit, "", (), 0, "", plan.quant, 0)


def _row(plan: hub.ModelPlan, folder: Path, header: GgufHeader) -> ModelRow:
    paths = [file.cached_path or str(folder / file.name) for file in plan.files]
    return ModelRow(
        ref=str(plan.ref),
        repo=plan.repo,
        revision=plan.commit,
        path=paths[0],
        files=tuple(
            stored_file(path, file.sha256, owned=not file.cached_path)
            for path, file in zip(paths, plan.files)
        ),
        size_bytes=plan.size_bytes,
        architecture=header.architecture,
        quant=plan.quant,
        context_length=header.context_length,
    )
