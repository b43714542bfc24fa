"""The queen's page in a browser."""

from __future__ import annotations

from harness.rig import browsing
from harness.rig.sentences import Context, given, then, when
from harness.scenes import on_page


@given("a browser that looks at the page")
def looks(context: Context) -> None:
    context.browser = browsing.look(context.cluster)


@given('the page says "rbee-keeper open", and nothing of the swarm')
def says_nothing(context: Context) -> None:
    on_page.assert_tells_strangers_nothing(context.cluster, context.browser)


@given("a browser that is signed in on the page")
def signed_in(context: Context) -> None:
    context.browser = on_page.signed_in(context.cluster)


@when("a browser of {width:d} pixels in the dark is signed in on the page")
def signed_in_narrow(context: Context, width: int) -> None:
    size = (width, browsing.NARROW[1])
    context.browser = on_page.signed_in(context.cluster, size, "dark")
    on_page.wait_for_row(context.browser, "Workers", '"minillama"')


@when('the browser follows a link of "rbee-keeper open --print"')
@when('the browser follows a link of "rbee-keeper open --print" in another tab')
def follows(context: Context) -> None:
    context.link = on_page.follow(context.cluster, context.browser)


@then("the page is awake, and its secret is in no address, storage or log")
def secret_is_nowhere(context: Context) -> None:
    on_page.assert_secret_is_nowhere(context.cluster, context.browser, context.link)


@then("its cookie is for the browser alone")
def cookie(context: Context) -> None:
    on_page.assert_cookie_is_kept_from_others(context.browser)


@then('another browser that follows the same link is told "{words}"')
def refused(context: Context, words: str) -> None:
    on_page.assert_link_refused(context.cluster, context.link, words)


@then('the table "{table}" has a row with {told}')
def has_row(context: Context, table: str, told: str) -> None:
    on_page.wait_for_row(context.browser, table, told)


@then('the page narrates "{line}"')
def narrates(context: Context, line: str) -> None:
    context.browser.wait_for("#lines", line)
    browsing.keep_picture(context.browser, "page")


@given('the hub stops in the middle of "{file}"')
def hub_stops(context: Context, file: str) -> None:
    context.cluster.hub.fault(f"*/{file}", "stall", after_bytes=1_000_000)


@when('"{command_line}" waits for it in another terminal')
@given('"{command_line}" waits for it in another terminal')
def typed_in_another(context: Context, command_line: str) -> None:
    on_page.type_and_wait_for_the_hub(context.cluster, command_line)


@given(
    "a browser that is signed in on the page of a swarm whose workers take {count:d} job at once"
)
def signed_in_where_one_is_taken(context: Context, count: int) -> None:
    context.cluster.set(slots=count)
    context.browser = on_page.signed_in(context.cluster)


@when('a story of "{model}" is told on the CPU, and another one waits for that')
def story_is_told(context: Context, model: str) -> None:
    on_page.have_story_told(context.cluster, model)


@when('the tabulator leads from the top of the page to "{label}", and "{text}" is typed there')
def typed_there(context: Context, label: str, text: str) -> None:
    context.unseen = on_page.tab_to(context.browser, label)
    context.browser.type(text)
    context.browser.press("Enter")


@then('the page answers "{text}"')
def answers(context: Context, text: str) -> None:
    context.browser.wait_for("#turns .answer .text", text)


@then("every stop on the way was seen")
def stops_seen(context: Context) -> None:
    assert context.unseen == [], context.unseen


@then("nothing of the page is wider than that")
def fits(context: Context) -> None:
    on_page.assert_fits(context.browser)
    browsing.keep_picture(context.browser, "page-on-a-phone")


@then("its text stands out from its ground everywhere")
def readable(context: Context) -> None:
    on_page.assert_readable(context.browser)


@when("models with such names are asked for")
def asked_by_name(context: Context) -> None:
    context.names = [row["name"] for row in context.table]
    on_page.ask_by_name(context.cluster, context.names)


@then("the page shows these names in its tables and in what is narrated")
def shows_names(context: Context) -> None:
    on_page.assert_shows(context.browser, context.names)


@then('it has no element of theirs, and its title is "rbee"')
def made_nothing(context: Context) -> None:
    on_page.assert_made_nothing(context.browser)


@when("a page of another port of this machine has the browser ask the queen in each of these ways")
def misused(context: Context) -> None:
    context.jobs = len(context.cluster.queen_get("/jobs")["jobs"])
    context.neighbour = on_page.Neighbour(context.cluster)
    ways = [row["what"] for row in context.table]
    context.misused = context.neighbour.misuse(context.browser, ways)


@then("none of them gets or does anything")
def got_nothing(context: Context) -> None:
    context.neighbour.assert_got_nothing(context.misused, context.jobs)


@then("the page is still signed in")
def still_signed_in(context: Context) -> None:
    context.browser.type_address(context.cluster.url("queen", "/"))
    context.browser.wait_for("#state", "awake")


@given("the page says that she is asleep")
def says_asleep(context: Context) -> None:
    context.browser.wait_for("#asleep", "Type rbee-keeper up, or rbee-keeper open")


@then("the first tab is awake again")
def first_awake(context: Context) -> None:
    context.browser.back_to(0)
    context.browser.wait_for("#state", "awake")


@given("a browser that writes down what it is told to open, and opens it")
def browser_writes_down(context: Context) -> None:
    context.told = on_page.stand_in(context.cluster)


@when('the browser opens what "rbee-keeper open" tells it to')
def opens_as_told(context: Context) -> None:
    context.opened = on_page.open_as_told(context.cluster, context.browser)


@then("the page is awake, and the command has said so")
def opened(context: Context) -> None:
    on_page.assert_opened(context.cluster, context.browser, context.opened)


@given("a browser that fails")
def browser_fails(context: Context) -> None:
    on_page.failing_stand_in(context.cluster)


@then("the browser was told no secret, and the file it was shown is gone")
def told_no_secret(context: Context) -> None:
    on_page.assert_told_no_secret(context.cluster, context.told, context.cluster.last)


@then("stdout is a link that signs in")
def is_link(context: Context) -> None:
    on_page.assert_signs_in(context.cluster, context.cluster.last.stdout)


@then("the swarm stays")
def stays(context: Context) -> None:
    context.cluster.expect_warm()
    context.cluster.assert_running("queen")
    context.cluster.assert_running("hive")


@when("a program asks for the page")
def program_asks(context: Context) -> None:
    context.answer = context.cluster.http("GET", "queen", "/", token=None)


@then('the program reads "{text}"')
def is_told(context: Context, text: str) -> None:
    assert context.answer.text.startswith(text), context.answer
