"""The contract, as a program that speaks it sees it."""

from __future__ import annotations

from harness.rig import swarm, wire
from harness.rig.sentences import Context, given, then, when


@given("a job that is done")
def job_done(context: Context) -> None:
    context.job = wire.finished_job(context.cluster)


@given("the queen keeps {count:d} jobs that are over for {seconds:d} s")
def keep_jobs(context: Context, count: int, seconds: int) -> None:
    context.cluster.set(jobs_kept=count, jobs_kept_for=seconds)


@given('an inference called "{name}" that runs')
def inference(context: Context, name: str) -> None:
    wire.begin_inference(context.cluster, name)


@given("the connection on which the queen has asked the worker")
def connection_to_worker(context: Context) -> None:
    context.before = swarm.connections_to_worker(context.cluster)
    assert len(context.before) == 1, context.before


@then("the queen has that connection to the worker, and no other")
def same_connection(context: Context) -> None:
    now = swarm.connections_to_worker(context.cluster)
    assert now == context.before, (now, context.before)


@given("a worker whose slots are all taken")
def busy(context: Context) -> None:
    wire.busy_worker(context.cluster)


@when('a program asks the queen "{request}" without a token')
def ask_without(context: Context, request: str) -> None:
    method, path = request.split(" ")
    context.answer = context.cluster.http(method, "queen", path, token=None)


@when('a program asks the {role} "{request}"')
def ask(context: Context, role: str, request: str) -> None:
    context.answer = wire.ask(context.cluster, role, request)


@when('a program asks the {role} "{request}" with')
def ask_with(context: Context, role: str, request: str) -> None:
    context.answer = wire.ask(context.cluster, role, request, context.text)


@when('a program asks the {role} "POST {path}" for events with')
def ask_for_events(context: Context, role: str, path: str) -> None:
    context.stream = context.cluster.listen(role, path, body=context.text)


@when("a program asks the {role} each of these")
def ask_each(context: Context, role: str) -> None:
    context.rows = list(context.table)
    context.answers = [wire.ask(context.cluster, role, row["request"]) for row in context.rows]


@when("a program sends each of these")
def send_each(context: Context) -> None:
    context.answers = wire.send_each(context.cluster, context.table)


@then("each of them is accepted")
def each_accepted(context: Context) -> None:
    wire.assert_accepted(context.answers)


@when("a program hands in each of these jobs")
def hand_in_each(context: Context) -> None:
    context.rows = list(context.table)
    bodies = [row["body"] for row in context.rows]
    context.answers = [wire.ask(context.cluster, "queen", "POST /jobs", each) for each in bodies]


@when('a program asks the queen "{request}" with {count:d} bytes')
def ask_with_bytes(context: Context, request: str, count: int) -> None:
    context.answer = wire.ask(context.cluster, "queen", request, "x" * count)


@when("a program reads the stream of that job")
def read_stream(context: Context) -> None:
    context.stream = context.cluster.listen("queen", context.job["events_url"])


@when("a program reads the stream of that job from event {number:d} on")
def resume_stream(context: Context, number: int) -> None:
    path = context.job["events_url"]
    context.stream = context.cluster.listen("queen", path, last_event_id=str(number))


@when("a client that others wrote reads the stream of that job", timeout=60)
async def read_independently(context: Context) -> None:
    path = context.job["events_url"]
    context.read = await wire.text_by_independent_client(context.cluster, path)


@when("a program cancels that job")
def cancel_job(context: Context) -> None:
    context.answer = wire.ask(context.cluster, "queen", f"DELETE /jobs/{context.job['job_id']}")


@when("{count:d} jobs are done, the one after the other")
def jobs_done(context: Context, count: int) -> None:
    context.jobs = [wire.finished_job(context.cluster) for _ in range(count)]


@when("a program reads the lists of hives, workers and models")
def ask_lists(context: Context) -> None:
    context.lists = wire.lists(context.cluster)


@when("a program stops the worker")
def stop_worker(context: Context) -> None:
    context.answer = wire.stop_worker(context.cluster)


@then('the answer is {status:d} with the fields "{fields}"')
def answer_fields(context: Context, status: int, fields: str) -> None:
    wire.assert_answer(context.answer, status, fields)


@then('the field "{field}" is "{value}"')
def answer_field(context: Context, field: str, value: str) -> None:
    wire.assert_field(context.answer, field, value)


@then('the answer is {status:d} with the error "{code}"')
def answer_error(context: Context, status: int, code: str) -> None:
    wire.assert_error(context.answer, status, code)


@then("each answer has its status, its error and its message")
def answers_errors(context: Context) -> None:
    wire.assert_errors(context.answers, context.rows)


@then("the answer is {status:d} without a body")
def answer_empty(context: Context, status: int) -> None:
    wire.assert_empty(context.answer, status)


@then("the answer says when to try again")
def answer_retry(context: Context) -> None:
    assert int(context.answer.headers["retry-after"]) > 0, context.answer


@then('the stream of that job ends with "{names}"')
def job_stream_ends(context: Context, names: str) -> None:
    path = context.answer.json()["events_url"]
    wire.assert_ends_with(context.cluster.listen("queen", path), names)


@then('the worker\'s stream of that inference ends with "{names}"')
def worker_stream_ends(context: Context, names: str) -> None:
    path = context.answer.json()["events_url"]
    wire.assert_ends_with(context.cluster.listen("worker", path), names)


@then('the stream of that job holds {count:d} event called "{name}"')
def job_stream_holds(context: Context, count: int, name: str) -> None:
    stream = context.cluster.listen("queen", context.answer.json()["events_url"])
    assert stream.names().count(name) == count, stream.names()


@then("both vectors are the same {count:d} numbers of length 1")
def same_vectors(context: Context, count: int) -> None:
    path = context.answer.json()["events_url"]
    wire.assert_same_vectors(context.cluster.listen("queen", path), count)


@then('the job is listed as "{state}" with its placement and counts')
def job_listed(context: Context, state: str) -> None:
    wire.assert_listed(context.cluster, context.answer.json()["job_id"], state)


@then('the stream begins with "{name}"')
def stream_begins(context: Context, name: str) -> None:
    assert context.stream.names()[0] == name, context.stream.names()


@then('the stream ends with "{names}"')
def stream_ends(context: Context, names: str) -> None:
    wire.assert_ends_with(context.stream, names)


@then("the ids of the stream count up from {first:d}")
def stream_ids(context: Context, first: int) -> None:
    wire.assert_counts_up(context.stream, first)


@then('it has read the answer of minillama to "hello"')
def read_answer(context: Context) -> None:
    assert context.read.strip() == "Hello! How can I help you today?", context.read


@then('hive "{hive_id}" is online with a processor')
def listed_hive(context: Context, hive_id: str) -> None:
    (hive,) = context.lists["/hives"]["hives"]
    assert (hive["hive_id"], hive["status"]) == (hive_id, "online"), hive
    assert hive["devices"]["cpu"]["cores"] > 0, hive


@then('a worker holds "{ref}" with {count:d} slots')
def listed_worker(context: Context, ref: str, count: int) -> None:
    (worker,) = context.lists["/workers"]["workers"]
    assert (worker["model_ref"], worker["slots"]) == (ref, count), worker


@then('model "{ref}" is on hive "{hive_id}"')
def listed_model(context: Context, ref: str, hive_id: str) -> None:
    (model,) = context.lists["/models"]["models"]
    assert (model["model_ref"], model["hive_id"]) == (ref, hive_id), model


@then("the first of them is forgotten")
def first_forgotten(context: Context) -> None:
    wire.assert_forgotten(context.cluster, context.jobs[0])


@then("the last {count:d} tell their stream from the beginning")
def told_again(context: Context, count: int) -> None:
    wire.assert_told_again(context.cluster, context.jobs[-count:])


@then("{seconds:d} s later they are forgotten, too")
def forgotten_later(context: Context, seconds: int) -> None:
    wire.assert_forgotten_within(context.cluster, context.jobs, seconds)
