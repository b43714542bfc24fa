"""The two things a queen does on this machine over SSH: wake its hive, end its hive.

``rbee-hive wake`` reads orders on stdin, starts a hive that outlives it, and passes on what the
hive reports, a line of JSON each, until it listens. ``rbee-hive end`` ends the hive that stands in
``hive.json``, when it does not answer over HTTP. Phases 3.2 and 12.3.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys

import msgspec
import psutil

from rbee.process import whole_file
from rbee.process.child import Child
from rbee.process.home import Home
from rbee.process.imports import quick_imports
from rbee.process.lifeline import Lifeline
from rbee.wire.errors import RbeeError
from rbee.wire.messages.orders import HiveOrders

#: What a hive gets to leave by itself before it is killed (seconds).
_GRACE = 3.0
#: Where it is noted which hive runs on this machine without a parent, and whose it is.
_PIDFILE = "hive.json"


class _Pidfile(msgspec.Struct, frozen=True):
    """A hive that was started to stay. `pid` is also the id of its process group.

    A process id alone says little, since the kernel hands it out again, so it stands beside the
    time at which its process began.
    """

    pid: int
    began: float
    hive_id: str
    owner: str
    url: str

    def process(self) -> psutil.Process | None:
        """The hive's process; None when it has ended."""
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self.pid)
            if process.create_time() == self.began and process.status() != psutil.STATUS_ZOMBIE:
                return process
        return None


def wake() -> None:
    """Starts the hive; the last line of stdout says where it listens, or why it does not."""
    lifeline = Lifeline(os.dup(sys.stdout.fileno()))
    try:
        home = Home.open()
        settings = home.settings()
        orders = lifeline.orders(HiveOrders)
        _refuse_a_second(home, orders)
        with quick_imports():
            importlib.import_module("rbee.hive.daemon")  # what the hive begins with
        if not lifeline.is_heard:
            sys.exit(1)  # whoever wanted it has given up since
        child = Child.fork("hive", home.log("hive", orders.hive_id))
        child.order(orders)
        report = child.wait_ready(settings.health_wait_total, lifeline.narrate)
        if not lifeline.is_heard:
            child.signal(signal.SIGTERM)
            sys.exit(1)
        began = psutil.Process(child.pid).create_time()
        noted = _Pidfile(child.pid, began, orders.hive_id, orders.owner, report.url)
        whole_file.write(home.path / _PIDFILE, msgspec.json.encode(noted))
    except RbeeError as error:
        lifeline.failed(error.body())
        sys.exit(1)
    lifeline.ready(report.url, report.instance)


def end() -> None:
    """Ends the recorded hive with its process group; its workers die with it."""
    home = Home.open()
    known = whole_file.read_as(home.path / _PIDFILE, _Pidfile)
    process = known.process() if known is not None else None
    if process is not None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            os.killpg(process.pid, number)
            try:
                process.wait(_GRACE)
                break
            except psutil.TimeoutExpired:
                continue
    (home.path / _PIDFILE).unlink(missing_ok=True)


def _refuse_a_second(home: Home, orders: HiveOrders) -> None:
    known = whole_file.read_as(home.path / _PIDFILE, _Pidfile)
    if known is None or known.process() is None:
        return
    if known.owner != orders.owner:
        raise RbeeError(
            "hive_exists",
            f"a hive runs here already, for {known.owner}",
            f"ask {known.owner} to put it to sleep (rbee-keeper down)",
            {"owner": known.owner},
        )
    if known.hive_id != orders.hive_id:
        raise RbeeError(
            "hive_exists",
            f"this machine is hive {known.hive_id} already, not {orders.hive_id}",
            f"rbee-keeper remove-hive {orders.hive_id}",
        )
    # Ours, and it did not answer: it is stuck, or has lost its way to us.
    end()
