"""A program that a person starts forgets the folder that it was typed in.

``python -m rbee.keeper`` puts that folder in front of all others, and an empty word in PYTHONPATH
puts it there for every program, so that a `secrets.py` in it would be run. What has been found in
it by then is what was asked for by name, and what Python itself has imported (`runpy`); from here
on nothing is. This module imports what every Python has loaded before it starts, and nothing else.
"""

import os
import sys


def forget_the_folder(name: str) -> None:
    """For a ``__main__`` with its `__name__`: what it imports next is not looked for there."""
    try:
        here = os.getcwd()
    except OSError:  # it has been removed, and nothing can be imported from it
        return
    safe = getattr(sys.flags, "safe_path", False)
    if name == "__main__" and not safe and sys.path[:1] in ([""], [here]):
        del sys.path[0]
    if not {"", "."}.isdisjoint(os.environ.get("PYTHONPATH", "/").split(os.pathsep)):
        sys.path[:] = [path for path in sys.path if path != here]
