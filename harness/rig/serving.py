"""Servers of the harness that run beside the steps, each in a thread of its own."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable

from harness.rig.waiting import INTERVAL_S


def serve(server: socketserver.BaseServer) -> Callable[[], None]:
    """Has it answer from now on; what this returns shuts it at once (half a second by default)."""
    serving = {"poll_interval": INTERVAL_S}
    threading.Thread(target=server.serve_forever, kwargs=serving, daemon=True).start()

    def close() -> None:
        server.shutdown()
        server.server_close()

    return close
