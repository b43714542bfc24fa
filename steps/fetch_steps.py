"""Fetching a model: the hub and its troubles, the disk, what was asked for and what is kept."""

from __future__ import annotations

from harness.rig.sentences import Context, given, then, when
from harness.scenes import fetching


@given("a hive that gives up at the first trouble")
def impatient(context: Context) -> None:
    fetching.be_impatient(context.cluster)


@given('a hub that holds "{repository}", and a hive that gives up at the first trouble')
def hub_for_impatient(context: Context, repository: str) -> None:
    fetching.hub_for_impatient(context.cluster, repository)


@given("a hive that notices a stall at once")
def notices_stalls(context: Context) -> None:
    fetching.notice_stalls(context.cluster)


@given('the hub once cuts the connection {offset:d} bytes into "{file}"')
def cuts_once(context: Context, offset: int, file: str) -> None:
    fetching.fail_within(context.cluster, "cut", file, offset, times=1)


@given('the hub always cuts the connection {offset:d} bytes into "{file}"')
def cuts_always(context: Context, offset: int, file: str) -> None:
    fetching.fail_within(context.cluster, "cut", file, offset, times=None)


@given('the hub once stalls {offset:d} bytes into "{file}"')
def stalls_once(context: Context, offset: int, file: str) -> None:
    fetching.fail_within(context.cluster, "stall", file, offset, times=1)


@given('the hub once sends wrong bytes from byte {offset:d} of "{file}" on')
def wrong_bytes(context: Context, offset: int, file: str) -> None:
    fetching.fail_within(context.cluster, "wrong_bytes", file, offset, times=1)


@given('the hub sends "{file}" slowly')
def slow(context: Context, file: str) -> None:
    fetching.send_slowly(context.cluster, file, bytes_per_s=1_000_000)


@given("the hub's listing names a commit that leads out of the home")
def lists_outside(context: Context) -> None:
    fetching.list_outside(context.cluster)


@given("the hub's listing never ends")
def lists_without_end(context: Context) -> None:
    fetching.list_without_end(context.cluster, '{"siblings": [')


@given('somebody else has put another content into "{file}" of that cache')
def fake_in_cache(context: Context, file: str) -> None:
    fetching.fake_in_shared_cache(context.cluster, file)


@given("the hub answers nothing")
def answers_nothing(context: Context) -> None:
    fetching.answer_nothing(context.cluster)


@given("the hub answers {status:d} to everything")
def answers_status(context: Context, status: int) -> None:
    fetching.answer_status(context.cluster, status)


@given("the hub answers {status:d} once")
def answers_status_once(context: Context, status: int) -> None:
    fetching.answer_status(context.cluster, status, times=1)


@given("the hub has had too many requests and asks for ten minutes of peace")
def asks_for_peace(context: Context) -> None:
    fetching.answer_status(context.cluster, 429, retry_after_s=600)


@given("a hub that nobody can reach")
def unreachable(context: Context) -> None:
    fetching.reach_no_hub(context.cluster)


@given("the token file of the hub's client is {what}")
def token_file(context: Context, what: str) -> None:
    fetching.spoil_token(context.cluster, what)


@given('the variable {variable} is "{value}"')
def variable_is(context: Context, variable: str, value: str) -> None:
    context.cluster.environment[variable] = value


@given('the access token "{token}"')
def access_token(context: Context, token: str) -> None:
    fetching.log_in(context.cluster, token)


@given('a new version of "{repository}" has been published')
def published(context: Context, repository: str) -> None:
    assert context.cluster.hub.publish(repository)


@given('"{file}" of "{repository}" lies in the cache of the hub\'s own tool')
def in_cache(context: Context, file: str, repository: str) -> None:
    fetching.fetch_into_cache(context.cluster, repository, file)


@given('"{command_line}" has failed')
def has_failed(context: Context, command_line: str) -> None:
    context.cluster.assert_status(1, context.cluster.run(command_line))


@given('"{command_line}" runs until it has {arrived:d} bytes of "{file}" and the hub stalls')
def runs_until_stalled(context: Context, command_line: str, arrived: int, file: str) -> None:
    fetching.run_until_stalled(context.cluster, command_line, file, arrived)


@given('"{command_line}" runs until the hub stalls')
def runs_until_unanswered(context: Context, command_line: str) -> None:
    fetching.run_until_unanswered(context.cluster, command_line)


@given("I have pressed Ctrl+C")
def has_interrupted(context: Context) -> None:
    fetching.interrupt(context.cluster)


@given("the power has failed")
def power_failed(context: Context) -> None:
    fetching.kill_everything(context.cluster)


@given('somebody has deleted "{file}"')
def deleted(context: Context, file: str) -> None:
    fetching.lose_file(context.cluster, file)


@given("a small disk for the models")
def small_disk(context: Context) -> None:
    fetching.use_small_disk(context.cluster)


@given("a small disk for the home")
def small_home(context: Context) -> None:
    fetching.use_small_disk(context.cluster, context.cluster.home, fetching.SMALL_HOME)


@given("another program has filled the disk of the home")
def home_filled(context: Context) -> None:
    fetching.fill(context.cluster.home)


@given('"{command_line}" has failed, advising to "{advice}"')
def failed_advising(context: Context, command_line: str, advice: str) -> None:
    finished = context.cluster.run(command_line)
    assert finished.status == 1 and f"try: {advice}" in finished.stderr, finished


@given("the models have been removed by hand")
def models_removed(context: Context) -> None:
    fetching.remove_models(context.cluster)


@when("another program fills the disk and the hub goes on")
def disk_fills(context: Context) -> None:
    fetching.fill_disk(context.cluster)


@then('{size:d} bytes of "{file}" are kept for the next time')
def partial_kept(context: Context, size: int, file: str) -> None:
    fetching.assert_partial(context.cluster, file, size)


@then("nothing of a model is on the disk")
def nothing_kept(context: Context) -> None:
    fetching.assert_nothing_kept(context.cluster)


@then('the disk holds "{file}" as "{repository}" has it')
def disk_holds(context: Context, file: str, repository: str) -> None:
    fetching.assert_whole(context.cluster, repository, file)


@then('the hub was asked for "{file}" and then for its bytes from {offset:d} on')
def resumed(context: Context, file: str, offset: int) -> None:
    fetching.assert_resumed(context.cluster, file, offset)


@then('the hub was asked for "{file}" from its beginning, {times:d} time')
@then('the hub was asked for "{file}" from its beginning, {times:d} times')
def fetched(context: Context, file: str, times: int) -> None:
    fetching.assert_fetched(context.cluster, file, times)


@then("the hub was asked for no byte of a file")
def listing_alone(context: Context) -> None:
    fetching.assert_listing_alone(context.cluster)


@then("every byte came from where the hub had redirected to")
def redirected(context: Context) -> None:
    fetching.assert_redirected(context.cluster)


@when('a hive asks it for "{model}"')
def hive_asks(context: Context, model: str) -> None:
    context.asked = fetching.ask_hub(context.cluster, model)


@then('it is told of "{file}"')
def told_of_file(context: Context, file: str) -> None:
    context.cluster.assert_stdout(file, context.asked)


@then('it is refused with "{message}"')
def hive_refused(context: Context, message: str) -> None:
    context.cluster.assert_narrated(message, context.asked)


@then('it is advised "{advice}"')
def hive_advised(context: Context, advice: str) -> None:
    context.cluster.assert_narrated(advice, context.asked)
