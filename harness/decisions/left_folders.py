"""Folders that programs have for a moment, and what becomes of them."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

from harness.rig.cluster import Cluster
from rbee.process import own_folder

_PROGRAM = """
import sys, time
from rbee.process import own_folder
print(own_folder.make(sys.argv[1]), flush=True)
time.sleep(600)
"""


class Left:
    """The folder of a program in some state; `role` is its own, so that no other is looked at."""

    def __init__(self, cluster: Cluster, state: str) -> None:
        self._role = f"trial-{secrets.token_hex(4)}"
        if state in ("was killed", "works"):
            program = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, self._role], stdout=subprocess.PIPE, text=True
            )
            cluster.on_close(program.wait)
            cluster.on_close(program.kill)
            assert program.stdout is not None
            self._folder = Path(program.stdout.readline().strip())
            if state == "was killed":
                program.kill()
                program.wait()
        else:
            self._folder = Path(own_folder.make(self._role))
            (self._folder / "in-use").unlink()
            if state == "was killed before it had begun":
                long_ago = time.time() - 3600
                os.utime(self._folder, (long_ago, long_ago))
        cluster.on_close(lambda: own_folder.remove(os.fspath(self._folder)))

    def look(self) -> None:
        """What a hive does when it begins."""
        own_folder.remove_left(self._role)

    def assert_fate(self, fate: str) -> None:
        """``is gone`` or ``stays``."""
        assert self._folder.exists() == (fate == "stays"), self._folder
