"""The model hub: which files a reference stands for, and their bytes by range.

Phases 6 and 7, and the only module that knows the hub's client. That client is imported when
first needed (0.2 s); its token, `HF_ENDPOINT`, `HF_HOME` and `HF_HUB_OFFLINE` apply. All of this
blocks: callers run it in threads.
"""

from __future__ import annotations

import os
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, urljoin, urlsplit

import msgspec

from rbee.hive.models import listing
from rbee.hive.models.choose import ListedFile, choose, quant_sizes
from rbee.hive.models.hub_failures import (
    CONNECT_S,
    HubFailure,
    SentAstray,
    as_failures,
    certificates_unusable,
    check_status,
    client_unusable,
    of_file,
    offline_error,
    token_unusable,
)
from rbee.hive.models.model_plan import HubFile, ModelPlan, Patience
from rbee.process.content import open_regular
from rbee.process.tasks import raisable
from rbee.wire.errors import RbeeError
from rbee.wire.model_ref import ModelRef

if TYPE_CHECKING:
    import httpx2

# Without this the client asks the hub for a list of programs that might have started it, before
# the first question of a user and for up to 3 s, to put the name into its requests.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

#: The wait before something is tried again, in seconds, which doubles.
FIRST_WAIT_S = 0.5
#: A hub that asks for a longer pause than this is reported instead: after a question, and in a
#: download.
LONGEST_PAUSE_S = 30.0
LONGEST_WAIT_S = 120.0
#: The whole answer to a question may take this many times as long as one piece of it.
_PIECES_LATE = 4

T = TypeVar("T")

#: The hub token of the request that this context works for; None: that of this machine's user.
_token: ContextVar[str | None] = ContextVar("hub_token", default=None)


@contextmanager
def asked_with(token: str | None) -> Iterator[None]:
    """Everything started inside, in tasks and threads too, asks the hub with this token, if any."""
    before = _token.set(token or None)
    try:
        yield
    finally:
        _token.reset(before)


def resolve(ref: ModelRef, patience: Patience) -> ModelPlan:
    """The files that a reference to the hub (`ref.source == "hf"`) stands for, at one commit.

    One request for the listing, and one for a byte when the repository is gated, so that a missing
    licence shows here and not in the middle. With `HF_HUB_OFFLINE`, or when the hub cannot be
    reached, the user's cache answers if it holds the model.

    Raises `RbeeError`: `model_not_found`, `model_gated`, `model_invalid` (a part of a split model
    is missing), `download_failed` (details: host, status).
    """
    _require_client()
    if is_offline():
        plan = _plan_from_cache(ref)
        if plan is None:
            raise offline_error(ref.repo, str(ref))
        return plan
    try:
        listed = _asked(lambda: _listing(ref, patience), patience)
    except HubFailure as failure:
        unreachable = failure.transient and failure.details.get("status") is None
        plan = _plan_from_cache(ref) if unreachable else None
        if plan is None:
            raise
        return plan
    from rbee.hive.models.projectors import with_projector  # late: for what is fetched

    choice = choose(listed.files, ref)
    commit = listed.commit or ref.revision or "main"
    wanted = with_projector(choice.files, listed.files)
    sized = [_measured(ref.repo, commit, file, patience) for file in wanted]
    files = tuple(_hub_file(ref.repo, commit, file) for file in sized)
    if listed.gated:
        read_range(files[0], 0, 1, patience)
    sizes = quant_sizes(listed.files, ref.repo)
    return ModelPlan(ref, commit, files, choice.quant, sizes, choice.note)


def read_range(file: HubFile, offset: int, size: int, patience: Patience) -> bytes:
    """`size` bytes of `file` from `offset` on, fewer only at its end.

    Raises `RbeeError` `model_gated`, `model_not_found`, `download_failed`.
    """
    size = min(size, file.size - offset)
    if size <= 0:
        return b""
    if file.cached_path:
        with open_regular(file.cached_path) as cached:
            return os.pread(cached, size, offset)
    return _asked(lambda: _read_range_once(file, offset, size, patience), patience)


def _measured(repo: str, commit: str, file: ListedFile, patience: Patience) -> ListedFile:
    """A file with its size; where a mirror does not list that, by the headers of the file."""
    if file.size:
        return file
    from huggingface_hub import hf_hub_url

    url = hf_hub_url(repo, file.name, revision=commit)

    def look() -> tuple[int, str]:
        with _answer("HEAD", url, patience.answer_s, {}) as response:
            return listing.facts_of(response.headers)

    def ask() -> ListedFile:
        with as_failures(repo, url):
            size, named = _within(patience, look)
            if not size:
                raise ValueError(f"no size of {file.name}")
            etag = file.etag or named
            sha256 = file.sha256 or listing.sha256_in(etag)
            return msgspec.structs.replace(file, size=size, sha256=sha256, etag=etag)

    return _asked(ask, patience)


@contextmanager
def open_stream(
    file: HubFile, offset: int, read_s: float, end: int | None = None
) -> Iterator[tuple[int, Iterator[bytes]]]:
    """Where in `file` the answer begins, and its bytes as they arrive, asked for from `offset` to
    before `end` (default: its end).

    It may begin at 0 although `offset` was asked for: then this hub serves no ranges.
    What it serves has been checked to be the content of `file.etag` and of `file.size` bytes.
    `read_s` is the longest wait for a byte, in seconds.

    Raises `HubFailure`, here and while the chunks are read.
    """
    wanted = {}
    if offset or end is not None:
        wanted["Range"] = f"bytes={offset}-" + (str(end - 1) if end is not None else "")
    with as_failures(file.repo, file.url), _answer("GET", file.url, read_s, wanted) as response:
        yield _served_from(response, file, offset), response.iter_raw()


@contextmanager
def _answer(
    method: str, url: str, read_s: float, wanted: dict[str, str]
) -> Iterator[httpx2.Response]:
    """The answer to a question, whose body has not been read yet, from where the hub sends it on.

    The token goes to the hub alone (`httpx2` takes it off for every other origin). Raises what the
    HTTP library and the hub's client do, also for an error status, and ValueError for a redirect
    that is not followed.
    """
    import httpx2

    headers = {**_own_headers(), **wanted}
    # Bytes as they are stored: a compressed answer has no ranges, and no end that is known.
    headers["Accept-Encoding"] = "identity"
    session, timeout = _session(), httpx2.Timeout(read_s, connect=CONNECT_S)
    request = session.build_request(method, url, headers=headers, timeout=timeout)
    history: list[httpx2.Response] = []
    while True:
        response = session.send(request, stream=True, follow_redirects=False)
        try:
            response.history = list(history)
            place, following = response.headers.get("Location"), response.next_request
            known = method == "HEAD" and "X-Linked-Size" in response.headers
            if place is None or following is None or known:
                if not known:
                    check_status(response)
                yield response
                return
            if len(history) == listing.MOST_REDIRECTS:
                raise SentAstray("from one place to the next without end")
            end = urljoin(str(request.url), place)
            why = listing.why_not_there(url, str(request.url), end)
            if why:
                raise SentAstray(f"to {why}")
            history.append(response)
            request = following
        finally:
            response.close()


def _session() -> httpx2.Client:
    """The client's connections. Raises `HubFailure` for certificates that it cannot read."""
    from huggingface_hub import get_session

    try:
        return get_session()
    except OSError as error:
        raise certificates_unusable(error) from error


def _own_headers() -> dict[str, str]:
    """What the hub's client says of whoever asks. Raises `HubFailure` for a token that it cannot
    read, or send."""
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

    try:
        headers: dict[str, str] = build_hf_headers(token=_token.get())
    except (OSError, ValueError) as error:
        raise token_unusable(error) from error
    told = headers.get("authorization", "")
    if not (told.isascii() and told.isprintable()):
        raise token_unusable(ValueError("it holds what no token does"))
    return headers


def _body(response: httpx2.Response, longest: int, until: float) -> bytes:
    """The whole body, unpacked. Raises ValueError where it is longer than `longest` bytes, and
    TimeoutError where it is not whole at the moment `until`.

    Who compresses although nobody has asked for it is read, and not beyond that either.
    """
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in ("", "identity", "gzip", "deflate"):
        raise ValueError("packed in a way that nobody has asked for")
    unpacked = zlib.decompressobj(47) if coding in ("gzip", "deflate") else None
    body = bytearray()
    for piece in response.iter_raw():
        body += unpacked.decompress(piece, longest + 1 - len(body)) if unpacked else piece
        if time.monotonic() > until:
            raise TimeoutError(0, "the answer was not whole in time")
        if len(body) > longest:
            raise ValueError("longer than any answer of a hub")
    return bytes(body)


def _within(patience: Patience, question: Callable[[], T]) -> T:
    """What `question` returns or raises, if it does so in time, however its bytes trickle in.

    It runs in a thread of its own, which can be left to its timeouts. Raises TimeoutError.
    """
    answer: Future[T] = Future()

    def ask() -> None:
        try:
            answer.set_result(question())
        except BaseException as error:
            answer.set_exception(raisable(error))

    context = copy_context()  # the context holds which hub token is used
    threading.Thread(target=context.run, args=(ask,), name="question", daemon=True).start()
    longest_s = patience.answer_s * _PIECES_LATE
    wait([answer], timeout=longest_s)
    if not answer.done():
        raise TimeoutError(0, f"the answer was not whole after {longest_s:g} s")
    return answer.result()


def _read_range_once(file: HubFile, offset: int, size: int, patience: Patience) -> bytes:
    data = bytearray()
    with open_stream(file, offset, patience.answer_s, end=offset + size) as (begins, chunks):
        skip = offset - begins
        for chunk in chunks:
            data += chunk[skip:] if skip < len(chunk) else b""
            skip = max(0, skip - len(chunk))
            if len(data) >= size:
                break
    return bytes(data[:size])


def _asked(question: Callable[[], T], patience: Patience) -> T:
    """The answer to `question`, asked up to `patience.tries` times while failures are transient.

    Raises the last `HubFailure`.
    """
    attempt = 1
    while True:
        try:
            return question()
        except HubFailure as failure:
            wait_s = pause_after(failure, attempt, patience.tries)
            if wait_s is None:
                raise
        time.sleep(wait_s)
        attempt += 1


def pause_after(
    failure: HubFailure, attempt: int, tries: int, longest_s: float = LONGEST_PAUSE_S
) -> float | None:
    """Seconds until what failed is tried again, the first `attempt` of `tries` being 1; None: it is
    not, for the failure would stay, was the last one, or the hub wants a pause above `longest_s`.
    """
    wait_s = failure.retry_after_s or FIRST_WAIT_S * 2 ** (attempt - 1)
    return wait_s if failure.transient and attempt < tries and wait_s <= longest_s else None


def _listing(ref: ModelRef, patience: Patience) -> listing.Listing:
    from huggingface_hub import constants

    url = f"{constants.ENDPOINT}/api/models/{ref.repo}"
    if ref.revision:
        url += f"/revision/{quote(ref.revision, safe='')}"

    until = time.monotonic() + patience.answer_s * _PIECES_LATE

    def ask() -> listing.Listing:
        with _answer("GET", f"{url}?blobs=true", patience.answer_s, {}) as response:
            return listing.listing_of(_body(response, listing.LONGEST_ANSWER, until))

    with as_failures(ref.repo, constants.ENDPOINT):
        return _within(patience, ask)


def _hub_file(repo: str, commit: str, file: ListedFile) -> HubFile:
    from huggingface_hub import hf_hub_url

    return HubFile(
        **msgspec.structs.asdict(file),
        repo=repo,
        commit=commit,
        url=hf_hub_url(repo, file.name, revision=commit),
        cached_path=_cached_path(repo, commit, file),
    )


def _cached_path(repo: str, commit: str, file: ListedFile) -> str:
    """Where the user's cache holds exactly this file, or nothing."""
    from huggingface_hub import try_to_load_from_cache

    path = try_to_load_from_cache(repo, file.name, revision=commit)
    if not isinstance(path, str) or os.path.getsize(path) != file.size:
        return ""
    # The cache names its blobs after their etag.
    blob = os.path.basename(os.path.realpath(path))
    return "" if listing.is_hash(blob) and file.etag and blob != file.etag else path


def _plan_from_cache(ref: ModelRef) -> ModelPlan | None:
    """The plan out of the user's cache alone, or None when it does not hold the model."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    from rbee.hive.models.projectors import with_projector

    try:
        repos = scan_cache_dir().repos
    except (CacheNotFound, OSError, ValueError):  # it is no folder, or cannot be read
        return None
    wanted = ref.revision or "main"
    for repo in repos:
        if repo.repo_id != ref.repo or repo.repo_type != "model":
            continue
        for revision in repo.revisions:
            if wanted not in revision.refs and wanted != revision.commit_hash:
                continue
            held = []
            for cached in revision.files:
                name = str(cached.file_path.relative_to(revision.snapshot_path))
                blob = cached.blob_path.name
                etag = blob if listing.is_hash(blob) else ""
                held.append(ListedFile(name, cached.size_on_disk, listing.sha256_in(etag), etag))
            try:
                choice = choose(held, ref)
            except RbeeError:
                continue
            commit = revision.commit_hash
            listed = with_projector(choice.files, held)
            files = tuple(_hub_file(ref.repo, commit, file) for file in listed)
            note = "the hub is out of reach; taking the model from the user's hub cache"
            sizes = quant_sizes(held, ref.repo)
            return ModelPlan(ref, commit, files, choice.quant, sizes, note, False)
    return None


def _served_from(response: httpx2.Response, file: HubFile, offset: int) -> int:
    """Where the answer begins, after checking that it is the file that was asked for.

    Raises `HubFailure` when the content has another etag or another size than was listed.
    """
    served = _etag(response)
    if response.status_code not in (200, 206):
        raise ValueError("no answer with a file")
    comparable = listing.is_hash(file.etag) and len(served) == len(file.etag)
    if comparable and served != file.etag:
        raise _changed(file, f"etag {served[:12]}", f"etag {file.etag[:12]}")
    stated = response.headers.get("Content-Length")
    start, size = 0, listing.size_of(stated)
    if stated is not None and size is None:
        raise ValueError("no length of a file")
    if response.status_code == 206:
        span = listing.span_of(response.headers.get("Content-Range", ""))
        start, size = span or (offset, None)
        if start != offset:
            raise _changed(file, f"bytes from {start}", f"bytes from {offset}")
    if size is not None and size != file.size:
        raise _changed(file, f"{size} bytes", f"{file.size} bytes")
    return start


def _etag(response: httpx2.Response) -> str:
    """The hub's name for the content, without quotes.

    A large file is redirected to a store whose own ETag means something else; the hub then says
    it on the way, in `X-Linked-Etag`.
    """
    for each in (*response.history, response):
        linked = each.headers.get("X-Linked-Etag")
        if linked:
            return listing.etag_of(linked)
    if response.history:
        return ""
    return listing.etag_of(response.headers.get("ETag", ""))


def _require_client() -> None:
    """Raises `HubFailure` where the hub's client does not take what its variables say."""
    try:
        from huggingface_hub import constants

        hub = urlsplit(constants.ENDPOINT)
        is_address = hub.scheme in ("http", "https") and hub.hostname and hub.port != 0
    except ValueError as error:  # it reads them as it is imported
        raise client_unusable(f"{type(error).__name__}: {error}") from error
    if not is_address:
        raise client_unusable("HF_ENDPOINT is no web address (https://HOST)")


def is_offline() -> bool:
    """Whether `HF_HUB_OFFLINE` forbids to ask the hub."""
    from huggingface_hub import is_offline_mode

    return is_offline_mode()


def _changed(file: HubFile, got: str, listed: str) -> HubFailure:
    return of_file(
        file,
        f"{file.host} serves {file.name} with {got}, but listed it with {listed}",
        "ask again: the repository may just have changed",
    )
