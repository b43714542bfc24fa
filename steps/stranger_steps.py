"""Somebody without token or key at the ports of a swarm."""

from __future__ import annotations

from harness.rig.sentences import Context, given, then, when
from harness.scenes import strangers


@given("strangers have {places:d} places and {seconds:d} s for a request")
def places(context: Context, places: int, seconds: int) -> None:
    context.cluster.set(strangers=places, request_head=seconds)


@given("the body of a request may pause for {seconds:d} s")
def pause(context: Context, seconds: int) -> None:
    context.cluster.set(request_pause=seconds)


@given("a log may have {mebibytes:d} MiB")
def log_size(context: Context, mebibytes: int) -> None:
    context.cluster.set(log_mib=mebibytes)


@when("a stranger sends the first half of {count:d} requests to each program")
def flood(context: Context, count: int) -> None:
    context.flood = strangers.Flood(context.cluster, count)


@when("a stranger sends each program these")
def nonsense(context: Context) -> None:
    context.answers = strangers.send_each(context.cluster, list(context.table))


@when("a stranger sends her a gigabyte packed into one megabyte")
def bomb(context: Context) -> None:
    context.bomb = strangers.Bomb(context.cluster)


@when("the owner sends her one that comes in pieces for {seconds:d} s, and one that stops")
def slowly(context: Context, seconds: int) -> None:
    context.moving = strangers.send_slowly(context.cluster, seconds, stops=False)
    context.stopped = strangers.send_slowly(context.cluster, seconds, stops=True)


@when('a page of "{name}" asks each program how it is, under that name')
def rebind(context: Context, name: str) -> None:
    context.answers = strangers.ask_under(context.cluster, name)


@when("{mebibytes:d} MiB are written into the log of each program")
def fill_logs(context: Context, mebibytes: int) -> None:
    strangers.fill_logs(context.cluster, mebibytes)


@when('these strangers are there, the oldest first: "{there}"')
def there(context: Context, there: str) -> None:
    context.number = strangers.gives_way(there)


@when("{head:d} kB of a head and {body:d} kB of its body have come, and nobody has looked yet")
def come_before(context: Context, head: int, body: int) -> None:
    context.answered = strangers.answered_at_once(head * 1000, body * 1000)


@then('what is answered is "{status}"')
@then('what is answered is ""')
def answered_is(context: Context, status: str = "") -> None:
    assert context.answered == status, context.answered


@when("{descriptors:d} descriptors may be open")
def descriptors(context: Context, descriptors: int) -> None:
    context.limits = strangers.limits_with(descriptors)


@when('a request for "{host}" comes to the machine "{machine}" that is allowed "{allowed}"')
def request_for(context: Context, host: str, machine: str, allowed: str) -> None:
    context.verdict = strangers.verdict_on(host, machine, allowed)


@when("one fault comes {times:d} times, and another once")
def faults(context: Context, times: int) -> None:
    context.told, context.told_at_the_end = strangers.told_of_faults(times)


@then("no program holds more than {most:d} connections")
def at_most(context: Context, most: int) -> None:
    context.flood.assert_at_most(most)


@then("the owner lists and infers meanwhile")
def owner_served(context: Context) -> None:
    context.flood.assert_owner_is_served()


@then("all that the stranger began is closed within {seconds:d} s")
def closed(context: Context, seconds: int) -> None:
    context.flood.assert_closed(seconds)


@then("the logs have grown by less than {kilobytes:d} kB")
def logs_grew(context: Context, kilobytes: int) -> None:
    context.flood.assert_logs_grew(kilobytes * 1000)


@then("each of them is refused")
def each_refused(context: Context) -> None:
    strangers.assert_refused(context.answers)


@then("no log tells of it")
def logs_silent(context: Context) -> None:
    strangers.assert_logs_silent(context.cluster)


@then('it is refused with "{code}", and she has not unpacked it')
def bomb_untouched(context: Context, code: str) -> None:
    context.bomb.assert_untouched(code)


@then('the owner\'s is refused with "{code}"')
def owner_bomb(context: Context, code: str) -> None:
    context.bomb.assert_owner_refused(code)


@then("a packed request of the owner is understood")
def packed(context: Context) -> None:
    context.bomb.assert_understood()


@then("the first is accepted")
def moving_accepted(context: Context) -> None:
    assert context.moving.status == 202, context.moving


@then('the other is refused with "{code}"')
def stopped_refused(context: Context, code: str) -> None:
    assert context.stopped.json()["error"]["code"] == code, context.stopped


@then('each of them says "{code}"')
def each_says(context: Context, code: str) -> None:
    assert {each.json()["error"]["code"] for each in context.answers} == {code}, context.answers


@then("each answers under an address of the machine")
def each_answers(context: Context) -> None:
    answers = strangers.ask_under(context.cluster, "192.168.7.9:8500")
    assert {each.status for each in answers} == {200}, answers


@then("no log is larger than {mebibytes:d} MiB after {seconds:d} s")
def logs_small(context: Context, mebibytes: int, seconds: int) -> None:
    strangers.assert_logs_at_most(context.cluster, mebibytes, seconds)


@then("each log goes on with what its program says")
def logs_go_on(context: Context) -> None:
    strangers.assert_logs_go_on(context.cluster)


@then("number {number:d} gives way")
def gives_way(context: Context, number: int) -> None:
    assert context.number == number, context.number


@then("there are {all_of_them:d} places, {some:d} for strangers and {key:d} for one key")
def limits(context: Context, all_of_them: int, some: int, key: int) -> None:
    assert context.limits[:3] == (all_of_them, some, key), context.limits


@then("it is a name {verdict}")
def name_is(context: Context, verdict: str) -> None:
    strangers.assert_name(context.verdict, verdict)


@then("{count:d} lines tell of them")
def lines_tell(context: Context, count: int) -> None:
    assert len(context.told) == count, context.told


@then("at the end a line tells of {count} more")
def end_tells(context: Context, count: str) -> None:
    (line,) = context.told_at_the_end
    assert f"... {count} more of these" in line, line
