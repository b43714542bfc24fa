"""How a program proves that it knows a secret before anybody tells it one. Pure.

Whoever connects sends a challenge with ``GET /health``, which wants no secret, and the answer
carries a proof made with the secret. It names the two ends of the connection as the server sees
them: somebody who holds a port and passes the challenge on to the real server is found out, since
that one accepted another connection. The secret itself, and whatever else is private, goes out on
a connection that has been proved, and on no other.

The swarm's token never leaves the machine it was drawn on. A hive has a secret that is derived
from it, and a worker one that is derived from its hive's: who has one of them cannot find another.
"""

from __future__ import annotations

# From `_blake2`: hashlib would load OpenSSL, and slow each start of a keeper.
from _blake2 import blake2b
from collections.abc import Callable, Mapping
from typing import NamedTuple

from rbee.wire import addresses

#: Header that carries a secret on every route but `GET /health`.
TOKEN_HEADER = "Authorization"
#: What a client asks to be proved: ``<nonce>``, or ``<nonce> <name of a secret>``.
CHALLENGE_HEADER = "X-Rbee-Challenge"
#: The answer: ``<proof> <address of the server> <address of the client>``.
PROOF_HEADER = "X-Rbee-Proof"
#: Whose secret a request carries, where its server knows several: ``hive attic``.
NAME_HEADER = "X-Rbee-Name"
#: Says of a request that it comes from whose secret it carries; see `Credential`.
REPORTS_HEADER = "X-Rbee-Reports"
#: Says of a request that its connection is passed on; see `Credential`.
FORWARDED_HEADER = "X-Rbee-Forwarded"

_LONGEST_NONCE = 64
_HTTP = b"HTTP/1."


class Credential(NamedTuple):
    """A secret that both sides of a connection know.

    `name` says whose it is: ``hive attic``, ``worker worker-1``, empty for the swarm's token.
    `reports`: it is the client's own, who reports to whoever gave it; else it is the server's.
    `forwarded`: somebody passes the connection on, a tunnel or what a person has named, so that its
    two ends are not the same.
    """

    secret: str
    name: str = ""
    reports: bool = False
    forwarded: bool = False


class Ends(NamedTuple):
    """The two addresses of a connection, ``127.0.0.1:8500`` each.

    `key` is the public key that the server shows, where the connection is encrypted (the SHA-256 of
    it, in hexadecimal digits). A proof names it: one that is passed on by somebody who decrypts
    between names another key than the client sees.
    """

    server: str
    client: str
    key: str = ""

    @classmethod
    def of(cls, *names: tuple[object, ...], key: str = "") -> Ends:
        """Those that sockets tell as ``(host, port, ...)`` each, the server's first."""
        server, client = (f"{str(name[0]).removeprefix('::ffff:')}:{name[1]}" for name in names)
        return cls(server, client, key)


def headers(credential: Credential) -> dict[str, str]:
    """The headers that present a secret."""
    sent = {TOKEN_HEADER: f"Bearer {credential.secret}"}
    if credential.name:
        sent[NAME_HEADER] = credential.name
    if credential.reports:
        sent[REPORTS_HEADER] = "1"
    if credential.forwarded:
        sent[FORWARDED_HEADER] = "1"
    return sent


def presented(sent: Mapping[str, str]) -> Credential:
    """What the headers of a request present."""
    return Credential(
        secret_in(sent.get(TOKEN_HEADER)),
        sent.get(NAME_HEADER, ""),
        REPORTS_HEADER in sent,
        FORWARDED_HEADER in sent,
    )


def secret_in(header: str | None) -> str:
    """What an Authorization header presents; empty where that is no bearer token."""
    scheme, _, secret = (header or "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def accepts(header: str | None, secret: str) -> bool:
    """Whether an Authorization header presents `secret`; takes the same time either way."""
    import hmac  # late: OpenSSL comes with it, which a keeper that only presents a secret can spare

    return hmac.compare_digest(secret_in(header).encode("utf-8", "replace"), secret.encode())


def question(host: str, nonce: str, name: str) -> bytes:
    """The request that asks the server at `host` (as in the header ``Host``) for a proof."""
    asked = f"{nonce} {name}" if name else nonce
    lines = [f"GET {addresses.HEALTH} HTTP/1.1", f"Host: {host}", f"{CHALLENGE_HEADER}: {asked}"]
    return "\r\n".join([*lines, "", ""]).encode()


def proof_in(answered: bytes) -> str | None:
    """The proof in what has been answered so far; empty where none will come, None: to be read on.

    Where there is one, the whole answer has been read.
    """
    if not answered.startswith(_HTTP[: len(answered)]):
        return ""
    head, ended, body = answered.partition(b"\r\n\r\n")
    if not ended:
        return None
    status, *lines = head.split(b"\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (x.partition(b":") for x in lines)}
    length = fields.get(b"content-length", b"")
    if not status.startswith(b"HTTP/1.1 200") or not length.isdigit() or len(length) > 6:
        return ""
    if len(body) < int(length):
        return None
    shown = fields.get(PROOF_HEADER.lower().encode(), b"") if len(body) == int(length) else b""
    return shown.decode("ascii", "replace")


def hive_name(hive_id: str) -> str:
    """What the secret of a hive is called."""
    return f"hive {hive_id}"


def worker_name(worker_id: str) -> str:
    """What the secret of a worker is called."""
    return f"worker {worker_id}"


def derive(secret: str, name: str) -> str:
    """The secret called `name` that follows from another one; the way back cannot be found."""
    return _keyed(secret, "derive", name)


def hive_secret(token: str, hive_id: str) -> str:
    """What a hive is told by its queen, who has the swarm's token."""
    return derive(token, hive_name(hive_id))


def worker_secret(of_hive: str, worker_id: str) -> str:
    """What a worker is told by its hive."""
    return derive(of_hive, worker_name(worker_id))


def answer(
    asked: str, ends: Ends, own: Credential, secret_of: Callable[[str], str | None]
) -> str | None:
    """What a server answers to a challenge; None where it has no such secret.

    `own` is the secret that opens it, `secret_of` knows those of others who report to it.
    """
    nonce, _, name = asked.partition(" ")
    secret = own.secret if name == own.name else secret_of(name)
    if secret is None or not 0 < len(nonce) <= _LONGEST_NONCE:
        return None
    meant = Credential(secret, name, reports=name != own.name)
    return " ".join([_proof(meant, nonce, ends), ends.server, ends.client])


def holds(shown: str | None, nonce: str, ends: Ends, credential: Credential) -> bool:
    """Whether an answer proves that the other side knows the secret, as its server.

    `ends` are those that the client sees. On one machine both have to be what the server says; the
    client's may be another one where a router stands between. The key is the one that the client
    sees, whatever the server says.
    """
    made, _, rest = (shown or "").partition(" ")
    server, _, client = rest.partition(" ")
    expected = _proof(credential, nonce, Ends(server, client, ends.key))
    if not _same(made, expected):
        return False
    if credential.forwarded:
        return True
    on_one_machine = ends.server.rpartition(":")[0] == ends.client.rpartition(":")[0]
    return server == ends.server and (client == ends.client or not on_one_machine)


def is_direct(shown: str | None, ends: Ends) -> bool:
    """Whether the server says of both ends of the connection what the client sees."""
    return (shown or "").partition(" ")[2] == f"{ends.server} {ends.client}"


def _proof(credential: Credential, nonce: str, ends: Ends) -> str:
    # The proof says which side made it: else one made by a hive could be passed off as the queen's.
    whose = "client" if credential.reports else "server"
    words = ("prove", nonce, credential.name, whose, ends.server, ends.client)
    return _keyed(credential.secret, *words, *([ends.key] if ends.key else []))


def _keyed(secret: str, *words: str) -> str:
    key = blake2b(secret.encode()).digest()
    return blake2b("\0".join(words).encode(), key=key, digest_size=32).hexdigest()


def _same(one: str, other: str) -> bool:
    """Whether two texts are the same; they are hashed, so the time tells nothing."""
    return blake2b(one.encode()).digest() == blake2b(other.encode()).digest()
