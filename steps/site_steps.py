"""The documentation as a site."""

from __future__ import annotations

from harness.rig.sentences import Context, given, then, when
from harness.scenes import site_pages


@given('a report in which these scenarios of "{path}" ended so')
def report_of(context: Context, path: str) -> None:
    context.outcomes = site_pages.outcomes_of(path, context.table)


@given("a report of nothing")
def empty_report(context: Context) -> None:
    context.outcomes = {}


@when("this feature becomes a page")
def becomes_page(context: Context) -> None:
    context.page = site_pages.page_of(context.text, context.outcomes)


@then('the page holds "{line}"')
def holds(context: Context, line: str) -> None:
    assert line in context.page.splitlines(), context.page


@when("the sources of the site are written")
def sources_written(context: Context) -> None:
    context.missing = site_pages.missing_in_navigation()


@then("each page of the documentation is in its navigation")
def all_there(context: Context) -> None:
    assert not context.missing, context.missing
