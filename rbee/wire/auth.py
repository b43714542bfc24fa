"""The bearer token: how it is written into a request and how it is compared."""

from __future__ import annotations

#: Header that carries the token on every route but `GET /health`.
HEADER = "Authorization"


def bearer(token: str) -> dict[str, str]:
    """The headers that present `token`."""
    return {HEADER: f"Bearer {token}"}


def accepts(header: str | None, token: str) -> bool:
    """Whether an Authorization header presents `token`; takes the same time either way."""
    import hmac  # late: OpenSSL comes with it, which a keeper that only presents a token can spare

    return hmac.compare_digest(presented(header).encode("utf-8", "replace"), token.encode())


def presented(header: str | None) -> str:
    """What an Authorization header presents; empty where that is no bearer token."""
    scheme, _, secret = (header or "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""
