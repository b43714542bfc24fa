"""One program for each client that others wrote, for all the scenarios of a test process.

Importing their packages takes up to three seconds of the processor. A program does so once, and
serves each scenario in a copy of itself: what one has asked for, the next knows nothing of. A
program whose copy does not end when it is told to is never lent again.
"""

from __future__ import annotations

import itertools
import json
import shlex
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from harness import clients
from harness.rig.cluster import ROOT
from harness.rig.program import Running, clean_environment

#: What the packages take to be imported, where the machine is busy (seconds).
PATIENCE_S = 120.0
_PROGRAMS = {
    "OpenAI's client": "with_openai",
    "OpenAI's client for responses": "with_responses",
    "Anthropic's client": "with_anthropic",
    "litellm": "with_litellm",
    "LangChain": "with_langchain",
    "ollama's client": "with_ollama",
    "instructor": "with_instructor",
    "pydantic-ai": "with_pydantic_ai",
    "llm": "with_llm",
    "aider": "with_aider",
}
#: The one of clients for Node.js, which takes one scenario after the other in one process.
_IN_JAVASCRIPT = "JavaScript"
#: What they are imported with: nobody asks the internet, and byte code is written. The queen is
#: spoken to without TLS; each client would read the certificates of all authorities, for 20 ms.
_AT_START = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "PYTHONDONTWRITEBYTECODE": "",
    "SSL_CERT_FILE": str(Path(clients.__file__).with_name("nobody.pem")),
}

#: Runs a module. While it imports, nothing is garbage, and to look for some takes a quarter of it.
_QUICKLY = (
    "import gc, runpy, sys; gc.disable(); runpy.run_module(sys.argv[1], None, '__main__', True)"
)


class LentClient:
    """A program with a package, for one scenario at a time."""

    def __init__(self, package: str) -> None:
        home = clients.HOMES.get(package, clients.HOME)
        if package == _IN_JAVASCRIPT:
            argv = ["node", str(Path(clients.__file__).with_name("with_javascript.mjs"))]
        else:
            module = f"{clients.__name__}.{_PROGRAMS[package]}"
            argv = [str(home / "bin" / "python"), "-c", _QUICKLY, module]
        environment = {
            **clean_environment(),
            **_AT_START,
            "HOME": tempfile.gettempdir(),
            "PYTHONPATH": str(ROOT),
            "HOME_OF_CLIENTS": str(home),
        }
        self.package = package
        self._running = Running(
            shlex.join(argv), argv, environment=environment, folder=ROOT, keep_stdin=True
        )
        self._numbers = itertools.count(1)
        self._number = 0

    def begin(self, environment: Mapping[str, str]) -> None:
        """A copy of it serves, in this environment."""
        self._running.type(json.dumps(dict(environment)))

    def type(self, line: str) -> None:
        """What it reads while it does what it was asked for."""
        self._running.type(line)

    def ask(self, name: str) -> None:
        """Asks it for what has this name."""
        self._number = next(self._numbers)
        self.type(f"{self._number}\t{name}")

    def answer(self) -> str:
        """What it got. Raises AssertionError where it says nothing."""
        mark = f"\t{self._number}"
        told = self._running.wait_for_text(f"{mark}\n", PATIENCE_S).splitlines()
        (line,) = [line for line in told if line.endswith(mark)]
        return line.removesuffix(mark)

    def command(self) -> str:
        """What to type for its command, without arguments, until it is given back."""
        self.ask(clients.PLACE)
        place = self.answer()
        assert place != clients.NOTHING, self
        self.ask(clients.TYPED)
        typed = Path(clients.__file__).with_name("typed.py")
        return shlex.join([sys.executable, "-IS", str(typed), place])

    def give_back(self) -> None:
        """The scenario is over. Raises AssertionError where its copy has not ended well."""
        try:
            self.ask(clients.OVER)
            self.answer()
        except (AssertionError, OSError):
            self._running.send(signal.SIGKILL, group=True)
            raise
        _resting.append(self)

    def end(self) -> None:
        """Ends it."""
        self._running.close_stdin()
        self._running.finish()

    def __str__(self) -> str:
        return str(self._running)


_resting: list[LentClient] = []


def borrow(package: str) -> LentClient:
    """A program with this package, which `LentClient.give_back` gives back."""
    one = next((one for one in _resting if one.package == package), None)
    if one is None:
        return LentClient(package)
    _resting.remove(one)
    return one


def end() -> None:
    """Ends the programs that nobody has."""
    while _resting:
        _resting.pop().end()
