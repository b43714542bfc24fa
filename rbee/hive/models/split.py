"""The files of a model that was cut into several, from any one of them. Phases 6 and 7.

llama.cpp's ``gguf-split`` numbers the parts in their names and, from 0, in their headers; the first
carries the model's metadata, and may hold no weights at all. The engine opens the first and finds
the others by name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from rbee.hive.models.gguf.header import GgufHeader, header_of_file
from rbee.hive.models.gguf.tensors import MOST_TENSORS
from rbee.hive.models.gguf.window import LARGEST_HEADER, MOST_KEPT
from rbee.wire.errors import RbeeError, listed

_NAME = re.compile(r"(?P<prefix>.*)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf")


def together(headers: Iterable[GgufHeader]) -> tuple[GgufHeader, ...]:
    """The headers of all parts of a model, which together keep the bounds of one.

    Raises `model_invalid` as soon as they do not, and what reading them raises.
    """
    read: list[GgufHeader] = []
    for header in headers:
        read.append(header)
        if (
            sum(each.weights.count for each in read) > MOST_TENSORS
            or sum(each.data_offset for each in read) > LARGEST_HEADER
            or sum(each.kept for each in read) > MOST_KEPT
        ):
            raise RbeeError(
                "model_invalid",
                f"the headers of the first {len(read)} parts hold more than any model has",
                "fetch the model again, or choose another one",
            )
    return tuple(read)


def parts_of(path: str) -> tuple[str, ...]:
    """The paths of all parts of the model that the file at `path` is of, in order; they are there.

    Of a model in one file that file. Blocks. Raises `model_not_found` with the parts that are
    missing, and `model_invalid` for what does not belong together, or is no model.
    """
    header = header_of_file(path)
    if header.split_count <= 1:
        return (path,)
    paths = _numbered(path, header)
    missing = [os.path.basename(each) for each in paths if not os.path.isfile(each)]
    if missing:
        raise RbeeError(
            "model_not_found",
            f"{path} is part {header.split_no + 1} of {header.split_count} of a model, and"
            f" {listed(missing)} {'is' if len(missing) == 1 else 'are'} missing",
            f"put the missing {'part' if len(missing) == 1 else 'parts'} beside it, in"
            f" {os.path.dirname(path) or '.'}",
            {"path": path, "missing": missing},
        )
    headers = together(map(header_of_file, paths))
    for number, (each, part) in enumerate(zip(paths, headers)):
        if (part.split_no, part.split_count) != (number, header.split_count):
            raise _does_not_belong(each, f"is not part {number + 1} of {header.split_count}")
    stated = headers[0].metadata.get("split.tensors.count")
    held = sum(part.weights.count for part in headers)
    if isinstance(stated, int) and stated != held:
        raise _does_not_belong(
            paths[0], f"tells of {stated} tensors, and the {len(paths)} parts hold {held}"
        )
    return paths


def _numbered(path: str, header: GgufHeader) -> tuple[str, ...]:
    place = (header.split_no + 1, header.split_count)
    # A link may have any name, as long as the file behind it has the right one.
    names = (_NAME.fullmatch(each) for each in (path, os.path.realpath(path)))
    fitting = (
        each for each in names if each and (int(each["number"]), int(each["count"])) == place
    )
    named = next(fitting, None)
    if named is None:
        number, parts = place
        raise RbeeError(
            "model_invalid",
            f"{path} is part {number} of {parts} of a model, and not called so: the other parts"
            " cannot be found by its name",
            f"rename the parts as they came, this one to end in -{number:05d}-of-{parts:05d}.gguf",
            {"path": path},
        )
    prefix, count = named["prefix"], named["count"]
    return tuple(
        f"{prefix}-{number + 1:05d}-of-{count}.gguf" for number in range(header.split_count)
    )


def _does_not_belong(path: str, wrong: str) -> RbeeError:
    return RbeeError(
        "model_invalid",
        f"{path} {wrong}: the parts are not all of one model",
        "fetch the model again, all of its parts",
        {"path": path},
    )
