"""What is around a command, and how what it says is made to fit."""

from __future__ import annotations

import time

from harness.decisions import owned
from harness.rig.sentences import Context, given, then, when
from harness.scenes import surroundings
from rbee.wire.filling import LONGEST, shortened


@given('RBEE_HOME is a folder called "{name}", named from here')
def home_from_here(context: Context, name: str) -> None:
    surroundings.home_from_here(context.cluster, name)


@then("both catalogs are in that home")
def catalogs_at_home(context: Context) -> None:
    surroundings.assert_catalogs_at_home(context.cluster)


@given("files called as modules of Python's where commands are typed")
def files_called_as_modules(context: Context) -> None:
    surroundings.files_called_as_modules(context.cluster)


@then("none of those files has been run")
def none_has_run(context: Context) -> None:
    surroundings.assert_none_has_run(context.cluster)


@given("the ports of queen and hive are set anew")
def ports_anew(context: Context) -> None:
    surroundings.set_ports_anew(context.cluster)


@then("the token of the hub is in no file")
def token_in_no_file(context: Context) -> None:
    surroundings.assert_token_in_no_file(context.cluster)


@when("a command means the queen at each of these")
def means_each(context: Context) -> None:
    context.rows = list(context.table)
    context.sent = surroundings.tokens_sent(context.rows)


@then("the token is sent where the row says so")
def sent_where_told(context: Context) -> None:
    expected = [row["token"] == "sent" for row in context.rows]
    assert context.sent == expected, context.sent


@when("each of these is to be told in so many characters")
def told_in(context: Context) -> None:
    context.rows = list(context.table)
    context.lines = [shortened(row["text"], int(row["room"])) for row in context.rows]


@then("each of them reads as its row shows")
def read_as_shown(context: Context) -> None:
    assert context.lines == [row["shown"] for row in context.rows], context.lines


@when('the machine "{host}" is to be told in {room:d} characters')
def host_told_in(context: Context, host: str, room: int) -> None:
    context.line = shortened(host, room, is_host=True)


@when("a list of {count:d} names is to be told in {room:d} characters")
def list_told_in(context: Context, count: int, room: int) -> None:
    began = time.monotonic()
    context.line = shortened(", ".join(f"name-{number}" for number in range(count)), room)
    context.seconds = time.monotonic() - began


@then("that took less than {most:d} seconds")
def took_less(context: Context, most: int) -> None:
    assert context.seconds < most, context.seconds


@then('the line reads "{line}"')
def reads(context: Context, line: str) -> None:
    assert context.line == line, context.line


@when("a worker is woken with a model that lies far down in the folders")
def woken_deep(context: Context) -> None:
    context.line = surroundings.line_of_a_deep_model()


@then("the line is no longer than a line may be, and names the file")
def fits_and_names(context: Context) -> None:
    assert len(context.line) <= LONGEST and "/minillama.gguf," in context.line, context.line


@given("a home that has been used, {state}")
def used_home(context: Context, state: str) -> None:
    owned.use(context.cluster, state)


@then("nothing was made where it leads")
def nothing_made(context: Context) -> None:
    owned.assert_nothing_made(context.cluster)


@then("whatever is in the home is for its user alone")
def private_home(context: Context) -> None:
    owned.assert_private(context.cluster)
