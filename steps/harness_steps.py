"""The harness itself: what its guards notice."""

from __future__ import annotations

from harness.rig.sentences import Context, given, then, when
from harness.scenes.lent_hub import LentHub
from harness.scenes.lent_queen import LentQueen
from harness.scenes.rehearsal import Rehearsal


def rehearsal(context: Context) -> Rehearsal:
    """The rehearsal of this scenario; the first step that asks makes it."""
    if "rehearsal" not in context:
        context.rehearsal = Rehearsal(context.cluster, context.port_slice)
    made: Rehearsal = context.rehearsal
    return made


@given("a daemon that outlives the program which started it")
def left_behind(context: Context) -> None:
    rehearsal(context).leave_behind(with_environment=True)


@given("a daemon that outlives the program which started it and has an empty environment")
def left_behind_unnamed(context: Context) -> None:
    rehearsal(context).leave_behind(with_environment=False)


@given('a rehearsed program "{command_line}" that has ended')
def has_ended(context: Context, command_line: str) -> None:
    rehearsal(context).inner.run(command_line)


@given('a rehearsed program "{command_line}" that runs')
def runs_on(context: Context, command_line: str) -> None:
    rehearsal(context).inner.start(command_line)


@when("a program ends after the one that started it")
def bereaved(context: Context) -> None:
    rehearsal(context).bereave()


@when("a program that adopts nobody looks for who belongs to that home")
def looked_for(context: Context) -> None:
    context.found = rehearsal(context).found_by_another()


@then("it finds that daemon")
def found(context: Context) -> None:
    assert context.found == 1, context.found


@then("it leaves the process table by itself")
def reaped(context: Context) -> None:
    rehearsal(context).assert_reaped()


@given("a rehearsed scenario whose hub was asked, was given a new version and a fault")
def hub_used(context: Context) -> None:
    context.lent = LentHub(rehearsal(context))
    context.lent.use()


@given("an answer of that hub is stalled")
def hub_stalled(context: Context) -> None:
    context.lent.stall()


@given("a rehearsed scenario whose hub was killed")
def hub_killed(context: Context) -> None:
    context.lent = LentHub(rehearsal(context))
    context.lent.kill()


@given("a rehearsed scenario whose hub has broken")
def hub_broken(context: Context) -> None:
    context.lent = LentHub(rehearsal(context))
    context.lent.break_down()


@then("the stalled answer has been cut off")
def hub_cut_off(context: Context) -> None:
    context.lent.assert_cut_off()


@then("the next scenario gets the same hub as at its beginning")
def same_hub(context: Context) -> None:
    context.lent.assert_next(context.cluster, same=True)


@then("the next scenario gets another hub as at its beginning")
def another_hub(context: Context) -> None:
    context.lent.assert_next(context.cluster, same=False)


@when("the rehearsed scenario ends")
def rehearsed_end(context: Context) -> None:
    rehearsal(context).end()


@then('the harness complains that "{text}"')
def complains(context: Context, text: str) -> None:
    rehearsal(context).assert_complains(text)


@then("the harness complains about nothing")
def content(context: Context) -> None:
    rehearsal(context).assert_content()


@then("the daemon is gone")
def daemon_gone(context: Context) -> None:
    rehearsal(context).assert_gone()


@given("a terminal that showed")
def showed(context: Context) -> None:
    rehearsal(context).shown = context.text


@when("this narration is looked for")
def look_for(context: Context) -> None:
    rehearsal(context).match(context.text)


@given('the watched program "{command_line}"')
def watched(context: Context, command_line: str) -> None:
    context.cluster.start(command_line)


@given('the watched program "{command_line}" on a terminal')
def watched_on_terminal(context: Context, command_line: str) -> None:
    context.cluster.start(command_line, terminal=True)


@given('its line "{line}" has come')
def line_has_come(context: Context, line: str) -> None:
    context.cluster.current.wait_for_line(line)


@when('the harness waits for its line "{line}"')
def wait_for_line(context: Context, line: str) -> None:
    rehearsal(context).wait_for(line)


@when("the harness waits for its end")
def wait_for_end(context: Context) -> None:
    rehearsal(context).finish()


@when("its user presses Ctrl+C")
def press_ctrl_c(context: Context) -> None:
    context.cluster.current.interrupt()


@when('its user types "{text}"')
def types(context: Context, text: str) -> None:
    context.cluster.current.type(text)


@then('the watched program shows "{line}"')
def shows_line(context: Context, line: str) -> None:
    context.cluster.current.wait_for_line(line, stream="stdout")


@then("the watched program ends with status {status:d}")
def ends_with(context: Context, status: int) -> None:
    context.cluster.assert_status(status, context.cluster.finish(timeout=60))


@given("a feature that reads")
def a_feature(context: Context) -> None:
    rehearsal(context).write("features/bees.feature", context.text)


@given("step definitions that read")
def step_definitions(context: Context) -> None:
    rehearsal(context).write("steps/steps.py", context.text)


@when("the lint reads them")
def read_by_lint(context: Context) -> None:
    rehearsal(context).lint()


@then('the lint objects to "{rules}" alone')
def objects(context: Context, rules: str) -> None:
    rehearsal(context).assert_objections(rules.split(", "))


@then("the lint has no objection")
def no_objection(context: Context) -> None:
    rehearsal(context).assert_objections([])


@given("a rehearsed project")
def project(context: Context) -> None:
    rehearsal(context).set_up_project()


@given('it keeps the fault "{name}"')
def keeps_fault(context: Context, name: str) -> None:
    rehearsal(context).write(f"harness/faults/{name}.patch", context.text)


@given('its feature "{name}" reads')
def project_feature(context: Context, name: str) -> None:
    rehearsal(context).write(f"features/{name}.feature", context.text)


@when("the runner runs it")
def runs_project(context: Context) -> None:
    rehearsal(context).run_project("--jobs 2")


@when('the runner runs it with "{arguments}"')
def runs_project_with(context: Context, arguments: str) -> None:
    rehearsal(context).run_project(arguments)


@when("each of its faults is tried")
def tries_faults(context: Context) -> None:
    rehearsal(context).run_project_faults("")


@when("its faults are checked")
def checks_faults(context: Context) -> None:
    rehearsal(context).run_project_faults("--check")


@then('its last line is "{line}"')
def last_line(context: Context, line: str) -> None:
    rehearsal(context).assert_last_line(line)


@then("its output holds each of these")
def holds_each(context: Context) -> None:
    rehearsal(context).assert_shows_all([row["complaint"] for row in context.table])


@then('its output holds "{text}"')
def output_holds(context: Context, text: str) -> None:
    rehearsal(context).assert_shows(text)


@when("a rehearsed server streams")
async def streams(context: Context) -> None:
    context.stream = await rehearsal(context).stream_from(context.text + "\n\n")


@then('the client has seen "{names}"')
def has_seen(context: Context, names: str) -> None:
    assert context.stream.names() == names.split(", "), context.stream


@given("a rehearsed scenario that only asks a queen, with settings of its own")
def only_asks(context: Context) -> None:
    context.lent_queen = LentQueen(context.cluster, context.port_slice)
    context.lent_queen.set_for_itself()


@given("a rehearsed scenario that only asks a queen, and adds a machine")
def only_says_so(context: Context) -> None:
    context.lent_queen = LentQueen(context.cluster, context.port_slice)
    context.lent_queen.add_machine()


@given("a rehearsed scenario that only asks a queen, and is over")
def only_asked(context: Context) -> None:
    context.lent_queen = LentQueen(context.cluster, context.port_slice)
    context.lent_queen.end()


@when("its queen works on for nobody")
def queen_works_on(context: Context) -> None:
    context.lent_queen.keep_at_work()


@then('whoever ends her is told that "{text}"')
def ended_and_told(context: Context, text: str) -> None:
    context.lent_queen.assert_end_complains(text)


@when("that scenario is over")
def lent_over(context: Context) -> None:
    context.lent_queen.end()


@then("the next one that begins alike has the same queen")
def next_same_queen(context: Context) -> None:
    context.lent_queen.assert_next("a rehearsal", same=True)


@then("the next one that begins alike has another queen")
def next_other_queen(context: Context) -> None:
    context.lent_queen.assert_next("a rehearsal", same=False)


@then("the next one that begins otherwise has another queen")
def otherwise_other_queen(context: Context) -> None:
    context.lent_queen.assert_next("another rehearsal", same=False)


@then('it is told that "{text}"')
def lent_told(context: Context, text: str) -> None:
    context.lent_queen.assert_complains(text)
