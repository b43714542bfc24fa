"""rbee turns the computers at home into one LLM server.

Four roles (`keeper`, `queen`, `hive`, `worker`) that never import one another, and three
shared rooms: `wire` (what they say), `http` (how they say it), `process` (how one starts,
watches and stops another).

For a Python program there is ``rbee.swarm()``; see `rbee.keeper.swarm`.
"""

__version__ = "0.1.0"

#: Type checkers treat this name as true; importing `typing` would slow each start of a role.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from rbee.keeper.swarm import Answer as Answer
    from rbee.keeper.swarm import swarm as swarm
    from rbee.wire.errors import RbeeError as RbeeError

_IN = {"Answer": "keeper.swarm", "swarm": "keeper.swarm", "RbeeError": "wire.errors"}


def __getattr__(name: str) -> object:
    if name not in _IN:
        raise AttributeError(f"module 'rbee' has no attribute {name!r}")
    import importlib  # late: no role needs it

    return getattr(importlib.import_module(f"rbee.{_IN[name]}"), name)
