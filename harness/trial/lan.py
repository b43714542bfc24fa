"""Neighbours on the network, other users of a machine that was added, and one that was removed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from harness.rig import swarm
from harness.scenes import machines
from harness.trial.stage import Stage
from harness.trial.tricks import NOBODY, Trick, TrickOutcome, carry_out
from rbee.wire import proof

_QUEEN, _ADDED, _NEIGHBOUR = "blep", "workstation", "eve"
#: Where daemons of rbee's listen, and some beside.
_PORTS = (8500, 8501, 8600, 8601, 8602, 8610)
_ROUTES = (
    "GET /jobs", "POST /jobs", "GET /workers", "GET /hives", "POST /shutdown", "POST /adopt",
    "POST /heartbeat", "GET /events", "GET /v1/models", "POST /infer", "GET /devices",
)  # fmt: skip
#: Plain Python, which becomes another user where that is wanted; its answer is what it prints.
_SEND = r"""
import encodings.idna, os, socket, sys
uid, host, port, data = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), bytes.fromhex(sys.argv[4])
if uid:
    os.setgroups([]); os.setgid(uid); os.setuid(uid)
try:
    asked = socket.create_connection((host, port), 2)
    asked.sendall(data)
    asked.settimeout(2)
    told = asked.recv(4096)
    line = told.split(b"\r\n")[0].decode("latin-1")
    print("health" if b'"role"' in told else line.split(" ")[1] if " " in line else "nothing")
except OSError as error:
    print("refused:", error)
"""
_READ = r"""
import encodings.idna, os, sys
os.setgroups([]); os.setgid(int(sys.argv[1])); os.setuid(int(sys.argv[1]))
path = sys.argv[2]
try:
    print("had", os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(8))
except OSError as error:
    print("refused:", error)
"""
_LISTEN = r"""
import encodings.idna, os, socket, sys
os.setgroups([]); os.setgid(int(sys.argv[1])); os.setuid(int(sys.argv[1]))
listener = socket.create_server(("127.0.0.1", int(sys.argv[2])))
listener.settimeout(float(sys.argv[3]))
heard = b""
try:
    while True:
        taken, _ = listener.accept()
        taken.settimeout(1)
        heard += taken.recv(65536)
        taken.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}')
        heard += taken.recv(65536)
        taken.close()
except OSError:
    pass
what = "a secret" if b"Bearer" in heard else "nothing, and asked" if heard else "nothing"
print("told", what)
"""


def play(stage: Stage) -> list[TrickOutcome]:
    """All of it, on machines of a network of their own."""
    cluster = stage.cluster
    swarm.set_heartbeats(cluster, 0.2)
    machines.sit_beside(cluster, _QUEEN, f"{_ADDED}, {_NEIGHBOUR}")
    cluster.assert_status(0, cluster.run(f"rbee-keeper add-hive {_ADDED}"))
    cluster.assert_status(0, cluster.run(f"rbee-keeper infer --keep-alive --node {_ADDED} hello"))
    cluster.expect_warm()
    outcomes = carry_out(
        "a neighbour", _of_neighbours(stage, "through SSH", lambda seen: seen.startswith("refused"))
    )
    outcomes += carry_out("a user there", _of_users_there(stage))
    secret = proof.hive_secret(stage.token, _ADDED)
    cluster.assert_status(0, cluster.run(f"rbee-keeper remove-hive {_ADDED}"))
    outcomes += carry_out("was removed", _of_removed(stage, secret))
    cluster.assert_status(0, cluster.run(f"rbee-keeper add-hive --no-tunnel {_ADDED}"))
    cluster.assert_status(0, cluster.run(f"rbee-keeper infer --keep-alive --node {_ADDED} hello"))
    outcomes += carry_out("a neighbour", _of_neighbours(stage, "in the open", _closed))
    served = partial(_served, stage)
    return [
        *outcomes,
        *carry_out("the owner", [Trick("is served", served, lambda seen: seen == "served")]),
    ]


def _closed(seen: str) -> bool:
    return seen.startswith(("refused", "nothing", "health", "4"))


def _served(stage: Stage) -> str:
    stage.cluster.assert_status(0, stage.cluster.run("rbee-keeper ps"))
    return "served"


def _of_neighbours(stage: Stage, how: str, holds: Callable[[str], bool]) -> Iterator[Trick]:
    for name in (_QUEEN, _ADDED):
        address = stage.cluster.hosts[name].network.address
        for port in _PORTS:
            yield Trick(
                f"{how}: asks {name}:{port} how it is",
                partial(_sent, stage, _NEIGHBOUR, address, port, "GET /health", 0),
                holds,
            )
        for route in _ROUTES if how == "in the open" else ():
            yield Trick(
                f"{how}: {name} {route}",
                partial(
                    _sent, stage, _NEIGHBOUR, address, 8500 if name == _QUEEN else 8600, route, 0
                ),
                _closed,
            )


def _of_users_there(stage: Stage) -> Iterator[Trick]:
    for port in _PORTS:
        for route in ("GET /health", "GET /jobs", "POST /heartbeat", "POST /adopt", "POST /infer"):
            yield Trick(
                f"{_ADDED}: {route} at 127.0.0.1:{port}",
                partial(_sent, stage, _ADDED, "127.0.0.1", port, route, NOBODY),
                _closed,
            )
    home = stage.cluster.hosts[_ADDED].rbee_home
    for name in ("", "token", "hive.db", "hive.json", "logs", "models", "running"):
        yield Trick(
            f"{_ADDED}: read {name or 'the home'}",
            partial(_run, stage, _ADDED, _READ, str(NOBODY), str(home / name)),
            lambda seen: seen.startswith("refused"),
        )
    yield Trick(
        "the token is on that machine", lambda: _found(home, stage.token), lambda seen: seen == "[]"
    )
    yield Trick(
        "a secret is in a command line there",
        lambda: _in_commands(stage),
        lambda seen: seen == "[]",
    )


def _of_removed(stage: Stage, secret: str) -> Iterator[Trick]:
    address = stage.cluster.hosts[_QUEEN].network.address
    for port in _PORTS[:2]:
        yield Trick(
            f"sends a heartbeat to the queen's machine, port {port}",
            partial(_sent, stage, _ADDED, address, port, "POST /heartbeat", 0, secret),
            lambda seen: seen.startswith("refused"),
        )
        yield Trick(
            f"sends a heartbeat into the tunnel that was, port {port}",
            partial(_sent, stage, _ADDED, "127.0.0.1", port, "POST /heartbeat", 0, secret),
            lambda seen: seen.startswith("refused"),
        )
    yield Trick(
        "is still asked for something by the queen",
        partial(_run, stage, _ADDED, _LISTEN, "0", "8600", "2"),
        lambda seen: seen == "told nothing",
    )
    beat = partial(_beat, stage, secret)
    yield Trick("its secret, at the queen herself", beat, lambda seen: seen == "404")
    yield Trick(
        "its secret, for a list", partial(_list_with, stage, secret), lambda seen: seen == "401"
    )


def _beat(stage: Stage, secret: str) -> str:
    body = {"hive_id": _ADDED, "timestamp": "x"}
    headers = {proof.NAME_HEADER: proof.hive_name(_ADDED)}
    return str(
        stage.cluster.http(
            "POST", "queen", "/heartbeat", body, token=secret, headers=headers
        ).status
    )


def _list_with(stage: Stage, secret: str) -> str:
    return str(stage.cluster.http("GET", "queen", "/hives", token=secret).status)


def _sent(
    stage: Stage, name: str, host: str, port: int, route: str, uid: int, secret: str = ""
) -> str:
    lines = [f"{route} HTTP/1.1", f"Host: {host}"]
    if secret:
        lines += [
            f"Authorization: Bearer {secret}",
            f"{proof.NAME_HEADER}: {proof.hive_name(_ADDED)}",
        ]
    body = json.dumps({"hive_id": _ADDED, "timestamp": "x"}) if route.startswith("POST") else ""
    head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body])
    return _run(stage, name, _SEND, str(uid), host, str(port), head.encode().hex())


def _run(stage: Stage, name: str, code: str, *words: str) -> str:
    python = str(Path(sys.base_prefix, "bin", "python3"))
    return stage.cluster.hosts.run_on(name, [python, "-I", "-c", code, *words]).strip()


def _found(home: Path, text: str) -> list[str]:
    files = [path for path in home.rglob("*") if path.is_file() and "venv" not in path.parts]
    return [str(path) for path in files if text.encode() in path.read_bytes()]


def _in_commands(stage: Stage) -> list[str]:
    secrets = (stage.token, proof.hive_secret(stage.token, _ADDED))
    found = stage.cluster.hosts.processes(_ADDED)
    return [
        str(each) for each in found if any(secret in " ".join(each.command) for secret in secrets)
    ]
