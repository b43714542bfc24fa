"""The keeper's commands. Phase 0.

A command reads its options and returns what it does; `with_queen` does it. Exit status: 0 done,
1 failed, 2 usage, 124 deadline, 130 Ctrl+C. What a command does is imported when it is typed: the
start of the keeper is part of every cold run. A plain `infer` does not come by here, but for
`quick_reader`.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import click

from rbee import __version__
from rbee.keeper.click_options import MODEL_REF, NAME, TEXT, TRY, takes
from rbee.keeper.command import (
    Deed,
    Misuse,
    leave,
    run_at_home,
    run_with_queen,
    wait_for_upgrade,
)
from rbee.keeper.options import (
    HOST_OPTION,
    INFER_OPTIONS,
    LIST_OPTIONS,
    MODEL_OPTIONS,
    NARRATION_OPTIONS,
    PLACE_OPTIONS,
    Option,
    Options,
)
from rbee.keeper.queen_target import QueenTarget
from rbee.keeper.screen import Screen
from rbee.keeper.streams import AnswerLost
from rbee.process.home import Home
from rbee.wire.errors import invalid
from rbee.wire.shown import shown

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=_CONTEXT)
@click.version_option(__version__)
def keeper() -> None:
    """Run language models on the computers you have at home.

    \b
    Example:
      rbee-keeper infer --model HF:author/minillama "hello"
    """


def with_queen(*options: Option) -> Callable[[Callable[[Options], Deed]], Callable[..., NoReturn]]:
    """Makes a function for click of a command that means a queen, with these options."""

    def made(command: Callable[[Options], Deed]) -> Callable[..., NoReturn]:
        @takes(*options)
        @functools.wraps(command)
        def run(**given: Any) -> NoReturn:
            try:
                run_with_queen(command, given)
            except Misuse as misuse:
                raise click.UsageError(str(misuse)) from None

        return run

    return made


@keeper.command()
@click.argument("prompt", required=False, type=TEXT)
@with_queen(*INFER_OPTIONS)
def infer(options: Options) -> Deed:
    """Answer PROMPT with a model; PROMPT - or none reads standard input.

    Tokens go to stdout, everything else to stderr. What is not running is woken, and goes to
    sleep again afterwards.

    \b
    Examples:
      rbee-keeper infer "hello"
      rbee-keeper infer --model HF:author/minillama:Q4_0 "tell me a story" > story.txt
      echo "hello" | rbee-keeper infer --max-tokens 20 -
    """
    from rbee.keeper.infer import infer_command

    return infer_command(options)


@keeper.command()
@takes(*MODEL_OPTIONS)
@click.option(
    "--system", type=TEXT, metavar="TEXT", help="What the model is told before the conversation."
)
@with_queen(*NARRATION_OPTIONS)
def chat(options: Options) -> Deed:
    """Talk with a model: each line is answered, knowing what was said before.

    Ctrl+C stops an answer, Ctrl+D or /exit ends the chat, /help lists the rest. What is not
    running is woken once, and goes to sleep again at the end. A pipe is answered line by line.

    Exit status: 0; 130 for Ctrl+C on an empty line; 1 for a pipe with a line that failed.

    \b
    Examples:
      rbee-keeper chat
      rbee-keeper chat --model HF:author/minillama --system "Be brief."
      printf 'hello\\ntell me a story\\n' | rbee-keeper chat > answers.txt
    """
    from rbee.keeper.chat import chat as run_chat

    return lambda screen, where: run_chat(screen, where, options)


@keeper.command()
@click.option("--print-env", is_flag=True, help="Tell programs of OpenAI's kind where she is.")
@click.option("--stay", is_flag=True, help="Run until Ctrl+C, which ends all of it.")
@click.option("--at-boot", is_flag=True, help="Also whenever this machine starts.")
@takes(HOST_OPTION)
@with_queen(*NARRATION_OPTIONS)
def up(options: Options) -> Deed:
    """Wake the queen and her hives, and let them stay.

    What is there is told on stdout. "rbee-keeper down" ends it. With --print-env stdout has lines
    for a shell instead, by which programs that speak OpenAI's API find her; they hold her token.

    With --host she listens at that address of this machine, 0.0.0.0 for all of them: phones and
    computers of the house reach her page and all APIs there, encrypted, as is told on stderr.

    --stay is for whatever starts programs: systemd, a container. --at-boot asks systemd, or
    launchd, of this user to run that whenever the machine starts, with the RBEE_* variables of this
    shell.

    \b
    Examples:
      rbee-keeper up
      eval "$(rbee-keeper up --print-env)"
    \b
    For phones and computers of the house:
      $ rbee-keeper up --host 0.0.0.0
    """
    from rbee.keeper import up_down

    print_env, stay, at_boot = options["print_env"], options["stay"], options["at_boot"]
    host = options["host"]
    _alone(host=host, queen=options["queen"])
    if print_env and options["as_json"]:
        raise click.UsageError("--print-env and --json exclude each other")
    if at_boot:
        _alone(at_boot=at_boot, print_env=print_env, stay=stay, queen=options["queen"])
        return lambda screen, where: up_down.up_at_boot(screen, where, host)
    return lambda screen, where: up_down.up(
        screen, where, print_env=print_env, stay=stay, host=host
    )


@keeper.command()
@click.option("--at-boot", is_flag=True, help="Start no more with this machine, either.")
@with_queen(*NARRATION_OPTIONS)
def down(options: Options) -> Deed:
    """End the queen, hives and workers, whoever woke them; cancel the jobs that still run.

    \b
    Example:
      rbee-keeper down
    """
    from rbee.keeper import up_down

    if options["at_boot"]:
        _alone(at_boot=True, queen=options["queen"])
        return up_down.down_at_boot
    return up_down.down


def _alone(**given: object) -> None:
    """Raises UsageError where more than one of these is given."""
    flags = [f"--{name.replace('_', '-')}" for name, value in given.items() if value]
    if len(flags) > 1:
        raise click.UsageError(f"{' and '.join(flags)} exclude each other")


@keeper.command("open")
@click.option("--print", "prints", is_flag=True, help="Print the link; open no browser.")
@click.option("--qr", is_flag=True, help="Show a code for the camera of a phone.")
@with_queen(*NARRATION_OPTIONS)
def open_page(options: Options) -> Deed:
    """Open the queen's page in a browser: what the machines do, and a chat.

    She is woken where she sleeps, and stays. The link signs a browser in once, within five minutes;
    where no browser can be shown, over SSH for one, it is printed.

    With --qr it is shown as a code, for a phone in the same network. The queen has to listen there:
    rbee-keeper up --host 0.0.0.0.

    \b
    Examples:
      rbee-keeper open
      rbee-keeper open --print
    \b
    For a phone:
      $ rbee-keeper open --qr
    """
    from rbee.keeper.page import open_page

    prints, qr = options["prints"], options["qr"]
    _alone(print=prints, qr=qr)
    return lambda screen, where: open_page(screen, where, prints=prints, qr=qr)


@keeper.command()
@with_queen(*LIST_OPTIONS)
def certificate(options: Options) -> Deed:
    """Print what phones and programs have to trust to reach the queen by https://.

    It is the certificate of her authority (PEM), which may sign for the names of her machine and
    for addresses alone. By what else she is recognised stands on stderr. She has to listen for
    other machines: rbee-keeper up --host 0.0.0.0.

    \b
    Example:
      rbee-keeper certificate > rbee.pem
    """
    from rbee.keeper.certificate import certificate

    return certificate


@keeper.command("rotate-token")
@with_queen(*NARRATION_OPTIONS)
def rotate_token(options: Options) -> Deed:
    """Draw another token for the swarm, after its end; jobs that still run are cancelled.

    For when the old one may be known to somebody else. Hives and workers have secrets of their own
    that follow from it, so they have others then, too.

    \b
    Example:
      rbee-keeper rotate-token
    """
    from rbee.keeper import up_down

    return up_down.rotate_token


@keeper.command()
@with_queen(*LIST_OPTIONS)
def status(options: Options) -> Deed:
    """Tell what is awake and what it does; wakes nobody.

    \b
    Examples:
      rbee-keeper status
      rbee-keeper status --json
    """
    from rbee.keeper.status import status

    return status


@keeper.command()
@click.argument("hive", required=False, type=NAME)
@with_queen(*LIST_OPTIONS)
def devices(options: Options) -> Deed:
    """List the processors and GPUs of HIVE, or of every hive.

    \b
    Examples:
      rbee-keeper devices
      rbee-keeper devices localhost
    """
    from rbee.keeper import lists

    return lambda screen, where: lists.devices(screen, where, options["hive"])


@keeper.command()
@with_queen(*LIST_OPTIONS)
def hives(options: Options) -> Deed:
    """List the machines of the swarm, awake and asleep.

    \b
    Example:
      rbee-keeper hives
    """
    from rbee.keeper import lists

    return lists.hives


def _resolved(_context: click.Context, _option: click.Parameter, path: str | None) -> str | None:
    """The queen reads the file, and her working directory is another."""
    return None if path is None else os.path.realpath(path)


def _mac(_context: click.Context, option: click.Parameter, text: str) -> str:
    """Of a bare ``--wake`` before HOST that is HOST, which is missing then."""
    from rbee.wire.names import is_mac

    if text not in ("", "auto") and not is_mac(text):
        what = f"{text!r} is no address of a network card; type --wake auto, or HOST before --wake"
        raise click.BadParameter(what, param=option)
    return text


@keeper.command()
@click.argument("host", type=TEXT)
@click.option(
    "--id", "hive_id", type=NAME, metavar="NAME", help="What to call it.  [default: its host name]"
)
@click.option("--port", type=click.IntRange(0, 65535), help="Where its hive listens.  [8600]")
@click.option("--ssh-user", type=TEXT, metavar="NAME", help="Whom to log in as.")
@click.option("--ssh-port", type=click.IntRange(1, 65535), help="Where its SSH server listens.")
@click.option("--key", type=TEXT, callback=_resolved, metavar="FILE", help="Private key file.")
@click.option(
    "--tunnel/--no-tunnel",
    default=None,
    help="Send all through SSH, or past it, unencrypted.  [default: through it]",
)
@click.option(
    "--wake",
    type=TEXT,
    is_flag=False,
    flag_value="auto",
    default="",
    is_eager=True,
    callback=_mac,
    metavar="MAC",
    help="It may be suspended, and is woken by its network card; auto finds that.",
)
@click.option("--install", is_flag=True, help="Bring rbee there, or upgrade it.")
@click.option("--offline", is_flag=True, help="With --install: send all that it needs from here.")
@click.option(
    "--python",
    type=TEXT,
    metavar="3.12|PATH",
    default="",
    help="With --install: the Python to take there.  [default: the first that is new enough]",
)
@click.option(
    "--accept-host-key",
    type=TEXT,
    metavar="SHA256:...",
    default="",
    help="Fingerprint you have checked.",
)
@with_queen(*NARRATION_OPTIONS)
def add_hive(options: Options) -> Deed:
    """Take HOST into the swarm: localhost, or a machine that is reached over SSH.

    HOST may be an alias of ~/.ssh/config, which also says what is not typed here. From then on
    its devices take part in every prompt.

    \b
    Examples:
      rbee-keeper add-hive localhost
    \b
    Another machine, with rbee brought there:
      $ rbee-keeper add-hive workstation --ssh-user maria --install
    \b
    One that sleeps while nobody needs it (type this while it is awake):
      $ rbee-keeper add-hive workstation --wake auto
    """
    from rbee.wire.messages.hives import AddHive, SshTarget

    for name in ("offline", "python"):
        if options[name] and not options["install"]:
            raise click.UsageError(f"--{name} goes with --install")
    user, port, key = options["ssh_user"], options["ssh_port"], options["key"]
    tunnel = options["tunnel"]
    ssh = SshTarget(user=user, port=port, key_path=key, tunnel=tunnel)
    wanted = AddHive(
        host=options["host"],
        port=options["port"],
        hive_id=options["hive_id"],
        ssh=ssh if user or port or key or tunnel is not None else None,
        install=options["install"],
        offline=options["offline"],
        python=options["python"],
        accept_host_key=options["accept_host_key"],
        wake=options["wake"],
    )

    from rbee.keeper import machines

    return lambda screen, where: machines.add_hive(screen, where, wanted)


@keeper.command()
@click.option("--to", "version", type=TEXT, metavar="VERSION", default="", help="[default: newest]")
@click.option("--only", type=NAME, metavar="HIVE", help="This machine alone.")
@click.option(
    "--python",
    type=TEXT,
    metavar="3.12|PATH",
    default="",
    help="The Python to take on other machines.  [default: the first that is new enough]",
)
@click.option("--offline", is_flag=True, help="Send other machines all that rbee needs from here.")
@click.option("--quiet", "-q", is_flag=True, help="No narration.")
@click.option("--json", "as_json", is_flag=True, help="One JSON event a line on stderr.")
def upgrade(
    version: str, only: str | None, python: str, offline: bool, quiet: bool, as_json: bool
) -> None:
    """Upgrade rbee, here and on every machine, while the swarm serves.

    The new one is made beside the old, by the pip of this environment, and has to answer in a swarm
    of its own first. Then jobs that run come to their end, new ones wait, and the new one takes its
    place. Where it does not answer there, the old one serves again.

    Exit status: 1 where a machine keeps its rbee, for instance since it is off.

    \b
    Examples:
      rbee-keeper upgrade
      rbee-keeper upgrade --only localhost
    \b
    To a version that is named, and a machine that was off meanwhile:
      $ rbee-keeper upgrade --to 0.4.0
      $ rbee-keeper upgrade --only workstation
    """
    if quiet and as_json:
        raise click.UsageError("--quiet and --json exclude each other")
    screen = Screen(quiet=quiet, as_json=as_json)
    wait_for_upgrade(screen)

    def run(home: Home) -> int:
        from rbee.keeper.windows import refuse_on_windows

        refuse_on_windows()
        from rbee.keeper.upgrade import Wanted
        from rbee.keeper.upgrade import upgrade as run_upgrade

        wanted = Wanted(version, only or "", python, offline)
        return run_upgrade(screen, QueenTarget.of(home, None, None), wanted)

    run_at_home(screen, run)


@keeper.command()
@click.argument("hive_id", metavar="HIVE", type=NAME)
@with_queen(*NARRATION_OPTIONS)
def wake(options: Options) -> Deed:
    """Wake HIVE, from suspension too, where its machine was added with --wake.

    It shows whether that works. Where a swarm stays up, the machine is awake for its prompts until
    it idles; else it sleeps again at once.

    \b
    Example:
      rbee-keeper wake localhost
    """
    from rbee.keeper import machines

    return lambda screen, where: machines.wake(screen, where, options["hive_id"])


@keeper.command()
@click.argument("hive_id", metavar="HIVE", type=NAME)
@with_queen(*NARRATION_OPTIONS)
def remove_hive(options: Options) -> Deed:
    """Put HIVE to sleep and forget its machine; models and logs stay on it.

    \b
    Example:
      rbee-keeper remove-hive localhost
    """
    from rbee.keeper import machines

    return lambda screen, where: machines.remove_hive(screen, where, options["hive_id"])


@keeper.command()
@click.argument("name", type=NAME)
@click.option(
    "--model",
    "models",
    type=TEXT,
    multiple=True,
    metavar="REF",
    help="Limit it to this model, or to what a name means; * for any text; repeatable.  [default: "
    "all]",
)
@click.option("--may-fetch", is_flag=True, help="Let it have models fetched, in your name.")
@click.option("--requests", type=click.IntRange(min=1), help="So many a day (UTC), no more.")
@click.option("--tokens", type=click.IntRange(min=1), help="So many a day, read and written.")
@with_queen(*NARRATION_OPTIONS)
def add_key(options: Options) -> Deed:
    """Make a key called NAME for a program that is to get answers, and no more.

    The secret is shown once, alone on stdout. With it the program reaches what speaks OpenAI's
    API, and of that the models that are on a machine of the swarm; the swarm's other commands stay
    closed to it.

    \b
    Examples:
      rbee-keeper add-key laptop
      rbee-keeper add-key tv --model minillama --model 'HF:author/*' --may-fetch
      rbee-keeper add-key guest --requests 100 --tokens 50000
    \b
    For a program that is started next:
      $ export OPENAI_API_KEY=$(rbee-keeper add-key editor)
    """
    from rbee.keeper import keys
    from rbee.wire.messages.keys import AddKey

    models, may_fetch = list(options["models"]), options["may_fetch"]
    wanted = AddKey(
        name=options["name"],
        models=models,
        may_fetch=may_fetch,
        requests_a_day=options["requests"] or 0,
        tokens_a_day=options["tokens"] or 0,
    )
    return lambda screen, where: keys.add_key(screen, where, wanted)


@keeper.command()
@with_queen(*LIST_OPTIONS)
def keys(options: Options) -> Deed:
    """List the keys by name, with what each may use, and has used today (UTC).

    \b
    Example:
      rbee-keeper keys
    """
    from rbee.keeper import keys

    return keys.keys


@keeper.command()
@click.argument("name", type=NAME)
@with_queen(*NARRATION_OPTIONS)
def remove_key(options: Options) -> Deed:
    """Make the key called NAME worthless.

    \b
    Example:
      rbee-keeper remove-key laptop
    """
    from rbee.keeper import keys

    return lambda screen, where: keys.remove_key(screen, where, options["name"])


@keeper.command()
@click.argument("name", type=NAME)
@click.argument("ref", type=MODEL_REF, required=False)
@click.argument("settings", type=TEXT, nargs=-1, metavar="[SETTING=VALUE]...")
@click.option("--draft", type=MODEL_REF, help="A smaller model that writes ahead of REF.")
@click.option("--remove", is_flag=True, help="Take the name away; its model stays.")
@with_queen(*NARRATION_OPTIONS)
def name(options: Options) -> Deed:
    """Call the model REF by a NAME of your own, in every command and API.

    The settings are what a request has that says nothing of them: context, slots, system (what the
    model is told first), thinking (true or false), keep_loaded, chat_template (a file of Jinja),
    max_tokens, temperature, top_p, top_k, min_p, seed, stop, repeat_penalty and other samplers;
    and draft, a smaller model of the same vocabulary, which is used where that is faster.
    The same can stand in config.toml, below [names.NAME], where REF is called model.

    \b
    Examples:
      rbee-keeper name bee minillama temperature=0 max_tokens=5
      rbee-keeper name bard HF:author/minillama:Q4_0 system="You are a poet." context=256
      rbee-keeper name --remove bard
    """
    from rbee.keeper import names

    given, ref = options["name"], options["ref"]
    if options["remove"]:
        if ref is not None:
            raise click.UsageError("--remove goes with a name alone")
        return lambda screen, where: names.remove(screen, where, given)
    if ref is None:
        raise click.UsageError("no model; for example: rbee-keeper name bee HF:owner/repo")
    return lambda screen, where: names.name(screen, where, names.wanted_name(options))


@keeper.command()
@with_queen(*LIST_OPTIONS)
def names(options: Options) -> Deed:
    """List the names that models are called by, with what is asked by each.

    \b
    Example:
      rbee-keeper names
    """
    from rbee.keeper import names

    return names.names


@keeper.command()
@click.argument("ref", type=MODEL_REF)
@with_queen(*PLACE_OPTIONS, *NARRATION_OPTIONS)
def plan(options: Options) -> Deed:
    """Tell where model REF would run: each place, what it takes there, and what is free.

    Machines that sleep are woken to be asked, and sleep again. No worker is started, and nothing
    is fetched.

    \b
    Examples:
      rbee-keeper plan HF:author/minillama
      rbee-keeper plan --spread cards HF:author/minillama:Q4_0
    """
    from rbee.keeper.plan import plan

    return lambda screen, where: plan(screen, where, options["ref"], options)


@keeper.command()
@with_queen(*LIST_OPTIONS)
def ps(options: Options) -> Deed:
    """List the workers and the jobs.

    \b
    Example:
      rbee-keeper ps
    """
    from rbee.keeper import lists

    return lists.ps


@keeper.command()
@with_queen(*LIST_OPTIONS)
def top(options: Options) -> Deed:
    """Show the workers and the jobs, anew each second, until Ctrl+C.

    In a pipe they are listed once, as ps does.

    \b
    Example:
      rbee-keeper top
    """
    from rbee.keeper import lists

    return lists.top


@keeper.command()
@click.option("--node", type=NAME, help="Of this hive alone.")
@with_queen(*LIST_OPTIONS)
def models(options: Options) -> Deed:
    """List the models on the hives that are awake.

    \b
    Examples:
      rbee-keeper models
      rbee-keeper models --node localhost
    """
    from rbee.keeper import lists

    return lambda screen, where: lists.models(screen, where, options["node"])


@keeper.command()
@click.argument("ref", type=MODEL_REF)
@click.option(
    "--node", type=NAME, metavar="HIVE", help="To this hive; without it, the one beside the queen."
)
@with_queen(*NARRATION_OPTIONS)
def pull(options: Options) -> Deed:
    """Fetch model REF before it is needed.

    What is not running is woken, and goes to sleep again afterwards.

    \b
    Examples:
      rbee-keeper pull HF:author/minillama
      rbee-keeper pull --node localhost HF:author/minillama:Q4_0
    """
    from rbee.keeper import models

    return lambda screen, where: models.pull(screen, where, options["ref"], options["node"])


@keeper.command()
@click.argument("ref", type=MODEL_REF)
@click.option(
    "--node",
    type=TEXT,
    metavar="HIVE",
    help="From this hive; without it, the one beside the queen.",
)
@with_queen(*NARRATION_OPTIONS)
def rm(options: Options) -> Deed:
    """Remove model REF from a hive, with the files that rbee has put there.

    \b
    Example:
      rbee-keeper rm HF:author/minillama
    """
    from rbee.keeper import models

    return lambda screen, where: models.remove(screen, where, options["ref"], options["node"])


@keeper.command()
@click.argument("worker", type=NAME)
@with_queen(*NARRATION_OPTIONS)
def stop(options: Options) -> Deed:
    """End one WORKER, named by its id or the first letters of it.

    Every id begins with "worker-", so this ends the worker where there is one alone:

    \b
    Example:
      rbee-keeper stop worker
    """
    from rbee.keeper import up_down

    return lambda screen, where: up_down.stop(screen, where, options["worker"])


@keeper.command()
@click.argument("name", metavar="[ROLE|ID]", required=False, type=NAME)
@click.option("--follow", "-f", is_flag=True, help="Go on until Ctrl+C.")
@click.option("--json", "as_json", is_flag=True, help="For programs: the list as JSON.")
def logs(name: str | None, follow: bool, as_json: bool) -> None:
    """Show the log of a role, a hive or a worker of this machine, or list the logs.

    \b
    Examples:
      rbee-keeper logs
      rbee-keeper logs queen
    """
    screen = Screen(as_json=as_json)
    if name is None and follow:
        raise click.UsageError("--follow needs to know which log; rbee-keeper logs lists them")
    if name is not None and as_json:
        raise click.UsageError("--json is for the list of logs; a log is text")

    def run(home: Home) -> None:
        from rbee.keeper import logs

        if name is None:
            logs.list_logs(screen, home)
        elif follow:
            logs.follow_log(screen, home, name)
        else:
            logs.show_logs(screen, home, name)

    run_at_home(screen, run)


def _show(misuse: click.ClickException) -> None:
    """What click would show; what it repeats of what was typed steers no terminal. Programs get an
    event, as they asked for."""
    if "--json" in sys.argv[1:]:
        what, _, advice = misuse.format_message().partition(TRY)
        context = misuse.ctx if isinstance(misuse, click.UsageError) else None
        called = context.command_path if context else "rbee-keeper"
        Screen(as_json=True).error(invalid(what, advice or f"{called} --help"))
        return
    if isinstance(misuse, click.exceptions.NoArgsIsHelpError):
        misuse.show()  # it is our own text, of many lines
        return
    message = shown(misuse.format_message()).replace(shown(TRY), TRY)
    misuse.format_message = lambda: message  # type: ignore[method-assign]
    misuse.show()


@keeper.command()
@click.option("--json", "as_json", is_flag=True, help="For programs: JSON.")
def doctor(as_json: bool) -> None:
    """Tell what this machine offers, and whether its workers are confined; wakes nobody.

    A model may be anybody's file: a worker gives up what it does not need before it opens one, as
    far as this system knows how.

    Exit status: 1 where something is missing.

    \b
    Examples:
      rbee-keeper doctor
      rbee-keeper doctor --json
    """
    from rbee.keeper.doctor import doctor as examine

    screen = Screen(as_json=as_json)
    run_at_home(screen, functools.partial(examine, screen))


def main() -> NoReturn:
    """Runs the command that was typed and exits with its status."""
    # What click writes by itself (help, version, completion) ends quietly with its reader.
    if sys.platform != "win32":
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    status = 0
    try:
        ended_with = keeper.main(prog_name="rbee-keeper", standalone_mode=False)
        status = ended_with if isinstance(ended_with, int) else 0
    except click.ClickException as misuse:
        with contextlib.suppress(OSError):  # who sees no stderr still has the status
            _show(misuse)
        status = misuse.exit_code
    except SystemExit as ended:  # of completion
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except OSError as error:
        Screen().error(AnswerLost(error))
        status = 1
    leave(status)
