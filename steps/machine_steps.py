"""The machine a scenario runs on: its devices, its home, its hub, who else is there."""

from __future__ import annotations

from harness.rig import machine
from harness.rig.sentences import Context, given, then, when
from harness.scenes import accidents


@given("a machine where nothing runs")
def nothing_runs(context: Context) -> None:
    context.cluster.assert_nothing_left()


@given("its simulated GPUs are")
def simulated_gpus(context: Context) -> None:
    machine.simulate_gpus(context.cluster, context.table)


@given('a game that has all of the GPU "{name}", of {gb:g} GB')
def game(context: Context, name: str, gb: float) -> None:
    machine.simulate_gpu_in_use(context.cluster, name, gb, free_gb=0.0)


@given("the game has ended")
def game_ended(context: Context) -> None:
    machine.free_simulated_gpu(context.cluster)


@given("a description of simulated GPUs that is broken")
def broken_gpus(context: Context) -> None:
    context.cluster.set(simulate_gpus=context.cluster.write("gpus.txt", "two big ones"))


@given("a driver that reports")
def driver_reports(context: Context) -> None:
    machine.install_driver(context.cluster, context.table)


@given("a driver that is broken")
def driver_broken(context: Context) -> None:
    machine.install_broken_driver(context.cluster)


@given('a hub that holds "{repository}"')
def hub_holds(context: Context, repository: str) -> None:
    machine.hub_with(context.cluster, repository)


@given("both catalogs are corrupt")
def corrupt_catalogs(context: Context) -> None:
    machine.corrupt(context.cluster, "queen.db")
    machine.corrupt(context.cluster, "hive.db")


@given("another program has locked the {role}'s catalog")
def locked(context: Context, role: str) -> None:
    machine.lock(context.cluster, f"{role}.db")


@given("a catalog that is locked is waited for {milliseconds:d} ms")
def short_lock(context: Context, milliseconds: int) -> None:
    context.cluster.set(database_busy=milliseconds / 1000)


@given("the clock jumps back and forth by an hour")
def jumping_clock(context: Context) -> None:
    accidents.let_clock_jump(context.cluster)


@given("a byte of its model has changed on disk")
def changed_model(context: Context) -> None:
    machine.change_a_byte(context.cluster, "*.gguf")


@given("RBEE_HOME is a folder that cannot be made")
def unusable_home(context: Context) -> None:
    context.cluster.use_home(context.cluster.write("file", "no folder") / "home")


@given("a config file that reads")
def config_file(context: Context) -> None:
    machine.configure(context.cluster, context.text)


@given("another program holds the queen's port")
def queen_port_held(context: Context) -> None:
    machine.hold_port(context.cluster, context.cluster.ports.queen)


@given("another program holds the hive's port")
def hive_port_held(context: Context) -> None:
    machine.hold_port(context.cluster, context.cluster.ports.hive)


@given("another program holds the first worker's port")
def worker_port_held(context: Context) -> None:
    machine.hold_port(context.cluster, context.cluster.ports.worker)


@given("a GPU with room for one model, and a processor with room for none")
def room_for_one(context: Context) -> None:
    machine.simulate_gpus(context.cluster, [{"name": "Tiny GT", "VRAM in GB": "0.468"}])
    context.cluster.set(ram_factor=1e6)


@given("a hive that looks for its processor's name at once")
def query_at_once(context: Context) -> None:
    context.cluster.set(processor_query_after=0.01)


@when("the processor's name has been found")
def name_found(context: Context) -> None:
    machine.wait_for_processor_name(context.cluster)


@then("it tells how fast its RAM is read")
def ram_speed_told(context: Context) -> None:
    machine.assert_ram_speed(context.cluster)


@then('the queen\'s catalog has "{device}" with {gb:g} GB per second')
def gpu_speed_remembered(context: Context, device: str, gb: float) -> None:
    machine.assert_remembered_speed(context.cluster, device, gb)


@then("the queen's catalog has the name of its processor")
def processor_remembered(context: Context) -> None:
    machine.assert_remembered_processor(context.cluster)


@then("the hive tells that name of its processor")
def name_told(context: Context) -> None:
    machine.assert_processor_name(context.cluster)


@then("the hub has served one download in all")
def one_download(context: Context) -> None:
    machine.assert_downloads(context.cluster, 1)


@then("the hub has served no download")
def no_download(context: Context) -> None:
    machine.assert_downloads(context.cluster, 0)


@when('the hive is told to start a worker on "{device}"')
def told_to_start(context: Context, device: str) -> None:
    context.answer = machine.start_worker(context.cluster, device)


@then('it refuses, as "{code}"')
def refused_as(context: Context, code: str) -> None:
    machine.assert_refused(context.answer, code)
