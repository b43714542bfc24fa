"""The queen's page by https://, and the code that leads a phone there."""

from __future__ import annotations

from harness.rig.sentences import Context, given, then, when
from harness.scenes import encrypted_page


@given("a browser that believes the key of her certificate")
def believes(context: Context) -> None:
    context.browser = encrypted_page.look(context.cluster)


@when('the browser follows the link of "rbee-keeper open --qr"')
def follows(context: Context) -> None:
    encrypted_page.follow(context.cluster, context.browser)


@then("the page is awake at an address by https://")
def awake(context: Context) -> None:
    encrypted_page.assert_awake(context.browser)


@then("its cookie is for the browser alone, and for encrypted connections")
def cookie(context: Context) -> None:
    encrypted_page.assert_cookie(context.browser)


@when("the browser is signed in by https:// and then by http://, on the same machine")
def twice(context: Context) -> None:
    encrypted_page.sign_in_twice(context.cluster, context.browser)


@then("both pages are awake")
def both(context: Context) -> None:
    encrypted_page.assert_both_awake(context.browser)


@when('that browser follows the link of "rbee-keeper open --qr"')
def follows_warned(context: Context) -> None:
    context.why = encrypted_page.follow_warned(context.cluster, context.browser)


@then("it warns, and has signed in nobody")
def warns(context: Context) -> None:
    encrypted_page.assert_warned(context.browser, context.why)


@when('I type "{command_line}" into a pipe')
def into_pipe(context: Context, command_line: str) -> None:
    context.cluster.run(command_line)


@then("the terminal shows a code, and the link by https:// that it holds")
def shows_code(context: Context) -> None:
    context.link = encrypted_page.assert_code(context.cluster.last)


@then("the link by https:// is printed without a code")
def no_code(context: Context) -> None:
    encrypted_page.assert_no_code(context.cluster.last)


@then("stderr contains the SHA-256 of the certificate that is shown at that address")
def told(context: Context) -> None:
    encrypted_page.assert_told(context.cluster.last, context.link)


@then("stdout holds no escape sequences")
def no_escapes(context: Context) -> None:
    assert "\x1b" not in context.cluster.last.stdout, context.cluster.last
