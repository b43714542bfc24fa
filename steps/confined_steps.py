"""Models that harm their engine, and what a worker can reach."""

from __future__ import annotations

from harness.rig.sentences import Context, given, then, when
from harness.scenes import confined, deadly


@given("these model files")
def model_files(context: Context) -> None:
    deadly.put(context.cluster, context.table)


@when("each of these models is asked beside the story")
@when("each of these models is asked")
def ask_models(context: Context) -> None:
    context.first = context.cluster.started[-1] if context.cluster.started else None
    context.asked = deadly.ask_each(context.cluster, context.table)


@then("each of them is refused in its words")
def refused(context: Context) -> None:
    deadly.assert_refused(context.asked)


@given("a worker may take {mebibytes:d} MiB more than was reckoned")
def small_margin(context: Context, mebibytes: int) -> None:
    context.cluster.set(worker_margin_mib=mebibytes)


@then("no device counts as degraded")
def not_degraded(context: Context) -> None:
    confined.assert_not_degraded(context.cluster)


@given("a worker that tries what a bad model would have it do")
def tries(context: Context) -> None:
    confined.watch_tries(context.cluster)


@then('it could "{could}" and none of these')
def could_only(context: Context, could: str) -> None:
    confined.assert_tried(context.cluster, could, [row["what"] for row in context.table])


@given("secrets in the environment that I type in")
def secrets(context: Context) -> None:
    confined.put_secrets(context.cluster)


@then("{count:d} workers run that know none of them")
def know_none(context: Context, count: int) -> None:
    confined.assert_no_secret(context.cluster, count)


@then("the kernel would end the worker before all others")
def first_to_go(context: Context) -> None:
    confined.assert_first_to_go(context.cluster)


@then("its own memory is bounded below {mebibytes:d} MiB")
def bounded_below(context: Context, mebibytes: int) -> None:
    assert 0 < confined.bounded(context.cluster) < mebibytes, confined.bounded(context.cluster)


@when('a worker is started where "{name}" is set')
def where_set(context: Context, name: str) -> None:
    context.knows = confined.told_to_workers(name)


@then("the worker is told of it: {told}")
def is_told(context: Context, told: str) -> None:
    assert context.knows is (told == "yes"), context.knows


@when('the trial of a template ends with {status:d} and its log with "{log}"')
def trial_ends(context: Context, status: int, log: str) -> None:
    context.verdict = confined.verdict(status, log)


@then('the verdict is "{verdict}"')
@then('the verdict is ""')
def verdict_is(context: Context, verdict: str = "") -> None:
    assert context.verdict == verdict, context.verdict


@when('a kernel of "{platform}" has version {abi:d} of Landlock')
def has_landlock(context: Context, platform: str, abi: int) -> None:
    context.state = confined.judged(abi, platform)


@then('the doctor says "{state}" of files')
def says_of_files(context: Context, state: str) -> None:
    assert context.state == state, context.state


@when("a worker dies that was ready for {seconds:g} seconds")
def dies_after(context: Context, seconds: float) -> None:
    context.anew = confined.counts_anew(seconds)


@then("its earlier deaths count: {count}")
def deaths_count(context: Context, count: str) -> None:
    assert context.anew is (count == "no"), context.anew


@when("a model is reckoned to need {mebibytes:d} MiB on {where}, {how}")
def reckoned(context: Context, mebibytes: int, where: str, how: str) -> None:
    context.limit = confined.limit(mebibytes, estimate=how == "estimated", on_gpu=where == "a GPU")


@then("its worker may take {mebibytes:d} MiB")
def may_take(context: Context, mebibytes: int) -> None:
    assert context.limit == mebibytes, context.limit


@when("workers of a model kept dying with {template}, and {asked} is asked for")
def kept_dying(context: Context, template: str, asked: str) -> None:
    texts = {"its own template": ""}
    given_ones = (texts.get(each, each) for each in (template, asked))
    context.degraded = confined.device_that_failed(*given_ones)


@then("the device counts as degraded for that job: {degraded}")
def degraded_for(context: Context, degraded: str) -> None:
    assert context.degraded == (degraded == "yes"), context.degraded


@when('a model comes with the template "{template}"')
def comes_with(context: Context, template: str) -> None:
    context.tried = confined.is_tried(template)


@then("it is tried apart first: {tried}")
def tried_apart(context: Context, tried: str) -> None:
    assert context.tried is (tried == "yes"), context.tried
