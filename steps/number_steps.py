"""The numbers that a person meets."""

from __future__ import annotations

from harness import numbers, settings_page
from harness.sentences import Context, given, then, when


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
