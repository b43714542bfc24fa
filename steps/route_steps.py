"""Routes: to whom they are open, and what tells of them."""

from __future__ import annotations

from harness.decisions import open_routes
from harness.rig.sentences import Context, then, when


@when("{caller} asks for each route of a {role}")
def ask_each(context: Context, caller: str, role: str) -> None:
    context.role = role
    context.open = open_routes.open_to(caller, role)


@then('it is let in to "{told}" alone')
def let_in(context: Context, told: str) -> None:
    open_routes.assert_open(context.open, context.role, told)


@when("a program asks each daemon for the document of its routes")
def ask_documents(context: Context) -> None:
    context.documents = open_routes.documents(context.cluster)


@then("each lists exactly what it serves")
def lists_exactly(context: Context) -> None:
    open_routes.assert_documented(context.documents)
