"""``rbee-keeper``, also ``python -m rbee.keeper``."""

# ruff: noqa: E402 -- what is imported next is not to come from the current folder
from rbee.process.folder import forget_the_folder

forget_the_folder(__name__)

from rbee.keeper.interrupt import leave_on_interrupt

leave_on_interrupt()

import contextlib
import os
import sys
import warnings
from typing import NoReturn

from rbee.process import command_line
from rbee.process.imports import quick_imports

#: Commands whose words may hold a prompt: they are hidden from other users' ``ps``.
_PRIVATE = ("infer", "chat")


def main() -> NoReturn:
    """Runs the command that was typed and exits with its status."""
    if sys.warnoptions:
        # What Python warns of (PYTHONWARNINGS) is for who writes a program, not for who uses it.
        warnings.simplefilter("ignore")
    if sys.argv[1:2] and sys.argv[1] in _PRIVATE:
        command_line.hide(sys.argv[2:])
    with quick_imports(of_a_daemon=False, without={"typing_extensions"}):
        from rbee.keeper.streams import open_streams

        open_streams()
        from rbee.keeper.quick_reader import read_plain_infer

        options = read_plain_infer(sys.argv[1:], os.environ)
        if options is None:
            from rbee.keeper import cli
        else:
            from rbee.keeper.command import Misuse, run_with_queen
            from rbee.keeper.infer import infer_command
    if options is not None:
        with contextlib.suppress(Misuse):  # click says it
            run_with_queen(infer_command, options)
        from rbee.keeper import cli
    cli.main()


if __name__ == "__main__":
    main()
