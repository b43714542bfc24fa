"""Hives that are not there: any number of them behind one port, as a queen sees them.

``python -m bench.simulated_hives TOKEN_FILE BARE_URL`` prints its port and serves until it is
ended. A queen whose catalog names hives at that port takes each of them over by ``POST /adopt``,
which is what she does with hives that outlived a queen; from then on each beats with the heart of
a real one, over a session of its own. So the queen and everything that reaches her are real, and
nothing of her has to be told that this is a measurement. Each beats a second time at BARE_URL.

Their workers hold models. One answers a job with as many tokens as it asks for, all its answers
together at the speed of a fast engine, and tells them in the rhythm of a real worker.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import msgspec
from aiohttp import web

from rbee import __version__
from rbee.hive.heartbeat import HeartbeatSender
from rbee.hive.outbox import Outbox
from rbee.http.client import Peer, open_session
from rbee.wire import addresses, proof, sse
from rbee.wire.messages.basics import Health, encode
from rbee.wire.messages.devices import DEVICES, Cpu, Devices, Gpu
from rbee.wire.messages.events import Done, Token
from rbee.wire.messages.hives import ADOPT, Adopt
from rbee.wire.messages.inference import INFER, InferRequest
from rbee.wire.messages.workers import WorkerBeat, WorkerState
from rbee.wire.placement import Placement
from rbee.wire.settings import Settings

#: Workers of each hive, and GPUs.
WORKERS, GPUS = 8, 2
#: One of the models that the fleet holds; a tenth of the hives have it.
MODEL = "HF:author/model-0-0"
_VRAM_GB = (12.0, 24.0, 24.0, 48.0)
#: Answers that a worker gives at once, and what they come to together (tokens/s).
SLOTS, SPEED = 32, 1920
#: How often a worker tells what has come (seconds), as `rbee.worker.trips` has it.
_TOGETHER = 1 / 20


def devices_of(number: int) -> Devices:
    """What the hive of this number has."""
    gpus = [
        Gpu(id=f"gpu{gpu}", name="RTX", vram_gb=_VRAM_GB[(number + gpu) % 4], vram_free_gb=6.0)
        for gpu in range(GPUS)
    ]
    return Devices(cpu=Cpu(name="CPU", cores=16, ram_gb=64.0, ram_free_gb=32.0), gpus=gpus)


def workers_of(number: int, url: str) -> list[WorkerBeat]:
    """The workers of the hive of this number, each with another model."""
    return [
        WorkerBeat(
            worker_id=f"worker-{number:04}-{worker}",
            url=url,
            model_ref=f"HF:author/model-{number % 10}-{worker}",
            placement=Placement.on(f"hive-{number:04}", f"gpu{worker % GPUS}"),
            backend="cuda",
            engine="llamacpp",
            state=WorkerState.READY,
            slots=SLOTS,
            slots_free=SLOTS,
            vram_bytes=4 << 30,
            context=4096,
        )
        for worker in range(WORKERS)
    ]


class _Fleet:
    """All of them, and what has reached them."""

    def __init__(self, token_file: str, bare_url: str) -> None:
        self.url = ""
        self._token_file = Path(token_file)
        self._bare_url = bare_url
        self._settings = Settings()
        self._beating: set[asyncio.Task[None]] = set()
        self._beats = 0
        self._asked_at = 0.0
        self._answering = 0
        self.routes = [
            web.get(addresses.HEALTH, self._health),
            web.post(ADOPT.path, self._adopt),
            web.get(DEVICES.path, self._devices),
            web.post(INFER.path, self._infer),
            web.get("/seen", self._seen),
        ]

    async def _health(self, request: web.Request) -> web.Response:
        health = _answer(
            Health(status="ok", role="hive", version=__version__, instance="simulated")
        )
        asked, transport = request.headers.get(proof.CHALLENGE_HEADER), request.transport
        if asked is not None and transport is not None:
            name = asked.partition(" ")[2]
            ends = [transport.get_extra_info(end) for end in ("sockname", "peername")]
            own = proof.Credential(self._secret_of(name), name)
            proved = proof.answer(asked, proof.Ends.of(*ends), own, lambda _: None)
            health.headers[proof.PROOF_HEADER] = proved or ""
        return health

    def _secret_of(self, name: str) -> str:
        """The secret of a hive or a worker of the fleet."""
        token, (kind, _, known) = self._token_file.read_text().strip(), name.partition(" ")
        if kind == "hive":
            return proof.hive_secret(token, known)
        number = int(known.split("-")[1])
        return proof.worker_secret(proof.hive_secret(token, f"hive-{number}"), known)

    async def _adopt(self, request: web.Request) -> web.Response:
        wanted = msgspec.json.decode(await request.read(), type=Adopt)
        number = int(wanted.hive_id.rpartition("-")[2])
        workers = workers_of(number, self.url)

        def told() -> list[WorkerBeat]:
            self._beats += 1
            return workers

        for url in (wanted.queen_url, self._bare_url):
            name = proof.hive_name(wanted.hive_id)
            credential = proof.Credential(self._secret_of(name), name, reports=True)
            if url == self._bare_url:  # which proves nothing
                credential = proof.Credential("")
            peer = Peer(open_session(self._settings), url, credential, "queen")
            every = self._settings.heartbeat_interval
            heart = HeartbeatSender(
                peer,
                wanted.hive_id,
                self.url,
                told,
                every,
                Outbox(),
                str,
                float,
                self._settings.connect_timeout,
            )
            self._beating.add(asyncio.create_task(heart.run()))
        return web.Response(status=204)

    async def _devices(self, _request: web.Request) -> web.Response:
        return _answer(devices_of(len(self._beating)))

    async def _infer(self, request: web.Request) -> web.StreamResponse:
        self._asked_at = time.monotonic()
        wanted = msgspec.json.decode(await request.read(), type=InferRequest)
        response = web.StreamResponse(headers={"Content-Type": sse.CONTENT_TYPE})
        await response.prepare(request)
        self._answering += 1
        try:
            await self._write(response, wanted.max_tokens or 0)
        finally:
            self._answering -= 1
        return response

    async def _write(self, response: web.StreamResponse, tokens: int) -> None:
        """Writes an answer, each piece at its time, however long the one before it took."""
        at, told = time.monotonic(), 0
        while told < tokens:
            at += _TOGETHER
            await asyncio.sleep(at - time.monotonic())
            together = min(tokens - told, max(1, round(SPEED * _TOGETHER / self._answering)))
            frames = [
                sse.frame(number + 1, "token", encode(Token(" word", number)))
                for number in range(told, told + together)
            ]
            told += together
            await response.write(b"".join(frames))
        done = encode(Done(finish_reason="length", tokens_out=tokens))
        await response.write(sse.frame(tokens + 1, "done", done) + sse.DONE_FRAME)

    async def _seen(self, _request: web.Request) -> web.Response:
        return web.json_response({"beats": self._beats, "asked_at": self._asked_at})


def _answer(message: msgspec.Struct) -> web.Response:
    return web.Response(body=encode(message), content_type="application/json")


async def main(token_file: str, bare_url: str) -> None:
    """Serves until this process is ended."""
    fleet = _Fleet(token_file, bare_url)
    app = web.Application()
    app.add_routes(fleet.routes)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=4096).start()
    port = runner.addresses[0][1]
    fleet.url = addresses.base_url("127.0.0.1", port)
    print(port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
