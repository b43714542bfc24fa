"""A conversation as a person has it: lines typed one after the other, answers in between."""

from __future__ import annotations

import re
from collections.abc import Callable

from harness.cluster import Cluster
from harness.program import Finished
from harness.waiting import wait_until

#: What the chat shows when it waits for a line.
SIGN = "you> "
#: What line editing writes besides text.
_CONTROL = re.compile(r"\x1b\[[?\d;]*[A-Za-z]|\r")


class Chat:
    """A chat on a terminal of its own."""

    def __init__(self, cluster: Cluster, command_line: str) -> None:
        self._running = cluster.start(command_line, terminal=True)
        self._asked = 0

    def assert_asks(self) -> None:
        """The chat asks for a line, once more than it did before."""
        self._asked += 1
        self._wait_until("asks for the next line", lambda: self._shown.count(SIGN) == self._asked)

    def type(self, line: str) -> None:
        """Types a line, and waits for the first words of the answer."""
        self._running.type(line)
        self._wait_until(f"answers {line!r}", lambda: bool(self._behind(f"{SIGN}{line}\n").strip()))

    def interrupt(self) -> None:
        """Ctrl+C, and on with the conversation."""
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
