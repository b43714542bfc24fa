"""``python .../begin.py -m rbee.queen WORD...``: runs a module of the rbee that this file is of.

Unlike ``python -m`` it looks for nothing in the current folder, and unlike ``-P`` every Python has
it. Until the path is as it should be, only what every Python has loaded is imported.
"""

import os
import sys


def begin() -> None:
    """Runs the module that the arguments name, with those behind it."""
    here = os.path.dirname(os.path.abspath(__file__))
    if sys.path[:1] == [here]:  # Python puts the folder of a script in front
        del sys.path[0]
    sys.path.insert(0, os.path.dirname(os.path.dirname(here)))
    import rbee

    assert os.path.dirname(here) in rbee.__path__, "this is the rbee that was looked for"
    del sys.path[0]
    import runpy

    del sys.argv[1]
    runpy.run_module(sys.argv.pop(1), None, "__main__", True)


if __name__ == "__main__":
    begin()
