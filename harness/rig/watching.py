"""The queen's numbers, as Prometheus' own library reads them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from harness.rig.cluster import Cluster

DASHBOARD = Path(__file__).resolve().parents[2] / "docs" / "grafana.json"
_NUMBER = re.compile(r"\brbee_\w+")


def ask_for_nothing(cluster: Cluster, model: str) -> None:
    """A chat with a model that is nowhere."""
    body = {"model": model, "messages": [{"role": "user", "content": "hello"}]}
    answer = cluster.http("POST", "queen", "/v1/chat/completions", body)
    assert answer.status >= 400, answer


def count_tokens(cluster: Cluster) -> None:
    """A text whose tokens are counted, and nothing else."""
    body = {"model": "minillama", "messages": [{"role": "user", "content": "bees and more bees"}]}
    answer = cluster.http("POST", "queen", "/v1/messages/count_tokens", body)
    assert answer.status == 200 and answer.json()["input_tokens"] > 10, answer


def numbers(cluster: Cluster) -> list[Metric]:
    """All that she tells."""
    answer = cluster.http("GET", "queen", "/metrics")
    assert answer.status == 200, answer
    return list(text_string_to_metric_families(answer.text))


def assert_shown(metrics: Iterable[Metric]) -> None:
    """The dashboard asks for nothing else."""
    told = {metric.name for metric in metrics}
    shown = {
        re.sub("_(total|bucket)$", "", name) for name in _NUMBER.findall(DASHBOARD.read_text())
    }
    assert shown and shown <= told, shown - told


def assert_among(metrics: Iterable[Metric], table: Iterable[Mapping[str, str]]) -> None:
    """Each row is one of them."""
    found = [sample for metric in metrics for sample in metric.samples]
    for row in table:
        of = dict(each.split("=") for each in row["of"].split())
        values = [
            sample.value
            for sample in found
            if sample.name == row["number"] and of.items() <= sample.labels.items()
        ]
        assert values == [float(row["value"])], f"{row['number']} of {of}: {values}"
