"""The numbers that a person meets."""

from __future__ import annotations

from harness import settings_page
from harness.decisions import numbers
from harness.rig.sentences import Context, given, then, when


@given('the environment sets "{environment}"')
def environment_sets(context: Context, environment: str) -> None:
    context.set_by_environment = environment


@given('the file of settings says "{file}"')
def file_says(context: Context, file: str) -> None:
    context.set_by_file = file


@when("the settings are read where nobody has set anything")
def read_defaults(context: Context) -> None:
    context.settings = numbers.read("nothing", "nothing", "no flag")


@when('the settings are read for a command with "{flag}"')
def read_settings(context: Context, flag: str) -> None:
    context.settings = numbers.read(context.set_by_environment, context.set_by_file, flag)


@then("they are these, and no others")
def are_these(context: Context) -> None:
    numbers.assert_all(context.settings, list(context.table))


@then('the setting "{name}" is "{value}"')
def setting_is(context: Context, name: str, value: str) -> None:
    assert numbers.in_words(getattr(context.settings, name)) == value, context.settings


@when("the page of settings is made")
def make_page(context: Context) -> None:
    context.page = settings_page.page()


@then("it is the one in the documentation")
def is_documentation(context: Context) -> None:
    numbers.assert_page(context.page)


@then("it tells of every setting its default, its unit and what it is")
def tells_of_all(context: Context) -> None:
    numbers.assert_tells_all(context.page)


@when("the numbers that nobody can set are looked up")
def look_up(context: Context) -> None:
    context.fixed = numbers.fixed()


@then("they are these, each where it belongs")
def fixed_are(context: Context) -> None:
    assert context.fixed == {row["number"]: row["is"] for row in context.table}, context.fixed


@when('{who} is told "{name}" with each of "{values}"')
def told_values(context: Context, who: str, name: str, values: str) -> None:
    context.taken = numbers.takes(who, name, values)


@then("the first two are taken, and no other")
def first_two_taken(context: Context) -> None:
    assert context.taken == [True, True, False, False], context.taken


@given("{kind} that was trained with {count:d} tokens")
def trained_with(context: Context, kind: str, count: int) -> None:
    context.model = (kind == "an encoder", count)


@given("{kind} that does not say what it was trained with")
def trained_with_something(context: Context, kind: str) -> None:
    context.model = (kind == "an encoder", 0)


@when("a worker is started of which nobody has said a context")
def default_context(context: Context) -> None:
    context.tokens = numbers.default_context_of(*context.model)


@then("its context is {count:d} tokens")
def context_is(context: Context, count: int) -> None:
    assert context.tokens == count, context.tokens


@when("a worker dies again and again")
def dies_again(context: Context) -> None:
    context.waits = numbers.restarts()


@when("a hub answers again and again that it is in trouble")
def troubled_hub(context: Context) -> None:
    context.waits = numbers.questions_of_hub()


@when("a hub asks for a pause of {seconds:d} seconds")
def hub_wants_pause(context: Context, seconds: int) -> None:
    context.waits = numbers.questions_of_hub(seconds)


@then("it is started again after these seconds, and then no more")
@then("it is asked again after these seconds, and then no more")
def waits_are(context: Context) -> None:
    assert context.waits == [float(row["after"]) for row in context.table], context.waits


@then("it is asked {count:d} times more")
def asked_more(context: Context, count: int) -> None:
    assert len(context.waits) == count, context.waits


@when("the jobs are listed, of which {running:d} run and {over:d} are over")
def list_jobs(context: Context, running: int, over: int) -> None:
    context.count = numbers.jobs_shown(running, over)


@then("the table has {count:d} jobs")
def table_has(context: Context, count: int) -> None:
    assert context.count == count, context.count


@when("models of {sizes} bytes are listed")
def models_listed(context: Context, sizes: str) -> None:
    context.told = numbers.models_told(sizes.split())


@then("it is told that they are {told}")
def told_together(context: Context, told: str) -> None:
    assert (context.told or "nothing") == told, context.told
