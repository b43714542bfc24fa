"""Clients that others wrote, pointed at the queen: programs with their packages, and commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness import clients
from harness.cluster import Cluster
from harness.program import Finished, Running
from harness.waiting import wait_until

#: What the packages take to start, where the machine is busy (seconds).
PATIENCE_S = 120.0
_PROGRAMS = {
    "OpenAI's client": "with_openai",
    "litellm": "with_litellm",
    "LangChain": "with_langchain",
}
_TRIED = re.compile(r"(\d+) generated, (\d+) passed")
_MODELS_OF_LLM = """
- model_id: bee
  model_name: minillama
  api_base: {url}
  api_key_name: openai
  supports_schema: true
- model_id: endless
  model_name: {endless}
  api_base: {url}
  api_key_name: openai
"""


def start(cluster: Cluster, package: str) -> Running:
    """A program with this package that reads what to ask for. It lives until the scenario ends."""
    _point_at_queen(cluster)
    python = shlex.quote(str(clients.HOME / "bin" / "python"))
    running = cluster.start(f"{python} -m harness.clients.{_PROGRAMS[package]}", keep_stdin=True)

    def end() -> None:
        running.close_stdin()
        cluster.assert_status(0, cluster.finish(running))

    cluster.on_close(end)
    return running


def asked_each(cluster: Cluster, package: str, names: Sequence[str]) -> list[str]:
    """What a program with this package gets, name by name."""
    running = start(cluster, package)
    for name in names:
        running.type(name)
    told = running.wait_for_text(f"\t{names[-1]}\n", PATIENCE_S).splitlines()
    answers = [line.rpartition("\t") for line in told]
    assert [name for _, _, name in answers] == list(names), running
    return [answer for answer, _, _ in answers]


def install_llm(cluster: Cluster) -> None:
    """The command `llm` of somebody who has told it of the queen and her models."""
    _point_at_queen(cluster)
    home = cluster.user_home / "llm"
    home.mkdir()
    listed = _MODELS_OF_LLM.format(url=cluster.url("queen", "/v1"), endless=clients.ENDLESS)
    (home / "extra-openai-models.yaml").write_text(listed)
    cluster.environment["LLM_USER_PATH"] = str(home)
    (cluster.folder / "bin" / "llm").symlink_to(clients.HOME / "bin" / "llm")


def try_everything(cluster: Cluster) -> Finished:
    """Has Schemathesis read the queen's document and try whatever it allows or forbids."""
    _point_at_queen(cluster)
    tried = shlex.quote(str(clients.HOME / "bin" / "schemathesis"))
    settings = shlex.quote(str(Path(clients.__file__).with_name("schemathesis.toml")))
    document = cluster.url("queen", "/openapi.json")
    return cluster.run(f"{tried} --config-file {settings} run {document}", timeout=PATIENCE_S)


def assert_found_nothing(finished: Finished) -> None:
    """It has tried a lot, and everything passed."""
    assert finished.status == 0, finished
    counts = _TRIED.search(finished.stdout)
    assert counts is not None, finished
    assert counts[1] == counts[2], finished
    assert int(counts[1]) > 500, finished


def assert_says(finished: Sequence[Finished], rows: Sequence[Mapping[str, str]]) -> None:
    """Each command ended with the `status` of its row, and said what it `says`."""
    for each, row in zip(finished, rows, strict=True):
        assert each.status == int(row["status"]), each
        assert row["says"] in each.stdout + each.stderr, each


def assert_cancelled(cluster: Cluster) -> None:
    """The job that came last is cancelled, now or within a second."""

    def cancelled() -> bool:
        last = cluster.queen_get("/jobs")["jobs"][0]
        assert last["state"] == "cancelled", last
        return True

    wait_until("the last job is cancelled", cancelled, 1.0)


def _point_at_queen(cluster: Cluster) -> None:
    """As ``rbee-keeper up --print-env`` does; nobody asks the internet for anything."""
    cluster.environment.update(
        OPENAI_BASE_URL=cluster.url("queen", "/v1"),
        OPENAI_API_KEY=cluster.token,
        LITELLM_LOCAL_MODEL_COST_MAP="True",
        # Without byte code each start would take seconds.
        PYTHONDONTWRITEBYTECODE="",
    )
