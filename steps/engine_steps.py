"""Decisions about engines: thoughts, refusals, and whether a worker is where it has to be."""

from __future__ import annotations

from harness.decisions import engine_decisions as engine
from harness.rig.sentences import Context, then, when


@when('a model says "{pieces}" in pieces cut at "|"')
def says(context: Context, pieces: str) -> None:
    context.told = engine.thought_and_answer(pieces)


@when('a model whose template opens "{mark}" says "{pieces}" in pieces cut at "|"')
def says_opened(context: Context, mark: str, pieces: str) -> None:
    context.told = engine.thought_and_answer(pieces, opened=mark)


@then('its thought is "{thought}"')
@then('its thought is ""')
def thought_is(context: Context, thought: str = "") -> None:
    assert context.told[0] == thought, context.told


@then('its answer is "{answer}"')
@then('its answer is ""')
def answer_is(context: Context, answer: str = "") -> None:
    assert context.told[1] == answer, context.told


@when('the engine is given a template that opens "{mark}" and {knows}')
def given_template(context: Context, mark: str, knows: str) -> None:
    context.template = engine.taught(mark, knows)


@then('a thought is closed by "{mark}"')
def closed_by(context: Context, mark: str) -> None:
    assert engine.closing(context.template) == mark, context.template


@then("it can be told not to think")
def has_switch(context: Context) -> None:
    assert "enable_thinking" in context.template, context.template


@then("it shows the engine what becomes of earlier thoughts")
def shows_thoughts(context: Context) -> None:
    assert "reasoning_content" in context.template, context.template


@when("the engine is given {what}")
def given_other(context: Context, what: str) -> None:
    context.before, context.template = engine.template_of(what)


@when('llama.cpp says "{line}" as it loads a model')
def says_as_it_loads(context: Context, line: str) -> None:
    context.lacks = engine.lacking(line)


@then("it lacks {what}")
def lacks(context: Context, what: str) -> None:
    assert context.lacks == what, context.lacks


@then("the template is as it was")
def unchanged(context: Context) -> None:
    assert context.template == context.before, context.template


@when('a conversation with the earlier thought "{thought}" meets a template that {wants}')
def earlier_thought(context: Context, thought: str, wants: str) -> None:
    context.thought = engine.given_back(thought, wanted=wants == "wants thoughts")


@then('the template is told "{thought}" of it')
@then('the template is told "" of it')
def given_back(context: Context, thought: str = "") -> None:
    assert context.thought == thought, context.thought


@when("a job with {asked} meets a worker with {loaded}")
def meets(context: Context, asked: str, loaded: str) -> None:
    context.fit = engine.serves(asked, loaded)


@then("the worker is {fit} for that job")
def fits_job(context: Context, fit: str) -> None:
    assert context.fit is (fit == "right")


@when('the answer has to be one of "{words}", and the template {opening}')
def demanded(context: Context, words: str, opening: str) -> None:
    context.grammar = engine.grammar(words.split(", "), opened=opening == "opens the thought")


@then('the whole text "{text}" is {verdict}')
def judged(context: Context, text: str, verdict: str) -> None:
    assert engine.matches(context.grammar, text) is (verdict == "allowed"), context.grammar


@when('llama.cpp says "{words}" of a conversation')
def refuses(context: Context, words: str) -> None:
    context.error = engine.refusal(words)


@when('llama.cpp says "{words}" of an answer that was begun')
def says_of_begun(context: Context, words: str) -> None:
    context.error = engine.refusal(words, begun=True)


@when('the log of llama.cpp ends with "{words}"')
def log_ends(context: Context, words: str) -> None:
    context.reason = engine.reason(words)


@then('the reason is "{reason}"')
@then('the reason is ""')
def reason_is(context: Context, reason: str = "") -> None:
    assert context.reason == reason, context.reason


@when('llama.cpp fails with "{words}" while it answers')
def fails(context: Context, words: str) -> None:
    context.error = engine.refusal(words, code=500)


@then('the error is "{code}" about "{field}"')
@then('the error is "{code}" about ""')
def error_is(context: Context, code: str, field: str = "") -> None:
    assert context.error.code == code, context.error.body()
    assert context.error.details.get("field", "") == field, context.error.body()


@then('its message holds "{text}"')
def message_holds(context: Context, text: str) -> None:
    assert text in context.error.message, context.error.message


@when('a program is advised "{advice}"')
def advised(context: Context, advice: str) -> None:
    context.advice = engine.advice(advice)


@then('it reads "{text}"')
@then('it reads ""')
def reads(context: Context, text: str = "") -> None:
    assert context.advice == text, context.advice


@when("a chat template nests {count:d} brackets")
def nests(context: Context, count: int) -> None:
    context.template = "(" * count + ")" * count


@then("it is not given to the engine")
def not_given(context: Context) -> None:
    assert engine.is_too_deep(context.template)


@when('an engine that finds "{found}" is to serve a device of "{backend}" that is {kind}')
def to_serve(context: Context, found: str, backend: str, kind: str) -> None:
    parts = 2 if kind == "one of two" else 1
    context.served = engine.able(found, backend, simulated=kind == "simulated", parts=parts)


@when('the doctor hears of the engine "{name}", which speaks "{version}" with other machines')
def doctor_hears(context: Context, name: str, version: str) -> None:
    context.said = engine.shared(name, version.replace("nothing", ""))


@then('it says "{state}" of sharing, with advice that has "{advice}"')
def doctor_says(context: Context, state: str, advice: str) -> None:
    told, its_advice = context.said
    assert told == state, context.said
    assert (advice in its_advice) or (advice == "nothing" and not its_advice), context.said


@when('a worker for "{device}" reports "{state}" with {placed}')
def reports(context: Context, device: str, state: str, placed: str) -> None:
    context.served = engine.placed(device, state, placed)


@then("the device is served: {verdict}")
def verdict_is(context: Context, verdict: str) -> None:
    assert verdict == context.served, context.served


@when('llama.cpp is to lay a model out as "{parts}"')
def lay_out(context: Context, parts: str) -> None:
    context.told = engine.laid_out(parts)


@then('it puts "{told}"')
def is_told(context: Context, told: str) -> None:
    assert context.told == told, context.told
