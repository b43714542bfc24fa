"""The engine's own HTTP server as it comes: its threads, batches, caches and warm-up.

``python -m bench.peers.engine_as_it_comes MODEL PORT SLOTS CONTEXT`` listens until it is ended. It
has the slots and the context that a worker of rbee has, and nothing else is set.
"""

from __future__ import annotations

import signal
import sys

import xllamacpp


def main(model: str, port: str, slots: str, context: str) -> None:
    """Serves until this process is ended."""
    params = xllamacpp.CommonParams()
    params.model.path = model
    params.port = int(port)
    params.n_parallel = int(slots)
    params.n_ctx = int(slots) * int(context)
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
