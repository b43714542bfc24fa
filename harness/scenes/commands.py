"""The commands around a prompt: their tables, their answers for programs, a queen that is named."""

from __future__ import annotations

import json
import math
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence

from harness.rig import swarm
from harness.rig.cluster import ROOT, Cluster
from harness.rig.program import Finished, Running
from harness.rig.transcript import line_pattern
from harness.rig.waiting import wait_until

#: A row of a table, by the names of its columns.
Row = Mapping[str, str]

_EXAMPLE = re.compile(r"^ {2,}((?:echo .*\| )?rbee-keeper .*)$", re.MULTILINE)
#: How the quick reader of an `infer` goes about each command line, beside click.
_READ = """
import shlex, sys
from rbee.keeper.cli import infer
from rbee.keeper.quick_reader import read_plain_infer

for line in sys.argv[1:]:
    _, *words = shlex.split(line)
    quick = read_plain_infer(words, {})
    if quick is None:
        print("left to click")
    elif quick == infer.make_context("infer", words[1:]).params:
        print("the same")
    else:
        print("something else")
"""


# A queen that is named.


def run_in_another_home(
    cluster: Cluster, command_line: str, *, with_token: bool = True
) -> Finished:
    """Runs a command in an empty home, naming this scenario's queen, and her token's file."""
    named = f"{command_line} --queen {cluster.url('queen')}"
    if with_token:
        named += f" --token-file {shlex.quote(str(cluster.home / 'token'))}"
    return cluster.run(f"RBEE_HOME={shlex.quote(str(cluster.folder / 'other'))} {named}")


def run_naming_nobody(cluster: Cluster, command_line: str) -> Finished:
    """Runs a command that names a queen where none listens."""
    return cluster.run(f"{command_line} --queen {cluster.url('queen')}")


# Sleep.


def put_to_sleep(cluster: Cluster, command_line: str, *, from_another_home: bool = False) -> None:
    """Runs a command that ends what was warm; from here on nobody may be left."""
    cluster.expect_asleep()
    if from_another_home:
        run_in_another_home(cluster, command_line)
    else:
        cluster.run(command_line)


def assert_interrupted(cluster: Cluster, running: Running) -> None:
    """A command that somebody waited for has failed."""
    assert cluster.finish(running).status == 1, running


def assert_stays_up(cluster: Cluster) -> None:
    """The command has ended and the queen answers; the end of the scenario shuts her down."""
    cluster.expect_warm()
    cluster.assert_status(0)
    cluster.assert_answers("queen", 1.0)


_KILL = re.compile(r"end her: (?P<line>kill \d+)$", re.MULTILINE)


def end_as_advised(cluster: Cluster, command_line: str) -> None:
    """Types the line by which an error of this command says that the queen is ended."""
    refused = cluster.run(command_line)
    advised = _KILL.search(refused.stderr)
    assert advised, refused
    cluster.expect_asleep()
    cluster.run(advised["line"])


# Answers.


def assert_row(finished: Finished, row: str) -> None:
    """A line of stdout begins with these words, however its columns are padded."""
    lines = [" ".join(line.split()) for line in finished.stdout.splitlines()]
    expected = re.compile(line_pattern(row).pattern + r"(?!\S)")
    assert any(expected.match(line) for line in lines), f"no row {row!r}\n{finished}"


def assert_rows(finished: Finished, rows: Iterable[Row]) -> None:
    """The same, of each `row` of a table."""
    for each in rows:
        assert_row(finished, each["row"])


def assert_answer(finished: Finished, fields: str) -> None:
    """Stdout is one line of JSON with exactly these fields."""
    lines = finished.stdout.splitlines()
    assert len(lines) == 1, finished
    assert set(json.loads(lines[0])) == set(fields.split(", ")), finished


def run_examples(cluster: Cluster, command: str) -> list[Finished]:
    """Runs every example that the help of a command prints."""
    printed = _EXAMPLE.findall(_help_of(command))
    assert printed, f"the help of {command} prints no example"
    return [cluster.run(each) for each in printed]


def helps() -> dict[str, str]:
    """What ``--help`` of each command shows, read in this process."""
    from rbee.keeper.cli import keeper

    return {command: _help_of(command) for command in keeper.commands}


def _help_of(command: str) -> str:
    # Late: click is heavy, and few scenarios want it.
    from click.testing import CliRunner

    from rbee.keeper.cli import keeper

    return CliRunner().invoke(keeper, [command, "--help"]).output


def assert_show_examples(shown: Mapping[str, str]) -> None:
    """The help of each command, by its name, has the command itself among its examples."""
    assert shown
    for command, told in shown.items():
        assert any(_types(command, each) for each in _EXAMPLE.findall(told)), told


def assert_all_typed(typed: Sequence[str], elsewhere: Mapping[str, str]) -> None:
    """Each command is one of `typed` or has a file of the project in which it is typed."""
    from rbee.keeper.cli import keeper

    told = [*typed, *elsewhere]
    assert not (untold := set(keeper.commands) - set(told)), f"typed nowhere: {sorted(untold)}"
    assert sorted(told) == sorted(keeper.commands), f"no commands, or told twice: {told}"
    for command, where in elsewhere.items():
        text = (ROOT / where).read_text(encoding="utf-8")
        assert any(_types(command, line) for line in text.splitlines()), f"{command}: {where}"


def _types(command: str, line: str) -> bool:
    return re.search(rf"\brbee-keeper {command}(?![\w-])", line) is not None


def run_all_examples(cluster: Cluster, commands: Sequence[str]) -> list[Finished]:
    """Runs every example that the help of each of these commands prints."""
    return [each for command in commands for each in run_examples(cluster, command)]


def assert_worked(finished: Sequence[Finished], seconds: float = math.inf) -> None:
    """There are commands, and each ended well, in less than so many seconds."""
    assert finished
    for each in finished:
        assert each.status == 0, each
        assert each.seconds < seconds, each


def assert_silent(finished: Sequence[Finished]) -> None:
    """None of these commands wrote to stderr."""
    for each in finished:
        assert each.stderr == "", each


def assert_show_rows(finished: Sequence[Finished], rows: Sequence[Row]) -> None:
    """Each command shows the `heading` and the `row` of its row."""
    for each, row in zip(finished, rows, strict=True):
        assert_row(each, row["heading"])
        assert_row(each, row["row"])


def assert_answers(finished: Sequence[Finished], rows: Sequence[Row]) -> None:
    """Each command answers programs with the `fields` of its row."""
    for each, row in zip(finished, rows, strict=True):
        assert_answer(each, row["fields"])


def assert_refused(cluster: Cluster, finished: Sequence[Finished], rows: Sequence[Row]) -> None:
    """Each command failed with the `error` and the `advice` of its row."""
    for each, row in zip(finished, rows, strict=True):
        cluster.assert_narrated(f"error: {row['error']}\ntry: {row['advice']}", each)
        cluster.assert_status(1, each)


def assert_says(finished: Sequence[Finished], rows: Sequence[Row]) -> None:
    """Each command ended with the `status` of its row, and said what it `says`: texts with `` & ``
    between them, and in each of them parts with `` ... `` between them, in this order."""
    for each, row in zip(finished, rows, strict=True):
        assert each.status == int(row["status"]), each
        for text in row["says"].split(" & "):
            rest = each.stdout + each.stderr
            for part in text.split(" ... "):
                at = rest.find(part)
                assert at >= 0, (part, each)
                rest = rest[at + len(part) :]


def assert_kept_nowhere(cluster: Cluster, name: str) -> None:
    """No file of the home holds the secret that is in the file `name`."""
    secret = (cluster.work / name).read_bytes().strip()
    assert len(secret) > 20, secret
    files = [path for path in cluster.home.rglob("*") if path.is_file()]
    holders = [path for path in files if secret in path.read_bytes()]
    assert files, "the home is empty"
    assert not holders, holders


# Models of one's own.


def own_model(cluster: Cluster, name: str, model: str = "minillama-q4_0") -> None:
    """A model file that the user has got from elsewhere."""
    # Late: naming the repositories makes their models.
    from fixtures.hub.repositories import REPOSITORIES

    files = REPOSITORIES[f"author/{model.rpartition('-')[0]}"].files
    cluster.write(name, files[f"{model}.gguf"].body)


def shelve_what_belongs(cluster: Cluster) -> None:
    """Files lie on the shelf that belong to models, under names that do not tell it."""
    from fixtures.hub.models import no_model, projector

    cluster.shelf.mkdir(exist_ok=True)
    named = {"adapter": "an adapter", "statistics": "statistics", "vocabulary": "a vocabulary"}
    contents = {name: no_model(what) for name, what in named.items()}
    for name, content in {**contents, "projector": projector()}.items():
        (cluster.shelf / f"{name}.gguf").write_bytes(content.body)


def remember_gains(cluster: Cluster, gain: float) -> None:
    """Has each draft that was measured at home have gained as much."""
    kept = cluster.home / "drafts.json"
    measured = json.loads(kept.read_text())
    assert measured, kept
    kept.write_text(json.dumps(dict.fromkeys(measured, gain)))


def on_own_model(cluster: Cluster, command: str, name: str) -> Finished:
    """Runs a command on a model file of the user's own."""
    finished = cluster.run(f"rbee-keeper {command} file:{cluster.work / name}")
    cluster.assert_status(0, finished)
    return finished


# Workers and logs.


def stop_by_prefix(cluster: Cluster) -> Finished:
    """Stops the one worker by the first letters of its id."""
    return cluster.run(f"rbee-keeper stop {_worker_id(cluster)[:9]}")


def stop_misspelt(cluster: Cluster) -> Finished:
    """Stops a worker whose id nobody has, but almost."""
    worker_id = _worker_id(cluster)
    return cluster.run(f"rbee-keeper stop {worker_id[:-1]}x")


def assert_no_worker_listed(cluster: Cluster) -> None:
    """The queen knows of no worker, now or in a moment: a heartbeat tells it."""

    def none_is_listed() -> bool:
        workers = cluster.queen_get("/workers")["workers"]
        assert workers == [], workers
        return True

    wait_until("the queen lists no worker", none_is_listed)


def write_log(cluster: Cluster, name: str, text: str) -> None:
    """A line that a program has added to its log."""
    folder = cluster.home / "logs"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / f"{name}.log").open("a") as log:
        log.write(text + "\n")


def kill_queen(cluster: Cluster) -> None:
    """kill -9 of the queen; her hive lives on its lease."""
    swarm.kill(cluster, "queen")
    cluster.expect_asleep()


def _worker_id(cluster: Cluster) -> str:
    (worker,) = cluster.queen_get("/workers")["workers"]
    worker_id: str = worker["worker_id"]
    return worker_id


# The two ways in which the keeper reads an `infer`: a quick one for what is plain, and click.


def read_both_ways(cluster: Cluster, command_lines: Sequence[str]) -> dict[str, str]:
    """How the quick way goes about each command line: it is
    ``left to click``, means ``the same`` to it, or ``something else``.
    """
    finished = cluster.run(shlex.join(["python", "-c", _READ, *command_lines]))
    cluster.assert_status(0, finished)
    return dict(zip(command_lines, finished.stdout.splitlines(), strict=True))


def assert_read_as(readings: dict[str, str], reading: str) -> None:
    """There are command lines, and the quick way goes about each of them like this."""
    others = {line: each for line, each in readings.items() if each != reading}
    assert readings and not others, others
