"""The ceiling: the engine's own HTTP server, in C++, with nothing in front of it.

``python -m bench.peers.engine_server MODEL PORT SLOTS THREADS [CONTEXT BATCH]`` listens until it is
ended, and says so on stdout.
"""

from __future__ import annotations

import signal
import sys

from bench.engine_alone import CONTEXT, load


def main(
    model: str, port: str, slots: str, threads: str, context: str = str(CONTEXT), batch: str = ""
) -> None:
    """Serves until this process is ended."""
    server = load(
        model, int(threads), int(slots), int(port), int(context), int(batch) if batch else None
    )
    print(server.listening_address, flush=True)
    signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
