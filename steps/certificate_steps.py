"""The queen's certificate, who is answered without encryption, and codes: decisions."""

from __future__ import annotations

from harness.decisions import certifying
from harness.rig.sentences import Context, given, then, when


@given('a certificate that was made for "{address}"')
def made_for(context: Context, address: str) -> None:
    context.wanted = certifying.Wanted(address)


@when("that certificate is wanted {how}")
def wanted(context: Context, how: str) -> None:
    context.became = context.wanted.what_for(how)


@then("that certificate is {what}")
def became(context: Context, what: str) -> None:
    assert context.became == what, context.became


@when("{count:d} other addresses have wanted it")
def wanted_for(context: Context, count: int) -> None:
    context.terms = context.wanted.renew_for(count)


@then("it speaks for {count:d} addresses, among them the last one and the loopback addresses")
def addresses(context: Context, count: int) -> None:
    certifying.assert_addresses(context.terms, count, "10.0.0.39")


@when('a certificate is made on "{machine}", with "{allowed}" in allowed_hosts')
def made_on(context: Context, machine: str, allowed: str) -> None:
    context.names = certifying.names_on(machine, allowed)


@then('it speaks for the names "{names}" and no others')
def names(context: Context, names: str) -> None:
    assert context.names == set(names.split(", ")), context.names


@given('a certificate of a queen that was made for "{address}"')
def of_a_queen(context: Context, address: str) -> None:
    context.certificate = certifying.OfAQueen(address)
    context.cluster.on_close(context.certificate.remove)


@when("these want it, one after the other")
def wanted_for_these(context: Context) -> None:
    context.certificate.want(context.table)


@then("each is another certificate, with the same key, that the same authority has signed")
def succession(context: Context) -> None:
    context.certificate.assert_succession()


@then('the last one speaks for "{addresses}", too')
def speaks_for(context: Context, addresses: str) -> None:
    context.certificate.assert_speaks_for(addresses)


@then("the last one is valid for at most {days:d} days, and the authority at any time")
def lengths(context: Context, days: int) -> None:
    context.certificate.assert_lengths(days)


@given("of its files {what} since then")
def since_then(context: Context, what: str) -> None:
    context.certificate.change(what)


@when("the next queen of that home shows hers")
def next_queen(context: Context) -> None:
    context.shown = context.certificate.next_shown()


@then("what she shows is {outcome}")
def next_shown(context: Context, outcome: str) -> None:
    context.certificate.assert_next(context.shown, outcome)


@when("somebody looks at the files of it")
def look_at_files(context: Context) -> None:
    context.modes = context.certificate.modes()


@then("each of them has the mode {mode}")
def modes(context: Context, mode: str) -> None:
    assert len(context.modes) == 4 and set(context.modes.values()) == {mode}, context.modes


@then("a home in which others may read one of its keys is not used")
def not_used(context: Context) -> None:
    context.certificate.assert_not_used_when_read()


@when('"{what}" is asked without encryption from {where}')
def asked_in_the_open(context: Context, what: str, where: str) -> None:
    context.outcome = certifying.outcome_in_the_open(what, where)


@then("that question is {outcome}")
def outcome_in_the_open(context: Context, outcome: str) -> None:
    assert context.outcome == outcome, context.outcome


@when("a link of {count:d} characters is drawn as a code")
def draw(context: Context, count: int) -> None:
    context.code = certifying.code_of(count)


@then("its blocks are the modules of a QR code of that link, with a light border of {border:d}")
def modules(context: Context, border: int) -> None:
    certifying.assert_modules(context.code, border)


@then("the code is {columns:d} columns wide")
def width(context: Context, columns: int) -> None:
    assert {len(line) for line in context.code} == {columns}, len(context.code[0])


@when("a link of 90 characters is to be drawn on {where}")
def draw_on(context: Context, where: str) -> None:
    context.why_not = certifying.why_not_on(where)


@then("the code is {outcome}")
def drawn(context: Context, outcome: str) -> None:
    certifying.assert_drawn(context.why_not, outcome)


@when('the certificate of a queen with "{allowed}" in allowed_hosts is made for "{address}"')
def made_with(context: Context, allowed: str, address: str) -> None:
    context.certificate = certifying.OfAQueen(address, allowed)
    context.cluster.on_close(context.certificate.remove)


@then(
    'it speaks for the address "{address}" and the name "{name}", and its authority has signed it'
)
def speaks_for_both(context: Context, address: str, name: str) -> None:
    context.certificate.assert_made_for(address, name)
