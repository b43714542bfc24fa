"""A queen on one machine who listens for the others of a house, and what these see of her."""

from __future__ import annotations

import contextlib
import http.client
import re
import signal
import socket
import ssl
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.decisions import certifying
from harness.rig.cluster import Cluster
from harness.rig.ports import DEFAULT_QUEEN
from harness.rig.program import end, spawn
from harness.rig.waiting import wait_until
from harness.scenes.wiretap import Wiretap
from rbee.process.public_key import key_of
from rbee.wire import proof

_PROXY_PORT = 8443
_TOKEN = "token-of-the-queen"
_AUTHORITY = "authority.pem"
#: Ends TLS with a certificate of its own, and passes on what comes: to a port without TLS, or with.
_BETWEEN = r"""
import socket, ssl, sys, threading
port, certificate, key, heard, host, far, scheme = sys.argv[1:]
own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
own.load_cert_chain(certificate, key)
theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
theirs.check_hostname, theirs.verify_mode = False, ssl.CERT_NONE
listener = socket.create_server(("0.0.0.0", int(port)))
print("listens", flush=True)

def pass_on(source, target, hears):
    try:
        while data := source.recv(65536):
            if hears:
                with open(heard, "ab") as file:
                    file.write(data)
            target.sendall(data)
    except OSError:
        pass
    finally:
        for each in (source, target):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

def serve(taken):
    try:
        near = own.wrap_socket(taken, server_side=True)
    except OSError:
        return
    there = socket.create_connection((host, int(far)))
    if scheme == "https":
        there = theirs.wrap_socket(there)
    threading.Thread(target=pass_on, args=(there, near, False), daemon=True).start()
    pass_on(near, there, True)

while True:
    taken = listener.accept()[0]
    threading.Thread(target=serve, args=(taken,), daemon=True).start()
"""


class House:
    """Machines, one of which has a queen who serves the others."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._queen = ""
        self._token = ""
        self._certificate: tuple[Path, Path, Path] | None = None
        self._before = b""
        self.finished: list[Any] = []
        cluster.secrets.clear()

    def serve(self, name: str, command_line: str, *, with_certificate: bool = False) -> None:
        """The queen of a machine is woken there by this command."""
        if with_certificate and self._certificate is not None:
            _, certificate, key = self._certificate
            files = f"RBEE_TLS_CERTIFICATE={certificate} RBEE_TLS_KEY={key}"
            command_line = f"{files} {command_line}"
        cluster = self._cluster
        cluster.sit_at(name)
        cluster.assert_status(0, cluster.run(command_line))
        self._queen, self._token = name, cluster.token
        cluster.secrets.add(self._token)
        cluster.on_close(self._end)

    def sit_with_token(self, name: str) -> None:
        """The person sits at another machine, and has brought the token there."""
        self._cluster.hosts[name].write(_TOKEN, self._token)
        self._cluster.sit_at(name)

    def type_naming(self, command_line: str, scheme: str, name: str, key: str = "") -> Any:
        """Types it, naming the queen at a machine; ``NAMED`` says where, else it is at the end."""
        return self._type(command_line, f"{scheme}://{self._address(name)}:{DEFAULT_QUEEN}{key}")

    def type_with_keys(self, command_line: str, name: str, keys: Sequence[str]) -> None:
        """Types it with each of these keys."""
        hers = self._key_of(name)
        told = {
            "hers": hers,
            "hers, as browsers write": ":".join(re.findall("..", hers.upper())),
            "another one": hers[::-1],
        }
        for key in keys:
            named = f"#sha256={told[key]}"
            self.finished.append(self.type_naming(command_line, "https", name, named))

    def ask_in_the_open(self, at: str, name: str, rows: Sequence[Mapping[str, str]]) -> list[str]:
        """What a program gets at a machine without encryption, in the words of the table."""
        with_ = {
            "nothing": {},
            "a challenge": {proof.CHALLENGE_HEADER: "0" * 32},
            "a browser's head": {"Accept": "text/html,*/*"},
            "the token": {proof.TOKEN_HEADER: f"Bearer {self._token}"},
        }
        answers = []
        for row in rows:
            method, path = row["asked for"].split()
            with self._cluster.hosts[at].network.inside():
                there = http.client.HTTPConnection(self._address(name), DEFAULT_QUEEN, 10.0)
                there.request(method, path, headers=with_[row["with"]])
                answer = there.getresponse()
                body = answer.read()
                there.close()
            words = [str(answer.status)]
            if answer.status in (301, 302, 307, 308):
                words.append(f"to {answer.headers['Location'].partition(':')[0]}")
            words += re.findall(r'"code":"(\w+)"', body.decode())
            answers.append(" ".join(words))
        return answers

    def have_authority(self, name: str) -> None:
        """A machine is given what the queen's ``rbee-keeper certificate`` prints."""
        exported = self._cluster.run("rbee-keeper certificate")
        self._cluster.assert_status(0, exported)
        self._cluster.hosts[name].write(_AUTHORITY, exported.stdout)

    def sign(self, name: str, known_at: str) -> None:
        """An authority that a machine knows signs a certificate for another one."""
        folder = self._cluster.folder / "signed"
        self._certificate = certifying.signed_for(name, folder)
        self._cluster.hosts[known_at].write(_AUTHORITY, self._certificate[0].read_text())

    def replace_certificate(self, believed_at: str) -> None:
        """It is replaced by another one, while the queen goes on."""
        self._before = self.shown(believed_at, self._queen)
        certifying.signed_for(self._queen, self._cluster.folder / "signed")

    def assert_replaced(self, believed_at: str) -> None:
        """What is shown is the new one."""
        assert self.shown(believed_at, self._queen) != self._before

    def move(self) -> str:
        """The queen's machine gets another address, beside its own; that one."""
        host = self._cluster.hosts[self._queen]
        other = f"{host.network.address.rpartition('.')[0]}.222"
        self._cluster.hosts.run_on(self._queen, ["ip", "addr", "add", f"{other}/24", "dev", "eth0"])
        return other

    def shown(self, at: str, name: str = "") -> bytes:
        """The certificate that a machine is shown, and believes, at a name or an address; empty:
        the address of the queen's machine."""
        where = name or self._address(self._queen)
        address = self._address(name) if name == self._queen else where
        with self._cluster.hosts[at].network.inside():
            authority = self._cluster.hosts[at].home / _AUTHORITY
            return certifying.shown_at((address, DEFAULT_QUEEN), authority, where)

    def stand_between(self, name: str) -> None:
        """Somebody at a machine decrypts what comes to the queen's port there, and passes it on to
        her."""
        files = certifying.signed_for(name, self._cluster.folder / "theirs")
        self._start(name, DEFAULT_QUEEN, files, (self._address(self._queen), "https"))

    def assert_heard_nothing(self, prompt: str) -> None:
        """It was asked for a proof, and told neither a secret nor what was typed."""
        heard = self._heard().read_text()
        assert proof.CHALLENGE_HEADER in heard, heard
        for private in (self._token, "Bearer", prompt):
            assert private not in heard, heard

    def stand_before(self, name: str) -> None:
        """A proxy on the queen's machine, with the certificate that was signed."""
        assert self._certificate is not None
        self._start(name, _PROXY_PORT, self._certificate, ("127.0.0.1", "http"))

    def type_by_proxy(self, command_line: str) -> None:
        """Types it, naming the proxy: first where nobody knows its authority, then where one
        does."""
        url = f"https://{self._queen}:{_PROXY_PORT}"
        self.finished.append(self._type(command_line, url))
        authority = self._cluster.user_home / _AUTHORITY
        self.finished.append(self._type(f"SSL_CERT_FILE={authority} {command_line}", url))

    def assert_unread(self, tap: Wiretap, text: str) -> None:
        """Whoever listened has read neither the token nor that text, and has heard something."""
        wait_until("somebody was heard", lambda: len(tap.heard()) > 1000)
        heard = tap.heard()
        assert self._token.encode() not in heard
        assert text.encode() not in heard

    def _type(self, command_line: str, url: str) -> Any:
        named = f"--queen '{url}' --token-file {self._cluster.user_home / _TOKEN}"
        if "NAMED" in command_line:
            return self._cluster.run(command_line.replace("NAMED", named))
        return self._cluster.run(f"{command_line} {named}")

    def _start(
        self, name: str, port: int, files: tuple[Path, Path, Path], to: tuple[str, str]
    ) -> None:
        host = self._cluster.hosts[name]
        _, certificate, key = files
        far, scheme = to
        words = [str(port), str(certificate), str(key), str(self._heard())]
        words += [far, str(DEFAULT_QUEEN), scheme]
        running = spawn(
            [*host.prefix, sys.executable, "-I", "-c", _BETWEEN, *words],
            env={},
            stdout=-1,
            text=True,
        )
        assert running.stdout is not None and running.stdout.readline() == "listens\n"
        self._cluster.on_close(lambda: end(running, signal.SIGKILL))

    def _heard(self) -> Path:
        return self._cluster.folder / "heard"

    def _key_of(self, name: str) -> str:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        address = (self._address(name), DEFAULT_QUEEN)
        with self._cluster.hosts[name].network.inside():
            connected = socket.create_connection(address, 10.0)
        with connected, context.wrap_socket(connected) as encrypted:
            return key_of(encrypted.getpeercert(binary_form=True) or b"")

    def _address(self, name: str) -> str:
        return self._cluster.hosts[name].network.address

    def _end(self) -> None:
        self._cluster.sit_at(self._queen)
        with contextlib.suppress(AssertionError):
            self._cluster.assert_status(0, self._cluster.run("rbee-keeper down"))


def assert_in_the_open(answers: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    """Each got what its row says."""
    expected = [row["answer"] for row in rows]
    assert answers == expected, [pair for pair in zip(answers, expected) if pair[0] != pair[1]]
