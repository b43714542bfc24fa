"""Cards of several makers, and what an engine lists, in this process."""

from __future__ import annotations

from harness.decisions import maker_cards
from harness.rig.sentences import Context, given, then, when


@given('the kernel has a card "{bus}" with')
def kernel_has(context: Context, bus: str) -> None:
    context.card = bus, list(context.table)


@when("the kernel is asked for cards")
def kernel_asked(context: Context) -> None:
    context.told = maker_cards.told_by_kernel(*context.card)


@then('it has told "{told}"')
def kernel_told(context: Context, told: str) -> None:
    assert context.told == told, context.told


@given('"{cards}" are there and the engine lists "{engine}"')
@when('"{cards}" are there and the engine lists "{engine}"')
def one_list(context: Context, cards: str, engine: str) -> None:
    context.gpus, context.listed = maker_cards.devices(cards, engine), engine


@when('a side is to compute on "{parts}"')
def side_computes(context: Context, parts: str) -> None:
    context.told = maker_cards.told_to_side(context.gpus, context.listed, parts)


@then('its engine is to use "{told}"')
def side_told(context: Context, told: str) -> None:
    assert context.told == told, context.told


@when('"{cards}" are there, and "{variable}" is "{value}"')
def hidden(context: Context, cards: str, variable: str, value: str) -> None:
    context.gpus = maker_cards.devices(cards, "not asked", **{variable: value})


@then('the devices are "{devices}"')
def devices_are(context: Context, devices: str) -> None:
    told = maker_cards.in_short(context.gpus)
    assert told == devices, told


@then('the devices are those at "{left}"')
def devices_left(context: Context, left: str) -> None:
    told = ", ".join(gpu.name for gpu in context.gpus)
    assert told == left, told


@when("llama.cpp lists its devices")
def engine_lists(context: Context) -> None:
    from rbee.worker.engines.llamacpp import ENGINE  # late: it takes a moment

    context.facts = ENGINE.facts()


@then("there are none but the processor")
def processor_alone(context: Context) -> None:
    found = context.facts
    assert (list(found.devices), list(found.backends)) == ([], ["cpu"]), found
