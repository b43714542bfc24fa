"""Names of one's own for models: what is asked by such a name, and how.

The settings of a name are what a request has that says nothing of them. They are called the same in
``config.toml`` (``[names.bee]``), where they are typed (``rbee-keeper name bee REF temperature=0``)
and here.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

from rbee.wire.errors import RbeeError, invalid, nearest
from rbee.wire.messages.basics import LARGEST_CONTEXT, Answer, Name, Named, NonEmpty, Request
from rbee.wire.messages.inference import Drawing
from rbee.wire.model_ref import is_short_name, parse_model_ref
from rbee.wire.routes import NONE, Route


class NameSettings(Drawing, kw_only=True):
    """What is asked of a model by a name, where a request says nothing of it.

    `context` and `slots` are those of a worker that is started; `system` is what the model is told
    before a conversation that begins without such a message; `thinking` says whether it may think
    first; `keep_loaded`: its worker is not unloaded for being idle; `chat_template` is the text of
    one (Jinja) to take for the model's own. `draft` is a smaller model of the same vocabulary that
    writes ahead of it, where that is faster: a reference.
    """

    context: Annotated[int, msgspec.Meta(ge=32, le=LARGEST_CONTEXT)] | None = None
    slots: Annotated[int, msgspec.Meta(ge=1, le=256)] | None = None
    system: NonEmpty | None = None
    thinking: bool | None = None
    keep_loaded: bool | None = None
    chat_template: NonEmpty | None = None
    draft: NonEmpty | None = None

    def __post_init__(self) -> None:
        if self.draft is not None:
            try:
                self.draft = str(parse_model_ref(self.draft))
            except RbeeError as error:
                raise ValueError(f"`draft`: {error.message}") from None

    def given(self) -> dict[str, Any]:
        """Those that are set, by name."""
        values = msgspec.structs.asdict(self)
        return {name: value for name, value in values.items() if value is not None}


class AddName(Request, kw_only=True):
    """A name for a model; one that is there already is given anew."""

    name: Name
    model_ref: NonEmpty
    settings: NameSettings = msgspec.field(default_factory=NameSettings)


class NameView(Answer, kw_only=True):
    """A name in a list; `from_config`: it stands in the queen's ``config.toml``."""

    name: str
    model_ref: str
    settings: dict[str, Any]
    from_config: bool = False


class NameList(Answer, kw_only=True):
    """The names, in their order; `default_model` is what is asked where none is named."""

    names: list[NameView]
    default_model: str = ""


NAMES = Route("GET", "/names", NONE, NameList, on_page=True)
ADD_NAME = Route("POST", "/names", AddName, NameView)
REMOVE_NAME = Route("DELETE", "/names/{id}", Named, NONE)


def settings_of(typed: Sequence[str]) -> NameSettings:
    """The settings that ``temperature=0.2``, ``system=Be brief.`` and so on spell; one that may
    have several values is given for each. Raises `invalid_request` by the name of the setting."""
    kinds = {field.name: field.type for field in msgspec.structs.fields(NameSettings)}
    values: dict[str, Any] = {}
    for each in typed:
        name, equals, text = each.partition("=")
        if name not in kinds or not equals:
            advice = _settings_like(name, list(kinds))
            raise invalid(f"{each!r} is no setting of a name", advice, field=name)
        is_list = "list" in str(kinds[name])
        values[name] = [*values.get(name, []), text] if is_list else text
    made: NameSettings = _converted(values, NameSettings, "")
    return made


class _Configured(NameSettings, kw_only=True):
    model: NonEmpty


def configured(table: Mapping[str, Any]) -> list[AddName]:
    """The names that the table ``names`` of ``config.toml`` spells. Raises `invalid_request` by the
    name and its setting."""
    found = []
    for name, said in table.items():
        require_name(name)
        made = _converted(said, _Configured, f"names.{name}: ")
        given = {key: value for key, value in made.given().items() if key != "model"}
        ref = str(parse_model_ref(made.model))
        found.append(AddName(name=name, model_ref=ref, settings=NameSettings(**given)))
    return found


def require_name(name: str) -> str:
    """`name`, which a model may be called by. Raises `invalid_request` where it cannot."""
    if not is_short_name(name):
        raise invalid(
            f"a model cannot be called {name[:64]!r}",
            "letters, digits, dots, dashes and underscores, and no name that is taken: "
            "rbee-keeper name bee HF:owner/repo",
            field="name",
        )
    return name


def _converted(values: Any, kind: type[Any], where: str) -> Any:
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        fields = [field.name for field in msgspec.structs.fields(kind)]
        names = re.findall(r"`\$?\.?(\w+)", str(error))
        field = names[-1] if names else ""
        advice = _settings_like(field, fields)
        raise RbeeError("invalid_request", f"{where}{error}", advice, {"field": field}) from None


def _settings_like(name: str, known: Sequence[str]) -> str:
    """What to write for a setting of that name."""
    near = "" if name in known else nearest(name, known)
    return f"did you mean {near}?" if near else f"settings: {', '.join(known)}"
