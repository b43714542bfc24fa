"""What the figures were measured on."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
from pathlib import Path

from rbee.hive.devices import ram_here
from rbee.hive.processors import usable_cores

#: Packages whose versions the figures depend on most.
_PACKAGES = ("xllamacpp", "aiohttp", "msgspec", "sqlalchemy")


def facts() -> dict[str, str | int]:
    """Processor, cores this process may use, Python, versions of what matters, the time (UTC)."""
    return {
        "cpu": _cpu_name(),
        "cores": cores(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in _PACKAGES},
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }


def cores() -> int:
    """Physical cores that this process may use, as the product counts them."""
    return usable_cores()


def memory() -> int:
    """Bytes of RAM that this process may use."""
    return ram_here().total


def load_average() -> list[float]:
    """Runnable processes over 1, 5 and 15 minutes: what else the machine was doing."""
    return [round(load, 2) for load in os.getloadavg()]


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
