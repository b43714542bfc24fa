"""The page of routes."""

from __future__ import annotations

from harness import routes
from harness.sentences import Context, then, when


@when("the page of routes is compared with what the {role} serves")
def compare(context: Context, role: str) -> None:
    context.role = role


@then("it lists all of that and nothing else")
def lists_all(context: Context) -> None:
    routes.assert_listed(context.role)
