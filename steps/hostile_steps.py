"""Files that call themselves models and mean harm."""

from __future__ import annotations

from harness.decisions import hostile
from harness.decisions.hostile import Meanwhile
from harness.rig.sentences import Context, then, when


@when("a hive looks at each of these model files")
def look_at_files(context: Context) -> None:
    whats = [row["the file"] for row in context.table]
    context.looks = [hostile.look_at_file(context.cluster.work, what) for what in whats]
    context.expected = [row.as_dict() for row in context.table]


@when("each of these is given to a hive for a model file")
def look_at_no_files(context: Context) -> None:
    whats = [row["what lies there"] for row in context.table]
    context.looks = [hostile.look_at_no_file(context.cluster.work, what) for what in whats]
    context.expected = [row.as_dict() for row in context.table]


@when("a model file grows while its header is read")
def grows(context: Context) -> None:
    context.taken, context.refused = "", hostile.look_while_it_is_written(context.cluster.work)


@then("each of them is refused with what is wrong with it")
def refused_each(context: Context) -> None:
    hostile.assert_refused(context.looks, context.expected)


@then("each of them is taken for a model")
def taken_each(context: Context) -> None:
    hostile.assert_models(context.looks)


@then("none of them took more than {mebibytes:d} MiB of memory and {seconds:g} s of computing")
def cost(context: Context, mebibytes: int, seconds: float) -> None:
    hostile.assert_cheap(context.looks, mebibytes, seconds)


@when('I type "{command}" for a file {what}, while others ask the hive for its workers')
def meanwhile(context: Context, command: str, what: str) -> None:
    context.meanwhile = Meanwhile(context.cluster, command, what)


@then("the hive has answered the others at once")
def answered_at_once(context: Context) -> None:
    context.meanwhile.assert_quick()
