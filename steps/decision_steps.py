"""Decisions, asked in this process: values in, an answer out."""

from __future__ import annotations

from harness.decisions import background, choosing
from harness.rig.sentences import Context, given, then, when
from harness.scenes import replacing


@when('"{repository}" holds "{files}" and somebody asks for "{asked}"')
def asks_of_repository(context: Context, repository: str, files: str, asked: str) -> None:
    context.taken, context.refused, context.note = choosing.choose_of(repository, files, asked)


@then('"{file}" is taken')
def is_taken(context: Context, file: str) -> None:
    assert context.taken == file, context.taken or context.refused


@then('whoever asked is told "{note}"')
def is_noted(context: Context, note: str) -> None:
    assert context.note == note, context.note


@then('that is refused with "{told}"')
def is_refused_with(context: Context, told: str) -> None:
    assert context.refused == told, context.refused or context.taken


@when("work in the background {ends}")
def background_work(context: Context, ends: str) -> None:
    context.told = background.told_of(ends)


@given("more work that waits for a disk than there are threads for it hangs")
def work_hangs(context: Context) -> None:
    context.hangs = True


@when("a database is asked in a thread")
def database_is_asked(context: Context) -> None:
    assert context.hangs
    context.seconds = background.seconds_beside_what_hangs()


@when("the code is searched for pools of threads")
def pools_searched(context: Context) -> None:
    context.found = background.pools_elsewhere()


@then("there is none but where each kind of work has its own")
def no_other_pools(context: Context) -> None:
    assert not context.found, context.found


@then("it has answered at once")
def answered_at_once(context: Context) -> None:
    assert context.seconds < background.PATIENCE_S, context.seconds


@when(
    'downloads from "{waiting}" wait while "{running}" are under way, '
    "of at most {most:d}, and {of_one:d} from a host"
)
def downloads_wait(context: Context, waiting: str, running: str, most: int, of_one: int) -> None:
    context.next = background.next_download(waiting, running, most, of_one)


@then('the next that begins is "{host}"')
def next_begins(context: Context, host: str) -> None:
    assert context.next == host, context.next


@then('whoever waits for it is told "{told}"')
def waiting_is_told(context: Context, told: str) -> None:
    assert context.told == told, context.told


@when("{change} in a model of two parts with a link to the first")
def content_changes(context: Context, change: str) -> None:
    context.verdict = replacing.verdict_on(change)


@then("the model is {verdict}")
def content_is(context: Context, verdict: str) -> None:
    assert context.verdict == verdict, context.verdict
