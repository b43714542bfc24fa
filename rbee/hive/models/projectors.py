"""Which projector belongs to a model: the file by which it is shown pictures. Phases 6 and 7; pure.

A repository may hold one in several precisions, and those of several models. The one that is taken
lies nearest to the model: in its folder rather than elsewhere, and called like it rather than like
another. Of one in several precisions it is F16, which engines compute in; else the least that loses
nothing, else the largest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rbee.hive.models.choose import ListedFile
from rbee.hive.models.names import companion_of, part_of, quant_of, words_of

_PRECISIONS = ("F16", "BF16", "F32")
#: How a projector is called by whoever converts one, and whose pictures it takes, if it says so.
_CALLED = "mmproj"
_SOUND = re.compile(r"(?<![a-z])(audio|speech|whisper|voice)(?![a-z])")
#: Words that any of them may have.
_UNTELLING = frozenset({"mmproj", "mm", "proj", "model", "ggml", "gguf", "vision"})


def with_projector(
    files: Sequence[ListedFile], listing: Sequence[ListedFile]
) -> tuple[ListedFile, ...]:
    """The files of a model of a repository, and behind them its projector, where there is one."""
    found = None if companion_of(files[0].name) else projector_of(files[0], listing)
    return (*files, found) if found else tuple(files)


def projector_of(model: ListedFile, listing: Sequence[ListedFile]) -> ListedFile | None:
    """The projector of a model of the same repository; None: there is none."""
    return max(_projectors(listing), key=lambda each: _fitness(each, model), default=None)


def beside(model: str, names: Iterable[str]) -> str:
    """The projector beside a file of somebody's own, out of the names of its folder: one that is
    called like it, or the only one beside the only model; empty: there is none."""
    files = [ListedFile(name, 0) for name in names if name.lower().endswith(".gguf")]
    projectors = _projectors(files)
    models = {part_of(each.name).stem for each in files if not companion_of(each.name)}
    mine = _words(model)
    akin = [each for each in projectors if mine and _words(each.name) == mine]
    akin = akin or (projectors if models == {part_of(model).stem} else [])
    if len({_words(each.name) for each in akin}) != 1:
        return ""
    return max(akin, key=lambda each: _fitness(each, ListedFile(model, 0))).name


def _projectors(listing: Sequence[ListedFile]) -> list[ListedFile]:
    return [
        file
        for file in listing
        if file.name.lower().endswith(".gguf")
        and _CALLED in re.sub("[-_. ]", "", file.name.lower())
        and part_of(file.name).total == 1
        and not _SOUND.search(file.name.lower())
    ]


def _fitness(projector: ListedFile, model: ListedFile) -> tuple[bool, int, int, int, int]:
    """The greater, the rather it is the model's."""
    theirs, ours = _words(projector.name), _words(model.name)
    strange = len(theirs - ours)
    quant = quant_of(projector.name)
    place = -_PRECISIONS.index(quant) if quant in _PRECISIONS else -len(_PRECISIONS)
    same_folder = _folder(projector.name) == _folder(model.name)
    return same_folder, len(theirs & ours) - strange, place, projector.size, -len(projector.name)


def _words(name: str) -> frozenset[str]:
    """What of a name says which model it is about."""
    return frozenset(words_of(name)) - _UNTELLING


def _folder(name: str) -> str:
    return name.rpartition("/")[0]
