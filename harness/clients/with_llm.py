"""The command `llm`, typed as often as a scenario likes."""

from __future__ import annotations

import openai  # noqa: F401  # which it loads when it asks
from llm.cli import cli

from harness.clients.asking import Typed, serve

if __name__ == "__main__":
    serve(Typed("llm", cli).asked)
