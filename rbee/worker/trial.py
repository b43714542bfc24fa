"""A chat template is tried in a process of its own before the worker that others share takes it.

A template is a program that came with a model. One that makes the engine crash, or takes time or
memory without end, does so here, where nothing else is, and is known before the model is loaded.
Phase 9.2; it runs while the worker binds its socket and reads the weights.

The trial is a copy of this process where that is safe, else a fresh one: what CUDA or Metal have
set up does not live on in a copy.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple, NoReturn

from rbee.process import apart
from rbee.process.child import tail
from rbee.process.lifeline import die_with_parent
from rbee.wire.messages.basics import decode, encode
from rbee.wire.messages.orders import WorkerOrders
from rbee.wire.messages.workers import EngineFacts
from rbee.worker.confined import bound_memory, confine
from rbee.worker.engines import Engine

#: Variables that make the drivers of each maker show no card.
_NO_GPUS = {
    "CUDA_VISIBLE_DEVICES": "",
    "HIP_VISIBLE_DEVICES": "-1",
    "GGML_VK_VISIBLE_DEVICES": "",
}
#: What a template may take to render a greeting: seconds of CPU time, seconds in all, and bytes.
CPU_SECONDS = 2
SECONDS = 30
BYTES = 512 * 1024 * 1024

_LOG = "trial.log"

#: A template made of these alone, and no longer, needs no trial: it writes each message a few times
#: at most, whatever the messages are.
_PLAIN_NAMES = frozenset(
    {
        *("for", "in", "endfor", "if", "elif", "else", "endif", "and", "or", "not", "is"),
        *("defined", "none", "true", "false", "loop", "first", "last", "index", "index0"),
        *("messages", "message", "m", "role", "content", "trim", "strip", "raise_exception"),
        *("bos_token", "eos_token", "add_generation_prompt"),
    }
)
_PLAIN_LENGTH, _PLAIN_TAGS, _PLAIN_PART, _PLAIN_LOOPS = 2000, 40, 120, 2
_CODE = re.compile(r"\{\{(.*?)\}\}|\{%(.*?)%\}", re.DOTALL)
_MARKS = re.compile(r"\{[{%#]|[}%#]\}")
_TEXT = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_PLAIN_SIGNS = re.compile(r"[\s\w.,()\[\]|+=!-]*")

#: Exit statuses of a trial, besides 0: the engine cannot read it, and that was too much memory.
_UNREADABLE, _TOO_LARGE = 3, 4


class Trial(NamedTuple):
    """A trial that has begun; `log` is what the engine, which is called `title`, says in it."""

    pid: int
    log: str
    title: str

    @classmethod
    def begin(
        cls, orders: WorkerOrders, engine: Engine, facts: EngineFacts, folder: str
    ) -> Trial | None:
        """Begins to try the template of `orders`; None: there is none, or nothing to try it with.

        `folder` is for what is temporary. To be called before this process has threads.
        """
        if not (orders.chat_template and orders.trial_model) or orders.deadly_template:
            return None
        if engine.try_template is None or is_plain(orders.chat_template):
            return None
        log = os.path.join(folder, _LOG)
        if sys.platform == "linux" and facts.backends == ["cpu"]:
            pid = os.fork()
            if pid == 0:
                _try(orders, engine, folder)
            return cls(pid, log, engine.title)
        command = apart.command_of("rbee.worker.trial", engine.name, folder)
        environment = {**os.environ, **_NO_GPUS}
        process = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(encode(orders))
            process.stdin.close()
        process.returncode = 0  # `verdict` collects it; Popen must not try as well
        return cls(process.pid, log, engine.title)

    def verdict(self) -> str:
        """Blocks until it is over: why the engine must not be given the template; empty: it may."""
        _, status = os.waitpid(self.pid, 0)
        said = "\n".join(tail(Path(self.log)))
        return verdict_of(os.waitstatus_to_exitcode(status), self.title, said)


def is_plain(template: str) -> bool:
    """Whether a template can do no harm, by what it is made of; rather once too seldom. Pure."""
    code = ["".join(either) for either in _CODE.findall(template)]
    if len(template) > _PLAIN_LENGTH or len(code) > _PLAIN_TAGS:
        return False
    if _MARKS.search(_CODE.sub(" ", template)):
        return False  # a mark outside of any pair: the parser takes more for code than was found
    parts = [" ".join(_TEXT.sub(" ", part).split()) for part in code]
    names = re.findall(r"\w+", " ".join(parts))
    return (
        all(len(part) <= _PLAIN_PART and _PLAIN_SIGNS.fullmatch(part) for part in parts)
        and names.count("for") <= _PLAIN_LOOPS
        and all(name in _PLAIN_NAMES or (name.isdecimal() and len(name) < 3) for name in names)
    )


def verdict_of(status: int, engine: str, log: str) -> str:
    """What an exit status of a trial, negative for a signal, says of a template. Pure.

    One that the engine cannot read is left to the engine itself, which tells why.
    """
    if status in (0, _UNREADABLE):
        return ""
    if status == _TOO_LARGE or (status < 0 and "bad_alloc" in log):
        return f"it takes more than {BYTES >> 20} MiB of memory to write one greeting"
    if status in (-signal.SIGXCPU, -signal.SIGALRM, -signal.SIGKILL):
        return f"it takes more than {CPU_SECONDS} s to write one greeting"
    return f"{engine} dies of reading it (signal {-status})" if status < 0 else ""


def _try(orders: WorkerOrders, engine: Engine, folder: str) -> NoReturn:
    """What the process of a trial does; it ends that process."""
    status = 1
    sys.orig_argv = [sys.executable, "-m", __spec__.name, engine.name]
    try:
        _bound(os.path.join(folder, _LOG))
        os.chdir(folder)
        confine(files=[orders.trial_model], on_gpu=False, folder=folder)
        assert engine.try_template is not None, "it has begun"
        status = 0 if engine.try_template(orders) else _UNREADABLE
    except MemoryError:
        status = _TOO_LARGE
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        with contextlib.suppress(OSError):
            sys.stderr.flush()
        os._exit(status)


def _bound(log: str) -> None:
    import resource

    # What it says is no part of the worker's own log.
    said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for standard in (1, 2):
        os.dup2(said, standard)

    die_with_parent(signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    bound_memory(BYTES)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(SECONDS)


def main() -> None:
    """``python -m rbee.worker.trial ENGINE FOLDER``, with the orders of a worker on stdin."""
    from rbee.worker.engines import engine_called

    orders = decode(sys.stdin.buffer.read(), WorkerOrders, "orders")
    _try(orders, engine_called(sys.argv[1]), sys.argv[2])


if __name__ == "__main__":
    main()
