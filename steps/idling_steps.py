"""How long a model stays loaded behind who says so."""

from __future__ import annotations

from harness.decisions import idling
from harness.rig.sentences import Context, then, when


@when('those who use a worker that may idle "{before}" say "{what}"')
def users_say(context: Context, before: str, what: str) -> None:
    context.told = idling.told_to(before, what)


@when('those who use a worker that may idle "{before}" say "{what}" at once')
def users_say_at_once(context: Context, before: str, what: str) -> None:
    context.told = idling.told_to(before, what, at_once=True)


@when('those who use a worker that may idle "{before}" say "{what}" to a hive that fails')
def users_say_in_vain(context: Context, before: str, what: str) -> None:
    context.told = idling.told_to(before, what, answers=False)


@then('its hive is told "{told}"')
def hive_is_told(context: Context, told: str) -> None:
    assert context.told == told, context.told
