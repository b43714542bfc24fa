"""Which tests of whom are run, and where they come from."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.swarm import ROOT

#: What is fetched, and the environment that the tests run in.
FOLDER = ROOT / ".peers" / "api-tests"
#: How long one test may take (seconds).
_STUCK_S = 60
#: What a failure says of an answer, by which failures are counted together.
_REFUSED = re.compile(
    r"Error code: (\d{3}) - (?:\{.*?'message': [\"'])?(.+?)(?:; try:|\n| self =|[\"'][,}])"
)
_STATUS = re.compile(r"assert (\d{3}) == (\d{3})\b")
#: Characters of a reason that are told.
_LONGEST = 110


class Suite(NamedTuple):
    """Tests of somebody: `package` has them in its source distribution, below `folder`; `files` are
    those that ask for what the queen serves. `prefix` stands before each path at the queen; without
    one, ``/v1`` before those `below`."""

    name: str
    package: str
    folder: str
    files: Sequence[str]
    prefix: str = ""
    below: Sequence[str] = ()


SUITES = (
    Suite(
        "openai-python",
        "openai",
        ".",
        (
            "tests/api_resources/chat/test_completions.py",
            "tests/api_resources/test_completions.py",
            "tests/api_resources/test_embeddings.py",
            "tests/api_resources/test_models.py",
            "tests/api_resources/test_responses.py",
            "tests/api_resources/responses/test_input_tokens.py",
        ),
        "/v1",
    ),
    Suite(
        "anthropic",
        "anthropic",
        ".",
        (
            "tests/api_resources/test_messages.py",
            "tests/api_resources/beta/test_messages.py",
            "tests/api_resources/test_models.py",
        ),
    ),
    Suite(
        "llama.cpp's server",
        "xllamacpp",
        "thirdparty/llama.cpp/tools/server/tests",
        (
            "unit/test_basic.py",
            "unit/test_chat_completion.py",
            "unit/test_compat_anthropic.py",
            "unit/test_compat_oai_responses.py",
            "unit/test_completion.py",
            "unit/test_embedding.py",
            "unit/test_ignore_eos.py",
            "unit/test_vision_api.py",
        ),
        below=("/chat/completions", "/completions", "/responses", "/embeddings", "/models"),
    ),
)


class Result(NamedTuple):
    """What came of a file of tests: how many passed, were skipped, and failed, by reason."""

    passed: int
    skipped: int
    failed: Counter[str]


def python() -> str:
    """The Python of the environment that the tests run in."""
    return str(FOLDER / "environment" / "bin" / "python")


def fetched(suite: Suite) -> Path:
    """The folder of a suite's tests, fetched by pip where it is not here yet."""
    version = _version_of(suite.package)
    home = FOLDER / f"{suite.package}-{version}"
    if not home.exists():
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        wanted = f"{suite.package}=={version}"
        binary = ["--no-deps", "--no-binary", suite.package]
        subprocess.run([*pip, *binary, "-d", str(FOLDER), wanted], check=True)
        with tarfile.open(FOLDER / f"{suite.package}-{version}.tar.gz") as packed:
            packed.extractall(FOLDER, filter="data")
    return home / suite.folder


def run(suite: Suite, file: str, port: int) -> Result:
    """Runs a file of tests against what listens at `port` of this machine."""
    told = FOLDER / "told.xml"
    told.unlink(missing_ok=True)
    base = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "TEST_API_BASE_URL": base,
        "DEBUG_EXTERNAL": "1",
        "PORT": str(port),
        "PYTHONPATH": "",
    }
    options = ["-o", "addopts=", "-o", "filterwarnings=default", f"--timeout={_STUCK_S}"]
    command = [python(), "-m", "pytest", "-q", *options, f"--junitxml={told}", file]
    subprocess.run(command, cwd=fetched(suite), env=environment, capture_output=True)
    return _result(told)


def _result(told: Path) -> Result:
    if not told.exists():
        return Result(0, 0, Counter({"pytest did not run": 1}))
    passed, skipped = 0, 0
    failed: Counter[str] = Counter()
    for case in ET.parse(told).iter("testcase"):
        trouble = next((each for each in case if each.tag in ("failure", "error")), None)
        if trouble is not None:
            failed[_reason(f"{trouble.get('message', '')}\n{trouble.text or ''}")] += 1
        elif case.find("skipped") is not None:
            skipped += 1
        else:
            passed += 1
    return Result(passed, skipped, failed)


def _reason(text: str) -> str:
    refused = _REFUSED.search(text)
    if refused:
        return f"{refused[1]}: {refused[2]}"[:_LONGEST]
    status = _STATUS.search(text)
    if status:
        return f"answered with {status[1]}, where {status[2]} is wanted"
    return text.strip().splitlines()[0][:_LONGEST]


def _version_of(package: str) -> str:
    """The version that the environment has; of xllamacpp the one that rbee runs."""
    where = sys.executable if package == "xllamacpp" else python()
    script = f"from importlib.metadata import version; print(version('{package}'))"
    found = subprocess.run([where, "-c", script], capture_output=True, text=True, check=True)
    return found.stdout.strip()


def added(results: Mapping[str, Result]) -> Result:
    """All files of a suite together."""
    failed: Counter[str] = Counter()
    for each in results.values():
        failed.update(each.failed)
    passed = sum(each.passed for each in results.values())
    return Result(passed, sum(each.skipped for each in results.values()), failed)
