"""What becomes of each field of a request: the table that ``docs/fields.md`` is made of.

Each field stands in a message of a door with one of three marks: `done`; `passes`, for what changes
nothing that whoever asks can notice; and `refused`, for what cannot be had here. A field that
stands nowhere is refused, too. Any of them may be null, which says nothing.
"""

from __future__ import annotations

import functools
import re
import types
import typing
from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec

from rbee.wire.errors import RbeeError, invalid, nearest, nested_too_deep
from rbee.wire.messages.basics import decode

T = TypeVar("T")

DONE, PASSES, REFUSED = "done", "passes", "refused"
#: The keys of what a mark says.
_BECOMES, _UNSAID = "becomes", "unsaid"
_AT = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<path>.*?)`)?$", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(\w+)`")


def done(what: str, *unsaid: Any) -> msgspec.Meta:
    """The mark of a field that does what it says; to say one of `unsaid` is to say nothing."""
    return msgspec.Meta(description=what, extra={_BECOMES: DONE, _UNSAID: unsaid})


def passes(why: str) -> msgspec.Meta:
    """The mark of a field that changes nothing that whoever asks can notice."""
    return msgspec.Meta(description=why, extra={_BECOMES: PASSES})


def refused(why: str, *unsaid: Any) -> msgspec.Meta:
    """The mark of a field that cannot be had; to say one of `unsaid` is to ask for nothing."""
    return msgspec.Meta(description=why, extra={_BECOMES: REFUSED, _UNSAID: unsaid})


#: Why fields pass, in the words of several doors.
KEPT_ANYWAY = "what was read before is kept where there is room for it"
MODELS_CALL = "models call tools by themselves alone"
#: A field of an answer that is sent back with the rest of a conversation.
PartOfAnswer = Annotated[Any, passes("is part of an answer that is sent back")]


class Field(NamedTuple):
    """What is known of a field. To say one of `unsaid` is to leave it out; `whole`: its numbers
    are whole, ``8.0`` is one; `inner` is what its objects are."""

    name: str
    becomes: str
    why: str
    unsaid: tuple[Any, ...]
    whole: bool
    inner: type[msgspec.Struct] | None


@functools.cache
def fields_of(kind: type[msgspec.Struct]) -> dict[str, Field]:
    """The table of a message: its fields by their names, in order."""
    marked = typing.get_type_hints(kind, include_extras=True)
    plain = typing.get_type_hints(kind)
    names = zip(kind.__struct_fields__, kind.__struct_encode_fields__)
    return {sent: _field(sent, marked[name], plain[name]) for name, sent in names}


def read(data: bytes, kind: type[T]) -> T:
    """`data` as a `kind`. Raises `invalid_request` that names the field which does not fit."""
    return taken(decode(data, dict[str, Any]), kind)


def taken(said: Any, kind: type[T], path: str = "") -> T:
    """What is said at `path` of a request, as a `kind`. Raises as `read` does."""
    assert issubclass(kind, msgspec.Struct)
    try:
        return msgspec.convert(_settled(said, kind, path), kind)
    except msgspec.ValidationError as error:
        raise _misfit(str(error), path) from None
    except RecursionError:
        raise nested_too_deep("body") from None


def _settled(said: Any, kind: type[msgspec.Struct], path: str) -> Any:
    """What is said, without what says nothing. Raises for a field that cannot be had."""
    if not isinstance(said, dict):
        return said
    known = fields_of(kind)
    settled = {}
    for name, value in said.items():
        here = f"{path}.{name}" if path else name
        if value is None:
            continue
        if name not in known:
            raise _unknown(here, name, known)
        field = known[name]
        if any(_same(value, each) for each in field.unsaid):
            continue
        if field.becomes == REFUSED:
            raise _refused(here, field)
        if field.whole:
            value = _whole(value)
        elif field.inner is not None and isinstance(value, list):
            inner = field.inner
            value = [_settled(each, inner, f"{here}[{i}]") for i, each in enumerate(value)]
        elif field.inner is not None:
            value = _settled(value, field.inner, here)
        settled[name] = value
    return settled


def _whole(value: Any) -> Any:
    """The same with 8 for 8.0; also in a list that begins with such a number. Of a list with a
    million others no more is looked at."""
    if isinstance(value, list):
        is_one = bool(value) and isinstance(value[0], (float, list))
        return [_whole(each) for each in value] if is_one else value
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _same(one: Any, other: Any) -> bool:
    """Whether two values are the same in JSON, where 1 is 1.0 and true is not."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _field(name: str, marked: Any, plain: Any) -> Field:
    mark = next((each for each in _marks(marked) if _BECOMES in (each.extra or {})), None)
    if mark is None or not mark.description:
        return Field(name, "", "", (), False, None)
    said = mark.extra or {}
    kinds = list(_kinds(plain))
    inner = [each for each in kinds if isinstance(each, type) and issubclass(each, msgspec.Struct)]
    return Field(
        name,
        said[_BECOMES],
        mark.description,
        said.get(_UNSAID, ()),
        int in kinds and float not in kinds,
        inner[0] if inner else None,
    )


def _marks(kind: Any) -> Iterator[msgspec.Meta]:
    for each in getattr(kind, "__metadata__", ()):
        if isinstance(each, msgspec.Meta):
            yield each


def _kinds(kind: Any) -> Iterator[Any]:
    """The types that a field, or each of its list, may have."""
    if typing.get_origin(kind) in (typing.Union, types.UnionType, list):
        for each in typing.get_args(kind):
            yield from _kinds(each)
    else:
        yield kind


def _unknown(path: str, name: str, known: dict[str, Field]) -> RbeeError:
    near = nearest(name, (each.name for each in known.values() if each.becomes == DONE))
    advice = f"did you mean {near}?" if near else "leave it out"
    return invalid(f"`{path}` is a field that is not known here", advice, field=path)


def _refused(path: str, field: Field) -> RbeeError:
    unsaid = " or ".join(msgspec.json.encode(each).decode() for each in field.unsaid)
    advice = f"leave it out, or say {unsaid}" if unsaid else "leave it out"
    return invalid(f"`{path}` cannot be had: {field.why}", advice, field=path)


def _misfit(said: str, within: str) -> RbeeError:
    """The refusal of a value that its field does not take, in msgspec's words."""
    found = _AT.match(said)
    what, path = (found["what"], found["path"] or "") if found else (said, "")
    path = f"{within}.{path}" if within and path else within or path
    missing = _MISSING.match(what)
    if missing:
        path = f"{path}.{missing[1]}" if path else missing[1]
        return invalid(f"`{path}` is missing", f"send {path}", field=path)
    return invalid(f"`{path}` does not fit: {what}", f"change {path}", field=path)
