"""The queen's way to another machine: SSH, over paramiko, which nothing else imports.

`config` says where a machine is and who to be there, `host_keys` whether it is the right one,
`login` with which keys to log in, `dialling` connects over jump hosts, `connection` is what can be
done once inside: run programs (`program`), open tunnels (`tunnels`). Paramiko costs a tenth of a
second to import, so this package is imported by the first who needs it, never at start.
"""

import sys

# It looks for `invoke`, a third of its own imports, which runs the commands of `Match exec`:
# `config` gives it to paramiko where such a command stands.
_hidden = "invoke" not in sys.modules
if _hidden:
    sys.modules["invoke"] = None  # type: ignore[assignment]  # how Python marks a missing module
try:
    import paramiko.config  # noqa: F401
finally:
    if _hidden:
        del sys.modules["invoke"]
