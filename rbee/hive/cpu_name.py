"""``python -m rbee.hive.cpu_name NAME SPEED``: finds out what a machine tells slowly.

It measures how fast the RAM is read, asks py-cpuinfo for the processor's name, and writes both into
these files. A program of its own because the query costs a second of CPU and starts processes; it
runs at the lowest priority, in a session of its own, and ends with the hive that started it.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from rbee.hive import ram_speed
from rbee.hive.devices import machine_here, ram_here
from rbee.hive.processors import usable_cores
from rbee.process import whole_file
from rbee.process.lifeline import die_with_parent


def main() -> None:
    """Writes each file in one step, so that nobody reads half of it."""
    signal.signal(signal.SIGTERM, _end_all)
    die_with_parent(signal.SIGTERM)
    os.nice(19)
    name, speed = map(Path, sys.argv[1:])
    if not ram_speed.kept_in(speed, machine_here):
        found = ram_speed.measured(usable_cores(), ram_here().free)
        if found:  # else the next hive tries it again
            whole_file.write(speed, ram_speed.kept(machine_here(), found))
    if not name.exists():
        import cpuinfo

        whole_file.write(name, f"{cpuinfo.get_cpu_info().get('brand_raw', '')}\n".encode())


def _end_all(*_: object) -> None:
    """Ends this process and those that the query started."""
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
