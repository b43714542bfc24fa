"""What the holder of an API key may ask for, and by which names. Pure.

A key sees the models that are here and permitted to it, by their names, and nothing else of the
swarm: no path, no machine, nobody else's work. Whatever it asks for beside these is answered with
the same words, so that what is here, what is forbidden and what does not exist look alike.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import msgspec

from rbee.wire.errors import RbeeError, invalid
from rbee.wire.messages.names import AddName
from rbee.wire.model_ref import BUNDLED, ModelRef, parse_model_ref
from rbee.wire.shown import beginning, shown, why_no_name

#: What stands for any text in the references that a key is limited to.
ANY = "*"


class Rights(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a key may use: of `models` (references, ``*`` stands for any text; none: all) those that
    are on a machine of the swarm, with `may_fetch` also those that are not yet; and so many
    requests and tokens a day, 0: any number."""

    models: tuple[str, ...] = ()
    may_fetch: bool = False
    requests_a_day: int = 0
    tokens_a_day: int = 0

    def permit(self, ref: str) -> bool:
        """Whether a reference is one of those that the key is limited to."""
        return not self.models or any(_fits(ref, each) for each in self.models)


class Use(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a key has used on a day, which is told in days since 1970 (UTC): requests, and tokens
    that were read and written for them."""

    day: int = 0
    requests: int = 0
    tokens: int = 0

    def on(self, day: int) -> Use:
        """What was used on `day`: of another one, nothing."""
        return self if self.day == day else Use(day)

    def plus(self, requests: int, tokens: int) -> Use:
        """The use with so many more."""
        return Use(self.day, self.requests + requests, self.tokens + tokens)


def require_left(name: str, rights: Rights, use: Use, left_s: int) -> None:
    """Raises `key_spent` where a key has used what it may on a day that lasts so many seconds
    more. An answer that has begun is told to its end."""
    for what, used, most in (
        ("requests", use.requests, rights.requests_a_day),
        ("tokens", use.tokens, rights.tokens_a_day),
    ):
        if most and used >= most:
            raise RbeeError(
                "key_spent",
                f"the key {name} has used its {most} {what} of today ({used})",
                "come again after midnight (UTC), or ask whoever runs this swarm for more",
                {"retry_after_s": left_s, "limit": most},
            )


class Granted(msgspec.Struct, frozen=True):
    """The model that a key's holder gets: its reference, the name that it goes by there, and
    whether it may be fetched where it is not."""

    ref: str
    name: str
    may_fetch: bool


def limits_of(typed: Iterable[str]) -> tuple[str, ...]:
    """The references that a key is to be limited to, in their canonical form.

    Raises `invalid_request` for one that is none.
    """
    return tuple(_limit(each.strip()) for each in typed)


def names_of(refs: Iterable[str], rights: Rights) -> dict[str, str]:
    """The references of the present models that a key may use, by the names it sees.

    A repository goes by its reference, a file by its name without the folder; where several have
    one name, they are numbered in the order of their paths.
    """
    permitted = sorted({ref for ref in (*refs, BUNDLED) if rights.permit(ref)})
    plain = {ref: _plain(ref) for ref in permitted}
    count = Counter(plain.values())
    seen: Counter[str] = Counter()
    names = {}
    for ref, name in plain.items():
        seen[name] += 1
        names[name if count[name] == 1 else f"{name}#{seen[name]}"] = ref
    return names


def granted(asked: str, refs: Iterable[str], rights: Rights) -> Granted:
    """The model that `asked` means to the holder of a key, where `refs` are present.

    Raises `model_not_found`, in the same words for what is not there, not permitted, or no name.
    """
    present = names_of(refs, rights)
    ref = None if asked in present else hub_ref(asked)
    name = asked if ref is None else str(ref)
    if name in present:
        return Granted(present[name], name, rights.may_fetch)
    if ref is not None and rights.may_fetch and rights.permit(name):
        return Granted(name, name, True)
    raise not_granted(asked)


def granted_by_name(named: AddName, refs: Iterable[str], rights: Rights) -> Granted:
    """The same for a name that somebody has given a model: who may use that may use it."""
    ref = named.model_ref
    is_there = ref in (*refs, BUNDLED)
    if rights.permit(ref) and (is_there or (rights.may_fetch and hub_ref(ref) is not None)):
        return Granted(ref, named.name, rights.may_fetch)
    raise not_granted(named.name)


def hub_ref(asked: str) -> ModelRef | None:
    """The hub's model, or the bundled one, that `asked` names, with ``HF:`` or without; else None.

    A file is none: keys name no paths.
    """
    named = asked.partition(":")[0].lower() == "hf" or asked.strip() == BUNDLED
    try:
        ref = parse_model_ref(asked if named else f"HF:{asked}")
    except RbeeError:
        return None
    return ref


def not_granted(asked: str) -> RbeeError:
    """The one answer for every model that the holder of a key cannot have."""
    return RbeeError(
        "model_not_found",
        f"the model '{beginning(asked)}' does not exist, or this key may not use it",
        "GET /v1/models lists those that it may use",
        {"field": "model"},
    )


def _plain(ref: str) -> str:
    scheme, _, path = ref.partition(":")
    return shown(path.rpartition("/")[2]) if scheme == "file" else ref


def _fits(ref: str, limit: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, limit.split(ANY))), ref) is not None


def _limit(typed: str) -> str:
    if ANY not in typed:
        return str(parse_model_ref(typed))
    scheme, colon, rest = typed.partition(":")
    known = colon and scheme.lower() in ("hf", "file")
    if not known or why_no_name(typed) or typed.count(ANY) > 4:
        raise invalid(
            f"a key cannot be limited to '{beginning(typed)}'",
            "name models as everywhere, with * for any text: --model 'HF:owner/*'",
            field="models",
        )
    return f"{'HF' if scheme.lower() == 'hf' else 'file'}:{rest}"
