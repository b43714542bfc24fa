"""Landlock: a process gives up, for good, all of the file system and the network but what it names.

No privilege is needed for it. It holds for the thread that asks for it and all that it starts, so
it is asked for before there are others. Linux 5.13 or newer; each version of the interface (ABI)
knows more: truncation (3), TCP ports (4), devices (5), signals and abstract sockets (6), sockets
that others have given a name in a folder (9).

Source: the kernel's ``userspace-api/landlock.rst`` and ``include/uapi/linux/landlock.h``.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable
from typing import NamedTuple

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_PATH_BENEATH, _NET_PORT = 1, 2
_PR_SET_NO_NEW_PRIVS = 38

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR = 1 << 4
_REFER, _TRUNCATE, _IOCTL_DEV, _RESOLVE_UNIX = 1 << 13, 1 << 14, 1 << 15, 1 << 16
#: All that the first version knows: the four above, and what changes folders.
_FIRST = (1 << 13) - 1
#: What may be given on a file that is no folder.
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_READ = _READ_FILE | _READ_DIR
#: Making devices, which who is root might.
_MAKE_DEVICES = 1 << 6 | 1 << 11
_WRITE = _FIRST & ~_EXECUTE & ~_MAKE_DEVICES | _TRUNCATE | _IOCTL_DEV
_BIND_TCP, _CONNECT_TCP = 1 << 0, 1 << 1
_ABSTRACT_SOCKETS, _SIGNALS = 1 << 0, 1 << 1


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("access", ctypes.c_uint64), ("parent", ctypes.c_int32))


class _Port(ctypes.Structure):
    _fields_ = (("access", ctypes.c_uint64), ("port", ctypes.c_uint64))


class Access(NamedTuple):
    """What is kept. A path may be a file, or a folder with all in it; one that is missing is left
    out. `empty` are folders in which empty folders may be removed, `connect` the ports of TCP that
    connections may lead to.
    """

    read: Iterable[str] = ()
    write: Iterable[str] = ()
    empty: Iterable[str] = ()
    connect: Iterable[int] = ()


def abi() -> int:
    """The version of the interface that this kernel offers; 0: none, or it is switched off."""
    if sys.platform != "linux":
        return 0
    version = libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)
    return max(0, int(version))


def restrict(rights: Access) -> None:
    """Gives up all but `rights`, for this thread and what it starts, where the kernel has Landlock.

    Raises OSError where it refuses.
    """
    version = abi()
    if not version:
        return
    kernel = libc()
    handled = _FIRST
    since_version = ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL_DEV), (9, _RESOLVE_UNIX))
    for since, access in since_version:
        handled |= access if version >= since else 0
    network = _BIND_TCP | _CONNECT_TCP if version >= 4 else 0
    scoped = _ABSTRACT_SOCKETS | _SIGNALS if version >= 6 else 0
    asked = _Ruleset(handled, network, scoped)
    # A kernel takes no more of the structure than it knows.
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = checked(
        kernel.syscall(_CREATE_RULESET, ctypes.byref(asked), ctypes.c_size_t(size), 0)
    )
    try:
        for paths, access in (
            (rights.read, _READ),
            (rights.write, _READ | _WRITE),
            (rights.empty, _REMOVE_DIR),
        ):
            for path in paths:
                _allow_beneath(kernel, ruleset, path, access & handled)
        if network:
            for port in rights.connect:
                rule = _Port(_CONNECT_TCP, port)
                checked(kernel.syscall(_ADD_RULE, ruleset, _NET_PORT, ctypes.byref(rule), 0))
        no_new_privileges()
        checked(kernel.syscall(_RESTRICT_SELF, ruleset, 0))
    finally:
        os.close(ruleset)


def no_new_privileges() -> None:
    """No program that this process executes gets more than it has: no setuid. Raises OSError."""
    checked(libc().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


def _allow_beneath(kernel: ctypes.CDLL, ruleset: int, path: str, access: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # it is not there, or nothing in it could be opened anyway
    try:
        if not os.path.isdir(path):
            access &= _OF_FILES
        rule = _Beneath(access, descriptor)
        checked(kernel.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0))
    finally:
        os.close(descriptor)


def libc() -> ctypes.CDLL:
    """The system calls of this system, which leave their error in `checked`'s hands."""
    return ctypes.CDLL(None, use_errno=True)


def checked(answer: int) -> int:
    """What a system call has answered. Raises OSError where that is an error."""
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return answer
