"""The step decorators and the context of behave, with types.

behave carries none; steps import `given`, `when`, `then` and `Context` from here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import behave

if TYPE_CHECKING:
    from harness.cluster import Cluster

Step = TypeVar("Step", bound=Callable[..., Any])


class Context:
    """What behave hands to each step: the cluster of the scenario, and what steps leave there.

    For annotations alone; at run time it is behave's own.
    """

    cluster: Cluster
    #: The docstring under the step.
    text: str
    #: The table under the step; each row maps heading to cell.
    table: Any

    if TYPE_CHECKING:

        def __contains__(self, name: str) -> bool: ...

        def __getattr__(self, name: str) -> Any: ...

        def __setattr__(self, name: str, value: Any) -> None: ...


def given(sentence: str, **options: Any) -> Callable[[Step], Step]:
    """A state; `timeout` in seconds for an async step."""
    decorate: Callable[[Step], Step] = behave.given(sentence, **options)
    return decorate


def when(sentence: str, **options: Any) -> Callable[[Step], Step]:
    """One action; `timeout` in seconds for an async step."""
    decorate: Callable[[Step], Step] = behave.when(sentence, **options)
    return decorate


def then(sentence: str, **options: Any) -> Callable[[Step], Step]:
    """Something an outsider can see; `timeout` in seconds for an async step."""
    decorate: Callable[[Step], Step] = behave.then(sentence, **options)
    return decorate
