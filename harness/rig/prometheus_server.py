"""A real Prometheus that reads the numbers of a queen, configured as the README has it."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness.rig.cluster import ROOT, Cluster
from harness.rig.ports import free_port
from harness.rig.program import die_with_parent, end, spawn
from harness.rig.waiting import wait_until
from harness.rig.watching import DASHBOARD

_BLOCK = re.compile(r"```yaml\n(scrape_configs:\n.*?)```", re.DOTALL)
#: How long it may take to start, and to have read once (seconds).
_READ_S = 120.0


def reason_why_not() -> str:
    """Why there is none here; "" where there is."""
    return "" if shutil.which("prometheus") else "Prometheus is not installed (apt: prometheus)"


class PrometheusServer:
    """A server that reads the queen of a scenario each second, until it is closed."""

    def __init__(self, cluster: Cluster) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="prometheus-", dir=cluster.folder))
        self._url = f"http://127.0.0.1:{free_port()}"
        config = self._folder / "prometheus.yml"
        config.write_text(f"global: {{scrape_interval: 1s}}\n{readme_config(cluster)}")
        self._log = self._folder / "log"
        program = shutil.which("prometheus")
        assert program, reason_why_not()
        with open(self._log, "wb") as log:
            self._running = spawn(
                [
                    program,
                    f"--config.file={config}",
                    f"--storage.tsdb.path={self._folder / 'data'}",
                    f"--web.listen-address={self._url.removeprefix('http://')}",
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )
        cluster.on_close(self.close)

    def close(self) -> None:
        """It has read enough."""
        end(self._running, signal.SIGTERM)

    def until_read(self) -> None:
        """Returns once it has read the queen's numbers. Raises AssertionError with its log."""

        def has_read() -> bool:
            assert self._running.poll() is None, self._log.read_text()
            targets = self._asked("targets")["activeTargets"]
            assert targets and targets[0]["health"] == "up", targets
            return True

        wait_until("Prometheus has read the numbers", has_read, _READ_S)

    def assert_stored(self, table: Iterable[Mapping[str, str]]) -> None:
        """Each row is what it answers to a question."""
        for row in table:
            found = self._answer(row["question"])
            assert [value for _, value in found] == [row["answer"]], (row, found)

    def assert_answers_dashboard(self) -> None:
        """It understands each question of the dashboard, and knows an answer to some."""
        panels = json.loads(DASHBOARD.read_text())["panels"]
        questions = [each["expr"] for panel in panels for each in panel.get("targets", ())]
        answers = {each: self._answer(each) for each in questions}
        assert any(answers.values()), answers

    def _answer(self, question: str) -> list[tuple[float, str]]:
        results = self._asked("query", query=question)["result"]
        return [(float(each["value"][0]), each["value"][1]) for each in results]

    def _asked(self, what: str, **how: str) -> Any:
        url = f"{self._url}/api/v1/{what}?{urllib.parse.urlencode(how)}"
        try:
            with urllib.request.urlopen(url, timeout=30.0) as answer:
                told = json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{how}: {error.read().decode()}") from None
        except OSError as error:  # it starts
            raise AssertionError(f"{url}: {error}") from None
        assert told["status"] == "success", told
        return told["data"]


def readme_config(cluster: Cluster) -> str:
    """What the README says to write, for the queen and the home of a scenario."""
    found = _BLOCK.search((ROOT / "README.md").read_text())
    assert found, "the README has no scrape_configs"
    text = found[1].replace("/home/me/.rbee", str(cluster.home))
    queen = cluster.ports.instead_of(8500)
    assert "127.0.0.1:8500" in text and str(cluster.home) in text, text
    return text.replace("127.0.0.1:8500", f"127.0.0.1:{queen}")
