"""The page of figures."""

from __future__ import annotations

from harness.decisions.figures import Figures, RealFigures
from harness.rig.sentences import Context, given, then, when


@given("measurements in which rbee keeps {percent:d} % of the tokens")
def measurements(context: Context, percent: int) -> None:
    context.figures = Figures(percent / 100)


@given('Xinference "{reason}"')
def without_xinference(context: Context, reason: str) -> None:
    context.figures.leave_out("xinference", reason)


@when("the page of figures is made of them")
def make_page(context: Context) -> None:
    context.figures.make_page()


@then('its line on "{about}" says "{text}"')
def line_says(context: Context, about: str, text: str) -> None:
    context.figures.assert_line(about, text)


@then('it explains "{about}" by "{text}"')
def explains(context: Context, about: str, text: str) -> None:
    context.figures.assert_explains(about, text)


@then('the page says "{text}"')
def page_says(context: Context, text: str) -> None:
    context.figures.assert_says(text)


@when("the page of real weights is made of measurements in which rbee keeps {percent:d} %")
def make_real_page(context: Context, percent: int) -> None:
    context.figures = RealFigures(percent / 100)
