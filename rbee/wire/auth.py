"""The bearer token: how it is written into a request and how it is compared."""

from __future__ import annotations

import hmac

#: Header that carries the token on every route but `GET /health`.
HEADER = "Authorization"


def bearer(token: str) -> dict[str, str]:
    """The headers that present `token`."""
    return {HEADER: f"Bearer {token}"}


def accepts(header: str | None, token: str) -> bool:
    """Whether an Authorization header presents `token`; takes the same time either way."""
    scheme, _, presented = (header or "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(
        presented.strip().encode(), token.encode()
    )
