"""What a worker can reach, seen from inside it, and what the kernel says of it."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path
from typing import Any

from harness.rig.cluster import Cluster
from harness.rig.waiting import wait_until
from harness.scenes import accidents
from rbee.hive.models.fit import Need, memory_limit
from rbee.hive.workers.restart import begins_anew
from rbee.keeper.doctor import judged_landlock
from rbee.process.apart import environment_of
from rbee.queen.decisions import facts_of
from rbee.queen.degraded import Degrading
from rbee.queen.state import Broken, Claim, Hive, State
from rbee.wire.errors import RbeeError
from rbee.wire.messages.devices import Cpu, Devices
from rbee.wire.messages.inference import template_name
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.settings import Settings
from rbee.worker.trial import is_plain, verdict_of

#: Secrets of an owner, by the names that programs look for them under.
SECRETS = {
    "HF_TOKEN": "hf_bee",
    "AWS_SECRET_ACCESS_KEY": "aws_bee",
    "NVIDIA_API_KEY": "nv_bee",
    "OPENAI_API_KEY": "sk_bee",
    "https_proxy": "http://bee:sting@127.0.0.1:9",
}
_MODEL = "HF:author/minillama"
#: Tried by a worker when its engine is about to read its model; each line tells whether it could.
_TRIES = """
import os, resource, socket, sys

def _try(name, attempt):
    try:
        attempt()
        told = "could"
    except OSError as error:
        told = "could not"
    sys.stderr.write(f"a worker {{told}} {{name}}\\n")

def _read(path):
    with open(path, "rb") as file:
        file.read(1)

def _speak(path):
    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect(path)

def _tell(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as told:
        told.sendto(b"x", address)

def _bound(pid):
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (0, 0))

_tried = False

def _watch(event, arguments):
    global _tried
    if event != "open" or _tried or "rbee.worker" not in sys.orig_argv:
        return
    model = str(arguments[0])
    if not model.endswith(".gguf") or arguments[2] & getattr(os, "O_PATH", 0):
        return
    _tried = True
    _try("read its model", lambda: _read(model))
    _try("read the token of its owner", lambda: _read({home!r} + "/token"))
    _try("read a file of its owner", lambda: _read({note!r}))
    _try("write a file", lambda: open({home!r} + "/models/bee", "w"))
    _try("look into its hive", lambda: _read(f"/proc/{{os.getppid()}}/environ"))
    _try("send its hive a signal", lambda: os.kill(os.getppid(), 0))
    _try("speak to a program of its owner", lambda: _speak({agent!r}))
    _try("send a datagram", lambda: _tell(("127.0.0.1", 9)))
    _try("let others read a file of its owner", lambda: os.chmod({note!r}, 0o666))
    _try("bound its hive", lambda: _bound(os.getppid()))
    _try("start a program", lambda: os.execv({python!r}, ["python", "-c", "0"]))

sys.addaudithook(_watch)
"""


def watch_tries(cluster: Cluster) -> None:
    """Each worker tries what a bad model would have it do, and tells in its log what came of it."""
    note = cluster.write("note.txt", "a note\n")
    python = os.path.realpath("/bin/true")
    agent = socket.socket(socket.AF_UNIX)
    agent.bind(str(cluster.folder / "agent"))
    agent.listen()
    cluster.on_close(agent.close)
    code = _TRIES.format(
        home=str(cluster.home), note=str(note), python=python, agent=agent.getsockname()
    )
    accidents.at_start(cluster, code)


def assert_tried(cluster: Cluster, could: str, could_not: list[str]) -> None:
    """The worker could do the one and none of the others."""
    said = "\n".join(text for name, text in cluster.logs().items() if name.startswith("worker"))
    assert f"a worker could {could}\n" in said, said
    for each in could_not:
        assert f"a worker could not {each}\n" in said, said


def put_secrets(cluster: Cluster) -> None:
    """Secrets stand in the environment of whoever types commands."""
    cluster.secrets.update(SECRETS.values())
    cluster.environment.update(SECRETS)


def assert_no_secret(cluster: Cluster, count: int) -> None:
    """So many workers run, and none of them was told any of those secrets."""
    workers = cluster.processes("worker")
    assert len(workers) == count, workers
    for worker in workers:
        told = Path(f"/proc/{worker.pid}/environ").read_bytes()
        found = [name for name, secret in SECRETS.items() if secret.encode() in told]
        assert not found, f"{worker} was told {found}"
        assert b"RBEE_HOME=" in told, told


def assert_first_to_go(cluster: Cluster) -> None:
    """The kernel would end the worker before the hive and the queen."""
    worse = {role: _score(cluster, role) for role in ("queen", "hive", "worker")}
    assert worse["worker"] == 1000 > max(worse["hive"], worse["queen"]), worse


def _score(cluster: Cluster, role: str) -> int:
    (member,) = cluster.processes(role)
    return int(Path(f"/proc/{member.pid}/oom_score_adj").read_text())


def bounded(cluster: Cluster) -> int:
    """The bound of the worker's own memory, in MiB; 0: it has none."""
    (member,) = cluster.processes("worker")
    limits = Path(f"/proc/{member.pid}/limits").read_text().splitlines()
    (line,) = (each for each in limits if each.startswith("Max data size"))
    limit = line.split()[3]
    return 0 if limit == "unlimited" else int(limit) >> 20


def assert_not_degraded(cluster: Cluster) -> None:
    """No list tells of a device on which anything failed."""

    def none() -> bool:
        hives: list[dict[str, Any]] = cluster.queen_get("/hives")["hives"]
        assert [hive.get("degraded", []) for hive in hives] == [[]], hives
        return True

    wait_until("no device is degraded", none)


# In this process.


def told_to_workers(name: str) -> bool:
    """Whether a worker is told the variable `name` of an environment."""
    return name in environment_of({name: "x"}, "worker")


def verdict(status: int, log: str) -> str:
    """What is said of a template whose trial has ended so."""
    return verdict_of(status, "llama.cpp", log)


def judged(abi: int, platform: str) -> str:
    """What the doctor says of files, of a kernel with this version of Landlock."""
    return judged_landlock(abi, platform).state


def counts_anew(seconds: float) -> bool:
    """Whether what a worker died of before still counts when it dies after so long."""
    return begins_anew(seconds)


def limit(promised_mib: int, *, estimate: bool, on_gpu: bool) -> int:
    """The bound of a worker whose model is reckoned to need so much, in MiB."""
    need = Need(promised_mib << 20, 0, 0, 0, estimate)
    settings = Settings(ram_factor=1.2, prompt_cache_mib=0, worker_margin_mib=1024)
    return memory_limit(need, settings, on_gpu=on_gpu, threads=4) >> 20


def device_that_failed(template: str, asked: str) -> bool:
    """Whether a device counts as degraded for a job with the template `asked`, after workers of the
    same model kept dying there with `template`; empty: the model's own."""

    async def degraded() -> bool:
        hive = Hive("localhost", "localhost", "http://127.0.0.1:1")
        hive.devices = Devices(cpu=Cpu(name="CPU", cores=4, ram_gb=16.0), gpus=[])
        state = State({hive.hive_id: hive})
        error = RbeeError("worker_crashed", "it died", "", {"device": "cpu"})
        degrading = Degrading(state, lambda *_, **__: None, 60.0, lambda _: False)
        degrading.add(Broken("localhost", "cpu", _MODEL, template_name(template)), error)
        request = JobRequest(model_ref=_MODEL, prompt="hello", chat_template=asked or None)
        (facts,) = facts_of(state, Claim("job", "", request))
        return "cpu" in facts.degraded

    return asyncio.run(degraded())


def is_tried(template: str) -> bool:
    """Whether a chat template is tried in a process of its own before it is given to the engine."""
    return not is_plain(template)
