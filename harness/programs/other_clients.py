"""Clients that others wrote, pointed at the queen: programs with their packages, and commands."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness import clients
from harness.rig import lent_clients
from harness.rig.cluster import Cluster
from harness.rig.lent_clients import LentClient
from harness.rig.overhearing import Exchange, Overhearing
from harness.rig.program import Finished
from harness.rig.waiting import wait_until

#: What it takes to try everything: some 2,500 requests, and many more where each is sent (seconds).
_ALL_TRIED_S = 900.0
#: Set for Schemathesis to try each value of each field (`clients.short_answers`), and at random so
#: many requests of each kind.
_EVERYWHERE, _AT_RANDOM = "HARNESS_EVERYWHERE", "--max-examples 5"
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
#: What aider is told besides: no questions, no commits, and nobody asks the internet.
_OF_AIDER = {
    "AIDER_YES_ALWAYS": "true",
    "AIDER_GIT": "false",
    "AIDER_CHECK_UPDATE": "false",
    "AIDER_ANALYTICS_DISABLE": "true",
    "AIDER_SHOW_RELEASE_NOTES": "false",
    "AIDER_SHOW_MODEL_WARNINGS": "false",
    "AIDER_DETECT_URLS": "false",
}
#: Where it keeps the prices of models, which it would look up.
_PRICES = ".aider/caches/model_prices_and_context_window.json"


def start(cluster: Cluster, package: str, port: int = 0, secret: str = "") -> LentClient:
    """A program with this package, which is asked for one thing after the other.

    It finds the queen at `port`, else at her own, and shows the `secret`, else the swarm's token.
    """
    _point_at_queen(cluster, port, secret)
    program = lent_clients.borrow(package)
    cluster.on_close(program.give_back)
    program.begin(cluster.environment)
    return program


def asked_each(
    cluster: Cluster, package: str, names: Sequence[str], secret: str = ""
) -> tuple[list[str], list[list[Exchange]]]:
    """What a program with this package gets, and what the queen sent for it, name by name.

    It shows the `secret` of a key, else the swarm's own token.
    """
    heard = _overhear(cluster)
    program = start(cluster, package, heard.port, secret)
    told, sent = [], []
    for name in names:
        program.ask(name)
        told.append(program.answer())
        sent.append(heard.news())
    return told, sent


def assert_sent(sent: Sequence[Sequence[Exchange]], rows: Sequence[Mapping[str, str]]) -> None:
    """The queen sent for each row what `she sends`, and was asked no more often than that."""
    told = [", ".join(map(str, each)) for each in sent]
    assert told == [row["she sends"] for row in rows], sent


def install_llm(cluster: Cluster, port: int = 0) -> None:
    """The command `llm` of somebody who has told it of the queen and her models.

    It finds her at `port`, else at her own.
    """
    _point_at_queen(cluster, port)
    home = cluster.user_home / "llm"
    home.mkdir()
    listed = _MODELS_OF_LLM.format(
        url=cluster.environment["OPENAI_BASE_URL"], endless=clients.ENDLESS
    )
    (home / "extra-openai-models.yaml").write_text(listed)
    cluster.environment["LLM_USER_PATH"] = str(home)
    _install(cluster, "llm")


def install_aider(cluster: Cluster, port: int) -> None:
    """The command `aider` of somebody who has told it of the queen, found at this port."""
    _point_at_queen(cluster, port)
    url = cluster.environment["OPENAI_BASE_URL"]
    cluster.environment.update(_OF_AIDER, OPENAI_API_BASE=url)
    prices = cluster.user_home / _PRICES
    prices.parent.mkdir(parents=True)
    prices.write_text('{"none": {}}')
    _install(cluster, "aider")


_INSTALL = {"llm": install_llm, "aider": install_aider}


def type_each(
    cluster: Cluster, program: str, lines: Sequence[str]
) -> tuple[list[Finished], list[list[Exchange]]]:
    """What came of each command line of this program, and what the queen sent for it."""
    heard = _overhear(cluster)
    _INSTALL[program](cluster, heard.port)
    finished, sent = [], []
    for line in lines:
        finished.append(cluster.run(line))
        sent.append(heard.news())
    return finished, sent


def try_everything(cluster: Cluster) -> tuple[Finished, list[Exchange]]:
    """Has Schemathesis read the queen's document and try whatever it allows or forbids."""
    heard = _overhear(cluster)
    _point_at_queen(cluster, heard.port)
    tried = shlex.quote(str(clients.HOME / "bin" / "schemathesis"))
    settings = shlex.quote(str(Path(clients.__file__).with_name("schemathesis.toml")))
    document = f"http://127.0.0.1:{heard.port}/openapi.json"
    more = _AT_RANDOM if os.environ.get(_EVERYWHERE) else ""
    command = f"{tried} --config-file {settings} run {document} {more}"
    return cluster.run(command, timeout=_ALL_TRIED_S), heard.news()


def assert_found_nothing(finished: Finished, sent: Sequence[Exchange]) -> None:
    """It has tried a lot, was never answered that the queen is broken, and ended well."""
    assert finished.status == 0, finished
    assert len(sent) > 2000, (len(sent), finished)
    # 503 is an answer of its own: nothing can be had now.
    broken = [one for one in sent if one.status >= 500 and one.status != 503]
    assert not broken, broken


def assert_says(finished: Sequence[Finished], rows: Sequence[Mapping[str, str]]) -> None:
    """Each command `says` what its row tells, and `ends` well or badly."""
    for each, row in zip(finished, rows, strict=True):
        assert ("well" if each.status == 0 else "badly") == row["ends"], each
        assert row["says"] in each.stdout, each


def assert_cancelled(cluster: Cluster) -> None:
    """The job that came last is cancelled, now or in a moment."""

    def cancelled() -> bool:
        last = cluster.queen_get("/jobs")["jobs"][0]
        assert last["state"] == "cancelled", last
        return True

    wait_until("the last job is cancelled", cancelled)


def _install(cluster: Cluster, command: str) -> None:
    """Has the command be found, which a program runs that imports its packages once."""
    program = lent_clients.borrow(command)
    cluster.on_close(program.give_back)
    program.begin({})
    found = cluster.folder / "bin" / command
    found.write_text(f'#!/bin/sh\nexec {program.command()} "$@"\n')
    found.chmod(0o755)


def _overhear(cluster: Cluster) -> Overhearing:
    """A way to the queen on which it is heard what she sends."""
    heard = Overhearing(cluster.ports.queen)
    cluster.on_close(heard.close)
    return heard


def _point_at_queen(cluster: Cluster, port: int = 0, secret: str = "") -> None:
    """As ``rbee-keeper up --print-env`` does; nobody asks the internet for anything."""
    cluster.environment.update(
        OPENAI_BASE_URL=f"http://127.0.0.1:{port or cluster.ports.queen}/v1",
        OPENAI_API_KEY=secret or cluster.token,
        OLLAMA_HOST=f"http://127.0.0.1:{port or cluster.ports.queen}",
        OLLAMA_API_KEY=secret or cluster.token,
        ANTHROPIC_BASE_URL=f"http://127.0.0.1:{port or cluster.ports.queen}",
        ANTHROPIC_API_KEY=secret or cluster.token,
        LITELLM_LOCAL_MODEL_COST_MAP="True",
        # Without byte code each start would take seconds.
        PYTHONDONTWRITEBYTECODE="",
    )
