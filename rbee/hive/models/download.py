"""One file of a model, from the hub to the disk, whatever happens in between.

Phase 7. The bytes go to a partial file of our own, ``<name>.<etag>.part`` beside the destination,
so that a run after a cut, a kill or a power failure goes on where the last one stopped. The file
gets its real name only when every byte has been checked and is on the disk. Next: the catalog.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import queue
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context

import msgspec

from rbee.hive.models.hub import LONGEST_WAIT_S, open_stream, pause_after
from rbee.hive.models.hub_failures import CONNECT_S, HubFailure, of_file
from rbee.hive.models.listing import is_hash
from rbee.hive.models.model_plan import HubFile
from rbee.process.tasks import raisable
from rbee.wire.errors import RbeeError

#: Seconds between two progress reports, and the longest delay of a cancellation.
PROGRESS_S = 0.1
#: Pieces of up to 64 KiB that may wait between the network and the disk.
_PIECES_AHEAD = 64
_BLOCK = 1024 * 1024
_GOES_ON = "run the same command again: it goes on where it stopped"

_Piece = int | bytes | Exception | None


class Cancelled(Exception):
    """The download was called off. What had arrived stays for the next one."""


class Fetching(msgspec.Struct):
    """Who waits for a file of `size` bytes, and whether anybody still does.

    `on_progress(done)` is called in bytes, about ten times a second and for the last one; it first
    counts up through what is there already, as that is read again. `on_trouble(why, done)` is
    called before something is tried again.
    """

    size: int
    on_progress: Callable[[int], object]
    on_trouble: Callable[[str, int], object]
    cancelled: threading.Event
    _reported_at: float = 0.0
    _reported: int = -1

    def report(self, done: int) -> None:
        """So many bytes are done."""
        now = time.monotonic()
        if done == self._reported or (done < self.size and now - self._reported_at < PROGRESS_S):
            return
        self._reported_at, self._reported = now, done
        self.on_progress(done)

    def wait(self, seconds: float = 0.0) -> None:
        """Returns after `seconds`. Raises `Cancelled` as soon as nobody wants the file any more."""
        if self.cancelled.wait(seconds):
            raise Cancelled


def download(file: HubFile, destination: str, watch: Fetching, stall_s: float, tries: int) -> None:
    """Bring `file` to `destination`, an absolute path whose folders are made.

    A destination that already has the right content is left as it is. Of two callers, in one
    process or in two, one fetches and the other waits for its result.

    `stall_s` is the longest wait for a byte. A cut, a stall, 429 and 5xx are tried again, `tries`
    times in a row without a new byte, after seconds that double each time or after what the hub
    asks for.

    Raises `Cancelled` within `PROGRESS_S` of being called off, and `RbeeError`:
    `insufficient_disk` (details: need, free), `download_failed`, `model_gated`, `model_not_found`,
    `checksum_mismatch`, `home_unusable` when the folder cannot be written. Only after
    `checksum_mismatch` is the partial file gone.
    """
    folder = os.path.dirname(destination)
    with _translated_disk_failures(file, destination):
        os.makedirs(folder, exist_ok=True)
        before = _identity(destination)
        if not _is_complete(file, destination, watch):
            partial = partial_path(file, destination)
            with _sole_writer(partial, destination, before, watch) as descriptor:
                if descriptor is not None:
                    _fetch(file, folder, descriptor, watch, stall_s, tries)
                    _sync(descriptor)
                    os.replace(partial, destination)
                    _sync_folder(folder)
        watch.report(file.size)


def is_content_of(file: HubFile, path: str, watch: Fetching) -> bool:
    """Whether the bytes at `path` are the listed content of `file`; it reads all of them.

    Nothing that could be compared is no. Raises `Cancelled`, and `OSError` where the file cannot be
    read.
    """
    return is_hash(file.sha256 or file.etag) and _is_complete(file, path, watch)


def partial_path(file: HubFile, destination: str) -> str:
    """Where the bytes of this very content collect until they are complete."""
    named = file.sha256 or file.etag or file.commit
    tag = named[:16] if is_hash(named) else hashlib.sha256(named.encode()).hexdigest()[:16]
    return f"{destination}.{tag}.part"


def arrived_size(file: HubFile, destination: str) -> int:
    """Bytes that an earlier download left behind, all or some: what need not be fetched again."""
    for path in (destination, partial_path(file, destination)):
        with suppress(FileNotFoundError):
            size = os.stat(path).st_size
            if path != destination or size == file.size:
                return min(size, file.size)
    return 0


def require_disk(folder: str, need_bytes: int) -> None:
    """Refuse to start what cannot fit on the disk of `folder`, which exists.

    Raises `RbeeError` `insufficient_disk` (details: need, free, short, in bytes).
    """
    free = shutil.disk_usage(folder).free
    if free < need_bytes:
        raise _disk_full(folder, need_bytes, free)


def _fetch(
    file: HubFile, folder: str, descriptor: int, watch: Fetching, stall_s: float, tries: int
) -> None:
    """Fill the partial file behind `descriptor` with what is missing, and check all of it."""
    done = os.fstat(descriptor).st_size
    if done > file.size:
        os.ftruncate(descriptor, 0)
        done = 0
    require_disk(folder, file.size - done)
    digest = _Digest(file)
    digest.read(descriptor, done, watch)
    failed, furthest = 0, -1
    while done < file.size:
        watch.wait()
        try:
            for piece in _pieces(file, done, stall_s, watch):
                if isinstance(piece, int):
                    if piece != done:
                        # This hub serves no ranges: from the beginning.
                        os.ftruncate(descriptor, piece)
                        done = piece
                        digest = _Digest(file)
                    continue
                piece = piece[: file.size - done]
                _write(descriptor, piece, done)
                digest.hash.update(piece)
                done += len(piece)
                watch.report(done)
        except HubFailure as failure:
            watch.wait()
            if not failure.transient:
                raise
            failed = 1 if done > furthest else failed + 1
            furthest = max(furthest, done)
            wait_s = pause_after(failure, failed, tries, LONGEST_WAIT_S)
            if wait_s is None:
                raise _gave_up(failure, file, done, failed) from failure
            watch.on_trouble(failure.message, done)
            watch.wait(wait_s)
    if not digest.matches():
        os.ftruncate(descriptor, 0)
        raise of_file(
            file,
            f"{file.name} arrived with another content than {file.host} announced",
            "run the same command again: the file is fetched from its beginning",
            "checksum_mismatch",
        )


def _pieces(file: HubFile, offset: int, stall_s: float, watch: Fetching) -> Iterator[int | bytes]:
    """Where the hub's answer begins, then its bytes up to the file's end.

    A thread of its own reads from the network: a blocked read cannot be called off, but the
    thread can be left to its timeout. It also fetches ahead while the disk is written.

    Raises `HubFailure` and `Cancelled`.
    """
    pieces: queue.Queue[_Piece] = queue.Queue(_PIECES_AHEAD)
    abandoned = threading.Event()

    def read_ahead() -> None:
        """Puts the hub's answer there: its offset, its bytes, None; or what was raised."""
        last: _Piece = None
        try:
            with open_stream(file, offset, stall_s) as (begins, chunks):
                pieces.put(begins)
                for chunk in chunks:
                    if abandoned.is_set():
                        return
                    pieces.put(chunk)
        except BaseException as failure:
            # Any exception has to reach the thread that waits, or it would wait for ever.
            last = raisable(failure)
        if not abandoned.is_set():
            pieces.put(last)

    reading = copy_context().run  # the context holds which hub token is used
    name = f"download {file.name}"
    threading.Thread(target=reading, args=(read_ahead,), name=name, daemon=True).start()
    # The reading thread notices a stall; this longer limit is for a name lookup that hangs.
    patience_s = stall_s + 2 * CONNECT_S
    heard = time.monotonic()
    received = offset
    try:
        while True:
            if watch.cancelled.is_set():
                # Nothing more is fetched, but what has arrived is kept.
                abandoned.set()
            try:
                piece = pieces.get(timeout=0 if abandoned.is_set() else PROGRESS_S)
            except queue.Empty:
                if abandoned.is_set():
                    raise Cancelled from None
                if time.monotonic() - heard > patience_s:
                    raise _cut(file, f"nothing came for {patience_s:.0f} s") from None
                continue
            heard = time.monotonic()
            if isinstance(piece, Exception):
                raise piece
            if piece is None:
                if received < file.size:
                    raise _cut(file, f"the answer ended at {received} of {file.size} bytes")
                return
            received = piece if isinstance(piece, int) else received + len(piece)
            if received > file.size:
                raise _too_long(file)
            yield piece
            if received == file.size:
                return
    finally:
        abandoned.set()
        with suppress(queue.Empty):
            while True:
                pieces.get_nowait()


class _Digest:
    """The running checksum of a file: sha256, or the git blob id where the hub has no other.

    Git's id is the sha1 of ``blob <size>\\0`` and the content (git's ``hash-object``).
    """

    def __init__(self, file: HubFile) -> None:
        self._expected = file.sha256 or (file.etag if len(file.etag) == 40 else "")
        if file.sha256:
            self.hash = hashlib.sha256()
        else:
            self.hash = hashlib.sha1(b"blob %d\0" % file.size, usedforsecurity=False)

    def read(self, descriptor: int, size: int, watch: Fetching) -> None:
        """Take in the first `size` bytes of an open file. Raises `Cancelled`."""
        done = 0
        while done < size:
            watch.wait()
            block = os.pread(descriptor, min(_BLOCK, size - done), done)
            if not block:
                return
            self.hash.update(block)
            done += len(block)
            watch.report(done)

    def matches(self) -> bool:
        """Whether the content is the listed one; yes when the hub gave nothing to compare."""
        return not self._expected or self.hash.hexdigest() == self._expected


def _is_complete(file: HubFile, destination: str, watch: Fetching) -> bool:
    """Whether `destination` already holds the content of `file`. Reads it all."""
    try:
        descriptor = os.open(destination, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        if os.fstat(descriptor).st_size != file.size:
            return False
        digest = _Digest(file)
        digest.read(descriptor, file.size, watch)
        return digest.matches()
    finally:
        os.close(descriptor)


@contextmanager
def _sole_writer(
    partial: str, destination: str, before: tuple[int, int] | None, watch: Fetching
) -> Iterator[int | None]:
    """The partial file, open and locked; or None once another writer has completed the file.

    `before` is what stood at `destination` at the start. The lock ends with its process, so a
    killed download never bars the next one. An empty partial file is not left behind.
    """
    while True:
        descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                watch.report(os.fstat(descriptor).st_size)
                watch.wait(PROGRESS_S)
                continue
            # The one that held the lock may have renamed or removed what is locked now.
            if _identity(partial) != _identity(descriptor):
                continue
            try:
                now = _identity(destination)
                yield None if now is not None and now != before else descriptor
            finally:
                mine = _identity(partial) == _identity(descriptor)
                if mine and os.fstat(descriptor).st_size == 0:
                    os.unlink(partial)
            return
        finally:
            os.close(descriptor)


def _identity(path: str | int) -> tuple[int, int] | None:
    """Device and inode of a path or an open file; None where there is nothing."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _write(descriptor: int, data: bytes, offset: int) -> None:
    """All of `data` at `offset`; a disk that fills up takes a part and then raises."""
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view = view[written:]
        offset += written


def _sync(descriptor: int) -> None:
    """Bring an open file onto the disk, past the cache of the drive where that takes a call."""
    full = getattr(fcntl, "F_FULLFSYNC", None)
    if full is not None:
        fcntl.fcntl(descriptor, full)
    else:
        os.fsync(descriptor)


def _sync_folder(folder: str) -> None:
    """Bring a rename in `folder` onto the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _translated_disk_failures(file: HubFile, destination: str) -> Iterator[None]:
    """Turn what the file system raises into `RbeeError`."""
    try:
        yield
    except OSError as error:
        folder = os.path.dirname(destination)
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        if full:
            missing = file.size - arrived_size(file, destination)
            raise _disk_full(folder, missing, shutil.disk_usage(folder).free) from error
        raise RbeeError(
            "home_unusable",
            f"cannot write {error.filename or destination}: {error.strerror}",
            "make the folder writable, or set RBEE_HOME to another one",
            {"path": destination},
        ) from error


def _disk_full(folder: str, need: int, free: int) -> RbeeError:
    return RbeeError(
        "insufficient_disk",
        f"the disk of {folder} has {_amount(free)} free, the download needs {_amount(need)} more",
        "free some space (`rbee-keeper rm REF` removes a model), or set RBEE_HOME to another disk",
        {"need": need, "free": free, "short": max(0, need - free), "path": folder},
    )


def _amount(size: int) -> str:
    """Bytes for a person, in the decimal units that disks are sold in."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"


def _cut(file: HubFile, why: str) -> HubFailure:
    failure = of_file(file, f"{file.host} stopped sending {file.name}: {why}", _GOES_ON)
    failure.transient = True
    return failure


def _too_long(file: HubFile) -> HubFailure:
    """More than was promised is not written: what has been checked for is the promised size."""
    return of_file(
        file,
        f"{file.host} sends more than the {file.size} bytes that it listed for {file.name}",
        "ask again: the repository may just have changed",
    )


def _gave_up(failure: HubFailure, file: HubFile, done: int, tries: int) -> RbeeError:
    details = {"file": file.name, "done": done, "total": file.size, "tries": tries}
    times = "once" if tries == 1 else f"{tries} times in a row"
    return RbeeError(
        failure.code,
        f"{failure.message} ({times}; {_amount(done)} of {_amount(file.size)} are kept)",
        failure.suggestion if failure.retry_after_s else _GOES_ON,
        {**failure.details, **details},
    )
