"""The swarm of a scenario, brought into a state and looked at from outside."""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import psutil

from harness.rig import client, lent_swarms, routes, transcript
from harness.rig import cluster as processes
from harness.rig.census import Member
from harness.rig.cluster import Cluster
from harness.rig.waiting import wait_until
from rbee.wire.messages.basics import HEALTH
from rbee.wire.routes import Who

#: How long a stream that goes on is read when it has nothing new (seconds).
_QUIET_S = 0.2
#: How long a program may be silent where heartbeats come often, in seconds: a machine on which much
#: else runs keeps a program from its processor for as long as seconds.
_SILENCE_S = 4.0
_OVER = ("done", "failed", "cancelled")


def wake_queen(cluster: Cluster) -> None:
    """A queen that a person has started in another terminal."""
    lent_swarms.awake(cluster, lambda: cluster.on_end(_started(cluster, "queen-rbee", "queen")))


@contextlib.contextmanager
def queen_meanwhile(cluster: Cluster) -> Iterator[None]:
    """A queen that a person starts, and ends with the block: she takes her hives with her."""
    end = _started(cluster, "queen-rbee", "queen")
    yield
    end()


def wake_foreign_queen(cluster: Cluster) -> None:
    """A queen of another person, with another home, on this scenario's port."""
    foreign = cluster.folder / "foreign"
    cluster.on_close(_started(cluster, f"RBEE_HOME={foreign} queen-rbee", "queen"))


def start_hive_by_hand(cluster: Cluster, host: str) -> None:
    """A hive that a person has started for the queen, whose machine they call `host`."""
    port = cluster.url("queen", "").rpartition(":")[2]
    cluster.on_close(_started(cluster, f"rbee-hive --queen-url http://{host}:{port}", "hive"))


def warm_up(cluster: Cluster) -> None:
    """A queen, a hive and a worker that holds minillama, all waiting for work."""
    leave_warm(cluster, "rbee-keeper infer --keep-alive 'hello'")


def leave_warm(cluster: Cluster, command_line: str) -> None:
    """A swarm that the keeper of this command woke and let be."""

    def wake() -> None:
        cluster.assert_status(0, cluster.run(command_line))
        cluster.expect_warm()

    lent_swarms.awake(cluster, wake)


def terminate(cluster: Cluster, role: str) -> None:
    """SIGTERM to the one process of this role; what was warm is to go to sleep by that."""
    cluster.expect_asleep()
    os.kill(the_one(cluster, role).pid, signal.SIGTERM)


def set_heartbeats(cluster: Cluster, interval_s: float) -> None:
    """Heartbeats come that often, and who sends none for `_SILENCE_S` counts as gone."""
    missed = max(3, math.ceil(_SILENCE_S / interval_s))
    cluster.set(heartbeat_interval=interval_s, heartbeats_missed=missed)


def wait_for_heartbeats(cluster: Cluster, count: int) -> None:
    """Waits until so many heartbeats more have reached the queen."""
    seen: set[int] = set()

    def enough() -> bool:
        hives = cluster.queen_get("/hives")["hives"]
        seen.update(hive["last_heartbeat_ms"] for hive in hives)
        return len(seen) > count

    wait_until(f"{count} more heartbeats", enough)


def assert_status(cluster: Cluster, hive_id: str, status: str) -> None:
    """The queen gives a hive this status, now or in a moment."""

    def told() -> bool:
        hives = {hive["hive_id"]: hive["status"] for hive in cluster.queen_get("/hives")["hives"]}
        assert hives.get(hive_id) == status, hives
        return True

    wait_until(f"hive {hive_id} is {status}", told)


def assert_job(cluster: Cluster, state: str) -> None:
    """The queen lists one job, in this state, now or in a moment."""

    def is_in_it() -> bool:
        jobs = cluster.queen_get("/jobs")["jobs"]
        assert [job["state"] for job in jobs] == [state], jobs
        return True

    wait_until(f"the only job is {state}", is_in_it)


def wait_until_jobs_are_over(cluster: Cluster, deadline_s: float) -> dict[str, str]:
    """The states of all jobs that the queen lists, by their ids, once none of them runs."""

    def all_over() -> bool:
        running = [job for job in cluster.queen_get("/jobs")["jobs"] if job["state"] not in _OVER]
        assert not running, running
        return True

    wait_until("every job is over", all_over, deadline_s)
    return {job["job_id"]: job["state"] for job in cluster.queen_get("/jobs")["jobs"]}


def freeze(cluster: Cluster, role: str) -> Member:
    """SIGSTOP: the one process of this role is there and answers nobody."""
    member = the_one(cluster, role)
    processes.freeze(member)
    return member


def thaw(member: Member) -> None:
    """SIGCONT: it goes on."""
    processes.thaw(member)


def assert_replaced(cluster: Cluster, gone: Member) -> None:
    """Another process plays the role of one that was stuck, which is gone."""

    def replaced() -> bool:
        found = cluster.processes(gone.role)
        assert len(found) == 1, found
        assert found[0].pid != gone.pid, found
        return True

    wait_until(f"another {gone.role} has taken the place of pid {gone.pid}", replaced)


def wait_for_slots(cluster: Cluster, *, free: bool) -> bool:
    """Every worker tells, now or in a moment, that all its slots are free, or that one is taken."""

    def told() -> bool:
        workers = cluster.queen_get("/workers")["workers"]
        assert workers, "the queen lists no worker"
        assert all((one["slots_free"] == one["slots"]) is free for one in workers), workers
        return True

    wait_until("the workers' slots are as they should be", told)
    return True


def assert_only_worker(cluster: Cluster, model_ref: str, device: str) -> None:
    """The queen lists one worker, with this model on this device, now or in a moment."""

    def is_alone() -> bool:
        workers = cluster.queen_get("/workers")["workers"]
        return [(one["model_ref"], one["device"]) for one in workers] == [(model_ref, device)]

    wait_until(f"the only worker has {model_ref} on {device}", is_alone)


def told_to_cluster(cluster: Cluster) -> list[str]:
    """``actor: line`` of each event that belongs to no job, from the first one that is kept."""
    stream = cluster.listen("queen", "/events", last_event_id="0", until_silent=_QUIET_S)
    told = [event.json() for event in stream.events]
    return [f"{narration['actor']}: {narration['human']}" for narration in told]


def assert_told(cluster: Cluster, expected: str) -> None:
    """These lines come in this order among what is told, now or in a moment."""

    def is_told() -> bool:
        transcript.assert_in_order(expected, told_to_cluster(cluster), cluster.ports)
        return True

    wait_until("the queen has told it", is_told, 10.0)


def assert_logged(cluster: Cluster, role: str, text: str) -> None:
    """A line with this text stands in the log of a program, now or in a moment."""

    def is_logged() -> bool:
        written = _logged(cluster, role)
        assert text in written, written
        return True

    wait_until(f"the log of the {role} says {text!r}", is_logged)


def assert_not_logged(cluster: Cluster, role: str, text: str) -> None:
    """No line with this text stands in the log of a program, which has written some."""
    written = _logged(cluster, role)
    assert written and text not in written, written


def _logged(cluster: Cluster, role: str) -> str:
    return "".join(log.read_text() for log in (cluster.home / "logs").glob(f"{role}*.log"))


def assert_degraded(cluster: Cluster, hive_id: str, devices: str) -> None:
    """The queen lists these devices of a hive as degraded, with the reason and the time."""
    hives = {hive["hive_id"]: hive for hive in cluster.queen_get("/hives")["hives"]}
    degraded = hives[hive_id]["degraded"]
    assert sorted(each["device"] for each in degraded) == devices.split(", "), degraded
    assert all(each["why"] and each["until_ms"] for each in degraded), degraded


def assert_no_process(cluster: Cluster) -> None:
    """No process of ours runs, whoever else holds a port."""
    wait_until("no process of rbee runs", lambda: not cluster.processes())


#: What is served nowhere, by role.
_NOTHING = {"queen": ("/nothing-here", "/v1/nothing-here", "/api/nothing-here")}


def ask_without_token(cluster: Cluster, role: str) -> dict[str, client.Answer]:
    """What a server answers to a request for each of its routes that shows no token."""
    asked = [
        (route.method, routes.example(route))
        for route in routes.served(role)
        if route is HEALTH or route.who is not Who.ANYBODY
    ]
    asked += [("GET", path) for path in _NOTHING.get(role, ("/nothing-here",))]
    return {
        f"{method} {path}": cluster.http(method, role, path, token=None) for method, path in asked
    }


def assert_unauthorized(answers: dict[str, client.Answer]) -> None:
    """Every route but the health route refused to answer."""
    assert answers.pop("GET /health").status == 200
    for route, answer in answers.items():
        assert answer.status == 401, f"{route}: {answer}"
        error = answer.json()["error"]
        if " /api/" in route:
            assert isinstance(error, str), f"{route}: {answer}"
            continue
        if " /v1/messages" in route:
            assert error["type"] == "authentication_error", f"{route}: {answer}"
            continue
        code = "invalid_api_key" if " /v1" in route else "unauthorized"
        assert error["code"] == code, f"{route}: {answer}"


def ask_listening_ports(cluster: Cluster, role: str) -> dict[str, int]:
    """The status that each port of a process gives to a request without a secret."""
    process = psutil.Process(the_one(cluster, role).pid)
    ports = {each.laddr.port for each in process.net_connections("inet") if not each.raddr}
    return {
        f"{port}{path}": client.ask("GET", f"http://127.0.0.1:{port}{path}").status
        for port in sorted(ports)
        for path in ("/props", "/slots", "/v1/models", "/infer/x/events")
    }


def connections_to_worker(cluster: Cluster) -> set[int]:
    """The ports of the queen's own side of what she has open to the worker."""
    (worker,) = cluster.queen_get("/workers")["workers"]
    port = urlsplit(worker["url"]).port
    queen = psutil.Process(the_one(cluster, "queen").pid)
    open_now = [each for each in queen.net_connections("tcp") if each.raddr]
    return {each.laddr.port for each in open_now if each.raddr.port == port}


def kill(cluster: Cluster, role: str) -> Member:
    """kill -9 of the one process of this role."""
    member = the_one(cluster, role)
    processes.kill(member)
    return member


def kill_newest(cluster: Cluster, role: str) -> None:
    """kill -9 of the process of this role that was started last."""
    processes.kill(max(cluster.processes(role), key=lambda each: each.started))


def assert_nothing_was_started(cluster: Cluster) -> None:
    """No queen, hive or worker has ever run in this scenario: none has a log."""
    roles = {name.partition("-")[0].removesuffix(".log") for name in cluster.logs()}
    assert not roles & {"queen", "hive", "worker"}, f"logs of {sorted(roles)}"


def assert_hive(cluster: Cluster, hive_id: str) -> None:
    """The queen remembers a hive of this name."""
    assert _hive(cluster, hive_id)


def assert_no_hive(cluster: Cluster) -> None:
    """The queen remembers no machine."""
    assert not cluster.rows("queen.db", "select id from hives")


def assert_hive_gpus(cluster: Cluster, hive_id: str, count: int) -> None:
    """The queen remembers so many GPUs of a hive."""
    gpus = json.loads(_hive(cluster, hive_id)["devices"])["gpus"]
    assert len(gpus) == count, gpus


def assert_model(cluster: Cluster, ref: str) -> None:
    """The hive remembers a model, and its file is whole."""
    rows = cluster.rows("hive.db", "select * from models where ref = ?", [ref])
    assert len(rows) == 1, cluster.rows("hive.db", "select ref from models")
    assert rows[0]["status"] == "ready", rows


def assert_no_model(cluster: Cluster) -> None:
    """The hive remembers no model."""
    rows = cluster.rows("hive.db", "select ref from models")
    assert not rows, rows


def assert_worker_kind(cluster: Cluster, kind: str) -> None:
    """The hive remembers a kind of worker."""
    rows = cluster.rows("hive.db", "select * from workers where kind = ?", [kind])
    assert len(rows) == 1, rows


def the_one(cluster: Cluster, role: str) -> Member:
    """The only process of a role, once there is one: who is being forked is called like its parent
    at first."""

    def alone() -> Member:
        found = cluster.processes(role)
        assert len(found) == 1, f"{len(found)} processes of the {role}: {found}"
        return found[0]

    return wait_until(f"there is one {role}", alone)


def _hive(cluster: Cluster, hive_id: str) -> dict[str, Any]:
    rows = cluster.rows("queen.db", "select * from hives where id = ?", [hive_id])
    assert len(rows) == 1, cluster.rows("queen.db", "select id from hives")
    return rows[0]


def _started(cluster: Cluster, command_line: str, role: str) -> Callable[[], None]:
    """Starts a program, waits until it answers, and returns what ends it well."""
    running = cluster.start(command_line)
    cluster.assert_answers(role)

    def end() -> None:
        running.send(signal.SIGTERM)
        cluster.assert_status(0, cluster.finish(running))

    return end
