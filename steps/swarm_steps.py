"""The swarm as the process table, the catalogs and the routes show it."""

from __future__ import annotations

from harness.rig import machine, swarm
from harness.rig.sentences import Context, given, then, when
from harness.scenes import accidents


@given("a queen that is awake")
def queen_awake(context: Context) -> None:
    swarm.wake_queen(context.cluster)


@given('a hive that a person has started for the queen at "{host}"')
def hive_by_hand(context: Context, host: str) -> None:
    swarm.start_hive_by_hand(context.cluster, host)


@given("a queen that is awake, whose workers take {count:d} job at once")
def queen_of_few_slots(context: Context, count: int) -> None:
    context.cluster.set(slots=count)
    swarm.wake_queen(context.cluster)


@given('a queen of version "{version}" that is awake')
def older_queen(context: Context, version: str) -> None:
    accidents.change_version(context.cluster, version, "rbee.queen")
    swarm.wake_queen(context.cluster)


@given("a worker takes {count:d} job at once")
@given("a worker takes {count:d} jobs at once")
def several_slots(context: Context, count: int) -> None:
    context.cluster.set(slots=count)


@given("a worker has a context of {count:d} tokens")
def small_context(context: Context, count: int) -> None:
    context.cluster.set(context=count)


@given("a queen that is awake with another token")
def queen_of_another(context: Context) -> None:
    swarm.wake_foreign_queen(context.cluster)


@given('a swarm that was left warm by "{command_line}"')
def left_warm(context: Context, command_line: str) -> None:
    swarm.leave_warm(context.cluster, command_line)


@given("a hive without a queen stays awake for {milliseconds:d} ms")
def short_lease(context: Context, milliseconds: int) -> None:
    context.cluster.set(lease=milliseconds / 1000)


@given("jobs wait {milliseconds:d} ms for a reader that has left")
def short_grace(context: Context, milliseconds: int) -> None:
    context.cluster.set(reader_grace=milliseconds / 1000)


@given("capabilities are old at once")
def old_capabilities(context: Context) -> None:
    context.cluster.set(capabilities_fresh=0.0001)


@given('"{command_line}" keeps a worker busy')
def keeps_busy(context: Context, command_line: str) -> None:
    context.cluster.start(command_line).wait_for_text()
    swarm.wait_for_slots(context.cluster, free=False)


@given("the queen has seen each worker busy")
def seen_busy(context: Context) -> None:
    swarm.wait_for_slots(context.cluster, free=False)


@given("heartbeats come every {milliseconds:d} ms")
def fast_heartbeats(context: Context, milliseconds: int) -> None:
    swarm.set_heartbeats(context.cluster, milliseconds / 1000)


@when("three more heartbeats have come")
def three_heartbeats(context: Context) -> None:
    swarm.wait_for_heartbeats(context.cluster, 3)


@when("somebody without the token asks the {role} for everything it has")
def ask_without_token(context: Context, role: str) -> None:
    context.answers = swarm.ask_without_token(context.cluster, role)


@when("somebody asks each port that the worker listens on")
def ask_ports(context: Context) -> None:
    context.answers = swarm.ask_listening_ports(context.cluster, "worker")


@then('each answer but that of its health says "unauthorized"')
def all_unauthorized(context: Context) -> None:
    swarm.assert_unauthorized(context.answers)


@then("it is one port, and it answers nothing without a secret")
def none_answers(context: Context) -> None:
    assert len({port.partition("/")[0] for port in context.answers}) == 1, context.answers
    assert set(context.answers.values()) == {401}, context.answers


@then("each worker has all its slots free")
def slots_free(context: Context) -> None:
    assert swarm.wait_for_slots(context.cluster, free=True)


@then('the only worker has "{model_ref}" on "{device}"')
def only_worker(context: Context, model_ref: str, device: str) -> None:
    swarm.assert_only_worker(context.cluster, model_ref, device)


@then('the worker is on hive "{hive_id}"')
def worker_on(context: Context, hive_id: str) -> None:
    (worker,) = context.cluster.queen_get("/workers")["workers"]
    assert worker["hive_id"] == hive_id, worker


@then("the token can be read by its owner alone")
def token_mode(context: Context) -> None:
    assert (context.cluster.home / "token").stat().st_mode & 0o777 == 0o600
    assert context.cluster.home.stat().st_mode & 0o777 == 0o700


@then('the queen lists hive "{hive_id}" as {status}')
def hive_status(context: Context, hive_id: str, status: str) -> None:
    swarm.assert_status(context.cluster, hive_id, status)


@given("a swarm that is warm")
def warm(context: Context) -> None:
    swarm.warm_up(context.cluster)


@when("I look at the libraries that its programs have loaded")
def look_at_libraries(context: Context) -> None:
    context.loaded = machine.libraries(context.cluster)


@then('none of them is of "{package}"')
def none_of_package(context: Context, package: str) -> None:
    machine.assert_none_of(context.loaded, package)


@when("I look at the pipes between the programs")
def look_at_pipes(context: Context) -> None:
    context.held = machine.ends_held(context.cluster)


@then("no end of a pipe is held by two of them")
def ends_held_once(context: Context) -> None:
    machine.assert_held_once(context.held)


@then("nothing is left running")
def nothing_left(context: Context) -> None:
    context.cluster.assert_nothing_left()


@then("everything is asleep")
def asleep(context: Context) -> None:
    context.cluster.expect_asleep()
    context.cluster.assert_nothing_left()


@then('the queen lists its job as "{state}"')
def job_state(context: Context, state: str) -> None:
    swarm.assert_job(context.cluster, state)


@then("nothing is left the moment the keeper has ended")
def nothing_left_at_once(context: Context) -> None:
    context.cluster.assert_nothing_left(deadline_s=0.3)


@then("no process of rbee is left")
def no_process_left(context: Context) -> None:
    swarm.assert_no_process(context.cluster)


@then("nothing was started")
def nothing_started(context: Context) -> None:
    swarm.assert_nothing_was_started(context.cluster)


@then("{count:d} {role} is running")
@then("{count:d} {role}s are running")
def is_running(context: Context, count: int, role: str) -> None:
    context.cluster.assert_running(role, count)


@then('the queen\'s catalog holds hive "{hive_id}"')
def catalog_holds_hive(context: Context, hive_id: str) -> None:
    swarm.assert_hive(context.cluster, hive_id)


@then("the queen's catalog holds no hive")
def no_hive(context: Context) -> None:
    swarm.assert_no_hive(context.cluster)


@then('the queen\'s catalog holds hive "{hive_id}" with {count:d} GPUs')
def catalog_holds_gpus(context: Context, hive_id: str, count: int) -> None:
    swarm.assert_hive_gpus(context.cluster, hive_id, count)


@then('the hive\'s catalog holds model "{ref}"')
def catalog_holds_model(context: Context, ref: str) -> None:
    swarm.assert_model(context.cluster, ref)


@then("the hive's catalog holds no model")
def catalog_holds_no_model(context: Context) -> None:
    swarm.assert_no_model(context.cluster)


@then('the hive\'s catalog holds worker kind "{kind}"')
def catalog_holds_kind(context: Context, kind: str) -> None:
    swarm.assert_worker_kind(context.cluster, kind)


@then("the queen has told the cluster")
def told_cluster(context: Context) -> None:
    swarm.assert_told(context.cluster, context.text)


@then('the log of the {role} says "{text}"')
def log_says(context: Context, role: str, text: str) -> None:
    swarm.assert_logged(context.cluster, role, text)


@then('the log of the {role} says nothing of "{text}"')
def log_is_silent(context: Context, role: str, text: str) -> None:
    swarm.assert_not_logged(context.cluster, role, text)


@then('the queen lists "{devices}" of hive "{hive_id}" as degraded')
def lists_degraded(context: Context, devices: str, hive_id: str) -> None:
    swarm.assert_degraded(context.cluster, hive_id, devices)
