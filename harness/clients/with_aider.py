"""The command `aider`, typed as often as a scenario likes."""

from __future__ import annotations

import sys

import aider.main
import litellm  # noqa: F401  # which it loads when it asks

from harness.clients.asking import Typed, serve

# As it is imported, it looks at the home of who types it; what it is made of does not.
for name in [each for each in sys.modules if each.partition(".")[0] == aider.__name__]:
    del sys.modules[name]


def _main() -> int | None:
    from aider.main import main

    status: int | None = main()
    return status


if __name__ == "__main__":
    serve(Typed("aider", _main).asked)
