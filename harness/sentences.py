"""The step decorators and the context of behave, with types, and how a sentence finds its step.

behave carries no types; steps import `given`, `when`, `then` and `Context` from here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import behave
from behave.matchers import ParseMatcher, register_step_matcher_class, use_step_matcher

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


class Sentence(ParseMatcher):  # type: ignore[misc]
    """behave's own matcher, which looks closely only at what begins as the sentence does.

    behave holds each line of a feature against every sentence in turn, and each sentence against
    those before it: with a thousand of them that took more than most decisions do.
    """

    NAME = "sentence"

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._begins = self.pattern.partition("{")[0]

    def match(self, step_text: str) -> Any:
        """What behave's own finds."""
        return super().match(step_text) if step_text.startswith(self._begins) else None

    def compile(self) -> Sentence:
        """Nothing yet: most sentences are in no feature of a run."""
        return self


def use() -> None:
    """For `environment.py`: steps that are loaded from now on are found like this."""
    register_step_matcher_class(Sentence.NAME, Sentence, override=True)
    use_step_matcher(Sentence.NAME)


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
