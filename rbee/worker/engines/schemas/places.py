"""The schemas within one schema: where each stands, and where its references lead."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

from rbee.worker.engines.schema_cost import short, unknown
from rbee.worker.engines.schemas.shapes import ANYTHING, Subschema, Wanted

#: What is no schema, whatever it looks like.
_VALUES = frozenset(["const", "enum", "default", "examples", "example"])


class Places:
    """The places of a document; nothing is fetched from elsewhere."""

    def __init__(self, schema: Any) -> None:
        self._places: dict[tuple[int, str], Subschema] = {}
        self._kept: list[Any] = []
        self._roots: dict[str, Subschema] = {}
        self._dynamic: dict[str, set[Subschema]] = {}
        self.root = self.at(schema, "$", _id_of(schema, ""), 1)
        self.never: Wanted = frozenset([self.at(False, "$", "", 1)])

    def at(self, schema: Any, path: str, base: str, depth: int) -> Subschema:
        """The place of a schema, the same one each time."""
        key = (id(schema), base)
        if key not in self._places:
            self._places[key] = Subschema(schema, path, base, depth)
        return self._places[key]

    def within(self, place: Subschema, keyword: str, *steps: str | int) -> Wanted:
        """What a schema within another one wants."""
        schema, path = place.schema[keyword], f"{place.path}.{keyword}"
        for step in steps:
            schema = schema[step]
            path += f"[{step}]" if isinstance(step, int) else f".{short(step)}"
        if schema is True or schema == {}:
            return ANYTHING
        if schema is False:
            return self.never
        base = _id_of(schema, place.base)
        return frozenset([self.at(schema, path, base, place.depth + 1)])

    def part(self, schema: Any, path: str) -> Wanted:
        """What a part of the document wants that somebody else has found."""
        return frozenset([self.at(schema, path, self.root.base, 1)])

    def made(self, schema: Any, path: str) -> Wanted:
        """What a schema of our own wants."""
        self._kept.append(schema)
        return frozenset([self.at(schema, path, "", 1)])

    def is_one_of_several(self, place: Subschema, name: str) -> bool:
        """Whether a place has this dynamic anchor, and another one has it as well."""
        several = self._dynamic.get(name, set())
        return place in several and len(several) > 1

    def led_to(self, reference: str, place: Subschema, keyword: str = "$ref") -> Subschema:
        """Where a reference leads from a place. Raises where that is nowhere in the document."""
        path = f"{place.path}.{keyword}"
        if not self._roots:
            self._roots[""] = self.root
            self._roots[self.root.base] = self.root
            self._find_roots(self.root)
        uri, fragment = _joined(place.base, reference)
        if reference.startswith("#"):
            uri, fragment = place.base, unquote(reference[1:])
        found = self._roots.get(f"{uri}#{fragment}")
        if found is not None:
            return found
        root = self._roots.get(uri)
        if root is None or (fragment and not fragment.startswith("/")):
            raise unknown(path, f"$ref {short(reference)!r}, which leads to nothing in it,")
        schema, at, base = root.schema, root.path, root.base
        for step in fragment.split("/")[1:]:
            step = unquote(step).replace("~1", "/").replace("~0", "~")
            try:
                schema = schema[int(step)] if isinstance(schema, list) else schema[step]
            except (LookupError, TypeError, ValueError):
                raise unknown(
                    path, f"$ref {short(reference)!r}, which leads to nothing in it,"
                ) from None
            at += f"[{step}]" if step.isdecimal() else f".{short(step)}"
            base = _id_of(schema, base)
        if isinstance(schema, bool):
            return self.at(schema, at, "", 1)
        return self.at(schema, at, base, 1)

    def _find_roots(self, root: Subschema) -> None:
        """Finds what has an address of its own, wherever it stands."""
        to_do = [(root.schema, root.path, "")]
        while to_do:
            schema, path, base = to_do.pop()
            if isinstance(schema, list):
                to_do += [(each, f"{path}[{at}]", base) for at, each in enumerate(schema)]
            if not isinstance(schema, dict):
                continue
            inner = _id_of(schema, base)
            if inner != base:
                self._roots.setdefault(inner, self.at(schema, path, inner, 1))
            for keyword in ("$anchor", "$dynamicAnchor"):
                if isinstance(schema.get(keyword), str):
                    key = f"{inner}#{schema[keyword]}"
                    found = self._roots.setdefault(key, self.at(schema, path, inner, 1))
                    if keyword == "$dynamicAnchor":
                        self._dynamic.setdefault(schema[keyword], set()).add(found)
            to_do += [
                (each, f"{path}.{short(name)}", inner)
                for name, each in schema.items()
                if name not in _VALUES
            ]


def _id_of(schema: Any, base: str) -> str:
    """The URI that a schema is read against."""
    own = schema.get("$id") if isinstance(schema, dict) else None
    return _joined(base, own)[0] if isinstance(own, str) else base


def _joined(base: str, reference: str) -> tuple[str, str]:
    """The URI that a reference leads to, and its fragment."""
    try:
        uri, fragment = urldefrag(urljoin(base, reference))
        return uri, fragment
    except ValueError:  # it is no URI
        return reference, ""
