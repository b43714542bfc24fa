"""The work that is done for one request of a caller, which ends with the request."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncGenerator, Iterable, Iterator, MutableMapping

import msgspec
from aiohttp import web

from rbee.http.events import Event, LogWatch
from rbee.http.server import caller_of
from rbee.queen.front.for_keys import for_key
from rbee.queen.front.models import as_told, model_ref_of, models_of, spellings
from rbee.queen.front.offer import KeyHolder, Offer
from rbee.queen.jobs import Job
from rbee.queen.names import asked_by_name
from rbee.queen.rights import granted, granted_by_name, hub_ref
from rbee.queen.tracked_task import TrackedTask
from rbee.wire import addresses
from rbee.wire.errors import ErrorBody, RbeeError, invalid
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.messages.names import AddName
from rbee.wire.model_ref import BUNDLED
from rbee.wire.narration import ITEMS_LEFT_OUT, TOOLS_ELSEWHERE, TOOLS_LEFT_OUT, Narration

_WITHOUT_TOOLS = "tools were left out: the model's chat template knows none"


class Asker:
    """Whose request it is, and for which model.

    `caller` is None where it came with the swarm's own token. `model` is what that model is called
    in the answer, `ref` its reference; `named` is the name of somebody's own that it was asked by.
    """

    def __init__(self, caller: KeyHolder | None, ref: str, named: AddName | None = None) -> None:
        self.caller = caller
        self.ref = ref
        self.named = named
        if caller is not None:
            self.model = caller.model
        else:
            self.model = ref if named is None else named.name

    def worded(self, error: RbeeError) -> RbeeError:
        """An error as this asker is told it."""
        caller = self.caller
        return error if caller is None else for_key(error, caller.model, caller.ref)


async def asker_of(offer: Offer, request: web.Request, model: str) -> Asker:
    """Whose request it is, which names `model`. Raises `model_not_found`, and `invalid_request`
    for what is no name. Who names none means `default_model`, where there is one."""
    if not model.strip():
        model = offer.settings.default_model
        if not model:
            raise invalid("`model` is missing", "send model", field="model")
    name, named = caller_of(request), await offer.names.find(*spellings(model))
    model = as_told(model)
    if not name:
        return Asker(None, model_ref_of(model) if named is None else named.model_ref, named)
    key = offer.keys.named(name)
    loaded = models_of([], offer.loaded())
    ref = str(hub_ref(model) or "") if named is None else named.model_ref
    if ref not in loaded or not key.rights.permit(ref):
        # Asked whether the model is there or not: the time that it takes tells nothing.
        present, workers, _ = await offer.known(True)
        loaded = models_of(present, workers)
    hives = {ref: those for ref, (_, those) in loaded.items()}
    if named is None:
        found = granted(model, hives, key.rights)
    else:
        found = granted_by_name(named, hives, key.rights)
    anywhere = found.may_fetch or found.ref == BUNDLED
    holders = None if anywhere else frozenset(hives.get(found.ref, ()))
    return Asker(KeyHolder(name, found.name, found.ref, holders, found.may_fetch), found.ref, named)


class RequestWork:
    """What is done for one request: jobs, or another task of the queen."""

    def __init__(self, offer: Offer, asker: Asker) -> None:
        self._offer = offer
        self.asker = asker
        self.tasks: list[TrackedTask] = []
        self._makes_vectors = False

    def begin(self, asked: Iterable[JobRequest]) -> list[Job]:
        """Makes a job of each of these. Raises `queue_full`."""
        jobs = []
        for each in asked:
            self._makes_vectors = self._makes_vectors or each.inputs is not None
            named = self.asker.named
            wanted = each if named is None else asked_by_name(each, named)
            if self.asker.caller is not None:
                wanted = msgspec.structs.replace(wanted, may_idle_s=None)  # no word for all others
            job = self._offer.begin(wanted, self.asker.caller)
            self.follow(job)
            jobs.append(job)
        return jobs

    def follow(self, task: TrackedTask) -> None:
        """This task is done for the request, too."""
        self.tasks.append(task)
        task.events.reader_came()

    async def events(
        self, patient_until: float = math.inf
    ) -> AsyncGenerator[tuple[list[tuple[int, Event]], bool], None]:
        """What the tasks tell, as it comes, with the number of the task; nothing: it takes a while,
        or patience is over, which is said once however much came until then.

        Ends when all of them have, and says of the last of it that it is. What a slow reader has
        not taken stays in the logs of the tasks alone.
        """
        loop = asyncio.get_running_loop()
        logs = [task.events for task in self.tasks]
        read = [0] * len(logs)
        is_patient = True
        with contextlib.closing(LogWatch(logs)) as watch:
            while True:
                news: list[tuple[int, Event]] = []
                for task in self.tasks:
                    if task.revoked is not None:
                        raise task.revoked  # what it has not read yet, it does not get
                for index, log in enumerate(logs):
                    for number, event in log.after(read[index]):
                        read[index] = number
                        news.append((index, event))
                is_last = all(log.closed and at >= log.last_id for log, at in zip(logs, read))
                if news:
                    yield news, is_last
                if is_last:
                    return
                if news:
                    continue
                patience = patient_until - loop.time()
                if is_patient and patience <= 0:
                    is_patient = False
                    yield [], False
                    continue
                longest = patience if is_patient else math.inf
                was_told = await watch.news(min(longest, self._offer.settings.stream_comment))
                if not was_told and not is_patient:
                    yield [], False

    def tokens(self) -> int:
        """The tokens read and written for it; of a job that still runs, those written so far."""
        views = [task.view(None) for task in self.tasks if isinstance(task, Job)]
        return sum(view.tokens_in + view.tokens_out for view in views)

    def revoke(self, why: RbeeError) -> None:
        """Cancels all of it with this error."""
        for task in self.tasks:
            task.cancel(why)

    def end(self) -> None:
        """Ends what is not over yet.

        Nothing is awaited: whoever is cancelled a second time would leave jobs behind.
        """
        for task in self.tasks:
            task.events.reader_left()
            task.cancel()
            if self._makes_vectors:
                task.events.forget()  # vectors take much memory, and cannot be asked for again


@contextlib.contextmanager
def working(offer: Offer, asker: Asker) -> Iterator[RequestWork]:
    """The work for a request while it lasts; errors are raised as the asker is told them. Raises
    `key_spent` for a key that has used what it may."""
    work = RequestWork(offer, asker)
    with contextlib.ExitStack() as lasting:
        if asker.caller is not None:
            offer.keys.require_left(asker.caller.key)
            row = offer.keys.named(asker.caller.key)
            lasting.enter_context(offer.keys.used(row, work.revoke))
            lasting.enter_context(offer.keys.counted(row, work.tokens))
        try:
            yield work
        except RbeeError as error:
            raise asker.worded(error) from None
        finally:
            work.end()


def check(event: Event) -> None:
    """Raises the error that an event tells."""
    if event.name == "error":
        raise RbeeError.from_body(event.read(ErrorBody))
    if event.name == "cancelled":
        raise RbeeError("queen_unreachable", "somebody has cancelled this job", "ask again")


def warn(headers: MutableMapping[str, str], event: Event) -> None:
    """Has these headers tell what an answer does without, where an event says that."""
    warning = _warning_of(event.read(Narration)) if event.name == "narration" else ""
    said = headers.get(addresses.WARNING_HEADER, "")
    if warning and warning not in said:
        # A header is ASCII to many who read it.
        plain = warning.replace("…", "...").encode("ascii", "replace").decode()
        headers[addresses.WARNING_HEADER] = f"{said}; {plain}" if said else plain


def _warning_of(said: Narration) -> str:
    if said.action == TOOLS_ELSEWHERE.action:
        return f"tools were {said.human}"
    if said.action == ITEMS_LEFT_OUT.action:
        return said.human
    return _WITHOUT_TOOLS if said.action == TOOLS_LEFT_OUT.action else ""


class Stream(web.StreamResponse):
    """Its head goes out together with the first piece: one packet less before the first token."""

    _send_headers_immediately = False


async def send(request: web.Request, response: Stream, pending: list[bytes]) -> None:
    """Sends what is pending in one piece, behind the head where that is not out yet."""
    if not response.prepared:
        await response.prepare(request)
    if pending:
        piece = b"".join(pending)
        pending.clear()
        await response.write(piece)


async def finish(request: web.Request, response: Stream, pending: list[bytes]) -> None:
    """Sends what is pending with the end of the answer, by which who reads keeps the connection."""
    if not response.prepared:
        await response.prepare(request)
    await response.write_eof(b"".join(pending))
