"""Makes what asyncio only mutters about fail a scenario.

An exception in a background task, a coroutine that nobody awaited, a task that is still pending
at the end, an exception in a thread: each passes unseen through a test runner. The guard gives a
scenario its own event loop, listens at every place where these are reported, and collects the
garbage at the end so that they are reported in time.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import warnings
from typing import Any, TextIO


class LoopGuard:
    """One scenario's watch; `stop` returns the complaints."""

    def __init__(self) -> None:
        self._complaints: list[str] = []
        self._loop = asyncio.new_event_loop()

    def start(self) -> None:
        """Sets a new event loop for the steps and listens."""
        asyncio.set_event_loop(self._loop)
        self._loop.set_exception_handler(self._on_loop)
        self._unraisable, sys.unraisablehook = sys.unraisablehook, self._on_unraisable
        self._thread, threading.excepthook = threading.excepthook, self._on_thread
        self._warnings = warnings.catch_warnings()
        self._warnings.__enter__()
        warnings.filterwarnings("always", message=".*was never awaited", category=RuntimeWarning)
        self._show = warnings.showwarning
        warnings.showwarning = self._on_warning

    def stop(self) -> list[str]:
        """Closes the loop, puts everything back, and says what was heard."""
        gc.collect()
        self._end_tasks()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()
        asyncio.set_event_loop(None)
        gc.collect()
        self._warnings.__exit__(None, None, None)
        sys.unraisablehook = self._unraisable
        threading.excepthook = self._thread
        return self._complaints

    def _end_tasks(self) -> None:
        pending = asyncio.all_tasks(self._loop)
        for task in pending:
            self._complaints.append(f"a task is still pending at the end: {task!r}")
            task.cancel()
        if pending:
            self._loop.run_until_complete(asyncio.wait(pending, timeout=2))

    def _on_loop(self, _loop: asyncio.AbstractEventLoop, facts: dict[str, Any]) -> None:
        self._complaints.append(f"event loop: {facts.get('message')}: {facts.get('exception')!r}")

    def _on_unraisable(self, facts: sys.UnraisableHookArgs) -> None:
        self._complaints.append(f"{facts.err_msg or 'unraisable'}: {facts.exc_value!r}")

    def _on_thread(self, facts: threading.ExceptHookArgs) -> None:
        name = facts.thread.name if facts.thread else "a thread"
        self._complaints.append(f"thread {name}: {facts.exc_value!r}")

    def _on_warning(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if "was never awaited" in str(message):
            self._complaints.append(f"{filename}:{lineno}: {message}")
        else:
            self._show(message, category, filename, lineno, file, line)
