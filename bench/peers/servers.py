"""The servers that are held against one another; all serve the model that ships with rbee.

Each has so many slots, of so many tokens of context, and so many engine threads as a worker of
rbee, where it knows such a thing, and runs in a folder of its own, out of which nothing gets.
"""

from __future__ import annotations

import abc
import contextlib
import http.client
import importlib.metadata
import json
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from bench.engine_alone import CONTEXT, default_threads
from bench.peers import environments
from bench.peers.client import Address
from bench.swarm import (
    KEEPER,
    ROLES,
    STUCK,
    Resident,
    Swarm,
    answered_well,
    free_port,
    model_path,
)
from harness.rig import client
from harness.rig.waiting import wait_until
from rbee.hive.models.gguf.header import header_of_file
from rbee.wire.model_ref import BUNDLED

#: Streams that a server with slots answers at once.
SLOTS = 32
#: How long a server may take until it can be asked (seconds).
_PATIENCE = 180.0
#: How long it may take to end before it is killed (seconds).
_STOP = 10.0


class Server(Resident):
    """One server that runs. Raises RunFailed and NotInstalled on entering."""

    #: How it is called in the figures.
    name: str
    #: What is set other than it comes, beside slots, context and threads; for the page.
    differs: str = ""

    def __init__(self) -> None:
        super().__init__(Swarm(self._settings()))
        self._port = free_port()
        self._started: list[psutil.Process] = []

    @property
    def address(self) -> Address:
        """Where it is asked."""
        return Address(self._port, BUNDLED)

    def parts(self) -> dict[str, list[psutil.Process]]:
        """All its processes, by what they do."""
        return {"server": self._processes()}

    @classmethod
    @abc.abstractmethod
    def packages(cls) -> dict[str, str]:
        """What it is made of, with versions. Raises NotInstalled."""

    @abc.abstractmethod
    def _start(self) -> None:
        """Returns once it can be asked."""

    def _settings(self) -> dict[str, object]:
        return {}

    def _stop(self) -> None:
        """Ends everything: SIGTERM, then SIGKILL."""
        processes = self._processes()
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
        _, alive = psutil.wait_procs(processes, _STOP)
        for process in alive:
            process.kill()

    def _processes(self) -> list[psutil.Process]:
        """Everything that was started here, and what that has started since."""
        # One that gives itself a title wipes its environment out, by which it would be known.
        started = [process.pid for process in self._started]
        return [psutil.Process(member.pid) for member in self._swarm.members(started)]

    def _run(self, command: list[str], **environment: str) -> psutil.Process:
        """Starts a program whose output goes to a log of this place."""
        self._swarm.environment.update(environment)
        with open(self._swarm.folder / f"{Path(command[0]).name}.log", "ab") as log:
            started = self._swarm.start(command, stdout=log, stderr=log)
        self._started.append(psutil.Process(started.pid))
        return self._started[-1]

    def _until_answered(self, process: psutil.Process, port: int, path: str) -> None:
        """Waits until `path` at `port` is answered with 200.

        Raises AssertionError when `process` has ended, or patience has.
        """

        def answers() -> bool:
            if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                self._swarm.failed(f"{self.name} has ended before it answered")
            return answered_well(port, path)

        wait_until(f"{self.name} answers", answers, _PATIENCE)


class EngineServer(Server):
    """The ceiling: the engine's own HTTP server."""

    name = "engine"

    def parts(self) -> dict[str, list[psutil.Process]]:
        """One process."""
        return {"engine": self._processes()}

    @classmethod
    def packages(cls) -> dict[str, str]:
        """The engine."""
        return _of_this_environment("xllamacpp")

    def _start(self) -> None:
        self._run_engine(self._port)

    def _run_engine(self, port: int) -> None:
        arguments = [model_path(), str(port), str(SLOTS), str(default_threads())]
        process = self._run([sys.executable, "-m", "bench.peers.engine_server", *arguments])
        self._until_answered(process, port, "/health")


class Rbee(Server):
    """The queen's OpenAI route, with a hive and a worker behind it."""

    name = "rbee"

    @property
    def address(self) -> Address:
        """The queen's, with her token."""
        return Address(self._swarm.queen_port, BUNDLED, self._swarm.token)

    def parts(self) -> dict[str, list[psutil.Process]]:
        """The daemons by role, all of which stay; what comes and goes beside them is left out."""
        found: dict[str, list[psutil.Process]] = {role: [] for role in ROLES}
        for member in self._swarm.members():
            if member.role in ROLES:
                found[member.role].append(psutil.Process(member.pid))
        return found

    def seconds_of_infer(self, prompt: str) -> float:
        """From the start of a cold ``rbee-keeper infer`` to the first byte on its stdout."""
        began = time.perf_counter()
        running = self._swarm.watch([KEEPER, "infer", "--quiet", "--temperature", "0", prompt])
        running.wait_for_text("", STUCK)
        seconds = time.perf_counter() - began
        if running.finish(STUCK).status:
            self._swarm.failed("a cold rbee-keeper infer failed")
        return seconds

    @classmethod
    def packages(cls) -> dict[str, str]:
        """rbee and what it is made of."""
        return _of_this_environment("rbee", "xllamacpp", "aiohttp", "msgspec", "sqlalchemy")

    def _settings(self) -> dict[str, object]:
        return {"engine_threads": default_threads(), "context": CONTEXT, "slots": SLOTS}

    def _start(self) -> None:
        self._keeper("up")

    def _stop(self) -> None:
        if self._swarm.members():
            self._keeper("down")

    def _keeper(self, command: str) -> None:
        finished = self._swarm.time([KEEPER, command, "--quiet"])
        if finished.status:
            self._swarm.failed(f"rbee-keeper {command} failed: {finished.stderr.strip()}")


class LiteLlm(EngineServer):
    """LiteLLM's proxy, in front of an engine server of its own."""

    name = "litellm"
    differs = (
        "keeps no connection to the engine, whose server closes each that it has promised to keep;"
        " fetches no list of prices; telemetry off"
    )

    def __init__(self) -> None:
        super().__init__()
        self._proxy_port = free_port()

    @property
    def address(self) -> Address:
        """The proxy's."""
        return Address(self._proxy_port, BUNDLED)

    def parts(self) -> dict[str, list[psutil.Process]]:
        """The engine server, and the proxy."""
        engines: list[psutil.Process] = []
        others: list[psutil.Process] = []
        for process in self._processes():
            is_engine = "bench.peers.engine_server" in process.cmdline()
            (engines if is_engine else others).append(process)
        return {"proxy": others, "engine": engines}

    @classmethod
    def packages(cls) -> dict[str, str]:
        """Its environment's."""
        return environments.packages("litellm")

    def _start(self) -> None:
        settings = self._swarm.folder / "litellm.json"
        upstream = {
            "model": f"openai/{BUNDLED}",
            "api_base": f"http://127.0.0.1:{self._port}/v1",
            "api_key": "none",
        }
        models = [{"model_name": BUNDLED, "litellm_params": upstream}]
        settings.write_text(json.dumps({"model_list": models}))  # which is YAML, too
        proxy = self._run(
            [
                environments.program("litellm", "litellm"),
                "--config",
                str(settings),
                "--host",
                "127.0.0.1",
                "--port",
                str(self._proxy_port),
                "--telemetry",
                "False",
            ],
            LITELLM_LOCAL_MODEL_COST_MAP="True",
            AIOHTTP_KEEPALIVE_TIMEOUT="0",
        )
        self._run_engine(self._port)
        self._until_answered(proxy, self._proxy_port, "/health/liveliness")


class LlamaCppPython(Server):
    """The server that comes with llama-cpp-python; it answers one request at a time."""

    name = "llama-cpp-python"
    differs = "a second request waits, where it would break off the answer of the first"

    @classmethod
    def packages(cls) -> dict[str, str]:
        """Its environment's."""
        return environments.packages("llama-cpp-python")

    def _start(self) -> None:
        options = {
            "model": model_path(),
            "model_alias": BUNDLED,
            "host": "127.0.0.1",
            "port": self._port,
            "n_ctx": CONTEXT,
            "n_threads": default_threads(),
            "n_threads_batch": default_threads(),
            "interrupt_requests": False,
        }
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        python = environments.program("llama-cpp-python", "python")
        process = self._run([python, "-m", "llama_cpp.server", *words])
        self._until_answered(process, self._port, "/v1/models")


class Xinference(Server):
    """Xinference on one machine, with the model launched on llama.cpp."""

    name = "xinference"
    differs = "no accounts; no virtual environment for the model, whose engine is in its own"

    @classmethod
    def packages(cls) -> dict[str, str]:
        """Its environment's."""
        return environments.packages("xinference")

    def _start(self) -> None:
        program = environments.program("xinference", "xinference-local")
        process = self._run(
            [program, "--host", "127.0.0.1", "--port", str(self._port)],
            XINFERENCE_HOME=str(self._swarm.folder / "xinference"),
            XINFERENCE_AUTH_ADVANCED="false",
            XINFERENCE_ENABLE_VIRTUAL_ENV="0",
        )
        self._until_answered(process, self._port, "/v1/models")
        model = Path(model_path())
        specification = {
            "model_format": "ggufv2",
            "model_size_in_billions": 1,
            "quantization": "Q8_0",
            "model_id": BUNDLED,
            "model_file_name_template": model.name,
            "model_uri": f"file://{model.parent}",
        }
        family = {
            "version": 2,
            "context_length": CONTEXT * SLOTS,
            "model_name": BUNDLED,
            "model_family": BUNDLED,
            "model_lang": ["en"],
            "model_ability": ["chat", "generate"],
            "chat_template": _chat_template(model),
            "stop_token_ids": [],
            "stop": [],
            "model_specs": [specification],
        }
        registered = {"model": json.dumps(family), "persist": False}
        self._demand("/v1/model_registrations/LLM", registered)
        launched = {
            "model_uid": BUNDLED,
            "model_name": BUNDLED,
            "model_engine": "llama.cpp",
            "model_format": "ggufv2",
            "size_in_billions": 1,
            "quantization": "Q8_0",
            "model_path": str(model),
            "n_ctx": CONTEXT * SLOTS,
            "n_parallel": SLOTS,
            "n_threads": default_threads(),
            "cache_ram_mib": 0,
            "ctx_shift": False,
            "warmup": False,
            "n_gpu_layers": 0,
        }
        self._demand("/v1/models", launched)

    def _demand(self, path: str, body: dict[str, Any]) -> None:
        url = f"http://127.0.0.1:{self._port}{path}"
        answer = client.ask("POST", url, body=body, timeout=_PATIENCE)
        if answer.status != http.HTTPStatus.OK:
            self._swarm.failed(f"{self.name} answered {path} with {answer.status}: {answer.text}")


def _of_this_environment(*names: str) -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in names}


def _chat_template(model: Path) -> str:
    return str(header_of_file(str(model)).metadata["tokenizer.chat_template"])
