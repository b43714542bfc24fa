"""Several machines: who sits where, cables, plugs, firewalls."""

from __future__ import annotations

from harness.rig import own_sshd, swarm
from harness.rig.sentences import Context, given, then, when
from harness.scenes import installing, machines, troubles
from harness.scenes.chat import Dialogue
from steps.harness_steps import rehearsal


@given('the machines "{names}"')
@when('the machines "{names}" are set up')
def the_machines(context: Context, names: str) -> None:
    machines.add(context.cluster, names)


@given('an SSH server of my own called "{name}"')
def sshd_of_mine(context: Context, name: str) -> None:
    own_sshd.start(context.cluster, name)


@given('the person at "{name}" knows the host key of "{other}"')
def knows_host_key(context: Context, name: str, other: str) -> None:
    context.cluster.hosts.introduce(other, to=name)


@given('the person at "{name}" has left "{command_line}" running on "{other}"')
def left_running(context: Context, name: str, command_line: str, other: str) -> None:
    machines.leave_running(context.cluster, name, command_line, other)


@given('I sit at "{name}"')
def sit_at(context: Context, name: str) -> None:
    context.cluster.sit_at(name)


@given('my machine "{name}" beside the machines "{others}"')
def sit_beside(context: Context, name: str, others: str) -> None:
    machines.sit_beside(context.cluster, name, others)


@given('a swarm of my machine "{name}" and the machine "{other}", which has a GPU')
def sit_beside_gpu(context: Context, name: str, other: str) -> None:
    machines.sit_beside_gpu(context.cluster, name, other)


@given('a swarm of my machine "{name}" and the machine "{other}", each with a GPU of {gb:g} GB')
def sit_beside_equal(context: Context, name: str, other: str, gb: float) -> None:
    machines.sit_beside_equal(context.cluster, name, other, gb)


@given("the GPUs of all machines have {gb:g} GB")
def gpus_of_all(context: Context, gb: float) -> None:
    machines.simulate_equal(context.cluster, gb)


@given('no machine has a GPU, and RAM for five sixths of "{model}"')
def ram_alone(context: Context, model: str) -> None:
    machines.leave_ram(context.cluster, model, 5 / 6)


@given('the simulated GPUs of "{name}" are')
def gpus_of(context: Context, name: str) -> None:
    machines.simulate_gpus(context.cluster, name, context.table)


@given("machines that take {milliseconds:d} ms longer than the first are gone on without")
def short_patience(context: Context, milliseconds: int) -> None:
    context.cluster.set(hive_patience=milliseconds / 1000)


@given('I have added the machines "{names}"')
def have_added(context: Context, names: str) -> None:
    machines.have_added(context.cluster, names)


@given('I have added the machines "{names}" without a tunnel')
def have_added_in_the_open(context: Context, names: str) -> None:
    typed = [f"--no-tunnel {name}" for name in names.split(", ")]
    machines.have_added(context.cluster, ", ".join(typed))


@given('a queen who knows the machines "{names}"')
def queen_knows(context: Context, names: str) -> None:
    swarm.wake_queen(context.cluster)
    machines.add_hives(context.cluster, names)


@given('hive "{name}" is offline since its cable was cut')
def offline(context: Context, name: str) -> None:
    machines.cut_cable(context.cluster, name)
    swarm.assert_status(context.cluster, name, "offline")


@given('the person at "{name}" keeps "{other}" awake')
def keeps_awake(context: Context, name: str, other: str) -> None:
    machines.keep_awake(context.cluster, name, other)


@given('a model "{name}" on the shelf of "{host}" alone')
def model_of_one(context: Context, name: str, host: str) -> None:
    machines.put_model(context.cluster, name, host)


@given('the model that "{name}" has fetched is damaged on its disk')
def damaged_model(context: Context, name: str) -> None:
    machines.damage_model(context.cluster, name)


@given('a full disk on "{name}"')
def full_disk(context: Context, name: str) -> None:
    machines.fill_disk(context.cluster, name)


@given('hive "{name}" is frozen')
def hive_frozen(context: Context, name: str) -> None:
    machines.freeze_hive(context.cluster, name)


@given("a machine is waited for {milliseconds:d} ms")
def short_lists(context: Context, milliseconds: int) -> None:
    context.cluster.set(list_patience=milliseconds / 1000)


@given('"{name}" is slower to wake than it is waited for')
def slow_to_wake(context: Context, name: str) -> None:
    context.gate = machines.hold_wake(context.cluster, name)


@when('"{name}" has woken')
def has_woken(context: Context, name: str) -> None:
    context.gate.open()


@when('I press Ctrl+C, and "{name}" has woken then')
def interrupted_first(context: Context, name: str) -> None:
    context.cluster.current.interrupt()
    context.cluster.finish()
    context.gate.open()


@given('the way to "{name}" was measured {minutes:d} minutes ago, as 1 kB per second')
def was_measured(context: Context, name: str, minutes: int) -> None:
    machines.remember_way(context.cluster, name, 1000, minutes)


@then("its weights pass the network for {time}")
def weights_pass(context: Context, time: str) -> None:
    machines.assert_loading(context.cluster, slow=time == "many hours")


@then('the queen\'s catalog knows the way to "{name}" since {known}')
def way_known(context: Context, name: str, known: str) -> None:
    machines.assert_way_remembered(context.cluster, name, anew=known == "now")


@given('the clock of "{name}" is a year behind')
def clock_behind(context: Context, name: str) -> None:
    machines.set_clock_back(context.cluster, name)


@given('no rbee on "{name}"')
def no_rbee(context: Context, name: str) -> None:
    installing.remove(context.cluster, name)


@given('all that rbee needs is on "{name}", but for "{package}"')
def lacking_package(context: Context, name: str, package: str) -> None:
    installing.lack_one_package(context.cluster, name, package)


@given('rbee "{version}" on "{name}", with all that it needs')
def other_rbee(context: Context, version: str, name: str) -> None:
    installing.downgrade(context.cluster, name, version)


@given('a hive of version "{version}" on "{name}" that has lost its queen')
def outdated_hive(context: Context, version: str, name: str) -> None:
    installing.leave_behind(context.cluster, name, version)


@given('pip on "{name}" finds no packages')
def no_packages(context: Context, name: str) -> None:
    installing.find_no_packages(context.cluster, name)


@then("what pip said last is passed on")
def pip_passed_on(context: Context) -> None:
    installing.assert_passed_on(context.cluster.last)


@given('"{command_line}" runs until pip on "{name}" waits for an answer that never comes')
def runs_in_vain(context: Context, command_line: str, name: str) -> None:
    installing.start_in_vain(context.cluster, command_line, name)


@given('Python on "{name}" as Debian ships it, without venv')
def no_venv(context: Context, name: str) -> None:
    installing.take_venv_away(context.cluster, name)


@then('"{name}" has this rbee and no other')
def has_this_rbee(context: Context, name: str) -> None:
    installing.assert_current(context.cluster, name)


@then('"{name}" has rbee "{version}" and no other')
def has_rbee(context: Context, name: str, version: str) -> None:
    installing.assert_alone(context.cluster, name, version)


@then('"{name}" has no rbee at all')
def has_no_rbee(context: Context, name: str) -> None:
    installing.assert_none(context.cluster, name)


@given('a server on the hive\'s port of "{name}"')
@when('a server listens on the hive\'s port of "{name}"')
def serve(context: Context, name: str) -> None:
    machines.serve(context.cluster, name)


@given('the cable of "{name}" is cut')
def cable_cut(context: Context, name: str) -> None:
    machines.cut_cable(context.cluster, name)


@when('the cable of "{name}" is mended')
def cable_mended(context: Context, name: str) -> None:
    context.cluster.hosts.mend_cable(name)


@given('a firewall on "{name}" lets in SSH alone')
@when('a firewall on "{name}" lets in SSH alone')
def firewall(context: Context, name: str) -> None:
    context.cluster.hosts.let_in_only_ssh(name)


@given('the plug of "{name}" has been pulled')
@when('the plug of "{name}" is pulled')
def plug_pulled(context: Context, name: str) -> None:
    context.cluster.hosts.pull_plug(name)


@given('a rehearsed person at "{name}" who has left "{command_line}" running on "{other}"')
def rehearsed_left_running(context: Context, name: str, command_line: str, other: str) -> None:
    machines.add(rehearsal(context).inner, f"{name}, {other}")
    machines.leave_running(rehearsal(context).inner, name, command_line, other)


@given('a test run with a machine on which "{command_line}" runs has been killed')
def killed_run(context: Context, command_line: str) -> None:
    context.killed_run = machines.kill_a_run(context.cluster, command_line)


@then("each machine reaches both servers")
def all_reachable(context: Context) -> None:
    machines.assert_all_reachable(context.cluster)


@then('"{name}" reaches the hive\'s port of "{other}"')
def reaches(context: Context, name: str, other: str) -> None:
    machines.assert_reaches(context.cluster, name, other)


@then('"{name}" does not reach the hive\'s port of "{other}"')
def does_not_reach(context: Context, name: str, other: str) -> None:
    machines.assert_unreachable(context.cluster, name, other)


@then('"{name}" reaches the SSH server of "{other}"')
def reaches_ssh(context: Context, name: str, other: str) -> None:
    machines.assert_reaches(context.cluster, name, other, machines.SSH_PORT)


@then('"{name}" does not reach the SSH server of "{other}"')
def does_not_reach_ssh(context: Context, name: str, other: str) -> None:
    machines.assert_unreachable(context.cluster, name, other, machines.SSH_PORT)


@when('somebody kills the hive of "{name}"')
def hive_killed(context: Context, name: str) -> None:
    machines.kill_hive(context.cluster, name)


@when('"{name}" loses its part')
def part_killed(context: Context, name: str) -> None:
    machines.kill_part(context.cluster, name)


@given('"{name}" has lost its part')
def part_lost(context: Context, name: str) -> None:
    machines.lose_part(context.cluster, name)


@given('the plug of "{name}" has been put back')
def plug_put_back(context: Context, name: str) -> None:
    context.cluster.hosts.put_plug_back(name)


@given('the machine "{name}" has joined them')
def has_joined(context: Context, name: str) -> None:
    machines.join_equal(context.cluster, name)


@given('"{name}" computes no part any more')
def part_gone(context: Context, name: str) -> None:
    machines.assert_no_part(context.cluster, name)


@then('the part on "{name}" has one socket, and no port')
def part_has_no_port(context: Context, name: str) -> None:
    machines.assert_part_has_no_port(context.cluster, name)


@then('nothing runs on "{name}"')
def nothing_runs_on(context: Context, name: str) -> None:
    machines.assert_nothing_runs(context.cluster, name)


@then("nothing of the rehearsed machines is left")
def no_rehearsed_machines(context: Context) -> None:
    machines.assert_no_remains(rehearsal(context).inner.hosts.number)


@then("nothing of the killed test run is left")
def no_killed_run(context: Context) -> None:
    machines.assert_no_remains(context.killed_run)


# What is in the way when a machine is added.


@given("a server that says nothing is waited for {milliseconds:d} ms")
def silent_server(context: Context, milliseconds: int) -> None:
    context.cluster.set(connect_timeout=milliseconds / 1000)


@given("this is wrong with them")
def wrong_with_machines(context: Context) -> None:
    troubles.befall(context.cluster, context.table)


@given("keys of mine that are of no use")
def useless_keys(context: Context) -> None:
    troubles.draw_useless_keys(context.cluster, context.table)


@given("my key has a passphrase")
def key_is_locked(context: Context) -> None:
    troubles.lock_key(context.cluster)


@given("I have added my key to the agent")
def key_in_agent(context: Context) -> None:
    troubles.start_agent(context.cluster)


@given('another machine answers under the name of "{name}"')
def host_key_changed(context: Context, name: str) -> None:
    context.cluster.hosts.change_host_key(name)


@given('the way from "{name}" to "{other}" leads over "{between}"')
def leads_over(context: Context, name: str, other: str, between: str) -> None:
    troubles.lead_over(context.cluster, name, other, between)


@given('my SSH configuration calls "{name}" "{alias}", behind "{between}", with a key of its own')
def configuration(context: Context, name: str, alias: str, between: str) -> None:
    troubles.configure(context.cluster, name, alias, between)


@given('my SSH configuration reaches "{name}" as "{alias}" by a command through "{between}"')
def proxy_through(context: Context, name: str, alias: str, between: str) -> None:
    troubles.configure_proxy(
        context.cluster, name, alias, troubles.command_through(context.cluster, between)
    )


@given('my SSH configuration reaches "{name}" as "{alias}" by the command "{command}"')
def proxy_command(context: Context, name: str, alias: str, command: str) -> None:
    troubles.configure_proxy(context.cluster, name, alias, command)


@given('"{name}" lets in nobody but whose key has a certificate, and mine has')
def certified(context: Context, name: str) -> None:
    troubles.certify(context.cluster, name)


@given('my key has a certificate of an authority that "{name}" does not know')
def certified_elsewhere(context: Context, name: str) -> None:
    troubles.certify(context.cluster, name, is_trusted=False)


@given('I have typed "{command_line}" and the fingerprint that "{name}" shows')
def have_typed_fingerprint(context: Context, command_line: str, name: str) -> None:
    troubles.run_with_fingerprint(context.cluster, command_line, name)
    context.cluster.assert_status(0)


@when('I type "{command_line}" and the fingerprint that "{name}" shows')
def type_fingerprint(context: Context, command_line: str, name: str) -> None:
    troubles.run_with_fingerprint(context.cluster, command_line, name)


@when("I type what it advises")
def type_advice(context: Context) -> None:
    troubles.run_advised(context.cluster)


@given('"{command_line}" on a terminal asks "{question}"')
def asks_on_terminal(context: Context, command_line: str, question: str) -> None:
    context.dialogue = Dialogue(context.cluster, command_line)
    context.dialogue.assert_asks(question)


@given("I have answered with a wrong passphrase")
def answered_wrong(context: Context) -> None:
    troubles.mistype(context.dialogue)


@when('I answer "{text}"')
def answer(context: Context, text: str) -> None:
    context.dialogue.answer(text)


@when("I answer with the right passphrase")
def answer_right(context: Context) -> None:
    troubles.type_passphrase(context.dialogue)


@then('its advice takes the fingerprint that "{name}" shows')
def advice_takes_fingerprint(context: Context, name: str) -> None:
    troubles.assert_advises_fingerprint(context.cluster, name)


@then("the host keys that were accepted can be written by their owner alone")
def known_hosts_mode(context: Context) -> None:
    troubles.assert_own_known_hosts(context.cluster)


@then("the passphrase stands in no file")
def passphrase_nowhere(context: Context) -> None:
    troubles.assert_kept_nowhere(context.cluster)


@then("nothing runs on the other machines")
def others_idle(context: Context) -> None:
    troubles.assert_others_idle(context.cluster)
