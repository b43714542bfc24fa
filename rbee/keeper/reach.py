"""How other machines reach a queen: where, by which certificate, and how she is listened for.

What they are told is an address by ``https://``: she speaks TLS on the port that she has anyway.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from rbee.keeper.awake import find_any_queen
from rbee.keeper.options import KEY_BEGINS
from rbee.keeper.queen_client import QueenClient
from rbee.keeper.queen_target import QueenTarget
from rbee.process import listening
from rbee.process.home import Home
from rbee.wire import addresses
from rbee.wire.errors import RbeeError, invalid
from rbee.wire.messages.certificate import CERTIFICATE, AskCertificate, CertificateView
from rbee.wire.settings import with_flags

#: Where systems keep the authorities that all their programs know.
_KNOWN = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
)
#: Nothing is sent to it (RFC 5737); the way there is that to the internet.
_FAR_AWAY = ("192.0.2.1", 9)


class Reach(NamedTuple):
    """Where others reach a queen (``https://HOST:PORT``), and what she shows there."""

    url: str
    shown: CertificateView

    @property
    def pinned(self) -> str:
        """The address with the public key that is shown there, for ``--queen``."""
        return f"{self.url}{KEY_BEGINS}{self.shown.key}"

    @property
    def fingerprint(self) -> str:
        """That of the certificate, as browsers write it."""
        digits = self.shown.fingerprint.upper()
        return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def listening_at(where: QueenTarget, host: str) -> QueenTarget:
    """The same queen, woken so that she listens at `host`.

    Raises `port_in_use` where she is awake already, and listens elsewhere.
    """
    if find_any_queen(where) is None:
        settings = with_flags(where.settings, {"queen_host": host})
        url = addresses.from_here(addresses.base_url(host, settings.queen_port))
        return where._replace(settings=settings, url=url, moved=False)
    known = listening.noted(where.home, "queen")
    there = known.url if known is not None else where.url
    if addresses.host_of(there) == host:
        return where._replace(moved=False)
    raise RbeeError(
        "port_in_use",
        f"the queen is awake already, and listens at {there}",
        f"rbee-keeper down, then rbee-keeper up --host {host}",
        {"url": there},
    )


def reach_of(client: QueenClient, where: QueenTarget) -> Reach:
    """How others reach the queen who is awake there; where a person has named her by ``https://``,
    that is how. Raises `invalid_request` where none can."""
    url = where.url if where.named else _listens_at(where, client)
    host, port = addresses.host_of(url), url.rpartition(":")[2]
    named = url if url.startswith("https://") else ""
    if not named and addresses.is_loopback(host):
        raise invalid(
            f"the queen listens at {url} alone, which no other machine reaches",
            "rbee-keeper down, then rbee-keeper up --host 0.0.0.0",
        )
    if host in addresses.EVERYWHERE:
        host = _own_address()
    shown = client.call(CERTIFICATE, AskCertificate(address=_as_address(host)))
    return Reach(named or addresses.base_url(shown.name or host, int(port), "https"), shown)


def environment_of(reach: Reach, token: str, home: Home) -> dict[str, str]:
    """What programs that speak OpenAI's API need to find her and to believe her certificate: the
    authorities that they know anyway, and hers, in one file."""
    told = {"OPENAI_BASE_URL": reach.url + addresses.V1, "OPENAI_API_KEY": token}
    if not reach.shown.authority:
        return told
    name = reach.url.removeprefix("https://").translate(str.maketrans("[]:", "___"))
    path = home.trusted / f"{name}.pem"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    known = next(_authorities(os.environ, home), "")
    draft.write_text(f"{known.rstrip()}\n{reach.shown.authority}".lstrip(), "utf-8")
    draft.replace(path)
    return {**told, "SSL_CERT_FILE": str(path), "NODE_EXTRA_CA_CERTS": str(path)}


def _authorities(environ: Mapping[str, str], home: Home) -> Iterator[str]:
    """Texts of files that hold the authorities that programs know here, the best first."""
    said = environ.get("SSL_CERT_FILE", "")
    if home.trusted in Path(said).parents:
        said = ""  # one that was written here: hers would come into it again and again
    for path in (said, ssl.get_default_verify_paths().openssl_cafile, *_KNOWN):
        with contextlib.suppress(OSError, ValueError):
            if path:
                yield Path(path).read_text("utf-8")


def _listens_at(where: QueenTarget, client: QueenClient) -> str:
    known = listening.noted(where.home, "queen")
    return known.url if known is not None else client.url


def _own_address() -> str:
    """The address of this machine that is used on the way to the internet; where there is no such
    way, one that its name leads to, or that name."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as looks:
        looks.connect(_FAR_AWAY)
        return str(looks.getsockname()[0])
    name = socket.gethostname()
    with contextlib.suppress(OSError):
        for found in socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_STREAM):
            if not addresses.is_loopback(str(found[4][0])):
                return str(found[4][0])
    return name


def _as_address(host: str) -> str:
    """An address for a certificate: of a name, which it has anyway, any one of its machine."""
    try:
        return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])
    except OSError:
        return "127.0.0.1"
