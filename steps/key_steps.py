"""Programs that hold a key, and how far it reaches."""

from __future__ import annotations

from harness.decisions import key_decisions
from harness.programs import other_clients
from harness.programs.callers import Callers
from harness.rig.sentences import Context, given, then, when
from harness.scenes import reach


def _callers(context: Context) -> Callers:
    if getattr(context, "callers", None) is None:
        context.callers = Callers(context.cluster)
    callers: Callers = context.callers
    return callers


@given('the key "{name}" of "{command_line}"')
def key_of(context: Context, name: str, command_line: str) -> None:
    _callers(context).add_key(name, command_line)


@given('a file of mine called "{name}"')
def own_file(context: Context, name: str) -> None:
    assert context.cluster.write(name, "dear diary")


@given('a program with the key "{key}" that reads a story of "{model}"')
@when('a program with the key "{key}" reads a story of "{model}"')
def reads_story(context: Context, key: str, model: str) -> None:
    _callers(context).read_story_with(key, model)


@given('a program with the key "{key}" that has "{model}" fetched')
def has_fetched(context: Context, key: str, model: str) -> None:
    _callers(context).wait_for_fetching(key, model)


@when('the program with the key "{key}" asks for each of these models')
def ask_for_each(context: Context, key: str) -> None:
    models = [row["model"] for row in context.table]
    context.answers = reach.ask_for_each(context.cluster, _callers(context), key, models)


@when('the program with the key "{key}" asks with ollama\'s client for each of these')
def ask_with_ollama(context: Context, key: str) -> None:
    context.rows = list(context.table)
    names = [row["asked for"] for row in context.rows]
    secret = _callers(context).secret_of(key)
    context.answers, context.sent = other_clients.asked_each(
        context.cluster, "ollama's client", names, secret
    )


@when('another queen on the same database removes the key "{key}"')
def removed_elsewhere(context: Context, key: str) -> None:
    reach.remove_elsewhere(context.cluster, key)


@then("each of them is answered in the same words, which say nothing of what is there")
def alike(context: Context) -> None:
    reach.assert_alike(context.answers)


@then("the hub was not asked for anything")
def hub_left_alone(context: Context) -> None:
    reach.assert_hub_left_alone(context.cluster)


@then("it has heard of the fetching, and of no machine, path, and worker")
def heard_little(context: Context) -> None:
    reach.assert_heard_little(context.cluster, _callers(context))


@then('the key "{key}" sees the model "{model}" alone')
def sees_alone(context: Context, key: str, model: str) -> None:
    reach.assert_sees(_callers(context).models_of(key), model)


@then("its story ends within a second, as that of a key that is none")
def cut_off(context: Context) -> None:
    reach.assert_cut_off(_callers(context))


@when('a key that is limited to "{limits}" and may {fetch} asks for "{asked}"')
def asks_in_mind(context: Context, limits: str, fetch: str, asked: str) -> None:
    context.told = key_decisions.answer_to(limits, fetch, asked)


@when('a key that may have {requests} requests and {tokens} tokens a day has had "{used}"')
def has_had(context: Context, requests: str, tokens: str, used: str) -> None:
    context.told = key_decisions.left_of(requests, tokens, used)


@then('its program reads "{told}"')
def told_of(context: Context, told: str) -> None:
    assert context.told == told, context.told


@when('the program with the key "{key}" asks "{model}" for three tokens')
def asks_once(context: Context, key: str, model: str) -> None:
    context.answers = [_callers(context).ask_for(key, model)]


@then('it is answered "{text}" by "{model}"')
def answered_by(context: Context, text: str, model: str) -> None:
    answer = context.answers[0].json()
    assert answer["model"] == model, answer
    assert answer["choices"][0]["message"]["content"] == text, answer


@then('the key "{key}" sees the models "{models}"')
@then('the key "{key}" sees the models ""')
def sees_models(context: Context, key: str, models: str = "") -> None:
    listed = ", ".join(sorted(row["id"] for row in _callers(context).models_of(key)))
    assert listed == models, listed


@given('the program with the key "{key}" has asked "{model}" {count:d} times')
def asks_times(context: Context, key: str, model: str, count: int) -> None:
    context.answers = [_callers(context).ask_for(key, model) for _ in range(count)]


@then("the key was answered {statuses}")
def answered_with(context: Context, statuses: str) -> None:
    found = ", ".join(str(answer.status) for answer in context.answers)
    assert found == statuses, context.answers


@then('it gets "{got}"')
def gets(context: Context, got: str) -> None:
    assert context.told == got, context.told


@when("the holder of a key meets each of these errors")
def errors_told(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [key_decisions.error_told(row["message"], row["code"]) for row in context.rows]


@when("the holder of a key waits while each of these is narrated")
def narrated(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [key_decisions.narration_told(row) for row in context.rows]


@then("its program reads what each row tells")
def reads(context: Context) -> None:
    assert context.told == [row["told"] for row in context.rows], context.told


@when("a stranger guesses {count:d} keys one after the other")
def guesses(context: Context, count: int) -> None:
    context.reads = key_decisions.reads_for_guesses(count)


@then("the database was read {count:d} time")
def was_read(context: Context, count: int) -> None:
    assert context.reads == count, context.reads
