"""The tags that a scenario may carry, and what this machine offers to those that need something."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import re
import shutil
import socket
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from fixtures import real
from harness import clients

#: Shows that a scenario is about time, so that it may name seconds.
TIMING = "timing"
#: The scenario provokes a traceback in a log on purpose.
TRACEBACK = "expects-traceback"
#: The scenario leaves the swarm as it found it, so that it serves others: see `lent_swarms`.
ONLY_ASKS = "only-asks"


def _root() -> str:
    return "" if os.geteuid() == 0 else "root is needed"


def _mount() -> str:
    # Root inside a container may not mount: what counts is the capability (Linux, bit 21).
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return "Linux is needed"
    capabilities = int(re.findall(r"^CapEff:\s*([0-9a-f]+)$", status, re.MULTILINE)[0], 16)
    return "" if capabilities >> 21 & 1 else "the right to mount a file system is needed"


def sshd() -> str | None:
    """The SSH server of this machine, which is on nobody's PATH but root's."""
    return shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def _sshd() -> str:
    return "" if sshd() else "no sshd is installed"


def _hosts() -> str:
    # Late: only who has such scenarios pays for it.
    from harness.rig.network import reason_why_not

    return _root() or _mount() or _sshd() or reason_why_not()


def _wheels() -> str:
    fetched = (Path(sys.prefix) / ".wheels" / ".fetched").exists()
    return "" if fetched else "the packages are needed that make test fetches"


def _clients() -> str:
    fetched = (clients.HOME / ".fetched").exists()
    return "" if fetched else "the clients of others are needed that make test fetches"


def _instructor() -> str:
    fetched = (clients.HOMES["instructor"] / ".fetched").exists()
    return "" if fetched else "the client instructor is needed that make test fetches"


def _aider() -> str:
    fetched = (clients.HOMES["aider"] / "bin" / "aider").exists()
    return "" if fetched else "aider is needed that make test fetches, for Python 3.10 to 3.12"


def _node() -> str:
    if (clients.HOMES["JavaScript"] / ".fetched").exists():
        return ""
    if shutil.which("npm") is None:
        return "npm is needed, by which make test fetches the clients for Node.js"
    return "the clients for Node.js are needed, which npm has not fetched: make test tells why"


def _real_models() -> str:
    return "" if real.MADE.exists() else "the real models are needed that make test fetches"


def _rpc() -> str:
    # Late: the engine is imported for it.
    from rbee.worker.engines import rpc

    return rpc.why_not()


def _nvml_stub() -> str:
    if not sys.platform.startswith("linux"):
        return "the stub NVML library is built on Linux alone"
    return "" if shutil.which("cc") else "no C compiler (cc) is installed"


def _gpu() -> str:
    try:
        nvml = ctypes.CDLL("libnvidia-ml.so.1")
        return "" if nvml.nvmlInit_v2() == 0 else "the NVIDIA driver does not answer"
    except OSError:
        return "no NVIDIA GPU"


def _postgresql() -> str:
    # Late: only who has such scenarios pays for it.
    from harness.rig.postgresql import reason_why_not

    return reason_why_not()


def _control_groups() -> str:
    # Late: only who has such scenarios pays for it.
    from harness.rig.control_groups import reason_why_not

    return reason_why_not()


def _prometheus() -> str:
    # Late: only who has such scenarios pays for it.
    from harness.rig.prometheus_server import reason_why_not

    return reason_why_not()


def _ipv6() -> str:
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return ""
    return "this machine has no IPv6"


def _linux() -> str:
    return "" if sys.platform.startswith("linux") else "Linux is needed"


def _chromium() -> str:
    # Late: only who has such scenarios pays for it.
    from harness.rig.browsing import reason_why_not

    return reason_why_not()


def _systemd() -> str:
    return "" if shutil.which("systemd-analyze") else "no systemd is installed"


#: Each need and the question whether this machine meets it: "" or the reason why not.
NEEDS: dict[str, Callable[[], str]] = {
    "needs-root": _root,
    "needs-mount": _mount,
    "needs-sshd": _sshd,
    "needs-hosts": _hosts,
    "needs-wheels": _wheels,
    "needs-clients": _clients,
    "needs-instructor": _instructor,
    "needs-aider": _aider,
    "needs-node": _node,
    "needs-real-models": _real_models,
    "needs-rpc": _rpc,
    "needs-nvml-stub": _nvml_stub,
    "needs-gpu": _gpu,
    "needs-postgresql": _postgresql,
    "needs-control-groups": _control_groups,
    "needs-systemd": _systemd,
    "needs-prometheus": _prometheus,
    "needs-chromium": _chromium,
    "needs-linux": _linux,
    "needs-ipv6": _ipv6,
}
PLAIN = (TIMING, TRACEBACK, ONLY_ASKS)
_PHASE = re.compile(r"phase-\d+")
#: What a scenario notices: see `harness.faults`, whose ``--check`` knows which there are.
_FAULT = re.compile(r"fault\.[a-z]+\.[a-z0-9-]+")


@functools.cache
def _reason(need: str) -> str:
    return NEEDS[need]()


def reason_to_skip(tags: Iterable[str]) -> str:
    """Why a scenario with these tags cannot run here; "" when it can."""
    reasons = [_reason(tag) for tag in sorted(tags) if tag in NEEDS]
    return "; ".join(reason for reason in reasons if reason)


def is_known(tag: str) -> bool:
    """Whether the tag means anything; one that does not is a misspelt one."""
    return tag in NEEDS or tag in PLAIN or bool(_PHASE.fullmatch(tag) or _FAULT.fullmatch(tag))
