"""The queen's numbers, as Prometheus' own library reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from harness.cluster import Cluster


def ask_for_nothing(cluster: Cluster, model: str) -> None:
    """A chat with a model that is nowhere."""
    body = {"model": model, "messages": [{"role": "user", "content": "hello"}]}
    answer = cluster.http("POST", "queen", "/v1/chat/completions", body)
    assert answer.status >= 400, answer


def numbers(cluster: Cluster) -> list[Sample]:
    """All that she tells."""
    answer = cluster.http("GET", "queen", "/metrics")
    assert answer.status == 200, answer
    return [
        sample
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    ]


def assert_among(samples: Iterable[Sample], table: Iterable[Mapping[str, str]]) -> None:
    """Each row is one of them."""
    found = list(samples)
    for row in table:
        of = dict(each.split("=") for each in row["of"].split())
        values = [
            sample.value
            for sample in found
            if sample.name == row["number"] and of.items() <= sample.labels.items()
        ]
        assert values == [float(row["value"])], f"{row['number']} of {of}: {values}"
