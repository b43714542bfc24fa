"""Who listens at an address, and whether it is told anything."""

from __future__ import annotations

from harness.rig.sentences import Context, given, then, when
from harness.scenes import impostors, proving


@given("another user of the machine holds the {role}'s port and says to be the {again}")
def impostor(context: Context, role: str, again: str) -> None:
    assert role == again
    context.impostor = impostors.listen(context.cluster, role)


@given("another user of the machine passes on to the queen what commands say to her")
def passes_on(context: Context) -> None:
    context.impostor = impostors.pass_on_to_queen(context.cluster)


@given("another user of the machine passes on to the queen what is said, and listens no more")
def passes_on_once(context: Context) -> None:
    context.impostor = impostors.pass_on_to_queen(context.cluster, closes=True)


@when("I type \"{command}\" and name that user's address as the queen's")
def name_impostor(context: Context, command: str) -> None:
    context.cluster.run(f"{command} --queen {context.impostor.url}")


@then('that user has heard neither a secret nor "{prompt}"')
def heard_nothing(context: Context, prompt: str) -> None:
    impostors.assert_told_nothing(context.cluster, context.impostor, prompt)


@when("another user looks at its command line")
def look_at_command_line(context: Context) -> None:
    context.command_line = impostors.command_line(context.cluster)


@then('that does not hold "{prompt}"')
def holds_no_prompt(context: Context, prompt: str) -> None:
    assert prompt not in context.command_line, context.command_line
    assert "rbee.keeper infer" in context.command_line, context.command_line


@when("another user of the machine takes the {role}'s port")
def takes_port(context: Context, role: str) -> None:
    context.impostor = impostors.follow(context.cluster, role)


@when("each secret is shown to each program")
def shown(context: Context) -> None:
    context.opened = proving.show_each(context.cluster)


@then("each program lets in its own secret alone")
def own_alone(context: Context) -> None:
    assert context.opened == {(role, role) for role in proving.ROLES}, context.opened


@when("hive attic sends a heartbeat that names hive localhost")
def strange_heartbeat(context: Context) -> None:
    context.answer = proving.strange_heartbeat(context.cluster)


@then("that heartbeat is refused")
def heartbeat_refused(context: Context) -> None:
    assert context.answer.status == 401, context.answer


@when("the token is rotated")
def rotated(context: Context) -> None:
    context.old_token = proving.rotate(context.cluster)


@then("the old token opens nothing, and the new one is its owner's alone")
def old_opens_nothing(context: Context) -> None:
    proving.assert_rotated(context.cluster, context.old_token)


@when("{who} answers the challenge {how}")
def answers(context: Context, who: str, how: str) -> None:
    context.verdict = proving.verdict(who, how)


@then("that answer is {believed}")
def is_believed(context: Context, believed: str) -> None:
    assert context.verdict == believed, context.verdict


@given("a hive that has proved itself to the queen")
def has_proved_itself(context: Context) -> None:
    context.meeting = proving.Meeting()


@when("the queen speaks to another hive, which is said to be at the same address")
def speaks_to_another(context: Context) -> None:
    context.meeting.speak_to_another()


@then("the secret of that one is not sent")
def not_sent(context: Context) -> None:
    context.meeting.assert_first_alone()


@when("a challenge is answered with {answered}")
def challenge_answered(context: Context, answered: str) -> None:
    context.told = proving.told_in(answered)


@then("what it proves is {proved}")
def proves(context: Context, proved: str) -> None:
    assert context.told == proved, context.told
