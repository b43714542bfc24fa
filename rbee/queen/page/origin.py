"""Whether a request comes from the queen's own page, by what a browser says of it. Pure.

Pages of another port of the same machine count as the same site, so that browsers send them the
same cookies; what tells them apart is the origin alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit


def why_foreign(headers: Mapping[str, str]) -> str:
    """Why a request cannot be the page's own, in words; empty: nothing speaks against it.

    A browser says `Sec-Fetch-Site` where the connection is encrypted or ends on its own machine,
    and `Origin` with everything but a plain GET. What is no browser says neither. The scheme is
    left out: a proxy in front may have another one than the queen.
    """
    site = headers.get("Sec-Fetch-Site", "same-origin")
    if site != "same-origin":
        return f"the browser calls it {site[:32]!r}"
    origin = headers.get("Origin")
    if origin is not None and _server_of(origin) != headers.get("Host", "").lower():
        return f"it comes from {origin[:120]!r}"
    return ""


def _server_of(origin: str) -> str | None:
    """Host and port of an origin; None for one that is nobody's (``null``)."""
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None
