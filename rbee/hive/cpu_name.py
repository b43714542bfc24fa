"""``python -m rbee.hive.cpu_name FILE``: asks py-cpuinfo for the processor's name, writes it.

A program of its own because the query costs a second of CPU and starts processes; it runs at
the lowest priority, in a session of its own, and ends with the hive that started it.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from rbee.process.lifeline import die_with_parent


def main() -> None:
    """Writes the name in one step, so that nobody reads half of it."""
    signal.signal(signal.SIGTERM, _end_all)
    die_with_parent(signal.SIGTERM)
    os.nice(19)
    import cpuinfo

    target = Path(sys.argv[1])
    draft = target.with_suffix(f".{os.getpid()}")
    draft.write_text(str(cpuinfo.get_cpu_info().get("brand_raw", "")) + "\n")
    draft.replace(target)


def _end_all(*_: object) -> None:
    """Ends this process and those that the query started."""
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
