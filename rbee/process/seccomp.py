"""A filter of system calls: those that no worker makes are refused (EPERM), all others go on.

It stands behind Landlock, which knows what is opened and TCP's ports but no system calls: what
looks into other processes, loads code into the kernel, changes what is mounted, or starts another
program. Nor does it know who owns a file and who may read it, which its owner's program could
change; signals before Linux 6.12; the bounds of other programs; and connections of other kinds than
TCP's.

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
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from rbee.process.landlock import checked, libc

_SET_MODE_FILTER, _GET_ACTION_AVAIL = 1, 2
_ALL_THREADS = 1
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
#: Instructions of the filter: load a word, keep some bits of it, jump, jump where equal, where at
#: least, return.
_LOAD, _KEEP, _JUMP, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x54, 0x05, 0x15, 0x35, 0x06
#: Where the number of the call, the kind of processor and the first argument (lower half, on the
#: processors below) stand in what is filtered, and how far the arguments are apart.
_NUMBER_AT, _KIND_AT, _ARGUMENT_AT, _ARGUMENT = 0, 4, 16, 8
#: Calls of x32 are those of x86-64 with this bit: none is made here, and all are refused.
_X32 = 0x40000000


class _Processor(NamedTuple):
    """What it is called in filters, the number of `seccomp`, and those of the calls below.

    Of `socket` to `opens` some are made, by their arguments; see `_conditions`.
    """

    kind: int
    seccomp: int
    execute: tuple[int, ...]
    others: tuple[int, ...]
    socket: int
    signals: tuple[int, ...]
    limits: int
    priority: int
    sends: tuple[tuple[int, int], ...]
    connect: int
    opens: tuple[tuple[int, int], ...]


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
            *(90, 91, 268, 452),  # chmod, fchmod, fchmodat, fchmodat2
            *(92, 93, 94, 260),  # chown, fchown, lchown, fchownat
            *(188, 189, 190, 197, 198, 199, 463, 466),  # setxattr, removexattr and their kin
            *(132, 235, 261, 280, 254),  # utime, utimes, futimesat, utimensat, inotify_add_watch
            *(200, 424, 160),  # tkill, pidfd_send_signal, setrlimit
            *(80, 81, 88, 266, 437),  # chdir, fchdir, symlink, symlinkat, openat2
        ),
        socket=41,
        signals=(62, 234, 129, 297),  # kill, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo
        limits=302,
        priority=141,
        sends=((44, 3), (46, 2), (307, 3)),  # sendto, sendmsg, sendmmsg
        connect=42,
        opens=((2, 1), (257, 2)),  # open, openat
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
            *(52, 53, 452),
            *(54, 55),
            *(5, 6, 7, 14, 15, 16, 463, 466),
            *(88, 27),
            *(130, 424, 164),
            *(49, 50, 36, 437),
        ),
        socket=198,
        signals=(129, 131, 138, 240),
        limits=261,
        priority=140,
        sends=((206, 3), (211, 2), (269, 3)),
        connect=203,
        opens=((56, 2),),
    ),
}


class _Argument(NamedTuple):
    """One of a call's arguments, counted from 0: the `mask` bits of its lower half, or of its upper
    one, are one of `values`."""

    place: int
    values: tuple[int, ...]
    mask: int = 0xFFFFFFFF
    upper: bool = False


#: ``AF_UNIX``, ``AF_INET`` and ``AF_INET6``; ``SOCK_STREAM`` without its flags; TCP. Datagrams
#: would reach any program of the machine and of the network.
_SOCKETS = (_Argument(0, (1, 2, 10)), _Argument(1, (1,), 0xF), _Argument(2, (0, 6)))
#: The third argument (an address) is null.
_NO_ADDRESS = (_Argument(2, (0,)), _Argument(2, (0,), upper=True))
#: ``MSG_FASTOPEN`` connects without `connect`.
_FASTOPEN = 0x20000000
#: Landlock does not check what is opened with ``O_PATH``.
_O_PATH = 0x200000
#: How long an address may be: that of IPv4, or of IPv6.
_IPV4, _IPV6 = 16, 28


def _conditions(of: _Processor, longest: int) -> dict[int, tuple[_Argument, ...]]:
    """What the arguments of calls have to be, by their numbers. A program may send itself signals
    and look at its own bounds, which it does not set.

    Before Linux 7.1 nothing bounds which sockets with a name in a folder a program connects to, so
    the name itself is: no socket of a session or of a system has one that short, and what would
    shorten it is refused, too: other current folders, links, and ``O_PATH``.
    """
    me = os.getpid()
    return {
        of.connect: (_Argument(2, tuple(range(longest + 1))),),
        **{number: (_Argument(place, (0,), _O_PATH),) for number, place in of.opens},
        of.socket: _SOCKETS,
        **{number: (_Argument(0, (me,)),) for number in of.signals},
        of.limits: (_Argument(0, (0, me)), *_NO_ADDRESS),
        of.priority: (_Argument(0, (0,)), _Argument(1, (0,))),
        **{number: (_Argument(place, (0,), _FASTOPEN),) for number, place in of.sends},
    }


class _FilterProgram(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def is_offered() -> bool:
    """Whether this kernel filters system calls, and it is known here how they are numbered."""
    processor = _PROCESSORS.get(platform.machine())
    if sys.platform != "linux" or processor is None:
        return False
    refuse = ctypes.c_uint32(_REFUSE & 0xFFFF0000)
    asked = libc().syscall(processor.seccomp, _GET_ACTION_AVAIL, 0, ctypes.byref(refuse))
    return bool(asked == 0)


def refuse_calls(*, execute: bool, ipv6: bool) -> None:
    """Refuses those calls from now on, in all threads, where there is a filter.

    `execute`: other programs may still be started, as drivers of GPUs do; `ipv6`: connections lead
    to such an address. Wants `no_new_privs`.
    Raises OSError where the kernel refuses.
    """
    processor = _PROCESSORS.get(platform.machine())
    if sys.platform != "linux" or processor is None or sys.maxsize < 2**32:
        return
    refused = processor.others if execute else (*processor.execute, *processor.others)
    code = program(processor.kind, refused, _conditions(processor, _IPV6 if ipv6 else _IPV4))
    # The kernel copies it before the call comes back.
    filtered = _FilterProgram(len(code) // 8, code)
    given = ctypes.byref(filtered)
    checked(libc().syscall(processor.seccomp, _SET_MODE_FILTER, _ALL_THREADS, given))


def program(
    kind: int, refused: tuple[int, ...], conditions: Mapping[int, tuple[_Argument, ...]]
) -> bytes:
    """The filter: `refused` calls, and those of other kinds of processors, get EPERM; so do those
    that do not meet their `conditions`."""
    refuse = (_RETURN, 0, 0, _REFUSE)
    lines = [
        (_LOAD, 0, 0, _KIND_AT),
        (_IF_EQUAL, 1, 0, kind),
        refuse,
        (_LOAD, 0, 0, _NUMBER_AT),
        (_IF_AT_LEAST, 0, 1, _X32),
        refuse,
        *((_IF_EQUAL, len(refused) - place, 0, number) for place, number in enumerate(refused)),
        (_JUMP, 0, 0, 1),  # none of them
        refuse,
    ]
    for number, arguments in conditions.items():
        judged = [line for argument in arguments for line in _judged(argument)]
        lines += [(_IF_EQUAL, 0, len(judged) + 1, number), *judged, (_RETURN, 0, 0, _ALLOW)]
    lines.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def _judged(argument: _Argument) -> Iterator[tuple[int, int, int, int]]:
    """The instructions that refuse the call unless an argument has an allowed value."""
    yield _LOAD, 0, 0, _ARGUMENT_AT + _ARGUMENT * argument.place + 4 * argument.upper
    yield _KEEP, 0, 0, argument.mask
    for place, value in enumerate(argument.values):
        yield _IF_EQUAL, len(argument.values) - place, 0, value
    yield _RETURN, 0, 0, _REFUSE
