"""What a job wants of a worker, and whether jobs are in each other's way there. Phase 5. Pure.

llama.cpp never works on a text to be written and on a vector at the same time: who wants a vector
waits there until nobody is written for any more, and who wants text between two vectors makes the
rest of them wait. So a worker does the one or the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rbee.wire.messages.jobs import JobRequest

#: Vectors of at most this many bytes of text take a moment: other jobs can wait for them.
_FEW = 16_384
#: The tokens that mark the beginning and the end of a text, at most.
_AROUND = 8
#: The least length of inputs that a worker for vectors alone is started for (tokens).
_SHORTEST = 2048


class Demand(NamedTuple):
    """What a job wants: text, or vectors of inputs.

    `longest` is how many tokens the longest input may have at most, 0 where text is wanted; `few`:
    the vectors are made in a moment.
    """

    longest: int = 0
    few: bool = False

    @property
    def is_vectors(self) -> bool:
        """Whether vectors are wanted, and no text."""
        return self.longest > 0


#: The work of a job that wants text.
TEXT = Demand()


class Load(NamedTuple):
    """How many jobs of which kind a worker has taken."""

    texts: int = 0
    few_vectors: int = 0
    many_vectors: int = 0

    def with_one(self, work: Demand) -> Load:
        """The load with one job more."""
        if not work.is_vectors:
            return self._replace(texts=self.texts + 1)
        if work.few:
            return self._replace(few_vectors=self.few_vectors + 1)
        return self._replace(many_vectors=self.many_vectors + 1)


def work_of(request: JobRequest) -> Demand:
    """What a request wants. No tokenizer makes more tokens of a text than it has bytes."""
    if request.inputs is None:
        return Demand()
    sizes = [
        len(each.encode(errors="replace") if isinstance(each, str) else each)
        for each in request.inputs
    ]
    return Demand(max(sizes) + _AROUND, sum(sizes) <= _FEW)


def in_the_way(work: Demand, load: Load) -> bool:
    """Whether what a worker does keeps it from this work, or the other way round."""
    return load.texts > 0 if work.is_vectors else load.few_vectors + load.many_vectors > 0


def wants_another(work: Demand, load: Load) -> bool:
    """Whether a worker more is wanted for work that is in the way of a worker's load: writing and
    many vectors take long, a few vectors are waited for."""
    return load.texts > 0 if work.is_vectors else load.many_vectors > 0


def vectors_up_to(work: Demand) -> int:
    """How long inputs a worker is made for (tokens) that is started for this work alone: a power
    of two, for others to come; 0: it is to write, and anything."""
    if not work.is_vectors:
        return 0
    return max(_SHORTEST, 1 << (work.longest - 1).bit_length())


def is_made_for(up_to: int, work: Demand) -> bool:
    """Whether a worker that is for vectors of inputs `up_to` so many tokens alone (0: for anything)
    is for this work."""
    return not up_to or (work.is_vectors and work.longest <= up_to)


def kept_for_the_other(kept: Sequence[tuple[str, bool]], work: Demand) -> frozenset[str]:
    """The workers that are left to jobs which came earlier and want text where this one wants
    vectors, or the other way round. `kept` are workers, and whether they are kept for vectors."""
    return frozenset(worker_id for worker_id, vectors in kept if vectors is not work.is_vectors)
