"""Vectors of texts, asked of the queen over HTTP."""

from __future__ import annotations

import math
from collections.abc import Sequence

from fixtures import real
from harness import client
from harness.cluster import Cluster


def vectors_of(cluster: Cluster, model: str, texts: Sequence[str]) -> list[list[float]]:
    """One vector of each text, in their order. ``$MODELS`` is the folder of the real models."""
    body = {"model": model.replace("$MODELS", str(real.HOME)), "input": list(texts)}
    url = cluster.url("queen", "/v1/embeddings")
    answer = client.ask("POST", url, token=cluster.token, body=body, timeout=60.0)
    assert answer.status == 200, answer
    return [each["embedding"] for each in answer.json()["data"]]


def assert_nearer(vectors: Sequence[Sequence[float]]) -> None:
    """The first of three vectors points more to the second than to the third."""
    first, second, third = vectors
    assert _cosine(first, second) > _cosine(first, third), vectors


def assert_length(vectors: Sequence[Sequence[float]], length: int) -> None:
    """Each of them has so many numbers."""
    assert vectors and all(len(each) == length for each in vectors), [*map(len, vectors)]


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other)) / (math.hypot(*one) * math.hypot(*other))
