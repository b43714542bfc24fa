"""A keeper that listens to a queen who is nothing but her events, in this process."""

from __future__ import annotations

import contextlib
import io
from http.server import BaseHTTPRequestHandler, HTTPServer

from harness.rig.cluster import Cluster
from harness.rig.serving import serve
from rbee.keeper.awake import AwakeQueen
from rbee.keeper.queen_target import QueenTarget
from rbee.keeper.screen import Screen
from rbee.process.home import Home
from rbee.wire import addresses, narration, proof
from rbee.wire.settings import Settings

_TOKEN = "token"
_SAID = {"connected": narration.CONNECTED, "not connected": narration.NOT_CONNECTED}


class Events:
    """A server that opens the stream of events, or refuses to."""

    def __init__(self, cluster: Cluster, *, readable: bool) -> None:
        status = 200 if readable else 503

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if self.path == addresses.HEALTH:
                    self._prove()
                    return
                self.send_response(status)
                self.send_header("Connection", "close")
                self.end_headers()

            def _prove(self) -> None:
                ends = proof.Ends.of(self.connection.getsockname(), self.client_address)
                asked = self.headers[proof.CHALLENGE_HEADER]
                told = proof.answer(asked, ends, proof.Credential(_TOKEN), lambda _: None)
                self.send_response(200)
                self.send_header(proof.PROOF_HEADER, told or "")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._said = io.StringIO()
        self._home = cluster.folder / "listener"
        cluster.on_close(serve(self._server))

    def listen(self) -> None:
        """A keeper begins to listen."""
        url = f"http://127.0.0.1:{self._server.server_port}"
        where = QueenTarget(Home(self._home), Settings(), url, _TOKEN)
        with contextlib.redirect_stderr(self._said):
            AwakeQueen(Screen(), where).listen()

    def assert_said(self, expected: str) -> None:
        """What the keeper says of its connection, and nothing else."""
        said = self._said.getvalue()
        line = _SAID[expected]
        assert said == f"{line.actor}: {line.text}\n", said
