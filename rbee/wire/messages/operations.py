"""What the queen does that is no job, as it is listed."""

from typing import Literal

from rbee.wire.messages.basics import Answer
from rbee.wire.messages.events import Progress
from rbee.wire.routes import NONE, Route

Doing = Literal["wake", "add", "bring", "drain", "pull", "plan"]


class OperationView(Answer, kw_only=True):
    """An operation that is under way. `what` is the model or the machine that it is about, empty
    where those are all machines; `hive_id` is the machine that fetches a model, once it is chosen.
    """

    operation_id: str
    doing: Doing
    what: str
    created_at_ms: int
    hive_id: str = ""
    progress: Progress | None = None


class OperationList(Answer, kw_only=True):
    """The operations that are under way, oldest first."""

    operations: list[OperationView]


OPERATIONS = Route("GET", "/operations", NONE, OperationList, on_page=True)
