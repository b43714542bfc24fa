"""rbee is upgraded: its own environment, and those of machines."""

from __future__ import annotations

from harness.decisions import upgrade_decisions as decisions
from harness.rig import swarm
from harness.rig.sentences import Context, given, then, when
from harness.scenes import draining, installing, upgrades


@given('my own rbee is "{version}", and pip finds "{newer}"')
def own_and_newer(context: Context, version: str, newer: str) -> None:
    upgrades.install_own(context.cluster, version)
    upgrades.publish(context.cluster, newer)


@given('my own rbee is "{version}", and pip finds a "{newer}" that {flaw}')
def own_and_flawed(context: Context, version: str, newer: str, flaw: str) -> None:
    upgrades.install_own(context.cluster, version)
    upgrades.publish(context.cluster, newer, flaw)


@given('my own rbee and that of "{names}" is "{version}", and pip finds "{newer}"')
def both_and_newer(context: Context, names: str, version: str, newer: str) -> None:
    upgrades.install_both(context.cluster, names, version)
    upgrades.publish(context.cluster, newer)


@given('my own rbee and that of "{names}" is "{version}", and pip finds a "{newer}" that {flaw}')
def both_and_flawed(context: Context, names: str, version: str, newer: str, flaw: str) -> None:
    upgrades.install_both(context.cluster, names, version)
    upgrades.publish(context.cluster, newer, flaw)


@given("a warm swarm, and a story in the middle of which its worker is stopped")
def story(context: Context) -> None:
    context.story, context.worker = upgrades.begin_story(context.cluster)


@given('an upgrade that narrates "{line}"')
def upgrade_until(context: Context, line: str) -> None:
    context.upgrade = upgrades.begin(context.cluster, line)


@given("she takes nothing in as long as a program listens, and another asks for an answer")
def drained(context: Context) -> None:
    context.listener = draining.drain(context.cluster)
    context.asking = draining.ask_meanwhile(context.cluster)


@given("somebody has her take nothing in, and is gone at once")
def drained_by_nobody(context: Context) -> None:
    context.cluster.http("POST", "queen", "/drain")


@when("a program asks her for an answer")
def asks_for_answer(context: Context) -> None:
    context.asking = draining.ask_meanwhile(context.cluster)


@then("that program gets it")
def gets_it(context: Context) -> None:
    draining.assert_answered_since(context.cluster, context.asking, 0)


@when("the first of them hangs up")
def hangs_up(context: Context) -> None:
    context.at = draining.call_off(context.listener)


@then("the other gets its answer, by a job that began since")
def answered_since(context: Context) -> None:
    draining.assert_answered_since(context.cluster, context.asking, context.at)


@when("the worker goes on")
def worker_goes_on(context: Context) -> None:
    swarm.thaw(context.worker)


@given("the upgrade is broken off by kill -9")
def killed(context: Context) -> None:
    upgrades.break_off(context.cluster, context.upgrade, "kill -9")


@when("the upgrade is broken off by {how}, and the worker goes on")
def broken_off(context: Context, how: str) -> None:
    upgrades.break_off(context.cluster, context.upgrade, how)
    swarm.thaw(context.worker)


@then("the story has been told to its end")
def told_to_its_end(context: Context) -> None:
    upgrades.assert_answered(context.cluster, context.story)


@then("the upgrade succeeds")
def upgrade_succeeds(context: Context) -> None:
    finished = context.cluster.finish(context.upgrade)
    assert finished.status == 0, finished


@then('my own rbee is "{version}", and nothing is left of another')
def own_is(context: Context, version: str) -> None:
    upgrades.assert_own(context.cluster, version)


@then('my own rbee and that of "{name}" is "{version}", and nothing is left of another')
def both_are(context: Context, name: str, version: str) -> None:
    upgrades.assert_own(context.cluster, version)
    installing.assert_alone(context.cluster, name, version)


@when("an upgrade begins while another {does}")
def begins_while(context: Context, does: str) -> None:
    context.told, context.is_noted = decisions.begun_while(does)


@then('that upgrade is told "{told}"')
def upgrade_is_told(context: Context, told: str) -> None:
    assert context.told == told, context.told


@then("the note in the home is {where}")
def note_is(context: Context, where: str) -> None:
    assert context.is_noted is (where == "there"), context.is_noted


@when("rbee was installed by {how}")
def installed_by(context: Context, how: str) -> None:
    context.told = decisions.obstacle_of(how)


@then('it is upgraded by "{command}"')
def upgraded_by(context: Context, command: str) -> None:
    by = "rbee-keeper upgrade" if context.told is None else context.told.type_this
    assert by == command, context.told


@when("rbee was taken from {origin} and is to be {version}")
def taken_from(context: Context, origin: str, version: str) -> None:
    context.wanted = decisions.wanted_from(origin, "" if version == "the newest" else version)


@then('pip is to install "{wanted}"')
def pip_wants(context: Context, wanted: str) -> None:
    assert context.wanted == wanted, context.wanted


@when('a machine has the Pythons "{pythons}" and {asked} is asked for')
def has_pythons(context: Context, pythons: str, asked: str) -> None:
    found = dict(each.split("=") for each in pythons.split(", "))
    context.found = decisions.found_with(found, "" if asked == "none" else asked)


@then("the Python {version} is taken")
def python_taken(context: Context, version: str) -> None:
    assert context.found.version == ("" if version == "none" else version), context.found


@when("a person names the Python {typed}")
def names_python(context: Context, typed: str) -> None:
    context.meant = decisions.python_meant(typed)


@then('the Python that is looked for is "{meant}"')
@then('it is no Python; to type is "{meant}"')
def looked_for(context: Context, meant: str) -> None:
    assert context.meant == meant, context.meant


@when("the doctor looks at a machine with rbee {rbee}, Python {python} and {room:g} GB")
def doctor_looks(context: Context, rbee: str, python: str, room: float) -> None:
    has = "" if rbee == "none" else rbee
    context.finding = decisions.doctor_on(has, python, str(int(room * 1e9 / 1024)))


@when("the doctor looks at a disk with {free:g} GB free")
def doctor_looks_at_disk(context: Context, free: float) -> None:
    context.finding = decisions.doctor_on_disk(free)


@when("the doctor does not reach a machine")
def doctor_without(context: Context) -> None:
    context.finding = decisions.doctor_without("attic does not answer", "switch it on")


@then('he says "{state}", and to type "{advice}"')
def he_says(context: Context, state: str, advice: str) -> None:
    assert (context.finding.state, context.finding.advice) == (state, advice), context.finding


@then('he says "{state}", and to type ""')
def he_says_nothing(context: Context, state: str) -> None:
    assert (context.finding.state, context.finding.advice) == (state, ""), context.finding
