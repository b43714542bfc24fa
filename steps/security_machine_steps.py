"""Who may listen between machines, and what is checked before it is used."""

from __future__ import annotations

from harness.decisions import naming, removing
from harness.rig import swarm, wire
from harness.rig.ports import DEFAULT_QUEEN
from harness.rig.sentences import Context, given, then, when
from harness.scenes import machines, wiretap


@given('somebody listens on the cable of "{name}"')
def listens(context: Context, name: str) -> None:
    context.wiretap = wiretap.listen(context.cluster, name)


@then('nobody on the cable can read "{text}"')
def cannot_read(context: Context, text: str) -> None:
    wiretap.assert_reads(context.wiretap, text, False)


@then('whoever is on the cable can read "{text}"')
def can_read(context: Context, text: str) -> None:
    wiretap.assert_reads(context.wiretap, text, True)


@then("the SSH servers alone listen to other machines")
def closed_to_others(context: Context) -> None:
    machines.assert_open_to_others(context.cluster, False)


@then("other programs listen to other machines, too")
def open_to_others(context: Context) -> None:
    machines.assert_open_to_others(context.cluster, True)


@then('on "{name}" the queen alone listens, and only to that machine')
def queen_alone(context: Context, name: str) -> None:
    machines.assert_listens_alone(context.cluster, name, DEFAULT_QUEEN)


@then("that machine was offered no key of mine")
def offered_no_key(context: Context) -> None:
    machines.assert_offered_no_key(context.cluster)


@given('the SSH connection to "{name}" has broken off, which the queen tells')
def ssh_cut(context: Context, name: str) -> None:
    machines.cut_ssh(context.cluster, name)
    swarm.assert_told(context.cluster, context.text)


@when('"{text}" is judged as the name of a {kind}')
def judge(context: Context, text: str, kind: str) -> None:
    context.verdict = naming.judged(text, kind)


@then("that name is {judged}")
def is_judged(context: Context, judged: str) -> None:
    assert context.verdict == judged, f"that is {context.verdict}"


@given("an SSH configuration that {does}")
def ssh_configuration(context: Context, does: str) -> None:
    context.configuration = does


@when('the way to "{host}" is looked up in it')
def look_up(context: Context, host: str) -> None:
    context.asked = naming.look_up(context.cluster.folder, context.configuration, host)


@then("that is refused, and nothing was run")
def refused_unasked(context: Context) -> None:
    naming.assert_refused(context.asked)


@then('the command was run with "{host}"')
def was_run(context: Context, host: str) -> None:
    assert context.asked == naming.Asked("", f"{host}\n"), context.asked


@when('the login shell "{login_shell}" is to have "{text}" printed')
def have_printed(context: Context, login_shell: str, text: str) -> None:
    context.meant = naming.spelled(text)
    context.printed = naming.printed_by(login_shell, text)


@then("what it prints is the same")
def printed_the_same(context: Context) -> None:
    assert context.printed == context.meant, context.printed


@when('a machine tells "{told}" of itself')
def machine_tells(context: Context, told: str) -> None:
    context.believed = naming.believed(told)


@then('"{fact}" is believed')
def is_believed(context: Context, fact: str) -> None:
    assert fact in context.believed, context.believed


@when('pip over there ends with "{words}"')
def pip_ends(context: Context, words: str) -> None:
    context.advice = naming.advice(words)


@then('the advice is "{advice}"')
def is_advised(context: Context, advice: str) -> None:
    assert context.advice == advice, context.advice


@given("an SSH configuration of mine that runs a command for each host")
def my_configuration(context: Context) -> None:
    naming.configure(context.cluster)


@then("my SSH configuration has run nothing")
def ran_nothing(context: Context) -> None:
    naming.assert_ran_nothing(context.cluster)


@when("a program asks her to add each of these machines")
def ask_to_add(context: Context) -> None:
    context.rows = list(context.table)
    bodies = [row["body"] for row in context.rows]
    asked = [wire.ask(context.cluster, "queen", "POST /add-hive", each) for each in bodies]
    context.answers = asked


@given("a queen who knows of a hive that it {state}")
def hive_that(context: Context, state: str) -> None:
    context.state = state


@when("its machine is removed")
def machine_removed(context: Context) -> None:
    context.let_in = removing.is_let_in(context.state, removed=True)


@when("it beats again")
def beats_again(context: Context) -> None:
    context.let_in = removing.is_let_in(context.state, removed=False)


@then("its heartbeats are refused")
def beats_refused(context: Context) -> None:
    assert not context.let_in


@then("its heartbeats let it in again")
def is_back(context: Context) -> None:
    assert context.let_in


@given("a catalog that has {known}")
def catalog_has(context: Context, known: str) -> None:
    context.known = known


@when('a machine is added by "{typed}"')
def added_by(context: Context, typed: str) -> None:
    context.way = naming.way_to(typed, context.known)


@then("it is spoken to {how}")
def spoken_to(context: Context, how: str) -> None:
    assert context.way == how, context.way


@when("an SSH configuration is read that has the mode {mode}")
def config_read(context: Context, mode: str) -> None:
    context.refusal = naming.config_of_others(context.cluster.folder, int(mode, 8))


@then("it counts")
def config_counts(context: Context) -> None:
    assert context.refusal == "", context.refusal


@then("it is refused, since others could have written what it runs")
def config_refused(context: Context) -> None:
    assert context.refusal == "ssh_failed config", context.refusal
