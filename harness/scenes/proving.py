"""Who proves what to whom, asked of the product's own functions and of daemons that run."""

from __future__ import annotations

import asyncio
import contextlib
import stat

from aiohttp import web

from harness.rig.client import Answer
from harness.rig.cluster import Cluster
from rbee.http.client import Peer, open_session
from rbee.http.server import Server
from rbee.wire import proof
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import HEALTH
from rbee.wire.settings import Settings

_HERE = proof.Ends("127.0.0.1:8500", "127.0.0.1:50000")
_ELSEWHERE = proof.Ends("127.0.0.1:8501", "127.0.0.1:50001")
_NONCE = "0" * 32
_OF_QUEEN = proof.Credential("the token")
_OF_HIVE = proof.Credential(proof.hive_secret("the token", "attic"), "hive attic")
#: What each is asked to prove, and with what it answers.
_WHO = {
    "the queen": (_OF_QUEEN, _OF_QUEEN),
    "a queen with another token": (_OF_QUEEN, proof.Credential("another")),
    "a hive": (_OF_HIVE, _OF_HIVE),
    "another hive": (
        _OF_HIVE,
        proof.Credential(proof.hive_secret("the token", "cellar"), "hive attic"),
    ),
    "the queen of a hive": (_OF_HIVE._replace(reports=True), _OF_HIVE._replace(reports=True)),
    "a hive in its queen's place": (_OF_HIVE._replace(reports=True), _OF_HIVE),
}

#: The key by which a server's own connection is encrypted, where the client sees ``a key``.
_KEYS = {"encrypted": "a key", "decrypted between": "", "encrypted anew between": "another key"}


def verdict(who: str, how: str) -> str:
    """Whether an answer is believed: ``believed`` or ``not believed``."""
    asked, known = _WHO[who]
    if "through a tunnel" in how or "to whom a person has named" in how:
        asked = asked._replace(forwarded=True)
    nonce = "1" * 32 if how == "of another time" else _NONCE
    seen = _ELSEWHERE if how in ("of another connection", "through a tunnel") else _HERE
    here = _HERE
    if "crypted" in how:
        here, seen = here._replace(key="a key"), seen._replace(key=_KEYS[how.partition(",")[0]])
    own = known if not known.reports else proof.Credential("", "queen")
    told = proof.answer(f"{nonce} {asked.name}".strip(), seen, own, lambda _: known.secret)
    if how == "with words of its own":
        told = f"{told} and more".replace("127.0.0.1", "127.0.0.2")
    if how == "with nothing":
        told = None
    return "believed" if proof.holds(told, _NONCE, here, asked) else "not believed"


_SAID = {None: "not known yet", "": "nothing", "abc": "what it says"}


def told_in(answered: str) -> str:
    """What such an answer says of a proof; ``\\r`` and ``\\n`` stand for what they mean."""
    data = "" if answered == "nothing so far" else answered.encode().decode("unicode_escape")
    return _SAID[proof.proof_in(data.encode())]


class Meeting:
    """A hive, and a queen with the connections that she keeps."""

    def __init__(self) -> None:
        self._heard: list[str] = []
        self._others = proof.Credential(proof.hive_secret("the token", "cellar"), "hive cellar")

    def speak_to_another(self) -> None:
        """The queen speaks to the hive, and then to another one at the same address."""
        asyncio.run(self._meet())

    async def _meet(self) -> None:
        async def hear(request: web.Request, _answer: web.StreamResponse) -> None:
            self._heard.append(proof.secret_in(request.headers.get(proof.TOKEN_HEADER)))

        server = Server("hive", _OF_HIVE)
        server.bind("127.0.0.1", 0)
        await server.serve([], before_sending=hear)
        async with open_session(Settings()) as session:
            for credential in (_OF_HIVE, self._others):
                with contextlib.suppress(RbeeError):
                    peer = Peer(session, server.url, credential, credential.name)
                    await peer.call(HEALTH)
        await server.close()

    def assert_first_alone(self) -> None:
        """The hive has been told its own secret, and no other."""
        assert _OF_HIVE.secret in self._heard, self._heard
        assert self._others.secret not in self._heard, self._heard


#: Each role, and a route of its that wants a secret.
_LISTS = {"queen": "/hives", "hive": "/workers", "worker": "/infer/1/events"}
ROLES = tuple(_LISTS)


def show_each(cluster: Cluster) -> set[tuple[str, str]]:
    """Shows the secret of each role to each: whose secret is let in by whom."""
    secrets = {role: cluster.secret(role) for role in ROLES}
    return {
        (whose, role)
        for role, path in _LISTS.items()
        for whose, secret in secrets.items()
        if cluster.http("GET", role, path, token=secret).status != 401
    }


def strange_heartbeat(cluster: Cluster) -> Answer:
    """Hive attic, which knows its own secret, reports for the hive of this machine."""
    return cluster.http(
        "POST",
        "queen",
        "/heartbeat",
        json={"hive_id": "localhost", "timestamp": "2026-01-01T00:00:00Z", "workers": []},
        token=proof.hive_secret(cluster.token, "attic"),
        headers={proof.NAME_HEADER: proof.hive_name("attic")},
    )


def rotate(cluster: Cluster) -> str:
    """Draws another token; returns the one before."""
    before = cluster.token
    cluster.expect_asleep()
    cluster.assert_status(0, cluster.run("rbee-keeper rotate-token"))
    return before


def assert_rotated(cluster: Cluster, before: str) -> None:
    """A queen who is awake lets nobody in with the token before; the new one is kept well."""
    cluster.assert_status(0, cluster.run("rbee-keeper up"))
    cluster.expect_warm()
    assert cluster.token != before
    mode = stat.S_IMODE((cluster.home / "token").stat().st_mode)
    assert mode == 0o600, oct(mode)
    assert cluster.http("GET", "queen", "/hives", token=before).status == 401
    assert cluster.http("GET", "queen", "/hives").status == 200
