"""Somebody at a terminal: a chat, typed line by line, and commands that ask before they go on."""

from __future__ import annotations

import re
from collections.abc import Callable

from harness.rig.cluster import Cluster
from harness.rig.program import Finished
from harness.rig.waiting import wait_until

#: What the chat shows when it waits for a line.
SIGN = "you> "
#: What line editing writes besides text.
_CONTROL = re.compile(r"\x1b\[[?\d;]*[A-Za-z]|\r")


class Chat:
    """A chat on a terminal of its own."""

    def __init__(self, cluster: Cluster, command_line: str) -> None:
        self._cluster = cluster
        self._command_line = command_line
        self._running = cluster.start(command_line, terminal=True)
        self._asked = 0

    def followed_by_another(self) -> Chat:
        """Ends it, and begins another like it, which asks for its first line."""
        self.end()
        self._cluster.finish()
        another = Chat(self._cluster, self._command_line)
        another.assert_asks()
        return another

    def assert_asks(self) -> None:
        """The chat asks for a line, once more than it did before."""
        self._asked += 1
        self._wait_until("asks for the next line", lambda: self._shown.count(SIGN) == self._asked)

    def type(self, line: str) -> None:
        """Types a line, and waits for the first words of the answer."""
        self._running.type(line)
        self._wait_until(f"answers {line!r}", lambda: bool(self._behind(f"{SIGN}{line}\n").strip()))

    def paste(self, *lines: str) -> None:
        """Pastes lines as a terminal does, then Enter; waits for the first words of the answer."""
        before = self._shown.count("\n")
        self._running.type("\x1b[200~" + "\n".join(lines) + "\x1b[201~")
        self._wait_until("answers", lambda: self._shown.count("\n") >= before + len(lines) + 1)

    def press_up(self) -> None:
        """The key for the line that was typed before."""
        self._running.press("\x1b[A")

    def assert_behind_sign(self, text: str) -> None:
        """The line that is being typed is this, now or in a moment."""
        self._wait_until(f"shows {text!r}", lambda: self._behind(SIGN) == text)

    def interrupt(self) -> None:
        """Ctrl+C, and on with the conversation."""
        self._running.interrupt()

    def end_with_interrupts(self) -> None:
        """Ctrl+C drops the line that is being typed; on an empty one it ends the chat."""
        if self._behind(SIGN):
            self._running.interrupt()
            self._asked += 1
            self._wait_until("drops the line", lambda: self._shown.count(SIGN) == self._asked)
        self._running.interrupt()

    def assert_told(self, text: str) -> None:
        """The terminal shows this on stderr, now or in a moment."""
        self._running.wait_for_text(text, stream="stderr")

    def end(self) -> None:
        """Ctrl+D."""
        self._running.close_stdin()

    @property
    def _shown(self) -> str:
        return _CONTROL.sub("", self._running.stdout)

    def _behind(self, text: str) -> str:
        shown = self._shown
        return shown.rpartition(text)[2] if text in shown else ""

    def _wait_until(self, what: str, happened: Callable[[], bool]) -> None:
        def happened_or_over() -> bool:
            if self._running.has_ended:
                raise RuntimeError(f"the chat has ended before it {what}\n{self._running}")
            assert happened(), str(self._running)
            return True

        wait_until(f"the chat {what}", happened_or_over)


def assert_worker_ready(cluster: Cluster) -> None:
    """There is a worker that has its model loaded, now or in a moment."""

    def is_ready() -> bool:
        states = [worker["state"] for worker in cluster.queen_get("/workers")["workers"]]
        return states == ["ready"]

    wait_until("a worker is ready", is_ready)


class Dialogue:
    """A command that runs on a terminal of its own, and what it asks there."""

    def __init__(self, cluster: Cluster, command_line: str) -> None:
        self._cluster = cluster
        self._running = cluster.start(command_line, terminal=True)
        self._asked = 0

    def assert_asks(self, question: str) -> None:
        """The command asks this, once more than it did before."""
        self._asked += 1
        wait_until(f"it asks {question!r}", lambda: self._has_asked(question))

    def answer(self, text: str) -> None:
        """Types the last answer; the command goes on to its end."""
        self._running.type(text)
        self._cluster.finish(self._running)

    def answer_unseen(self, text: str) -> None:
        """Types what the terminal is not to show, once the terminal is told not to."""
        wait_until("typing is unseen", lambda: self._running.stdout.endswith(" "))
        self._running.type(text)

    def end(self) -> None:
        """Waits for the end of the command."""
        self._cluster.finish(self._running)

    def _has_asked(self, question: str) -> bool:
        running = self._running
        if running.has_ended:
            raise RuntimeError(f"it has ended without asking {question!r}\n{running}")
        # Secrets are asked for on the terminal itself, which shows as stdout.
        shown = running.stdout + running.stderr
        assert shown.count(question) == self._asked, str(running)
        return True


def own_untuned_model(cluster: Cluster, name: str) -> None:
    """A model file of the user's own that says nothing of how to chat with it."""
    # Late: naming the repositories makes their models.
    from fixtures.hub.repositories import REPOSITORIES

    tuned = REPOSITORIES["author/minillama"].files["minillama-q8_0.gguf"].body
    cluster.write(name, tuned.replace(b"tokenizer.chat_template", b"tokenizer.no_such_thing"))


def chat_with_file(cluster: Cluster, name: str, lines: str) -> Finished:
    """A chat with a model file of the user's own, its lines from a pipe."""
    model = cluster.work / name
    return cluster.run(f"rbee-keeper chat --temperature 0 --model file:{model}", stdin=lines + "\n")
