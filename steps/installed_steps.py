"""What is installed: the locks, and what there is beside them."""

from __future__ import annotations

from harness import audit, tally
from harness.rig.sentences import Context, given, then, when
from harness.scenes import installed


@when("the locks are held against what the project wants")
def against_project(context: Context) -> None:
    context.left_open = installed.left_open(installed.wants_of_project())


@when('the locks are held against what "{one}" and "{other}" want')
def against_wants(context: Context, one: str, other: str) -> None:
    context.left_open = installed.left_open({"test": [one, other]})


@then("nothing is left open")
def nothing_open(context: Context) -> None:
    assert not context.left_open, context.left_open


@then('"{want}" is left open')
def left_open(context: Context, want: str) -> None:
    assert any(one.startswith(f"{want} has ") for one in context.left_open), context.left_open


@when("all locks are read")
def read_locks(context: Context) -> None:
    context.locks = installed.read_all()


@then("each package is in one version, with a hash")
def hashed(context: Context) -> None:
    installed.assert_hashed(context.locks)


@then("no lock tells where it was made, nor where its packages come from")
def portable(context: Context) -> None:
    installed.assert_portable(context.locks)


@then('"{package}" is the same in each of them')
def same(context: Context, package: str) -> None:
    installed.assert_same(context.locks, package)


@when("the commands of the Makefile are read")
def read_makefile(context: Context) -> None:
    context.commands = installed.installations()


@then("none installs what no lock names, but for the project itself")
def locked(context: Context) -> None:
    installed.assert_locked(context.commands)


@given("a lock of these packages")
def lock_of(context: Context) -> None:
    context.locked = {row["package"]: row["version"] for row in context.table}


@given("an environment of these packages")
def environment_of(context: Context) -> None:
    context.installed = {row["package"]: row["version"] for row in context.table}


@given("npm has put these in place")
def put_by_npm(context: Context) -> None:
    context.installed = installed.put_by_npm(context.table)


@when("it is listed what the OSV database is asked about")
def asked_about(context: Context) -> None:
    context.asked = audit.asked_about()


@then('"{package}" of {ecosystem} is among it')
def is_asked_about(context: Context, package: str, ecosystem: str) -> None:
    assert (package, ecosystem) in {(each.name, each.ecosystem) for each in context.asked}


@when("the environment is held against the lock")
def held_against(context: Context) -> None:
    context.told = installed.told_of(context.locked, context.installed)


@then("this is told")
def told(context: Context) -> None:
    assert context.told == context.text, context.told


@given('a run that tells "{told}"')
def run_tells(context: Context, told: str) -> None:
    context.outputs = [*getattr(context, "outputs", []), f"1 feature passed, 0 failed\n{told}\n"]


@when("they are added up")
def added_up(context: Context) -> None:
    context.total = tally.total(map(tally.tally_of, context.outputs))


@then('they come to "{text}"')
def come_to(context: Context, text: str) -> None:
    assert str(context.total) == text, context.total


@then("that is a success")
def is_success(context: Context) -> None:
    assert context.total.is_good, context.total


@then("that is no success")
def is_no_success(context: Context) -> None:
    assert not context.total.is_good, context.total
