"""Connections by TLS: what a server shows to whoever begins with it."""

from __future__ import annotations

import ssl
from asyncio.sslproto import SSLProtocol
from typing import Protocol

# asyncio gives each connection a buffer of 256 KiB with its first byte, whoever has sent it. A
# record of TLS has 16 KiB (RFC 8446, 5.1).
SSLProtocol.max_size = 32 * 1024  # type: ignore[attr-defined]  # typeshed does not know it


class Context(ssl.SSLContext):
    """What connections are encrypted with. `key` is the public key of its certificate, as
    `rbee.process.public_key` tells it."""

    key: str = ""


class Encryption(Protocol):
    """Who has a certificate for each address of this machine."""

    def context(self, address: str) -> Context:
        """For a connection to this address. Raises `home_unusable` and `invalid_request` where
        there is no certificate."""


def key_of(context: object) -> str:
    """The public key that a connection with this context shows; empty: it is not encrypted."""
    return context.key if isinstance(context, Context) else ""
