"""Engines as packages register them, and the memory that models are promised."""

from __future__ import annotations

from harness.decisions import engines
from harness.rig.sentences import Context, given, then, when


@given('a package that registers the engine "echo" is installed')
def installed(context: Context) -> None:
    engines.install(context.cluster)


@when('an engine that knows of "{known}" is sent {request}')
@when('an engine that knows of "" is sent {request}')
def sent(context: Context, request: str, known: str = "") -> None:
    context.field = engines.refused(known, request)


@then('it refuses the field "{field}"')
@then('it refuses the field ""')
def refuses(context: Context, field: str = "") -> None:
    assert context.field == field, context.field


@when('rbee runs from {files} whose metadata name "{names}"')
@when('rbee runs from {files} whose metadata name ""')
def runs_from(context: Context, files: str, names: str = "") -> None:
    context.engines = engines.found(files, names)


@then('its engines are "{names}"')
def engines_are(context: Context, names: str) -> None:
    assert context.engines == names, context.engines


@then("its engines are those of its pyproject.toml")
def engines_of_project(context: Context) -> None:
    assert context.engines == engines.of_project(), context.engines


@given("two GPUs of {gigabytes:g} GB each")
def two_gpus(context: Context, gigabytes: float) -> None:
    context.promising = engines.Promising(gigabytes, context.cluster.folder)


@when('minillama is promised its room on "{placement}"')
def promised(context: Context, placement: str) -> None:
    context.promise = context.promising.promise(placement)


@then('"{shares}" of it is kept')
def is_kept(context: Context, shares: str) -> None:
    assert engines.kept(context.promise) == shares, engines.kept(context.promise)


@when('minillama is promised its room on "{placement}" until there is no more')
def promised_all(context: Context, placement: str) -> None:
    context.promising.promise_all(placement)


@then('"{placement}" still has room for it')
def has_room(context: Context, placement: str) -> None:
    assert context.promising.has_room(placement)


@then('"{placement}" has room for one more once the first is gone')
def has_room_again(context: Context, placement: str) -> None:
    context.promising.give_back()
    assert context.promising.has_room(placement)
    assert not context.promising.has_room(placement)


@then('of one more, "{layers}" layers lie on "{placement}", since they idle')
def layers_lie(context: Context, layers: str, placement: str) -> None:
    assert context.promising.layers(placement) == [int(each) for each in layers.split(", ")]
