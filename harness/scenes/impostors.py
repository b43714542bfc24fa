"""Another user of the machine holds a port of the swarm's and listens to what comes."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

from harness.rig.cluster import Cluster
from harness.rig.waiting import wait_until
from rbee import __version__
from rbee.wire import proof

#: Plain Python, which becomes somebody who may not be able to read any file of ours.
_PROGRAM = r"""
import encodings.idna, os, socket, sys, threading  # before nothing of ours can be read
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
port, kind, role, version, real = int(sys.argv[1]), *sys.argv[2:5], int(sys.argv[5])
closes = len(sys.argv) > 6
listener = socket.create_server(("127.0.0.1", port))
print("listens", flush=True)
body = b'{"status":"ok","role":"%s","version":"%s","instance":"1"}'
body %= (role.encode(), version.encode())
answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
answer += b"Content-Length: %d\r\n\r\n" % len(body)

def tell(data):
    print(data.hex(), flush=True)

def pass_on(source, target, told):
    try:
        while data := source.recv(65536):
            if told:
                tell(data)
            target.sendall(data)
    except OSError:
        pass
    finally:
        target.close()

def serve(taken):
    if kind == "passes on":
        far = socket.create_connection(("127.0.0.1", real))
        threading.Thread(target=pass_on, args=(far, taken, False), daemon=True).start()
        return pass_on(taken, far, True)
    try:
        while data := taken.recv(65536):
            tell(data)
            taken.sendall(answer + body)
    except OSError:
        pass

while True:
    taken = listener.accept()[0]
    if closes:
        listener.close()
    serving = threading.Thread(target=serve, args=(taken,), daemon=True)
    serving.start()
    if closes:
        threading.Event().wait()
"""


class Impostor:
    """A listener with another uid, where this one may choose that; it ends with the scenario."""

    def __init__(
        self, cluster: Cluster, port: int, role: str, real: int = 0, *, closes: bool = False
    ) -> None:
        """It says that it is a `role`; with `real`, a port, it passes everything on to that.

        `closes`: from its first connection on it listens no more.
        """
        kind = "passes on" if real else "answers"
        self.url = f"http://127.0.0.1:{port}"
        python = Path(sys.base_prefix, "bin", "python3")
        words = ["-I", "-c", _PROGRAM, str(port), kind, role, __version__, str(real)]
        words += ["closes"] * closes
        self._process = subprocess.Popen(
            [os.fspath(python), *words],
            stdout=subprocess.PIPE,
            cwd="/",
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"listens\n"
        os.set_blocking(self._process.stdout.fileno(), False)
        self._heard = b""
        cluster.on_close(self.close)

    def heard(self) -> str:
        """All that anybody has sent to it."""
        assert self._process.stdout is not None
        self._heard += self._process.stdout.read() or b""
        lines = self._heard.decode().split("\n")
        return b"".join(map(bytes.fromhex, lines)).decode("utf-8", "replace")

    def close(self) -> None:
        """Ends it."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()


def listen(cluster: Cluster, role: str) -> Impostor:
    """Somebody holds the port of a role and says to be it."""
    return Impostor(cluster, getattr(cluster.ports, role), role)


def follow(cluster: Cluster, role: str) -> Impostor:
    """Somebody takes the port of a daemon that was killed; what it leaves behind ends by itself."""
    cluster.expect_asleep()
    return listen(cluster, role)


def pass_on_to_queen(cluster: Cluster, *, closes: bool = False) -> Impostor:
    """Somebody passes on what comes to the queen; commands are made to ask there."""
    port = cluster.ports.all[-1]
    impostor = Impostor(cluster, port, "queen", cluster.ports.queen, closes=closes)
    note, aside = cluster.home / "running" / "queen.json", cluster.folder / "queen.json"
    note.rename(aside)
    cluster.on_close(lambda: aside.rename(note))
    cluster.set(queen_port=port)
    return impostor


def command_line(cluster: Cluster) -> str:
    """What the list of processes shows everybody of the program started last."""
    told = Path(f"/proc/{cluster.current.pid}/cmdline").read_bytes()
    return told.replace(b"\0", b" ").decode()


def assert_told_nothing(cluster: Cluster, impostor: Impostor, prompt: str) -> None:
    """It was asked for a proof, and got neither a secret nor what was typed."""
    wait_until("it has been asked", lambda: proof.CHALLENGE_HEADER in impostor.heard())
    heard = impostor.heard()
    assert cluster.token not in heard, heard
    assert "Bearer" not in heard, heard
    assert prompt not in heard, heard
