"""Programs that call the queen at the same time."""

from __future__ import annotations

from harness.programs.callers import Callers
from harness.programs.slow_readers import SlowReaders
from harness.rig.sentences import Context, given, then, when
from harness.scenes import commands


def _callers(context: Context) -> Callers:
    if getattr(context, "callers", None) is None:
        context.callers = Callers(context.cluster)
    callers: Callers = context.callers
    return callers


@given('the keys "{first}" and "{second}"')
def keys(context: Context, first: str, second: str) -> None:
    _callers(context).add_keys(first, second)


@given('a program that reads a story of "{model}" beside the keys "{first}" and "{second}"')
def reads_beside_keys(context: Context, model: str, first: str, second: str) -> None:
    _callers(context).add_keys(first, second)
    _callers(context).read_stories(model, 1)


@given('a program that reads a story of "{model}"')
def reads_story(context: Context, model: str) -> None:
    _callers(context).read_stories(model, 1)


@when('{count:d} programs begin to read stories of "{model}"')
def read_stories(context: Context, count: int, model: str) -> None:
    _callers(context).read_stories(model, count)


@given('{count:d} programs wait for an answer of "{model}" each')
def wait(context: Context, count: int, model: str) -> None:
    _callers(context).wait(model, count)


@given(
    '{many:d} programs with the key "{key}" and then {few:d} with the key "{other}" wait for an '
    'answer of "{model}"'
)
def wait_with_keys(context: Context, many: int, key: str, few: int, other: str, model: str) -> None:
    _callers(context).wait(model, many, key)
    _callers(context).wait(model, few, other)


@given('a job that waits for a vector of "{model}" on "{device}", and then a program for an answer')
def wait_for_vector(context: Context, model: str, device: str) -> None:
    _callers(context).wait_for_vector(model, device)
    _callers(context).wait(model, 1)


@then("the vector comes before the answer")
def vector_first(context: Context) -> None:
    _callers(context).assert_vector_first()


@when('one more program asks for an answer of "{model}"')
def one_more(context: Context, model: str) -> None:
    _callers(context).wait(model, 1)


@when(
    '{many:d} programs with the key "{key}" and then {few:d} with the key "{other}" ask for an '
    'answer of "{model}"'
)
def flood(context: Context, many: int, key: str, few: int, other: str, model: str) -> None:
    _callers(context).ask(model, many, key)
    _callers(context).ask(model, few, other)


@when("the story is left")
def leave_story(context: Context) -> None:
    _callers(context).leave_story()


@then("all of them get tokens at the same time")
def together(context: Context) -> None:
    _callers(context).assert_together()


@then("each of them is answered until the context is full")
def until_full(context: Context) -> None:
    _callers(context).assert_full()


@then("the story has not broken off")
def not_broken_off(context: Context) -> None:
    _callers(context).assert_not_broken_off()


@then('it is told "{text}"')
def told(context: Context, text: str) -> None:
    _callers(context).assert_told(text)


@then('it is told "{text}" once the story is left')
def told_afterwards(context: Context, text: str) -> None:
    _callers(context).leave_story()
    _callers(context).assert_told(text)


@then('the answers go to "{names}"')
def order(context: Context, names: str) -> None:
    _callers(context).assert_order(names.split(", "))


@then("{count:d} of them are told to come again after some seconds")
def turned_away(context: Context, count: int) -> None:
    _callers(context).assert_turned_away(count)


@then("all the others get their answers once the story is left")
def others_answered(context: Context) -> None:
    _callers(context).leave_story()
    _callers(context).assert_others_answered()


@then("the worker takes {count:d} jobs at once")
def takes(context: Context, count: int) -> None:
    (worker,) = context.cluster.queen_get("/workers")["workers"]
    assert worker["slots"] == count, worker


@then('one of its workers takes {count:d} jobs at once on "{device}"')
def one_takes(context: Context, count: int, device: str) -> None:
    workers = context.cluster.queen_get("/workers")["workers"]
    found = {each["device"]: each["slots"] for each in workers}
    assert found.get(device) == count, workers


@when('the program with the key "{key}" asks the queen each of these')
def ask_each(context: Context, key: str) -> None:
    context.rows = list(context.table)
    context.statuses = [_callers(context).status(key, row["request"]) for row in context.rows]


@given('the program with the key "{key}" is let in')
@then('the program with the key "{key}" is let in')
def let_in(context: Context, key: str) -> None:
    assert _callers(context).status(key, "GET /v1/models") == 200


@then('the program with the key "{key}" is turned away')
def turned_away_for_ever(context: Context, key: str) -> None:
    assert _callers(context).status(key, "GET /v1/models") == 401


@then("each of them has its status")
def statuses(context: Context) -> None:
    expected = [int(row["status"]) for row in context.rows]
    assert context.statuses == expected, context.statuses


@then('nothing but the file "{name}" holds what is in it')
def kept_nowhere(context: Context, name: str) -> None:
    commands.assert_kept_nowhere(context.cluster, name)


@given("a job that has made {count:d} vectors")
def has_made_vectors(context: Context, count: int) -> None:
    context.slow = SlowReaders(context.cluster, count)


@when("{count:d} programs ask for its events and read nothing")
def read_nothing(context: Context, count: int) -> None:
    context.slow.ask(count)


@then("another program is answered meanwhile")
def another_answered(context: Context) -> None:
    context.slow.assert_others_answered()


@then("the queen has grown by less than {megabytes:d} MB")
def grown_little(context: Context, megabytes: int) -> None:
    context.slow.assert_memory(megabytes * 10**6)


@then("each of the {count:d} gets all events once it reads on")
def read_on(context: Context, count: int) -> None:
    context.slow.assert_told_all(count)
