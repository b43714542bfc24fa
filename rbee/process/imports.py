"""The imports of a daemon, made cheap: they are most of what a cold run waits for.

Two things cost a quarter of them and serve nothing here. The garbage collector looks again and
again through objects that stay for ever. And aiohttp loads the machine's certificates, twice,
although daemons speak plain HTTP to one another (a TLS connection made with the contexts that
aiohttp keeps from that moment would verify nobody, and so fail).
"""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Iterator

_CERTIFICATES = "SSL_CERT_FILE"


@contextlib.contextmanager
def quick_imports() -> Iterator[None]:
    """Around the imports at the start of a program that has no threads yet."""
    shown = os.environ.get(_CERTIFICATES)
    os.environ[_CERTIFICATES] = os.devnull
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        if shown is None:
            del os.environ[_CERTIFICATES]
        else:
            os.environ[_CERTIFICATES] = shown
