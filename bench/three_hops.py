"""A warm swarm and its client: client to queen to worker and back, over the real HTTP contract.

The client speaks plain HTTP on one connection that it keeps, and takes its times from the bytes
as they arrive; they are parsed after the last one, so that it takes little of the processor from
what is measured.
"""

from __future__ import annotations

import http.client
import subprocess
import sys
import time

import msgspec
import psutil

from bench.engine_alone import CONTEXT, SEED
from bench.generation import Generation
from bench.swarm import ROLES, STUCK, Resident, Swarm, end
from harness.rig.waiting import wait_until
from rbee.wire import proof, sse
from rbee.wire.messages.basics import encode
from rbee.wire.messages.events import Done, Token
from rbee.wire.messages.jobs import SUBMIT_JOB, JobAccepted, JobRequest
from rbee.wire.model_ref import BUNDLED

_FIRST_TOKEN = b"event: token\n"
_CHUNK = 65536


class ThreeHops(Resident):
    """A queen that stays awake with a worker that holds the model."""

    def __init__(self, threads: int) -> None:
        super().__init__(Swarm({"engine_threads": threads, "context": CONTEXT, "slots": 1}))
        self._headers: dict[str, str] = {}

    def _start(self) -> None:
        with open(self._swarm.folder / "queen.log", "wb") as log:
            self._queen = self._swarm.start(
                [sys.executable, "-m", "rbee.queen"], stdout=log, stderr=subprocess.STDOUT
            )
        self._connection = http.client.HTTPConnection(
            "127.0.0.1", self._swarm.queen_port, timeout=STUCK
        )
        self._swarm.wait_for_queen(self._queen)
        self._headers = proof.headers(proof.Credential(self._swarm.token))
        self.ask("hello")  # wakes hive and worker
        self._until_settled()

    def _stop(self) -> None:
        self._connection.close()
        end(self._queen)

    def ask(self, prompt: str) -> Generation:
        """``POST /jobs``, then the job's stream to its end. Raises RunFailed."""
        request = JobRequest(model_ref=BUNDLED, prompt=prompt, temperature=0, seed=SEED)
        body = encode(request)
        began = time.perf_counter()
        try:
            job = msgspec.json.decode(self._call("POST", SUBMIT_JOB.path, body), type=JobAccepted)
            received, first = self._stream(job.events_url)
        except (OSError, http.client.HTTPException, msgspec.MsgspecError) as error:
            self._swarm.failed(f"a job broke off: {error!r}")
        ended = time.perf_counter()
        return self._read(received, first - began, ended - began)

    def roles(self) -> dict[str, psutil.Process]:
        """The daemons by role."""
        return {
            member.role: psutil.Process(member.pid)
            for member in self._swarm.members()
            if member.role in ROLES
        }

    def _stream(self, path: str) -> tuple[bytes, float]:
        """The bytes of a stream, and the moment at which its first token was among them."""
        self._connection.request("GET", path, headers=self._headers)
        response = self._connection.getresponse()
        first = 0.0
        pieces: list[bytes] = []
        while piece := response.read1(_CHUNK):
            if not first and _FIRST_TOKEN in piece:
                first = time.perf_counter()
            pieces.append(piece)
        return b"".join(pieces), first

    def _read(self, received: bytes, first: float, end: float) -> Generation:
        texts: list[str] = []
        done: Done | None = None
        for frame in sse.FrameReader().feed(received):
            if frame.event == "token":
                texts.append(msgspec.json.decode(frame.data, type=Token).t)
            elif frame.event == "done":
                done = msgspec.json.decode(frame.data, type=Done)
            elif frame.event in ("error", "cancelled"):
                self._swarm.failed(f"a job ended in {frame.event}: {frame.data!r}")
        if done is None or not received.endswith(sse.DONE_FRAME):
            self._swarm.failed("a job's stream broke off")
        return Generation(first, end, done.tokens_out, "".join(texts))

    def _call(self, method: str, path: str, body: bytes | None = None) -> bytes:
        self._connection.request(method, path, body, self._headers)
        response = self._connection.getresponse()
        data = response.read()
        if response.status >= 400:
            self._swarm.failed(f"{method} {path} was answered with {response.status}: {data!r}")
        return data

    def _until_settled(self) -> None:
        """Waits out what the first start leaves running beside the daemons."""
        wait_until(
            "nothing but the daemons runs", lambda: len(self._swarm.members()) == len(ROLES), STUCK
        )
