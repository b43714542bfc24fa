"""Whether a model fits a machine, and what a machine is."""

from __future__ import annotations

from harness.decisions import ending, fitting
from harness.decisions.fitting import PaperMachine, Planned, SplitSet, room_beside
from harness.rig import swarm
from harness.rig.sentences import Context, given, then, when
from harness.scenes import accidents

#: MiB of an output that is no table of embeddings.
_OUTPUT = 7


@given('the model "{name}"')
def a_model(context: Context, name: str) -> None:
    context.planned = Planned.of_file(name)


@given('a model of {layers:d} layers of the architecture "{architecture}" that says "{says}"')
def a_model_on_paper(context: Context, layers: int, architecture: str, says: str) -> None:
    context.planned = Planned.on_paper(architecture, layers, "" if says == "no more" else says)


@when("a worker is planned for it with {slots:d} slot of {tokens:d} tokens")
@when("a worker is planned for it with {slots:d} slots of {tokens:d} tokens")
def plan(context: Context, slots: int, tokens: int) -> None:
    context.planned.plan(slots, tokens)


@then(
    "it is promised {weights:g} MiB of weights, {cache:g} MiB of cache and {graph:g} MiB of graph"
)
def promised(context: Context, weights: float, cache: float, graph: float) -> None:
    context.planned.assert_promised({"weights": weights, "cache": cache, "graph": graph})


@when("it is planned {where} with a context of {tokens:d} tokens")
def plan_where(context: Context, where: str, tokens: int) -> None:
    context.at_once = context.planned.at_once(where, tokens)


@then("{tokens:d} tokens of it are worked through at once")
def worked_through(context: Context, tokens: int) -> None:
    assert context.at_once == tokens, context.at_once


@then("what its layers keep takes {mebibytes:g} MiB")
def cached(context: Context, mebibytes: float) -> None:
    context.planned.assert_cached(mebibytes)


@when('it is cut into parts of "{layers}" layers')
def cut(context: Context, layers: str) -> None:
    context.planned.cut([int(each) for each in layers.split(", ")])


@when('it is laid on GPUs with "{room}" MiB of room')
def lay(context: Context, room: str) -> None:
    context.planned.lay([int(each) for each in room.split(", ")])


@given("a model of {layers:d} layers of {mebibytes:d} MiB, {experts:d} of them in experts")
def model_of_experts(context: Context, layers: int, mebibytes: int, experts: int) -> None:
    context.planned = Planned.of_experts(layers, mebibytes, experts)


@given(
    "a model of {layers:d} layers of {mebibytes:d} MiB, with embeddings of {embedding:d} MiB"
    " {has:w} an output"
)
def model_of_tables(
    context: Context, layers: int, mebibytes: int, embedding: int, has: str
) -> None:
    output = _OUTPUT if has == "with" else 0
    context.planned = Planned.of_tables(layers, mebibytes, embedding, output)


@then('they take "{weights}" MiB of weights, and {host:d} MiB stay in RAM')
def weights_and_host(context: Context, weights: str, host: int) -> None:
    context.planned.assert_weights([float(each) for each in weights.split(", ")], host)


@when('it is laid on GPUs with "{room}" MiB of room, and in RAM')
def lay_beside_ram(context: Context, room: str) -> None:
    context.planned.lay_beside_ram([int(each) for each in room.split(", ")])


@when('it is laid over machines with "{rooms}" MiB of room')
def lay_over_machines(context: Context, rooms: str) -> None:
    context.planned.lay_over_machines([each.split() for each in rooms.split(", ")])


@then("{layers:d} layers are in RAM, and the experts of {experts:d}")
def in_ram(context: Context, layers: int, experts: int) -> None:
    context.planned.assert_in_ram(layers, experts)


@then('they take "{weights}" MiB of weights and "{cache}" MiB of cache')
def parts_take(context: Context, weights: str, cache: str) -> None:
    told = [[float(each) for each in text.split(", ")] for text in (weights, cache)]
    context.planned.assert_parts(*told)


@then('they have "{layers}" of its 31 layers')
def laid(context: Context, layers: str) -> None:
    context.planned.assert_laid([int(each) for each in layers.split(", ")])


@given("a machine on paper whose control groups of version {version:d} are")
def groups(context: Context, version: int) -> None:
    context.paper = PaperMachine(context.cluster.work)
    context.paper.has_groups(version, [row.as_dict() for row in context.table])


@given('a machine on paper with the cores "{cores}", {share} of them for us')
def cores(context: Context, cores: str, share: str) -> None:
    context.paper = PaperMachine(context.cluster.work)
    context.paper.has_processors(cores.split())
    quota = "" if share == "all" else share
    context.paper.has_groups(2, [{"group": "ours", "processors": quota}])


@given("each program may have {mebibytes:d} MiB of address space")
def bounded(context: Context, mebibytes: int) -> None:
    accidents.bound_programs(context.cluster, mebibytes << 20)


@when("each program may have {space} MiB of address space and {data} MiB of data")
def may_have(context: Context, space: str, data: str) -> None:
    context.room = room_beside(space, data)


@then("a model may take {room} MiB of it")
def may_take(context: Context, room: str) -> None:
    assert context.room == room, context.room


@when("it is asked for its memory")
def ask_memory(context: Context) -> None:
    context.paper.ask()


@when('a program may run on the processors "{processors}"')
def run_on(context: Context, processors: str) -> None:
    context.paper.count_cores(processors)


@then("an engine gets {threads:d} threads for a model of {mebibytes:d} MiB")
def threads(context: Context, threads: int, mebibytes: int) -> None:
    context.paper.assert_threads(threads, mebibytes)


@then("it has {total} MiB, of which {free} MiB are free")
def memory(context: Context, total: str, free: str) -> None:
    context.paper.assert_memory(total, free)


@then("{count:d} processes were killed there for want of memory")
def killed(context: Context, count: int) -> None:
    context.paper.assert_killed(count)


@given("a control group that allows {mebibytes:d} MiB of memory")
def group(context: Context, mebibytes: int) -> None:
    context.cluster.group.limit(mebibytes)


@given("its memory is all but used up")
def run_short(context: Context) -> None:
    context.cluster.group.run_short()


@given('a swarm that is warm with "{model}"')
def warm_with(context: Context, model: str) -> None:
    command = f"rbee-keeper infer --keep-alive --model {model} --max-tokens 2 hello"
    swarm.leave_warm(context.cluster, command)


@given("the number of engine threads is left open")
def threads_left_open(context: Context) -> None:
    context.cluster.set(engine_threads=None)


@given("a file of a real model whose neighbours are missing")
def alone(context: Context) -> None:
    fitting.lend_one_part(context.cluster)


@when("the hive tells of its worker")
def tells_of_worker(context: Context) -> None:
    context.answer = context.cluster.http("GET", "hive", "/workers")


@then("the worker has a thread for each core that it may use")
def threads_of_worker(context: Context) -> None:
    fitting.assert_threads_told(context.answer)


@then("the kernel has ended {count:d} program of the group")
def ended_by_kernel(context: Context, count: int) -> None:
    context.cluster.group.assert_killed(count)


@given("a model in {parts:d} files")
def split_set(context: Context, parts: int) -> None:
    context.split_set = SplitSet(context.cluster.work, parts, empty_first=False)


@given("a model in {parts:d} files, the first of which is empty")
def split_set_with_empty_first(context: Context, parts: int) -> None:
    context.split_set = SplitSet(context.cluster.work, parts, empty_first=True)


@given("its file {number:d} is missing")
def lose(context: Context, number: int) -> None:
    context.split_set.lose(number)


@given("its files {one:d} and {other:d} have each other's names")
def swap(context: Context, one: int, other: int) -> None:
    context.split_set.swap(one, other)


@given("its file {number:d} was renamed")
def rename(context: Context, number: int) -> None:
    context.split_set.rename(number)


@given("a link of another name to its file {number:d}")
def link(context: Context, number: int) -> None:
    context.split_set.link(number)


@when("the model is looked up by its file {number:d}")
def look_up(context: Context, number: int) -> None:
    context.split_set.look_up(number)


@when("the model is looked up by the renamed file")
def look_up_renamed(context: Context) -> None:
    context.split_set.look_up(None)


@then("all of its files are found, in order")
def whole(context: Context) -> None:
    context.split_set.assert_whole()


@then('it is refused as "{code}", naming "{naming}"')
def refused(context: Context, code: str, naming: str) -> None:
    context.split_set.assert_refused(code, naming)


@when("a worker ends with the status {status:d}, sent by {sender}, {killed:d} killed meanwhile")
def ends(context: Context, status: int, sender: str, killed: int) -> None:
    context.cause = ending.cause(status, by_hive=sender == "its hive", killed=killed)


@then("the cause is {cause}")
def cause(context: Context, cause: str) -> None:
    ending.assert_cause(context.cause, cause)


@when("a copy of a hive has ended whose status was lost")
def ends_without_status(context: Context) -> None:
    context.seen = ending.seen_of_lost()


@then("its end is seen, with the status {status:d}")
def ended_with_status(context: Context, status: int) -> None:
    assert context.seen == (status, status), context.seen


@when("a worker of the CPU has ended by {status:d} while it {does}, of {cause}, with {has}")
def has_ended(context: Context, status: int, does: str, cause: str, has: str) -> None:
    context.ended = ending.ended(status, does, cause, has)


@then("this is done about it: {done}")
def done(context: Context, done: str) -> None:
    ending.assert_done(context.ended, done)
