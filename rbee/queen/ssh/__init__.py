"""The queen's way to another machine: SSH, over paramiko, which nothing else imports.

`config` says where a machine is and who to be there, `host_keys` whether it is the right one,
`login` with which keys to log in, `dialling` connects over jump hosts, `connection` is what can be
done once inside: run programs (`program`), open tunnels (`tunnels`). Paramiko costs a tenth of a
second to import, so this package is imported by the first who needs it, never at start.
"""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace


def _version_of(package: str) -> str:
    """The version of an installed package, by the name of the folder with what pip knows of it;
    empty where there is none."""
    found = importlib.util.find_spec(package)
    assert found is not None and found.origin is not None, f"{package} is being imported"
    beside = Path(found.origin).parents[1].glob(f"{package}-*.dist-info")
    return next((each.name.removesuffix(".dist-info").partition("-")[2] for each in beside), "")


# It looks for `invoke`, a third of its own imports, which runs the commands of `Match exec`:
# `config` gives it to paramiko where such a command stands. And it asks `importlib.metadata` for
# its own version, which takes as long: what answers here instead is taken away again.
_hidden = "invoke" not in sys.modules
_told = SimpleNamespace(version=_version_of)
if _hidden:
    sys.modules["invoke"] = None  # type: ignore[assignment]  # how Python marks a missing module
if "importlib.metadata" not in sys.modules:
    vars(importlib)["metadata"] = _told
try:
    import paramiko.config  # noqa: F401
finally:
    if _hidden:
        del sys.modules["invoke"]
    if vars(importlib).get("metadata") is _told:
        del vars(importlib)["metadata"]
