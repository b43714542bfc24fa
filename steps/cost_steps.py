"""What a request may cost."""

from __future__ import annotations

from harness.decisions import costs
from harness.rig.sentences import Context, given, then, when


@when("an answer is to have the form of {form}")
def form_of_answer(context: Context, form: str) -> None:
    context.verdict = costs.of_form(form)


@when("a model may call a function whose arguments are {form}")
def form_of_arguments(context: Context, form: str) -> None:
    context.verdict = costs.of_arguments(form)


@then('that is refused at once at "{path}", for "{why}"')
def form_refused(context: Context, path: str, why: str) -> None:
    verdict: costs.FormCost = context.verdict
    assert why in verdict.why and verdict.path.startswith(path), verdict
    assert verdict.seconds < costs.LIMIT_S, verdict


@then("that is taken at once")
def form_taken(context: Context) -> None:
    verdict: costs.FormCost = context.verdict
    assert not verdict.why and verdict.seconds < costs.LIMIT_S, verdict


@given("a queen who keeps {most:d} MiB of what jobs {do}")
def keeps_bytes(context: Context, most: int, do: str) -> None:
    assert do in ("ask for", "have told"), do
    context.most = most * 2**20


@when("{count:d} jobs have told {told:d} kB each, of prompts of {asked:d} kB")
def jobs_told(context: Context, count: int, told: int, asked: int) -> None:
    context.told = costs.jobs_done(count, told * 1000, asked * 1000, context.most)


@then("no more than that is kept of all of them, their prompts included")
def kept_is_bounded(context: Context) -> None:
    kept = costs.bytes_kept(context.told)
    # An end, and a word that there was more, stay of each.
    assert kept < context.most * 1.25, kept


@then("the last of them tells all that it told")
def last_tells_all(context: Context) -> None:
    frames = costs.events_of(context.told, -1)
    assert [frame.event for frame in frames[:3]] == ["token"] * 3, frames[:3]


@then('the first of them tells "{line}" and its end, "{event}"')
def first_tells_end(context: Context, line: str, event: str) -> None:
    first, last, *_ = costs.events_of(context.told, 1)
    assert line in first.data.decode() and last.event == event, (first, last)


@when("of the stories {sizes} as many stay as have room in {most:d}")
def stories_stay(context: Context, sizes: str, most: int) -> None:
    context.gone = costs.let_go(sizes, most)


@then('those that go are "{names}"')
@then('those that go are ""')
def stories_gone(context: Context, names: str = "") -> None:
    assert context.gone == names, context.gone


@when("a download tells {count:d} times how far it is, and {lines:d} lines between")
def download_tells(context: Context, count: int, lines: int) -> None:
    context.events = costs.story_of(count, lines)
    context.lines = lines


@then("its story is less than {size:d} kB, and tells whoever comes now all lines and how far it is")
def story_is_small(context: Context, size: int) -> None:
    costs.assert_thinned_out(context.events, context.lines, size * 1000)


@when("a program asks with {count:d} {what}")
def asks_with(context: Context, count: int, what: str) -> None:
    context.field = costs.field_refused(count, what)


@then('it is refused for "{field}"')
def refused_for(context: Context, field: str) -> None:
    assert context.field == field, context.field


@then("it is taken")
def is_taken_by_all(context: Context) -> None:
    assert context.field == "", context.field


@when('a text of {count:d} times "{mark}" is meant for a context of {context_size:d} tokens')
def text_of_marks(context: Context, count: int, mark: str, context_size: int) -> None:
    context.is_refused = costs.marks_refused(count, mark, context_size)


@then("it is {what} before it is read")
def refused_before_read(context: Context, what: str) -> None:
    assert context.is_refused == (what == "refused"), what


@when("an answer is to be one of many values, some of which begin alike")
def one_of_many(context: Context) -> None:
    context.let_through, context.values = costs.values_held_to()


@then("these values and no others are let through")
def values_alone(context: Context) -> None:
    assert context.let_through == context.values, context.let_through


@when("{count:d} jobs come that ask for {size:d} kB each")
def jobs_come(context: Context, count: int, size: int) -> None:
    context.taken, context.told = costs.jobs_taken(count, size * 1000, context.most)


@then("{count:d} of them are taken in, and the others told to come again until one is over")
def jobs_taken_in(context: Context, count: int) -> None:
    assert (context.taken, context.told) == (count, "queue_full"), (context.taken, context.told)


@when("{asked} is asked of a worker whose context is of {tokens:d} tokens")
def asked_of_context(context: Context, asked: str, tokens: int) -> None:
    context.asked = costs.asked(asked)
    context.most = costs.most_told(context.asked, tokens)


@then("an answer of {count:d} {kind} may be told, and one that is {times:d} times as long may not")
def long_answers(context: Context, count: int, kind: str, times: int) -> None:
    size = count * costs.told_of_one(context.asked)
    assert size <= context.most < size * times, (size, context.most, kind)


@when("{count:d} bodies of {large:d} MiB come at once, and one of {small:d} MiB")
def bodies_come(context: Context, count: int, large: int, small: int) -> None:
    context.arrivals = costs.Arrivals()
    context.large = large * 2**20
    context.taken = context.arrivals.come(count, context.large)
    context.small = context.arrivals.come(1, small * 2**20)


@then("{count:d} of the large ones are taken, and the small one")
def bodies_taken(context: Context, count: int) -> None:
    assert (context.taken, context.small) == (count, 1), (context.taken, context.small)


@then("there is room for as many once those are whole")
def room_again(context: Context) -> None:
    context.arrivals.are_whole()
    assert context.arrivals.come(context.taken + 1, context.large) == context.taken


@when("a program waits {minutes:d} minutes for its answer, and hears of it each second")
def waits_and_hears(context: Context, minutes: int) -> None:
    context.remarks = costs.remarks(60 * minutes, narrated=True)


@when("a program waits {minutes:d} minutes for its answer, and hears nothing")
def waits(context: Context, minutes: int) -> None:
    context.remarks = costs.remarks(60 * minutes, narrated=False)


@then("its stream has {least:d} to {most:d} lines without data, and no blank one among them")
def few_remarks(context: Context, least: int, most: int) -> None:
    assert least <= context.remarks <= most, context.remarks
