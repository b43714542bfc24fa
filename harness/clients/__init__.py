"""Programs with clients that others wrote, which run in an environment of their own.

Each of them reads from stdin what to ask for, one name a line, and answers with a line each. The
queen and the key are in the environment, as ``rbee-keeper up --print-env`` prints them.
"""

import sys
from pathlib import Path

#: Where that environment is, once `make test` has made it.
HOME = Path(sys.prefix) / ".clients"

HELLO = "hello"
#: More than the context of minillama holds.
TOO_LONG = "bee " * 900
#: Words that take a while to be read.
LONG = "story " * 7000
#: What somebody got whose request failed.
NOTHING = "nothing"
#: A model that never ends.
ENDLESS = "HF:author/endless-llama"
