"""The keeper's commands. Phase 0.

Exit status: 0 done, 1 failed, 2 usage, 124 deadline, 130 Ctrl+C. What a command does is imported
when it is typed: the start of the keeper is part of every cold run.
"""

from __future__ import annotations

import sys
from typing import Any, NoReturn

import click

from rbee import __version__
from rbee.keeper.options import (
    ModelRefText,
    asked_of,
    at_home,
    list_options,
    model_options,
    screen_of,
    story_options,
    with_queen,
)
from rbee.keeper.screen import Screen
from rbee.keeper.whereabouts import Whereabouts
from rbee.process.home import Home

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=_CONTEXT)
@click.version_option(__version__)
def keeper() -> None:
    """Run language models on the computers you have at home.

    \b
    Example:
      rbee-keeper infer --model HF:author/minillama "hello"
    """


@keeper.command()
@click.argument("prompt", required=False)
@click.option("--prompt", "prompt_option", metavar="TEXT", help="The same as PROMPT.")
@model_options
@click.option("--stop", multiple=True, help="Stop before this text; may be given again.")
@click.option("--no-stream", is_flag=True, help="Show the text when it is complete.")
@click.option("--keep-alive", is_flag=True, help="Leave everything warm for the next time.")
@click.option("--deadline", type=click.FloatRange(0, min_open=True), help="Give up after seconds.")
@story_options
def infer(**options: Any) -> None:
    """Answer PROMPT with a model; PROMPT - or none reads standard input.

    Tokens go to stdout, everything else to stderr. What is not running is woken, and goes to
    sleep again afterwards.

    \b
    Examples:
      rbee-keeper infer "hello"
      rbee-keeper infer --model HF:author/minillama:Q4_0 "tell me a story" > story.txt
      echo "hello" | rbee-keeper infer --max-tokens 20 -
    """
    from rbee.wire.messages import JobRequest

    screen = screen_of(options)
    request = JobRequest(
        **asked_of(options),
        prompt=_prompt(options["prompt"], options["prompt_option"]),
        stop=list(options["stop"]) or None,
        stream=not options["no_stream"],
        deadline_s=options["deadline"],
    )

    def run(where: Whereabouts) -> None:
        from rbee.keeper.infer import infer as run_infer

        run_infer(screen, where, request, keep_alive=options["keep_alive"])

    with_queen(screen, options, run)


@keeper.command()
@model_options
@click.option("--system", metavar="TEXT", help="What the model is told before the conversation.")
@story_options
def chat(**options: Any) -> None:
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
    from rbee.wire.messages import ChatMessage, JobRequest

    screen = screen_of(options)

    def ask(messages: list[ChatMessage]) -> JobRequest:
        return JobRequest(**asked_of(options), messages=messages)

    def run(where: Whereabouts) -> int:
        from rbee.keeper.chat import chat as run_chat

        return run_chat(screen, where, ask, options["system"])

    with_queen(screen, options, run)


@keeper.command()
@click.option("--print-env", is_flag=True, help="Tell programs of OpenAI's kind where she is.")
@story_options
def up(**options: Any) -> None:
    """Wake the queen and her hives, and let them stay.

    What is there is told on stdout. "rbee-keeper down" ends it. With --print-env stdout has lines
    for a shell instead, by which programs that speak OpenAI's API find her; they hold her token.

    \b
    Examples:
      rbee-keeper up
      eval "$(rbee-keeper up --print-env)"
    """
    screen = screen_of(options)
    if options["print_env"] and options["as_json"]:
        raise click.UsageError("--print-env and --json exclude each other")

    def run(where: Whereabouts) -> None:
        from rbee.keeper.up_down import up as run_up

        run_up(screen, where, as_json=options["as_json"], print_env=options["print_env"])

    with_queen(screen, options, run)


@keeper.command()
@story_options
def down(**options: Any) -> None:
    """End the queen, hives and workers, whoever woke them; cancel the jobs that still run.

    \b
    Example:
      rbee-keeper down
    """
    screen = screen_of(options)

    def run(where: Whereabouts) -> None:
        from rbee.keeper.up_down import down as run_down

        run_down(screen, where)

    with_queen(screen, options, run)


@keeper.command()
@list_options
def status(**options: Any) -> None:
    """Tell what is awake and what it does; wakes nobody.

    \b
    Examples:
      rbee-keeper status
      rbee-keeper status --json
    """
    screen = screen_of(options)

    def run(where: Whereabouts) -> None:
        from rbee.keeper.status import status as run_status

        run_status(screen, where, as_json=options["as_json"])

    with_queen(screen, options, run)


@keeper.command()
@click.argument("hive", required=False)
@list_options
def devices(**options: Any) -> None:
    """List the processors and GPUs of HIVE, or of every hive.

    \b
    Examples:
      rbee-keeper devices
      rbee-keeper devices localhost
    """
    screen = screen_of(options)

    def run(where: Whereabouts) -> None:
        from rbee.keeper import lists

        lists.devices(screen, where, options["hive"], as_json=options["as_json"])

    with_queen(screen, options, run)


@keeper.command()
@list_options
def hives(**options: Any) -> None:
    """List the machines of the swarm, awake and asleep.

    \b
    Example:
      rbee-keeper hives
    """
    screen = screen_of(options)

    def run(where: Whereabouts) -> None:
        from rbee.keeper import lists

        lists.hives(screen, where, as_json=options["as_json"])

    with_queen(screen, options, run)


@keeper.command()
@click.argument("host")
@click.option("--id", "hive_id", metavar="NAME", help="What to call it.  [default: its host name]")
@click.option("--port", type=click.IntRange(0, 65535), help="Where its hive listens.  [8600]")
@click.option("--ssh-user", metavar="NAME", help="Whom to log in as.")
@click.option("--ssh-port", type=click.IntRange(1, 65535), help="Where its SSH server listens.")
@click.option("--key", type=click.Path(dir_okay=False, resolve_path=True), help="Private key file.")
@click.option("--tunnel", is_flag=True, help="Send HTTP through SSH, too, past a firewall.")
@click.option("--install", is_flag=True, help="Bring rbee there, or upgrade it.")
@click.option(
    "--accept-host-key", metavar="SHA256:...", default="", help="Fingerprint you have checked."
)
@story_options
def add_hive(**options: Any) -> None:
    """Take HOST into the swarm: localhost, or a machine that is reached over SSH.

    HOST may be an alias of ~/.ssh/config, which also says what is not typed here. From then on
    its devices take part in every prompt.

    \b
    Examples:
      rbee-keeper add-hive localhost
    \b
    Another machine, with rbee brought there:
      $ rbee-keeper add-hive workstation --ssh-user maria --install
    """
    from rbee.wire.messages import AddHive, SshTarget

    screen = screen_of(options)
    user, port, key = options["ssh_user"], options["ssh_port"], options["key"]
    tunnel = options["tunnel"]
    ssh = SshTarget(user=user, port=port, key_path=key, tunnel=tunnel)
    wanted = AddHive(
        host=options["host"],
        port=options["port"],
        hive_id=options["hive_id"],
        ssh=ssh if user or port or key or tunnel else None,
        install=options["install"],
        accept_host_key=options["accept_host_key"],
    )

    def run(where: Whereabouts) -> None:
        from rbee.keeper import machines

        machines.add_hive(screen, where, wanted, as_json=options["as_json"])

    with_queen(screen, options, run)


@keeper.command()
@click.argument("hive_id", metavar="HIVE")
@story_options
def remove_hive(**options: Any) -> None:
    """Put HIVE to sleep and forget its machine; models and logs stay on it.

    \b
    Example:
      rbee-keeper remove-hive localhost
    """
    screen = screen_of(options)

    def run(where: Whereabouts) -> None:
        from rbee.keeper import machines

        machines.remove_hive(screen, where, options["hive_id"])

    with_queen(screen, options, run)


@keeper.command()
@list_options
def ps(**options: Any) -> None:
    """List the workers and the jobs.

    \b
    Example:
      rbee-keeper ps
    """
    screen = screen_of(options)

    def run(where: Whereabouts) -> None:
        from rbee.keeper import lists

        lists.ps(screen, where, as_json=options["as_json"])

    with_queen(screen, options, run)


@keeper.command()
@click.option("--node", help="Of this hive alone.")
@list_options
def models(**options: Any) -> None:
    """List the models on the hives that are awake.

    \b
    Examples:
      rbee-keeper models
      rbee-keeper models --node localhost
    """
    screen = screen_of(options)

    def run(where: Whereabouts) -> None:
        from rbee.keeper import lists

        lists.models(screen, where, options["node"], as_json=options["as_json"])

    with_queen(screen, options, run)


@keeper.command()
@click.argument("ref", type=ModelRefText())
@click.option("--node", help="To this hive; without it, the one beside the queen.")
@story_options
def pull(**options: Any) -> None:
    """Fetch model REF before it is needed.

    What is not running is woken, and goes to sleep again afterwards.

    \b
    Examples:
      rbee-keeper pull HF:author/minillama
      rbee-keeper pull --node localhost HF:author/minillama:Q4_0
    """
    screen = screen_of(options)

    def run(where: Whereabouts) -> None:
        from rbee.keeper import models

        models.pull(screen, where, options["ref"], options["node"], as_json=options["as_json"])

    with_queen(screen, options, run)


@keeper.command()
@click.argument("ref", type=ModelRefText())
@click.option("--node", help="From this hive; without it, the one beside the queen.")
@story_options
def rm(**options: Any) -> None:
    """Remove model REF from a hive, with the files that rbee has put there.

    \b
    Example:
      rbee-keeper rm HF:author/minillama
    """
    screen = screen_of(options)

    def run(where: Whereabouts) -> None:
        from rbee.keeper import models

        models.remove(screen, where, options["ref"], options["node"])

    with_queen(screen, options, run)


@keeper.command()
@click.argument("worker")
@story_options
def stop(**options: Any) -> None:
    """End one WORKER, named by its id or the first letters of it.

    Every id begins with "worker-", so this ends the worker where there is one alone:

    \b
    Example:
      rbee-keeper stop worker
    """
    screen = screen_of(options)

    def run(where: Whereabouts) -> None:
        from rbee.keeper.stop import stop as run_stop

        run_stop(screen, where, options["worker"])

    with_queen(screen, options, run)


@keeper.command()
@click.argument("name", metavar="[ROLE|ID]", required=False)
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
            logs.list_logs(screen, home, as_json=as_json)
        elif follow:
            logs.follow_log(screen, home, name)
        else:
            logs.show_logs(screen, home, name)

    at_home(screen, run)


def main() -> NoReturn:
    """Runs the command that was typed and exits with its status."""
    keeper(prog_name="rbee-keeper")
    sys.exit(0)


def _prompt(argument: str | None, option: str | None) -> str:
    if argument is not None and option is not None:
        raise click.UsageError("PROMPT and --prompt exclude each other")
    given = argument if option is None else option
    if given is None and sys.stdin.isatty():
        raise click.UsageError('no prompt; for example: rbee-keeper infer "hello"')
    try:
        text = sys.stdin.read() if given is None or given == "-" else given
        text.encode()
    except UnicodeError:
        raise click.UsageError(
            "the prompt is no UTF-8 text; for example: iconv -f latin1 -t utf8 FILE | ..."
        ) from None
    if not text.strip():
        raise click.UsageError('the prompt is empty; for example: rbee-keeper infer "hello"')
    return text
