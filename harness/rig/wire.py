"""The contract as a program sees it: one request, its answer, the stream behind it."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import math
import socket
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import aiohttp
from aiohttp_sse_client.client import EventSource

from fixtures import real
from harness.rig import client
from harness.rig.cluster import Cluster
from harness.rig.waiting import wait_until

#: How long something that is due may still take, in seconds.
_A_LITTLE_S = 30.0
#: How long a real model may take to answer the first who asks (seconds).
_LOADED_S = 60.0


def ask(cluster: Cluster, role: str, request: str, body: str | None = None) -> client.Answer:
    """One request such as ``GET /jobs``, with the token; the body is sent as it is.

    ``$MODELS`` in it is the folder of the real models, which take their time to be loaded.
    """
    method, path = request.split(" ")
    if body is not None and "$MODELS" in body:
        return cluster.http(
            method, role, path, body.replace("$MODELS", str(real.HOME)), timeout=_LOADED_S
        )
    return cluster.http(method, role, path, body)


def send_each(cluster: Cluster, table: Iterable[Mapping[str, str]]) -> dict[str, client.Answer]:
    """What each request of a table is answered, by who is asked for what."""
    (worker,) = cluster.queen_get("/workers")["workers"]
    answers = {}
    for row in table:
        body = row["body"].replace("<worker id>", worker["worker_id"]) or None
        asked = f"{row['to']} {row['request']} {row['body']}"
        answers[asked] = ask(cluster, row["to"], row["request"], body)
    return answers


def assert_accepted(answers: Mapping[str, client.Answer]) -> None:
    """Nobody was refused."""
    assert answers
    for asked, answer in answers.items():
        assert 200 <= answer.status < 300, f"{asked}: {answer}"


def submit(cluster: Cluster, **fields: Any) -> dict[str, Any]:
    """Hands a job in at the queen."""
    fields = {"model_ref": "minillama", "prompt": "hello", "temperature": 0, **fields}
    answer = cluster.http("POST", "queen", "/jobs", fields)
    assert answer.status == 202, answer
    job: dict[str, Any] = answer.json()
    return job


def finished_job(cluster: Cluster) -> dict[str, Any]:
    """A job that is over, and was a success."""
    job = submit(cluster)
    cluster.listen("queen", job["events_url"])
    return job


def busy_worker(cluster: Cluster) -> None:
    """Begins an inference in every slot of the worker."""
    (worker,) = cluster.queen_get("/workers")["workers"]
    for number in range(worker["slots"]):
        begin_inference(cluster, f"number-{number}")


def begin_inference(cluster: Cluster, name: str) -> None:
    """Under this name; whether it comes to an end is up to the worker's model. With the scenario it
    is ended: a worker that is lent would compute for nobody, and the queen hears of it late."""
    fields = {"prompt": "tell me a story", "infer_id": name}
    answer = cluster.http("POST", "worker", "/infer", fields)
    cluster.on_close(lambda: cluster.http("DELETE", "worker", f"/infer/{name}"))
    assert answer.status == 202, answer
    assert answer.json()["infer_id"] == name, answer


def assert_answer(answer: client.Answer, status: int, fields: str) -> None:
    """The status, and exactly these fields."""
    assert answer.status == status, answer
    expected = {field.strip() for field in fields.split(",")}
    assert set(answer.json()) == expected, answer


def assert_errors(answers: Sequence[client.Answer], rows: Sequence[Any]) -> None:
    """Each answer is the error that its row tells: `status`, `code`, part of the `message`."""
    assert len(answers) == len(rows) > 0
    for answer, row in zip(answers, rows, strict=True):
        assert_error(answer, int(row["status"]), row["code"])
        assert_message(answer, row["message"])


def stream_of_old(cluster: Cluster) -> bytes:
    """All that comes on a connection of HTTP/1.0, which its client does not end, for an answer in
    pieces. Raises TimeoutError where it is kept open."""
    said = {"model": "minillama", "stream": True, "max_tokens": 2}
    body = json.dumps({**said, "messages": [{"role": "user", "content": "hello"}]}).encode()
    head = (
        "POST /v1/chat/completions HTTP/1.0\r\n"
        f"Authorization: Bearer {cluster.token}\r\n"
        "Connection: keep-alive\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", cluster.ports.queen), _LOADED_S) as connected:
        connected.sendall(head.encode() + body)
        return b"".join(iter(lambda: connected.recv(65536), b""))


def assert_statuses(answers: Sequence[client.Answer], rows: Sequence[Any]) -> None:
    """Each answer has the status of its row."""
    found = [(row["request"], str(answer.status)) for answer, row in zip(answers, rows)]
    assert found == [(row["request"], row["status"]) for row in rows], found


def assert_said(answers: Sequence[client.Answer], rows: Sequence[Any]) -> None:
    """Each answer holds what its row `says`."""
    for answer, row in zip(answers, rows, strict=True):
        assert row["says"] in answer.text, (row["request"], answer)


def assert_allowed(answers: Sequence[client.Answer], rows: Sequence[Any]) -> None:
    """Each answer has the status of its row, and names the methods that are `allowed` there."""
    assert_statuses(answers, rows)
    found = [answer.headers.get("allow", "") for answer in answers]
    assert found == [row["allowed"] for row in rows], found


def assert_field(answer: client.Answer, field: str, value: str) -> None:
    """A field of the answer has this value."""
    assert str(answer.json()[field]) == value, answer


def assert_error(answer: client.Answer, status: int, code: str) -> None:
    """An error in its one form: a code, a message and a suggestion."""
    assert answer.status == status, answer
    error = answer.json()["error"]
    assert error["code"] == code, error
    assert error["message"], error
    assert error["suggestion"], error


def assert_message(answer: client.Answer, text: str) -> None:
    """The message of an error contains this text."""
    assert text in answer.json()["error"]["message"], answer


def assert_empty(answer: client.Answer, status: int) -> None:
    """The status, and no body."""
    assert (answer.status, answer.text) == (status, ""), answer


def assert_ends_with(stream: client.Stream, names: str) -> None:
    """The last events of a stream, runs of the same name counted as one."""
    expected = names.split(", ")
    runs = [name for name, _ in itertools.groupby(stream.names())]
    assert runs[-len(expected) :] == expected, stream.names()
    assert stream.rest == "", stream.rest


def assert_same_vectors(stream: client.Stream, count: int) -> None:
    """Two vectors in their order, equal, of `count` numbers as float32, of length 1."""
    told = [json.loads(event.data) for event in stream.events if event.event == "vector"]
    assert [each["i"] for each in told] == [0, 1], told
    first, second = (struct.unpack(f"<{count}f", base64.b64decode(each["v"])) for each in told)
    assert first == second, (first, second)
    assert math.isclose(math.hypot(*first), 1, abs_tol=1e-5), first


def assert_counts_up(stream: client.Stream, first: int) -> None:
    """The ids are consecutive numbers that begin with `first`."""
    ids = [int(event.id) for event in stream.events if event.id]
    assert ids == list(range(first, first + len(ids))), ids
    assert ids, stream


def assert_listed(cluster: Cluster, job_id: str, state: str) -> None:
    """`GET /jobs` and `GET /jobs/{id}` tell the same of a job, its placement and counts too."""
    one = cluster.queen_get(f"/jobs/{job_id}")
    assert one in cluster.queen_get("/jobs")["jobs"], one
    assert one["state"] == state, one
    assert one["hive_id"] == "localhost", one
    assert one["device"] == "cpu", one
    assert one["tokens_in"] > 0, one
    assert one["tokens_out"] > 0, one


async def text_by_independent_client(cluster: Cluster, path: str) -> str:
    """The tokens of a stream, read with the SSE client of another project."""
    headers = {"Authorization": f"Bearer {cluster.token}"}
    texts = []
    async with aiohttp.ClientSession(headers=headers) as session:
        source = EventSource(cluster.url("queen", path), session=session, max_connect_retry=0)
        async with source:
            async for event in source:
                if event.data == "[DONE]":
                    break
                if event.type == "token":
                    texts.append(json.loads(event.data)["t"])
    await asyncio.sleep(0)
    return "".join(texts)


def lists(cluster: Cluster) -> dict[str, Any]:
    """What the queen lists, by route."""
    return {route: cluster.queen_get(route) for route in ("/hives", "/workers", "/models")}


def stop_worker(cluster: Cluster) -> client.Answer:
    """Asks the hive to end its one worker."""
    workers = cluster.http("GET", "hive", "/workers").json()["workers"]
    assert len(workers) == 1, workers
    return cluster.http("DELETE", "hive", f"/workers/{workers[0]['worker_id']}")


def assert_forgotten(cluster: Cluster, job: dict[str, Any]) -> None:
    """The queen knows neither the job nor what it told."""
    for path in (f"/jobs/{job['job_id']}", job["events_url"]):
        assert_error(cluster.http("GET", "queen", path), 404, "job_not_found")


def assert_told_again(cluster: Cluster, jobs: Sequence[dict[str, Any]]) -> None:
    """The events of jobs that are over come from the first to the last."""
    for job in jobs:
        stream = cluster.listen("queen", job["events_url"])
        assert_counts_up(stream, 1)
        assert_ends_with(stream, "token, narration, done, [DONE]")


def assert_forgotten_within(
    cluster: Cluster, jobs: Sequence[dict[str, Any]], seconds: float
) -> None:
    """So much later, and a little more, each of these jobs is forgotten, and none is listed."""

    def all_forgotten() -> bool:
        return not cluster.queen_get("/jobs")["jobs"]

    wait_until("no job is listed", all_forgotten, seconds + _A_LITTLE_S)
    for job in jobs:
        assert_forgotten(cluster, job)
