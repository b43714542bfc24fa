"""The engine without rbee, kept loaded: what a warm answer is measured against.

``python -m bench.engine_direct MODEL THREADS`` is the program: one JSON line comes out for each
prompt on a line of its stdin. `DirectEngine` is that program as the bench holds it: the engine
stays out of the bench's own process, because one that hangs can then be killed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from types import TracebackType

import psutil

from bench.engine_alone import generate, load
from bench.generation import Generation
from bench.swarm import ROOT, RunFailed, end, model_path
from harness.rig.program import spawn


class DirectEngine:
    """The running program; use it as a context manager."""

    def __init__(self, threads: int) -> None:
        self._process = spawn(
            [sys.executable, "-m", "bench.engine_direct", model_path(), str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
        )
        self.watched = psutil.Process(self._process.pid)

    def __enter__(self) -> DirectEngine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        end(self._process)

    def ask(self, prompt: str) -> Generation:
        """Answers `prompt`; timed inside the process that holds the engine. Raises RunFailed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(prompt.encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # told by the answer that does not come
        line = self._process.stdout.readline()
        if not line:
            raise RunFailed("the engine called directly ended")
        return Generation(*json.loads(line))


def main(model: str, threads: str) -> None:
    """Answers one prompt after the other until stdin ends."""
    server = load(model, int(threads))
    for line in sys.stdin:
        answer = _timed(server, line.rstrip("\n"))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _timed(server: object, prompt: str) -> Generation:
    texts: list[str] = []
    first = 0.0

    def on_text(text: str) -> None:
        nonlocal first
        if not texts:
            first = time.perf_counter()
        texts.append(text)

    began = time.perf_counter()
    tokens = generate(server, prompt, on_text)
    ended = time.perf_counter()
    return Generation(first - began, ended - began, tokens, "".join(texts))


if __name__ == "__main__":
    main(*sys.argv[1:])
