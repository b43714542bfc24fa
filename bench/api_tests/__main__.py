"""``python -m bench.api_tests [SUITE...]``: runs the tests of others against a queen of its own.

Prints for each file how many pass, and why the others do not. The exit status is 0 once they have
run: how many of them pass is a figure, and no verdict.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from collections.abc import Sequence

from bench.api_tests.forwarder import Forwarder
from bench.api_tests.suites import FOLDER, SUITES, Result, Suite, added, python, run
from bench.swarm import KEEPER, ROOT, Swarm

_LOCK = "harness/locks/api-tests.txt"
_MODEL = "minillama"


def main(arguments: Sequence[str]) -> int:
    """Runs those that are named, else all."""
    _install()
    with Swarm() as swarm:
        up = swarm.time([KEEPER, "up"])
        assert up.status == 0, up
        try:
            for suite in SUITES:
                if not arguments or suite.package in arguments:
                    _run(suite, swarm)
        finally:
            swarm.time([KEEPER, "down"])
    return 0


def _run(suite: Suite, swarm: Swarm) -> None:
    queen = f"http://127.0.0.1:{swarm.queen_port}"
    results: dict[str, Result] = {}
    with Forwarder(queen, swarm.token, _MODEL, suite.prefix, suite.below) as forwarder:
        for file in suite.files:
            results[file] = run(suite, file, forwarder.port)
            _tell(f"{suite.name}: {file}", results[file])
    _tell(f"{suite.name}, all of these", added(results))


def _tell(name: str, result: Result) -> None:
    failed = sum(result.failed.values())
    print(f"{name}: {result.passed} pass, {failed} fail, {result.skipped} skipped", flush=True)
    for reason, count in result.failed.most_common(12):
        print(f"  {count:4} {reason}", flush=True)


def _install() -> None:
    if (FOLDER / "environment" / ".made").exists():
        return
    venv.create(FOLDER / "environment", symlinks=True, with_pip=True)
    pip = [python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", _LOCK], cwd=ROOT, check=True)
    (FOLDER / "environment" / ".made").touch()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
