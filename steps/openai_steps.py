"""Programs that speak OpenAI's API."""

from __future__ import annotations

from harness.programs import leaving, openai_clients, other_clients
from harness.rig import wire
from harness.rig.sentences import Context, given, then, when


@given('a program of my own called "{name}" that asks a server of OpenAI\'s kind for an answer')
def own_program(context: Context, name: str) -> None:
    openai_clients.write_program(context.cluster, name)


@given("programs are told at once that an answer takes its time")
def short_stream_patience(context: Context) -> None:
    context.cluster.set(stream_patience=0.001)


@given('what names no model is for "{model}"')
def default_model(context: Context, model: str) -> None:
    context.cluster.set(default_model=model)


@given("tools that a model was not taught are refused")
def refuse_tools(context: Context) -> None:
    context.cluster.set(refuse_unknown_tools=True)


@when("programs with OpenAI's client ask her for each of these")
def ask_each(context: Context) -> None:
    context.rows = list(context.table)
    names = [row["asked for"] for row in context.rows]
    context.answers = openai_clients.asked_each(context.cluster, names)


@given('a program with {package} that has asked her "{name}"')
def has_asked_with(context: Context, package: str, name: str) -> None:
    other_clients.asked_each(context.cluster, package, [name])


@when("a program with {package} asks her for each of these")
def ask_each_with(context: Context, package: str) -> None:
    context.rows = list(context.table)
    names = [row["asked for"] for row in context.rows]
    context.answers, context.sent = other_clients.asked_each(context.cluster, package, names)


@when("somebody who has told {program} of the queen types each of these")
def type_each_of(context: Context, program: str) -> None:
    context.rows = list(context.table)
    lines = [row["command"] for row in context.rows]
    context.finished, context.sent = other_clients.type_each(context.cluster, program, lines)


@then("she has sent for each of them what its row tells, and was asked once")
def sent_for_each(context: Context) -> None:
    other_clients.assert_sent(context.sent, context.rows)


@when("programs with OpenAI's client ask her wrongly")
def ask_wrongly(context: Context) -> None:
    context.rows = list(context.table)
    names = [row["asked"] for row in context.rows]
    context.sent = openai_clients.refused_each(context.cluster, names)


@when('a program with OpenAI\'s client reads an answer of "{model}" in pieces')
def read_in_pieces(context: Context, model: str) -> None:
    context.lines = openai_clients.stream_of(context.cluster, model)


@when('a program with OpenAI\'s client leaves in the middle of an answer of "{model}"')
def leave_in_the_middle(context: Context, model: str) -> None:
    openai_clients.stream_of(context.cluster, model, at_most=5)


@when('the worker is killed in the middle of an answer of "{model}" to a program')
def killed_in_the_middle(context: Context, model: str) -> None:
    context.last_event = openai_clients.event_after_kill(context.cluster, model)


@when("{client} leaves while each of these is the case")
def leave_while(context: Context, client: str) -> None:
    cases = [row["the case"] for row in context.table]
    context.states = leaving.leave_each(context.cluster, client, cases)


@then("the jobs that were left are cancelled at once")
def left_jobs_cancelled(context: Context) -> None:
    leaving.assert_cancelled(context.states)


@when('programs with OpenAI\'s client crowd "{model}" until one is sent away, and leave')
def crowd(context: Context, model: str) -> None:
    context.statuses = openai_clients.tried_again(context.cluster, model)


@then("the one that was sent away has tried again, and has its answer")
def tried_again(context: Context) -> None:
    openai_clients.assert_tried_again(context.statuses)


@when("Schemathesis tries each kind of what the document allows, and of what it forbids")
def try_everything(context: Context) -> None:
    context.tried, context.sent = other_clients.try_everything(context.cluster)


@then("it has found nothing that the document does not tell, and no 500")
def found_nothing(context: Context) -> None:
    other_clients.assert_found_nothing(context.tried, context.sent)


@then("the job that it left is cancelled at once")
def left_job_cancelled(context: Context) -> None:
    other_clients.assert_cancelled(context.cluster)


@then("each of them says what its row tells, and ends as it tells")
def say_and_end(context: Context) -> None:
    other_clients.assert_says(context.finished, context.rows)


@then('the last that it was sent is the error "{code}", and its request fails')
def last_is_error(context: Context, code: str) -> None:
    assert context.last_event["error"]["code"] == code, context.last_event


@then("each of them gets what it asked for")
def get_what_they_asked(context: Context) -> None:
    openai_clients.assert_answers(context.answers, context.rows)


@then("each of them is refused with what its row tells, and fails")
def refused_by_kind(context: Context) -> None:
    openai_clients.assert_refused(context.sent, context.rows)


@then('it has read "{narration}" as a remark before the answer')
def read_remark(context: Context, narration: str) -> None:
    openai_clients.assert_waited(context.lines, narration)


@given('pages of "{origin}" are let in')
def let_in(context: Context, origin: str) -> None:
    context.cluster.set(cors_origins=origin)


@given('models run on engine "{engine}"')
def default_engine(context: Context, engine: str) -> None:
    context.cluster.set(engine=engine)


@given("the queue of a model has {count:d} place")
@given("the queue of a model has {count:d} places")
def few_jobs(context: Context, count: int) -> None:
    context.cluster.set(jobs_waiting=count)


@when("a program asks the queen each of these, with its body")
def ask_with_bodies(context: Context) -> None:
    context.rows = list(context.table)
    context.answers = [
        wire.ask(context.cluster, "queen", row["request"], row["body"]) for row in context.rows
    ]


@when('a page of "{origin}" asks the queen for the models')
def ask_from_page(context: Context, origin: str) -> None:
    context.answers = openai_clients.ask_from_page(context.cluster, origin)


@when('a page of "{origin}" asks the queen for an answer at each of these')
def ask_paths_from_page(context: Context, origin: str) -> None:
    paths = [row["path"] for row in context.table]
    context.answers = openai_clients.ask_paths_from_page(context.cluster, origin, paths)


@then('the browser lets the page of "{origin}" read each answer')
def page_reads(context: Context, origin: str) -> None:
    openai_clients.assert_read(context.answers, origin)


@then('the browser lets the page of "{origin}" read them')
def page_let_in(context: Context, origin: str) -> None:
    openai_clients.assert_let_in(context.answers, origin)


@then("the browser keeps them from the page")
def page_kept_out(context: Context) -> None:
    openai_clients.assert_kept_out(context.answers)


@then("each answer is an error in OpenAI's form")
def openai_errors(context: Context) -> None:
    openai_clients.assert_errors(context.answers, context.rows)


@then('the answer is {status:d} in OpenAI\'s form with the error "{code}"')
def openai_error(context: Context, status: int, code: str) -> None:
    openai_clients.assert_error(context.answer, status, code)


@then("the answer describes these routes")
def openapi(context: Context) -> None:
    openai_clients.assert_describes(context.answer, list(context.table))


@then("the answer is the stream")
def openai_stream(context: Context) -> None:
    openai_clients.assert_stream(context.answer, context.text)


@then('each answer has an "{name}" of its own')
def has_own_header(context: Context, name: str) -> None:
    marks = [answer.headers[name] for answer in context.answers]
    assert len(set(marks)) == len(marks) > 0 and all(marks), marks


@then("each answer has its status, and tells what is allowed")
def answers_allowed(context: Context) -> None:
    wire.assert_allowed(context.answers, context.rows)


@when("a program that speaks HTTP/1.0, and would keep its connection, asks for an answer in pieces")
def ask_as_of_old(context: Context) -> None:
    context.read = wire.stream_of_old(context.cluster)


@then("it has read all of the stream, and its connection has ended")
def ends_with_connection(context: Context) -> None:
    assert context.read.startswith(b"HTTP/1.0 200 "), context.read
    assert context.read.endswith(b"data: [DONE]\n\n"), context.read


@then("each answer has its status, and says what its row tells")
def answers_say(context: Context) -> None:
    wire.assert_statuses(context.answers, context.rows)
    wire.assert_said(context.answers, context.rows)


@then("each answer has its status")
def answers_statuses(context: Context) -> None:
    wire.assert_statuses(context.answers, context.rows)


@then("each answer has its status and no body")
def has_no_body(context: Context) -> None:
    found = [(str(answer.status), answer.text) for answer in context.answers]
    assert found == [(row["status"], "") for row in context.rows], found


@then("each blank line of the stream ends an event")
def blank_ends_event(context: Context) -> None:
    openai_clients.assert_whole_events(context.lines)
