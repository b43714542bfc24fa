"""What every body of a request, answer or event is made of, and how it is read and written.

Requests refuse unknown fields and name the path of whatever does not fit; answers and events
tolerate unknown fields, so that a newer peer can say more. Sizes are bytes unless the name says
otherwise, times are milliseconds since the epoch (`_at_ms`) or durations in milliseconds (`_ms`).
"""

import codecs
import re
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from rbee.wire import addresses
from rbee.wire.errors import invalid, nested_too_deep
from rbee.wire.routes import NONE, Events, Route, Who
from rbee.wire.shown import LONGEST_NAME, NAME_PATTERN

A = TypeVar("A")
T = TypeVar("T")
NonEmpty = Annotated[str, msgspec.Meta(min_length=1)]
#: What something is called; see `shown.require_name`.
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME, pattern=NAME_PATTERN)]
#: The number of a token in a model's vocabulary.
TokenId = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
TokenIds = Annotated[list[TokenId], msgspec.Meta(min_length=1)]
#: A context beyond this is a slip: the longest that a model was made for is 100 million (tokens).
LARGEST_CONTEXT = 2**27


class Answer(msgspec.Struct, kw_only=True, omit_defaults=False):
    """Base of what a daemon answers."""


class Request(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of what a daemon is asked."""


class Health(Answer, kw_only=True):
    """Who answers here. `instance` is drawn anew at every start.

    `status` is ``ok``, or ``leaving`` when a queen has begun to put everything to sleep.
    """

    status: str
    role: str
    version: str
    instance: str


class Started(Answer, kw_only=True):
    """Work was begun; its story is told at `events_url`."""

    events_url: str


class OperationStarted(Started, kw_only=True):
    """The queen does something that is no job; ends with a `done` of `HivesAwake` or a model."""

    operation_id: str


class Named(Request, kw_only=True):
    """What is meant, by its id."""

    id: str


class ShutDownQueen(Request, kw_only=True):
    """The queen's `POST /shutdown`. `cascade`: her hives and their workers leave, too; `now`: what
    still runs is cancelled; with `unless` kept she stays where somebody asked for that."""

    cascade: bool = True
    now: bool = False
    unless: Literal["kept"] | None = None


class DrainBegun(OperationStarted, kw_only=True):
    """No job begins any more, as long as somebody reads this operation: whoever asks for an answer
    waits. It tells when none runs. `kept`: somebody asked the swarm to stay."""

    kept: bool


class ShutDownWorker(Request, kw_only=True):
    """A worker's `POST /shutdown`; with `unless` busy it stays where somebody uses it."""

    unless: Literal["busy"] | None = None


class ShutdownBegun(Answer, kw_only=True):
    """The answer to the queen's `POST /shutdown`.

    `jobs` of others that she still waits for, or with `now=true` cancels; `kept`: somebody asked
    the swarm to stay, so that with `unless=kept` she does not leave at all.
    """

    jobs: int
    kept: bool = False


class Unreachable(msgspec.Struct, kw_only=True):
    """A machine that was asked for a list and did not answer: what it has is not in there."""

    hive_id: str
    why: str


class Nothing(msgspec.Struct):
    """The data of `cancelled`, and of a `done` that has nothing to say."""


_json = msgspec.json.Encoder()


def encode(message: Any) -> bytes:
    """`message` as JSON. Raises `invalid_request` for what nests too deep."""
    try:
        return _json.encode(message)
    except RecursionError:
        raise nested_too_deep("what was to be sent on") from None


#: Escapes of JSON for characters beyond U+FFFF, of which there are two, one for each half; behind
#: an even number of backslashes the first of them is none, but text.
_HALF = re.compile(
    rb"(?<!\\)(?P<slashes>\\+)u"
    rb"(?:[dD][89abAB][0-9a-fA-F]{2}(?P<rest>\\u[dD][c-fC-F][0-9a-fA-F]{2})?"
    rb"|[dD][c-fC-F][0-9a-fA-F]{2})"
)
#: Without them a body is not gone over again.
_ANY_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
_ONE_HALF = b"\\ud83d"
#: What msgspec says of a text that does not fit a pattern.
_PATTERN = r"(?s)Expected `str` matching regex '.*'(?= - at |\Z)"
_UNSEEN = "Holds characters that cannot be seen"


def decode(data: bytes, kind: type[T], what: str = "body") -> T:
    """`data` as a `kind`. Raises `invalid_request` naming the path that does not fit."""
    try:
        # Some programs begin a file with such a mark, which RFC 8259 lets a reader pass over.
        return _decoded(data.removeprefix(codecs.BOM_UTF8), kind)
    except msgspec.ValidationError as error:
        wrong = re.sub(_PATTERN, _UNSEEN, str(error))
        raise invalid(f"{what}: {wrong}", f"fields: {_fields(kind)}") from None
    except RecursionError:
        raise nested_too_deep(what) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise invalid(f"{what} is no JSON: {error}", "send a JSON object") from None


def _decoded(data: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        whole = _HALF.sub(_without_half, data) if _ANY_HALF.search(data) else data
        if whole == data:
            raise
        return msgspec.json.decode(whole, type=kind)


def _without_half(found: re.Match[bytes]) -> bytes:
    """An escape, where it is half a character: a sign for what is missing. Programs that count in
    UTF-16 cut texts in the middle of one, and go on sending what they have."""
    is_escape = len(found["slashes"]) % 2 == 1
    # Half is an escape with no other behind it, or one that is behind mere text.
    is_half = is_escape != bool(found["rest"])
    return found[0][: -len(_ONE_HALF)] + b"\\ufffd" if is_half else found[0]


def decode_answer(data: bytes, route: Route[Any, A], name: str) -> A | None:
    """What `name` has answered; None where a route answers nothing, whatever a newer peer says."""
    if not data or route.answer is NONE:
        return None
    return decode(data, route.answer, f"answer of {name}")


def decode_fields(said: dict[str, str], kind: type[T]) -> T:
    """What a path and a query say, as a `kind`. Raises `invalid_request`, as `decode` does."""
    try:
        return msgspec.convert(said, kind, strict=False)
    except msgspec.ValidationError as error:
        wrong = re.sub(_PATTERN, _UNSEEN, str(error))
        wrong = re.sub("Object missing required field `(.*)`", r"the query names no \1", wrong)
        raise invalid(wrong, f"fields: {_fields(kind)}") from None


def _fields(kind: type[Any]) -> str:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return ", ".join(field.encode_name for field in msgspec.structs.fields(kind))
    return "see the documentation"


HEALTH = Route("GET", addresses.HEALTH, NONE, Health, who=Who.ANYBODY)
OPERATION_EVENTS = Route("GET", "/operations/{id}/events", Named, Events)
CANCEL_OPERATION = Route("DELETE", "/operations/{id}", Named, NONE)
OPENAPI = Route("GET", "/openapi.json", NONE, dict, who=Who.KEYS)
STAY = Route("POST", "/stay", NONE, NONE)
DRAIN = Route("POST", "/drain", NONE, DrainBegun, status=202)
SHUT_DOWN_QUEEN = Route(
    "POST", "/shutdown", ShutDownQueen, ShutdownBegun, status=202, in_query=True
)
SHUT_DOWN_HIVE = Route("POST", "/shutdown", NONE, NONE, status=202)
SHUT_DOWN_WORKER = Route("POST", "/shutdown", ShutDownWorker, NONE, status=202, in_query=True)
