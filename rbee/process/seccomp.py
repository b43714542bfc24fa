"""A filter of system calls: those that no worker makes are refused (EPERM), all others go on.

It stands behind Landlock, which knows files and ports but no system calls: what looks into other
processes, loads code into the kernel, changes what is mounted, or starts another program.

Source: ``seccomp(2)``; ``include/uapi/linux/{seccomp,filter,audit}.h``; the tables of system calls
of x86-64 and of arm64. On other processors there is no filter.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from typing import NamedTuple

_PR_GET_SECCOMP = 21
_SET_MODE_FILTER, _GET_ACTION_AVAIL = 1, 2
_ALL_THREADS = 1
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
#: Instructions of the filter: load a word, jump where equal, jump where greater or equal, return.
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
#: Where the number of the call and the kind of processor stand in what is filtered.
_NUMBER_AT, _KIND_AT = 0, 4
#: Calls of x32 are those of x86-64 with this bit: none is made here, and all are refused.
_X32 = 0x40000000


class _Processor(NamedTuple):
    """What it is called in filters, the number of `seccomp`, and those of the calls below."""

    kind: int
    seccomp: int
    execute: tuple[int, ...]
    others: tuple[int, ...]


_PROCESSORS = {
    "x86_64": _Processor(
        0xC000003E,
        317,
        (59, 322),  # execve, execveat
        (
            *(101, 310, 311, 312),  # ptrace, process_vm_readv, process_vm_writev, kcmp
            *(438, 304),  # pidfd_getfd, open_by_handle_at
            *(165, 166, 155, 161, 272, 308),  # mount, umount2, pivot_root, chroot, unshare, setns
            *(428, 429, 430, 432, 442),  # open_tree, move_mount, fsopen, fsmount, mount_setattr
            *(248, 249, 250),  # add_key, request_key, keyctl
            *(321, 298, 323),  # bpf, perf_event_open, userfaultfd
            *(425, 426, 427),  # io_uring_*: it makes calls that no filter sees
            *(175, 313, 176, 246, 320),  # init_module, finit_module, delete_module, kexec_*
            *(167, 168, 169, 163),  # swapon, swapoff, reboot, acct
        ),
    ),
    "aarch64": _Processor(
        0xC00000B7,
        277,
        (221, 281),
        (
            *(117, 270, 271, 272),
            *(438, 265),
            *(40, 39, 41, 51, 97, 268),
            *(428, 429, 430, 432, 442),
            *(217, 218, 219),
            *(280, 241, 282),
            *(425, 426, 427),
            *(105, 273, 106, 104, 294),
            *(224, 225, 142, 89),
        ),
    ),
}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def is_offered() -> bool:
    """Whether this kernel filters system calls, and it is known here how they are numbered."""
    processor = _PROCESSORS.get(platform.machine())
    if sys.platform != "linux" or processor is None:
        return False
    refuse = ctypes.c_uint32(_REFUSE & 0xFFFF0000)
    libc = ctypes.CDLL(None, use_errno=True)
    asked = libc.syscall(processor.seccomp, _GET_ACTION_AVAIL, 0, ctypes.byref(refuse))
    return bool(asked == 0)


def refuse_calls(*, execute: bool) -> bool:
    """Refuses those calls from now on, in all threads; False where there is no filter.

    `execute`: other programs may still be started, as drivers of GPUs do. Wants `no_new_privs`.
    Raises OSError where the kernel refuses.
    """
    processor = _PROCESSORS.get(platform.machine())
    if sys.platform != "linux" or processor is None or sys.maxsize < 2**32:
        return False
    refused = processor.others if execute else (*processor.execute, *processor.others)
    code = program(processor.kind, refused)
    # The kernel copies it before the call comes back.
    filtered = _Program(len(code) // 8, code)
    libc = ctypes.CDLL(None, use_errno=True)
    given = ctypes.byref(filtered)
    if libc.syscall(processor.seccomp, _SET_MODE_FILTER, _ALL_THREADS, given) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return True


def program(kind: int, refused: tuple[int, ...]) -> bytes:
    """The filter: `refused` calls, and those of other kinds of processors, get EPERM."""
    count = len(refused)
    lines = [
        (_LOAD, 0, 0, _KIND_AT),
        (_IF_EQUAL, 0, count + 3, kind),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_IF_AT_LEAST, count + 1, 0, _X32),
        *((_IF_EQUAL, count - place, 0, number) for place, number in enumerate(refused)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)
