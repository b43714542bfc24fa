"""Models that change behind their name."""

from __future__ import annotations

from harness.rig import swarm
from harness.rig.sentences import Context, given, then, when
from harness.scenes import commands, replacing


@given('an endless model of my own called "{name}"')
def own_endless(context: Context, name: str) -> None:
    commands.own_model(context.cluster, name, "endless-llama-q8_0")


@given('a link called "{link}" that leads to "{name}"')
def leads(context: Context, link: str, name: str) -> None:
    replacing.lead_elsewhere(context.cluster, link, name)


@given("files on the shelf that belong to models")
def belong_to_models(context: Context) -> None:
    commands.shelve_what_belongs(context.cluster)


@given('a model of my own called "{name}" that can be shown pictures')
def own_seeing(context: Context, name: str) -> None:
    commands.own_model(context.cluster, name, "seeing-llama-q8_0")


@given("its projector has been put beside it")
def projector_beside(context: Context) -> None:
    replacing.put_projector(context.cluster)


@when('I ask the model in the file "{name}" about the picture "{picture}"')
def ask_about(context: Context, name: str, picture: str) -> None:
    replacing.ask_about(context.cluster, name, picture)


@given("a model of my own in {count:d} parts")
def own_parts(context: Context, count: int) -> None:
    context.part = replacing.own_parts(context.cluster, count)


@given('a link called "{link}" that leads to its first part')
def leads_to_part(context: Context, link: str) -> None:
    replacing.lead_elsewhere(context.cluster, link, context.part)


@given('another model has taken the place of the file "{name}"')
def has_taken_place(context: Context, name: str) -> None:
    replacing.take_place(context.cluster, name)


@given('the file "{name}" has been moved away')
def moved_away(context: Context, name: str) -> None:
    replacing.move_away(context.cluster, name)


@given('the model in the file "{name}" has answered and stays warm')
def has_answered(context: Context, name: str) -> None:
    replacing.have_asked_file(context.cluster, name)


@given('I have asked the model in the file "{name}", which a worker is about to read')
def about_to_read(context: Context, name: str) -> None:
    context.member = replacing.ask_file_until_opened(context.cluster, name)


@when('the file "{name}" is moved away, and the worker goes on')
def moved_while_loading(context: Context, name: str) -> None:
    replacing.move_away(context.cluster, name)
    swarm.thaw(context.member)
    context.cluster.finish()


@given('the model in the file "{name}" is telling a long story')
def tells_story(context: Context, name: str) -> None:
    replacing.run_file_until(context.cluster, name)


@when('I ask the model in the file "{name}"')
def ask_file(context: Context, name: str) -> None:
    context.first = context.cluster.current
    replacing.ask_file(context.cluster, name)


@then("the other model answers")
def other_answers(context: Context) -> None:
    context.cluster.assert_stdout(replacing.OTHER_SAYS)


@then('the disk holds version {number:d} of "{file}" of "{repository}" alone')
def holds_version(context: Context, number: int, file: str, repository: str) -> None:
    replacing.assert_version(context.cluster, repository, file, number)
