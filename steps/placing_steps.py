"""Where a job goes: the queen's decisions, in this process."""

from __future__ import annotations

from harness.decisions.placing import Placing
from harness.rig.sentences import Context, given, then, when


@given('a job for "{model_ref}"')
def a_job(context: Context, model_ref: str) -> None:
    context.placing = Placing(model_ref)


@given("the devices")
def the_devices(context: Context) -> None:
    context.devices = list(context.table)


@given('"{hive_id}" holds the model')
def holds(context: Context, hive_id: str) -> None:
    context.holder = hive_id


@given('workers keep dying on "{where}"')
def keep_dying(context: Context, where: str) -> None:
    context.placing.degrade(where)


@given('"{hive_id}" could not be woken')
def not_woken(context: Context, hive_id: str) -> None:
    context.placing.lack(hive_id)


@when('its hive answers "{code}"')
def answers(context: Context, code: str) -> None:
    context.placing.hear(code)


@when('its hive tells the detail "{detail}" of "{code}"')
def answers_detail(context: Context, code: str, detail: str) -> None:
    context.placing.hear(code, detail)


@when('it has had the troubles "{troubles}"')
def it_suffered(context: Context, troubles: str) -> None:
    context.placing.suffer(troubles)


@when('a job for "{model_ref}" has had the troubles "{troubles}"')
def suffered(context: Context, model_ref: str, troubles: str) -> None:
    context.placing = _among(context, Placing(model_ref))
    context.placing.suffer(troubles)


@when('a job for "{model_ref}" that names {name:w} {value:w} has had the troubles "{troubles}"')
def named_suffered(context: Context, model_ref: str, name: str, value: str, troubles: str) -> None:
    context.placing = _among(context, Placing(model_ref))
    context.placing.wish(**{name: value})
    context.placing.suffer(troubles)


@when("places are looked for")
def look(context: Context) -> None:
    _among(context, context.placing).look()


@when('places are looked for on device "{device}"')
def look_on(context: Context, device: str) -> None:
    context.placing.wish(device=device)
    _among(context, context.placing).look()


@given('it may be spread over a "{spread}"')
def may_be_spread(context: Context, spread: str) -> None:
    _among(context, context.placing).wish(spread=spread)


@when('places are looked for with "{spread}" as its spread')
def look_spread(context: Context, spread: str) -> None:
    context.placing.wish(spread=spread)
    _among(context, context.placing).look()


@when('the engines of its machines speak "{versions}"')
def engines_speak(context: Context, versions: str) -> None:
    context.placing.speak(versions)


@then("the place for it is {judged:w}")
def place_is(context: Context, judged: str) -> None:
    context.placing.assert_judged(refused=judged == "refused")


@then('over several machines it goes to "{places}"')
def goes_over(context: Context, places: str) -> None:
    _among(context, context.placing).assert_shared(places)


@then("that is the trouble of the {whose}")
def trouble_of(context: Context, whose: str) -> None:
    context.placing.assert_whose(whose)


@then('it goes to "{where}"')
def goes_to(context: Context, where: str) -> None:
    context.placing.assert_goes_to(where)


@then("it ends")
def it_ends(context: Context) -> None:
    context.placing.assert_over(True)


@then("it may go on")
def it_goes_on(context: Context) -> None:
    context.placing.assert_over(False)


@then('the first is "{where}"')
def first_is(context: Context, where: str) -> None:
    context.placing.assert_first(where)


@then('the last is "{where}"')
def last_is(context: Context, where: str) -> None:
    context.placing.assert_last(where)


@then('its error is "{code}" and names "{places}"')
def error_names(context: Context, code: str, places: str) -> None:
    context.placing.assert_error(code, places)


@then("its error is as its hive told it")
def error_as_told(context: Context) -> None:
    context.placing.assert_error_as_told()


def _among(context: Context, placing: Placing) -> Placing:
    placing.have_devices(context.devices)
    placing.let_hold(context.holder)
    return placing
