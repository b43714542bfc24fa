"""The imports of a program, made cheap: they are most of what a run waits for.

Three things cost a quarter of a daemon's and serve nothing here. The garbage collector looks again
and again through objects that stay for ever. And aiohttp loads the machine's certificates, twice,
although daemons speak plain HTTP to one another (a TLS connection made with the contexts that
aiohttp keeps from that moment would verify nobody, and so fail), and the machine's tables of file
types, although daemons serve no files.

The keeper can spare a third, for its start is most of a warm prompt: msgspec looks for
`typing_extensions`, which is slow to import, and takes `typing` where it is missing.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Iterator, Set

_CERTIFICATES = "SSL_CERT_FILE"


@contextlib.contextmanager
def quick_imports(*, of_a_daemon: bool = True, without: Set[str] = frozenset()) -> Iterator[None]:
    """Around the imports at the start of a program that has no threads yet.

    `without`: modules that are looked for inside, and not found although they may be there.
    """
    if of_a_daemon:
        import mimetypes

        mimetypes.knownfiles = []
    shown = os.environ.get(_CERTIFICATES)
    os.environ[_CERTIFICATES] = os.devnull
    hidden = without - sys.modules.keys()
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # how Python marks a missing module
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        for name in hidden:
            del sys.modules[name]
        if shown is None:
            del os.environ[_CERTIFICATES]
        else:
            os.environ[_CERTIFICATES] = shown
