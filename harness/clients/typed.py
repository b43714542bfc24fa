"""What is typed where a command of another's stands: a copy of a program runs it that has its
packages already (`asking.Typed`), with these arguments, streams and surroundings.

It needs nothing beyond Python, and starts in a hundredth of a second.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys


def main(place: str, arguments: list[str]) -> int:
    """Has the command run by the program that listens at `place`; its exit status."""
    with socket.socket(socket.AF_UNIX) as program:
        program.connect(place)
        socket.send_fds(program, [b"\n"], [0, 1, 2])
        typed = json.dumps([arguments, os.getcwd(), dict(os.environ)])
        program.sendall(typed.encode() + b"\n")
        with program.makefile() as told:
            copy = int(told.readline())
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda one, _: os.kill(copy, one))
            return int(told.readline())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
