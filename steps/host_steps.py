"""Several machines: who sits where, cables, plugs, firewalls."""

from __future__ import annotations

from harness import machines, swarm
from harness.sentences import Context, given, then, when
from steps.harness_steps import rehearsal


@given('the machines "{names}"')
@when('the machines "{names}" are set up')
def the_machines(context: Context, names: str) -> None:
    machines.add(context.cluster, names)


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


@given('the simulated GPUs of "{name}" are')
def gpus_of(context: Context, name: str) -> None:
    machines.simulate_gpus(context.cluster, name, context.table)


@given('I have added the machines "{names}"')
def have_added(context: Context, names: str) -> None:
    machines.add_hives(context.cluster, names)


@given('a queen who knows the machines "{names}"')
def queen_knows(context: Context, names: str) -> None:
    machines.add_hives(context.cluster, names)
    swarm.wake_queen(context.cluster)


@given('hive "{name}" is offline since its cable was cut')
def offline(context: Context, name: str) -> None:
    machines.cut_cable(context.cluster, name)
    swarm.assert_status(context.cluster, name, "offline")


@given('the person at "{name}" keeps "{other}" awake')
def keeps_awake(context: Context, name: str, other: str) -> None:
    machines.keep_awake(context.cluster, name, other)


@given('the clock of "{name}" is a year behind')
def clock_behind(context: Context, name: str) -> None:
    machines.set_clock_back(context.cluster, name)


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


@then('nothing runs on "{name}"')
def nothing_runs_on(context: Context, name: str) -> None:
    machines.assert_nothing_runs(context.cluster, name)


@then("nothing of the rehearsed machines is left")
def no_rehearsed_machines(context: Context) -> None:
    machines.assert_no_remains(rehearsal(context).inner.hosts.number)


@then("nothing of the killed test run is left")
def no_killed_run(context: Context) -> None:
    machines.assert_no_remains(context.killed_run)
