"""Clients that others wrote, pointed at the queen: programs with their packages, and commands."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from harness import clients
from harness.cluster import Cluster
from harness.program import Finished
from harness.waiting import wait_until

#: What the packages take to start, where the machine is busy (seconds).
PATIENCE_S = 60.0
_PROGRAMS = {"litellm": "with_litellm", "LangChain": "with_langchain"}
_ENDLESS = "HF:author/endless-llama"
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


def asked_each(cluster: Cluster, package: str, names: Sequence[str]) -> list[str]:
    """What a program with this package gets, name by name. It lives until the scenario ends."""
    _point_at_queen(cluster)
    python = shlex.quote(str(clients.HOME / "bin" / "python"))
    running = cluster.start(f"{python} -m harness.clients.{_PROGRAMS[package]}", keep_stdin=True)

    def end() -> None:
        running.close_stdin()
        cluster.assert_status(0, cluster.finish(running))

    cluster.on_close(end)
    for name in names:
        running.type(name)
    told = running.wait_for_text(f"\t{names[-1]}\n", PATIENCE_S).splitlines()
    answers = dict(reversed(line.split("\t")) for line in told)
    return [answers[name] for name in names]


def install_llm(cluster: Cluster) -> None:
    """The command `llm` of somebody who has told it of the queen and her models."""
    _point_at_queen(cluster)
    home = cluster.user_home / "llm"
    home.mkdir()
    listed = _MODELS_OF_LLM.format(url=cluster.url("queen", "/v1"), endless=_ENDLESS)
    (home / "extra-openai-models.yaml").write_text(listed)
    cluster.environment["LLM_USER_PATH"] = str(home)
    (cluster.folder / "bin" / "llm").symlink_to(clients.HOME / "bin" / "llm")


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
