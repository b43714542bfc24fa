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

from rbee.hive.models.hub import LONGEST_WAIT_S, HubFile, open_stream
from rbee.hive.models.hub_failures import CONNECT_S, HubFailure, of_file
from rbee.hive.models.listing import is_hash
from rbee.process.tasks import raisable
from rbee.wire.errors import RbeeError

#: Seconds between two progress reports, and the longest delay of a cancellation.
PROGRESS_S = 0.1
#: Pieces of up to 64 KiB that may wait between the network and the disk.
_PIECES_AHEAD = 64
_BLOCK = 1024 * 1024
_GOES_ON = "run the same command again: it goes on where it stopped"

Progress = Callable[[int, int], None]
Trouble = Callable[[str, int], None]
_Piece = int | bytes | Exception | None


class Cancelled(Exception):
    """The download was called off. What had arrived stays for the next one."""


def download(
    file: HubFile,
    destination: str,
    on_progress: Progress,
    on_trouble: Trouble,
    cancelled: threading.Event,
    stall_s: float = 60.0,
    tries: int = 6,
    first_wait_s: float = 0.5,
) -> None:
    """Bring `file` to `destination`, an absolute path whose folders are made.

    A destination that already has the right content is left as it is. Of two callers, in one
    process or in two, one fetches and the other waits for its result.

    `on_progress(done, total)` is called in bytes, about ten times a second and at the end; when a
    partial file is found it first counts up through what is there, as that is read again.
    `stall_s` is the longest wait for a byte. A cut, a stall, 429 and 5xx are tried again, `tries`
    times in a row without a new byte, after `first_wait_s` seconds that double each time or after
    what the hub asks for; before each, `on_trouble(why, done)` is called.

    Raises `Cancelled` within `PROGRESS_S` of `cancelled` being set, and `RbeeError`:
    `insufficient_disk` (details: need, free), `download_failed`, `model_gated`, `model_not_found`,
    `checksum_mismatch`, `home_unusable` when the folder cannot be written. Only after
    `checksum_mismatch` is the partial file gone.
    """
    report = _throttled(on_progress, file.size)
    folder = os.path.dirname(destination)
    with _disk_failures_told(file, destination):
        os.makedirs(folder, exist_ok=True)
        before = _identity(destination)
        if _is_complete(file, destination, report, cancelled):
            report(file.size)
            return
        partial = partial_path(file, destination)
        with _sole_writer(partial, destination, before, report, cancelled) as descriptor:
            if descriptor is not None:
                again = _Again(on_trouble, tries, first_wait_s)
                _fetch(file, folder, descriptor, report, again, cancelled, stall_s)
                _sync(descriptor)
                os.replace(partial, destination)
                _sync_folder(folder)
        report(file.size)


def is_content_of(
    file: HubFile, path: str, on_progress: Progress, cancelled: threading.Event
) -> bool:
    """Whether the bytes at `path` are the listed content of `file`; it reads all of them.

    Nothing that could be compared is no. Progress is told as in `download`. Raises `Cancelled`,
    and `OSError` where the file cannot be read.
    """
    report = _throttled(on_progress, file.size)
    return is_hash(file.sha256 or file.etag) and _is_complete(file, path, report, cancelled)


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
    file: HubFile,
    folder: str,
    descriptor: int,
    report: Callable[[int], None],
    again: _Again,
    cancelled: threading.Event,
    stall_s: float,
) -> None:
    """Fill the partial file behind `descriptor` with what is missing, and check all of it."""
    done = os.fstat(descriptor).st_size
    if done > file.size:
        os.ftruncate(descriptor, 0)
        done = 0
    require_disk(folder, file.size - done)
    digest = _Digest(file)
    digest.read(descriptor, done, report, cancelled)
    while done < file.size:
        if cancelled.is_set():
            raise Cancelled
        try:
            for piece in _pieces(file, done, stall_s, cancelled):
                if isinstance(piece, int):
                    if piece != done:
                        # This hub serves no ranges: from the beginning.
                        os.ftruncate(descriptor, piece)
                        done = piece
                        digest = _Digest(file)
                    continue
                piece = piece[: file.size - done]
                _write(descriptor, piece, done)
                digest.update(piece)
                done += len(piece)
                report(done)
        except HubFailure as failure:
            if cancelled.is_set():
                raise Cancelled from failure
            if cancelled.wait(again.pause(failure, file, done)):
                raise Cancelled from failure
    if not digest.matches():
        os.ftruncate(descriptor, 0)
        raise _wrong_content(file)


class _Again:
    """How often a download that failed is tried again, and after what pause."""

    def __init__(self, on_trouble: Trouble, tries: int, first_wait_s: float) -> None:
        self._on_trouble = on_trouble
        self._tries = tries
        self._first_wait_s = first_wait_s
        self._failed = 0
        self._furthest = -1

    def pause(self, failure: HubFailure, file: HubFile, done: int) -> float:
        """Seconds to wait before the next try. Raises `RbeeError` where there is none."""
        self._failed = 1 if done > self._furthest else self._failed + 1
        self._furthest = max(self._furthest, done)
        if not failure.transient:
            raise failure.error from failure
        wait_s = failure.retry_after_s or self._first_wait_s * 2 ** (self._failed - 1)
        if self._failed >= self._tries or wait_s > LONGEST_WAIT_S:
            raise _gave_up(failure, file, done, self._failed) from failure
        self._on_trouble(failure.error.message, done)
        return wait_s


def _pieces(
    file: HubFile, offset: int, stall_s: float, cancelled: threading.Event
) -> Iterator[int | bytes]:
    """Where the hub's answer begins, then its bytes up to the file's end.

    A thread of its own reads from the network: a blocked read cannot be called off, but the
    thread can be left to its timeout. It also fetches ahead while the disk is written.

    Raises `HubFailure` and `Cancelled`.
    """
    pieces: queue.Queue[_Piece] = queue.Queue(_PIECES_AHEAD)
    abandoned = threading.Event()
    threading.Thread(
        target=copy_context().run,  # whose token is shown stands there
        args=(_read_ahead, file, offset, stall_s, pieces, abandoned),
        name=f"download {file.name}",
        daemon=True,
    ).start()
    # The reader itself notices a stall; this stands behind it where a lookup of a name hangs.
    patience_s = stall_s + 2 * CONNECT_S
    heard = time.monotonic()
    received = offset
    try:
        while True:
            if cancelled.is_set():
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


def _read_ahead(
    file: HubFile,
    offset: int,
    stall_s: float,
    pieces: queue.Queue[_Piece],
    abandoned: threading.Event,
) -> None:
    """Put the hub's answer into `pieces`: its offset, its bytes, None; or what was raised."""
    try:
        with open_stream(file, offset, stall_s) as stream:
            pieces.put(stream.offset)
            for chunk in stream.chunks:
                if abandoned.is_set():
                    return
                pieces.put(chunk)
        last: _Piece = None
    except BaseException as failure:
        # Whatever it is: the thread that asked for the file has to hear of it.
        last = raisable(failure)
    if not abandoned.is_set():
        pieces.put(last)


class _Digest:
    """The running checksum of a file: sha256, or the git blob id where the hub has no other.

    Git's id is the sha1 of ``blob <size>\\0`` and the content (git's ``hash-object``).
    """

    def __init__(self, file: HubFile) -> None:
        self._expected = file.sha256 or (file.etag if len(file.etag) == 40 else "")
        if file.sha256:
            self._hash = hashlib.sha256()
        else:
            self._hash = hashlib.sha1(b"blob %d\0" % file.size, usedforsecurity=False)

    def update(self, data: bytes) -> None:
        self._hash.update(data)

    def read(
        self,
        descriptor: int,
        size: int,
        report: Callable[[int], None],
        cancelled: threading.Event,
    ) -> None:
        """Take in the first `size` bytes of an open file. Raises `Cancelled`."""
        done = 0
        while done < size:
            if cancelled.is_set():
                raise Cancelled
            block = os.pread(descriptor, min(_BLOCK, size - done), done)
            if not block:
                return
            self._hash.update(block)
            done += len(block)
            report(done)

    def matches(self) -> bool:
        """Whether the content is the listed one; yes when the hub gave nothing to compare."""
        return not self._expected or self._hash.hexdigest() == self._expected


def _is_complete(
    file: HubFile,
    destination: str,
    report: Callable[[int], None],
    cancelled: threading.Event,
) -> bool:
    """Whether `destination` already holds the content of `file`. Reads it all."""
    try:
        descriptor = os.open(destination, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        if os.fstat(descriptor).st_size != file.size:
            return False
        digest = _Digest(file)
        digest.read(descriptor, file.size, report, cancelled)
        return digest.matches()
    finally:
        os.close(descriptor)


@contextmanager
def _sole_writer(
    partial: str,
    destination: str,
    before: tuple[int, int] | None,
    report: Callable[[int], None],
    cancelled: threading.Event,
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
                report(os.fstat(descriptor).st_size)
                if cancelled.wait(PROGRESS_S):
                    raise Cancelled from None
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


def _throttled(on_progress: Progress, total: int) -> Callable[[int], None]:
    """`on_progress` with at most one call in `PROGRESS_S` seconds, and one for the last byte."""
    last_time, last_done = 0.0, -1

    def report(done: int) -> None:
        nonlocal last_time, last_done
        now = time.monotonic()
        if done == last_done or (done < total and now - last_time < PROGRESS_S):
            return
        last_time, last_done = now, done
        on_progress(done, total)

    return report


@contextmanager
def _disk_failures_told(file: HubFile, destination: str) -> Iterator[None]:
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
    return of_file(
        file, f"{file.host} stopped sending {file.name}: {why}", _GOES_ON, transient=True
    )


def _too_long(file: HubFile) -> HubFailure:
    """More than was promised is not written: what has been checked for is the promised size."""
    return of_file(
        file,
        f"{file.host} sends more than the {file.size} bytes that it listed for {file.name}",
        "ask again: the repository may just have changed",
    )


def _gave_up(failure: HubFailure, file: HubFile, done: int, tries: int) -> RbeeError:
    told = failure.error
    details = {**told.details, "file": file.name, "done": done, "total": file.size, "tries": tries}
    times = "once" if tries == 1 else f"{tries} times in a row"
    return RbeeError(
        told.code,
        f"{told.message} ({times}; {_amount(done)} of {_amount(file.size)} are kept)",
        told.suggestion if failure.retry_after_s else _GOES_ON,
        details,
    )


def _wrong_content(file: HubFile) -> RbeeError:
    return of_file(
        file,
        f"{file.name} arrived with another content than {file.host} announced",
        "run the same command again: the file is fetched from its beginning",
        "checksum_mismatch",
    ).error
