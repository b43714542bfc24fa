"""What counts as life of a worker, and what is told of a long prompt."""

from __future__ import annotations

from harness.decisions import life, silence
from harness.programs import long_prompts
from harness.rig.sentences import Context, given, then, when
from harness.scenes import accidents


@when("{this} happens between two looks that are {seconds:g} seconds apart")
def between_looks(context: Context, this: str, seconds: float) -> None:
    context.life = life.looked_at(this, seconds=seconds)


@then("the engine is seen to be {judged}")
def seen_to_be(context: Context, judged: str) -> None:
    assert life.judged(context.life) == judged, context.life.idle


@given("an engine that has had a request for {seconds:g} seconds and done nothing")
def idle_engine(context: Context, seconds: float) -> None:
    context.idle_before = seconds


@when("{this} happens within {seconds:g} seconds more")
def happens_within(context: Context, this: str, seconds: float) -> None:
    context.life = life.looked_at(this, idle_before=context.idle_before, seconds=seconds)


@then("it has been idle for {seconds:g} seconds")
def idle_for(context: Context, seconds: float) -> None:
    assert context.life.idle == seconds, context.life.idle


@when(
    "a hive last heard of a {state} worker that its engine had done nothing for {seconds:g} seconds"
)
def last_heard(context: Context, state: str, seconds: float) -> None:
    context.due, context.left = life.due_for(state, seconds)


@then('it will "{measure}" after {seconds:g} seconds of silence')
def measure_after(context: Context, measure: str, seconds: float) -> None:
    assert context.due.measure.value == measure, context.due
    assert context.left == seconds, context.left


@when("a worker that has been idle for {seconds:g} seconds tells that {what}")
def tells_of_itself(context: Context, seconds: float, what: str) -> None:
    context.idle_since = life.idle_by_report(seconds, what)


@then("it has been idle since: {when}")
def has_been_idle_since(context: Context, when: str) -> None:
    assert context.idle_since == when, context.idle_since


@when("others got {tokens:d} tokens in the {seconds:g} seconds since it came, and it got {own:d}")
def since_it_came(context: Context, tokens: int, seconds: float, own: int) -> None:
    context.told = life.is_told_to_wait(tokens, own, seconds)


@then("it is told to wait for its turn: {told}")
def told_to_wait(context: Context, told: str) -> None:
    assert context.told == (told == "yes"), context.told


@when("a request has been silent for {seconds:g} seconds while others got {tokens:d} tokens")
def silent_request(context: Context, seconds: float, tokens: int) -> None:
    context.judged = life.request(seconds, tokens)


@then("the request is seen to be {judged}")
def request_is(context: Context, judged: str) -> None:
    assert context.judged == judged, context.judged


@when(
    "{prompt:d} tokens are read at {speed:g} a second, "
    "and {answer:d} are written at {pace:g} a second"
)
def read_and_written(context: Context, prompt: int, speed: float, answer: int, pace: float) -> None:
    context.news = life.told(prompt, speed, answer, pace)


@then("a bar moves {often:d} times, and no line is told")
def only_a_bar(context: Context, often: int) -> None:
    assert (life.bars(context.news), life.lines(context.news)) == (often, []), context.news


@then("a bar moves {often:d} times, and these are told: {lines}")
def bar_and_lines(context: Context, often: int, lines: str) -> None:
    assert life.bars(context.news) == often, context.news
    assert life.lines(context.news) == lines.split(", "), context.news


@given('an engine that hangs at the word "{word}"')
def hanging_engine(context: Context, word: str) -> None:
    accidents.hang_engine_at(context.cluster, word)


@given("an engine that does nothing for {milliseconds:d} ms counts as stuck")
def short_token_stall(context: Context, milliseconds: int) -> None:
    context.cluster.set(token_stall=milliseconds / 1000)


@when('I type "{command_line}" on a terminal with a prompt of {count:d} words')
def type_long_on_terminal(context: Context, command_line: str, count: int) -> None:
    long_prompts.type_on_terminal(context.cluster, command_line, count)


@when('other programs ask that worker for answers of "{model}" until it has ended')
def ask_meanwhile(context: Context, model: str) -> None:
    long_prompts.ask_until_ended(context.cluster, model)


@given('a program has asked "{model}" for {kind} with {count:d} words')
@when('a program asks "{model}" for {kind} with {count:d} words')
def ask_long(context: Context, model: str, kind: str, count: int) -> None:
    context.answer = long_prompts.asked_long(context.cluster, model, kind, count)


@then("it is answered")
def is_answered(context: Context) -> None:
    assert context.answer.status == 200, context.answer


@when('a program asks the queen for an answer to "{text}"')
def ask_for_answer(context: Context, text: str) -> None:
    context.answer = long_prompts.asked(context.cluster, text)


@then("the answer says that it is not worth a retry")
def not_worth_retry(context: Context) -> None:
    assert context.answer.headers["x-should-retry"] == "false", context.answer


@then("no worker was started a second time")
def never_restarted(context: Context) -> None:
    long_prompts.assert_restarts(context.cluster, 0)


@then("the worker was started a second time")
def restarted(context: Context) -> None:
    long_prompts.assert_restarts(context.cluster, 1)


@when(
    "{prompt:d} tokens are read at {speed:d} a second, with {wait:d} seconds between for the "
    "prompts of others"
)
def read_with_wait(context: Context, prompt: int, speed: int, wait: int) -> None:
    context.news = life.told_of_held(prompt, speed, wait)


@then(
    "the bar ends at {speed:d} tokens a second, and the prompt is told to be read in {seconds} "
    "seconds"
)
def told_without_wait(context: Context, speed: int, seconds: str) -> None:
    rate, line = life.end_of(context.news)
    assert rate == speed, rate
    assert line.endswith(f"in {seconds} seconds"), line


@when(
    "a peer that may be silent for {longest:g} seconds sends comments for {seconds:g} seconds, an "
    "event, and no more"
)
def falls_silent(context: Context, longest: float, seconds: float) -> None:
    context.silence = silence.told_of_silence(longest, round(seconds / longest * 4))


@then("the event has come")
def event_has_come(context: Context) -> None:
    assert context.silence.told == ["token"], context.silence


@then('its stream is given up since "{why}"')
def given_up_since(context: Context, why: str) -> None:
    assert context.silence.why == why, context.silence


@given('a job with a prompt of {count:d} words that "{model}" has begun to read')
def begun_to_read(context: Context, count: int, model: str) -> None:
    context.beside = long_prompts.Beside(context.cluster, model, count)


@when("a job with a prompt of 1 word comes to it")
def short_comes(context: Context) -> None:
    context.beside.ask_shortly()


@then("that has two pieces of its answer before the long one is read")
def has_pieces_before(context: Context) -> None:
    context.beside.assert_short_first()


@then("both answers end well")
def both_end_well(context: Context) -> None:
    context.beside.assert_both_ended()
