"""One SSH connection: programs run, files copied, tunnels opened to another machine."""

from __future__ import annotations

import asyncio
import logging

from rbee.process.deadline import timeout
from rbee.process.tasks import in_own_thread, start_thread
from rbee.queen.ssh.config import Target
from rbee.queen.ssh.dialling import Dialled, Dialling
from rbee.queen.ssh.errors import ssh_failed
from rbee.queen.ssh.program import LineReader, Program, Ran
from rbee.queen.ssh.tunnels import Tunnels
from rbee.wire.settings import Settings

# Paramiko's failures reach us as exceptions; its log would repeat each as a traceback.
_logger = logging.getLogger("paramiko")
_logger.addHandler(logging.NullHandler())
_logger.propagate = False


#: How long a program may run whose output is awaited as a whole (seconds).
_LONGEST_RUN = 60.0
#: The most that is listened to of a program whose lines are read (bytes); pip says far less.
_MOST = 1 << 24


class Lines:
    """The lines on stdout of a program that runs over there, without their ends.

    ``async for line in lines``; after the last one `status` and `stderr` are known.
    """

    def __init__(self, program: Program) -> None:
        self.status: int | None = None
        """The exit status, once there is no line left; -1 where a signal ended it."""
        self.stderr = b""
        self._program = program
        self._loop = asyncio.get_running_loop()
        self._arrived: asyncio.Queue[str | Exception | None] = asyncio.Queue()
        start_thread(self._read)

    def __aiter__(self) -> Lines:
        return self

    async def __anext__(self) -> str:
        """The next line. Raises `ssh_failed`, reason ``shell`` or ``lost``."""
        line = await self._arrived.get()
        if isinstance(line, str):
            return line
        # Put back, so that a further call gets the same end again.
        self._arrived.put_nowait(line)
        if line is None:
            raise StopAsyncIteration
        raise line

    def close(self) -> None:
        """Listens no more; the program goes on, and finds its stdout closed."""
        self._program.close()

    def _read(self) -> None:
        reader = LineReader()
        end: Exception | None = None
        left = _MOST
        try:
            while piece := self._program.read():
                left -= len(piece)
                if left < 0:
                    self._program.close()
                    raise self._program.says_too_much(_MOST)
                self._pass_on(*reader.feed(piece))
            self._pass_on(*reader.feed(b""))
            self.stderr = self._program.stderr()
            self.status = self._program.status()
        except Exception as error:
            end = error
        self._pass_on(end)

    def _pass_on(self, *lines: str | Exception | None) -> None:
        for line in lines:
            try:
                self._loop.call_soon_threadsafe(self._arrived.put_nowait, line)
            except RuntimeError:
                return  # the loop has ended, and nobody listens any more


class SshConnection:
    """An authenticated connection to a machine."""

    def __init__(self, target: Target, dialled: Dialled, settings: Settings) -> None:
        self.target = target
        self._dialled = dialled
        self._seconds = settings.ssh_connect_timeout
        #: Our address as the machine sees it, and its own; "" where jump hosts lie between.
        self.local_address, self.peer_address = dialled.local_address, dialled.peer_address
        self.tunnels = Tunnels(dialled.transport, target, self._seconds)

    @classmethod
    async def open(cls, target: Target, dialling: Dialling) -> SshConnection:
        """Connects and logs in.

        Raises `ssh_failed` with `details["reason"]`: ``dns``, ``refused``,
        ``timeout``, ``unreachable``, ``no_ssh``, and those of `host_keys` and `login`.
        """
        dialled = await in_own_thread(lambda: dialling.dial(target), Dialled.close)
        return cls(target, dialled, dialling.settings)

    async def run(self, command: str) -> Ran:
        """Runs POSIX shell text to its end, whatever the login shell is and says.

        Raises `ssh_failed`, reason ``shell`` (the login shell never ran it), ``timeout`` (it may
        still run over there), ``lost``.
        """
        program = await self._start(command, b"")
        try:
            async with timeout(_LONGEST_RUN):
                return await in_own_thread(program.finish)
        except asyncio.TimeoutError:
            raise ssh_failed(
                "timeout",
                f"a program on {self.target.name} has not ended after {_LONGEST_RUN:g} s",
                f"look what keeps that machine busy: ssh {self.target.login}",
            ) from None
        finally:
            program.close()

    async def lines(self, command: str, stdin: bytes = b"", *, stdin_stays: bool = False) -> Lines:
        """Starts POSIX shell text and gives the lines of its stdout as they come.

        With `stdin_stays` its stdin ends when nobody listens any more, and not before.
        """
        return Lines(await self._start(command, stdin, stdin_stays))

    async def __aenter__(self) -> SshConnection:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def until_closed(self) -> None:
        """Returns once it has ended, whoever ended it."""
        await in_own_thread(self._dialled.transport.join)

    async def close(self) -> None:
        """Ends the connection with all that runs through it."""
        self.tunnels.close()
        await in_own_thread(self._dialled.close)

    async def _start(self, command: str, stdin: bytes, stdin_stays: bool = False) -> Program:
        transport, seconds = self._dialled.transport, self._seconds
        return await in_own_thread(
            lambda: Program(transport, self.target, command, stdin, seconds, stdin_stays),
            Program.close,
        )
