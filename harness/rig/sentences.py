"""The step decorators and the context of behave, with types, and how a sentence finds its step.

behave carries no types; steps import `given`, `when`, `then` and `Context` from here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import behave
from behave.matchers import ParseMatcher, register_step_matcher_class, use_step_matcher
from behave.runner import the_step_registry
from behave.step_registry import StepRegistry

if TYPE_CHECKING:
    from harness.rig.cluster import Cluster

Step = TypeVar("Step", bound=Callable[..., Any])

#: So many characters tell most sentences apart.
_BEGINNING = 8


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
    """behave's own matcher, which looks closely only at what begins as the sentence does."""

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


class Sentences(StepRegistry):  # type: ignore[misc]
    """behave's own registry, which looks only at sentences that begin as a line does.

    behave holds each line of a feature against every sentence in turn, and each sentence against
    those before it.
    """

    steps: dict[str, list[Any]]
    #: Those that begin so; under "" those that are open before that.
    _begun: defaultdict[tuple[str, str], list[Any]]

    def add_step_definition(self, keyword: str, step_text: str, func: Any) -> None:
        """Raises AmbiguousStep where a line may be this sentence and another one."""
        begins = step_text.partition("{")[0]
        is_told = len(begins) >= _BEGINNING or begins == step_text
        every, key = self.steps, begins[:_BEGINNING] if is_told else ""
        near = self._near(keyword, step_text) if key else every[keyword]
        self.steps = {keyword: [*near]}
        try:
            super().add_step_definition(keyword, step_text, func)
            new = self.steps[keyword][len(near) :]
        finally:
            self.steps = every
        every[keyword] += new
        self._begun[keyword, key] += new

    def find_match(self, step: Any) -> Any:
        """The sentence that a line is, with what it names; None where it is none."""
        found = (each.match(step.name) for each in self._near(step.step_type, step.name))
        return next(filter(None, found), None)

    def _near(self, keyword: str, line: str) -> list[Any]:
        return self._begun[keyword, line[:_BEGINNING]] + self._begun[keyword, ""]


def use() -> None:
    """For `environment.py`: steps that are loaded from now on are found like this."""
    # The decorators and the runner of behave are bound to this one before anybody can give another.
    the_step_registry.__class__ = Sentences
    the_step_registry._begun = defaultdict(list)
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
