"""The imports of a program, made cheap: they are most of what a run waits for.

Two things cost a quarter of a daemon's and serve nothing here. The garbage collector looks again
and again through objects that stay for ever. And aiohttp loads the machine's certificates, twice,
although daemons speak plain HTTP to one another (a TLS connection made with the contexts that
aiohttp keeps from that moment would verify nobody, and so fail). The keeper, whose start is most
of a warm prompt, goes without TLS altogether: `http.client` takes it for missing.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Iterator

_CERTIFICATES = "SSL_CERT_FILE"


@contextlib.contextmanager
def quick_imports(*, tls: bool = True) -> Iterator[None]:
    """Around the imports at the start of a program that has no threads yet.

    Without `tls`, what is imported inside never speaks it.
    """
    shown = os.environ.get(_CERTIFICATES)
    os.environ[_CERTIFICATES] = os.devnull
    if not tls:
        sys.modules["ssl"] = None  # type: ignore[assignment]  # how Python marks a missing module
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        if not tls:
            del sys.modules["ssl"]
        if shown is None:
            del os.environ[_CERTIFICATES]
        else:
            os.environ[_CERTIFICATES] = shown
