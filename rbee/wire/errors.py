"""The one error type that crosses processes, and the table of its codes.

An error names what was wrong (`message`), what to type next (`suggestion`) and the facts a
program may need (`details`). Over HTTP it travels as ``{"error": {...}}`` with the status of
its code; on a stream as an ``error`` event; on a terminal as two lines.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

#: HTTP status of each error code.
HTTP_STATUS: dict[str, int] = {
    "invalid_request": 400,
    "unauthorized": 401,
    "foreign_page": 403,
    "encryption_required": 403,
    "model_gated": 403,
    "model_not_found": 404,
    "hive_not_found": 404,
    "job_not_found": 404,
    "worker_not_found": 404,
    "key_not_found": 404,
    "name_not_found": 404,
    "not_found": 404,
    "method_not_allowed": 405,
    "deadline_exceeded": 408,
    "hive_exists": 409,
    "key_exists": 409,
    "hive_busy": 409,
    "hive_unfit": 409,
    "model_in_use": 409,
    "insufficient_vram": 409,
    "insufficient_ram": 409,
    "port_in_use": 409,
    "payload_too_large": 413,
    "unsupported_encoding": 415,
    "unknown_host": 421,
    "model_invalid": 422,
    "queue_full": 429,
    "key_spent": 429,
    "internal": 500,
    "worker_crashed": 500,
    "engine_failed": 500,
    "home_unusable": 500,
    "answer_lost": 500,
    "upgrade_failed": 500,
    "download_failed": 502,
    "checksum_mismatch": 502,
    "backend_unavailable": 503,
    "database_unusable": 503,
    "worker_busy": 503,
    "worker_stale": 503,
    "hive_unreachable": 503,
    "hive_asleep": 503,
    "queen_unreachable": 503,
    "ssh_failed": 503,
    "worker_start_timeout": 504,
    "worker_stuck": 504,
    "insufficient_disk": 507,
}


#: Characters of a message, and of a suggestion: what is quoted in them may be of any length.
_LONGEST = 4000
#: How many names an error lists.
_LISTED = 8


class ErrorBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """An error as it travels: the body of a failed request, the data of an `error` event."""

    code: str
    message: str
    suggestion: str = ""
    details: dict[str, Any] = {}
    correlation_id: str = ""


class RbeeError(Exception):
    """Something a user or a calling program has to know about, told in their terms.

    `code` is a key of `HTTP_STATUS`; `suggestion` is what to type or change next;
    `details` holds plain JSON values.
    """

    def __init__(
        self, code: str, message: str, suggestion: str = "", details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        assert code in HTTP_STATUS, f"unknown error code {code!r}"
        self.code = code
        self.message = _as_text(_shortened(message))
        self.suggestion = _as_text(_shortened(suggestion))
        self.details: dict[str, Any] = details or {}

    @property
    def http_status(self) -> int:
        """The HTTP status this error answers with."""
        return HTTP_STATUS[self.code]

    def body(self, correlation_id: str = "") -> ErrorBody:
        """This error as a message."""
        details = _sendable(self.details)
        return ErrorBody(self.code, self.message, self.suggestion, details, correlation_id)

    @classmethod
    def from_body(cls, body: ErrorBody) -> RbeeError:
        """The error a peer told us; an unknown code becomes `internal`."""
        code = body.code if body.code in HTTP_STATUS else "internal"
        return cls(code, body.message, body.suggestion, body.details)


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _as_text(text: str) -> str:
    """`text` fit for every terminal and message: a name from the disk may hold other bytes."""
    if text.isascii():
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    except UnicodeEncodeError:  # a lone surrogate, which JSON can spell
        return text.encode("utf-8", "replace").decode()


def _sendable(value: Any) -> Any:
    """A detail of an error, of texts and numbers that every message can carry."""
    if isinstance(value, str):
        return _as_text(value)
    if isinstance(value, dict):
        return {_sendable(key): _sendable(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_sendable(each) for each in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return float("inf") if value.bit_length() > 1000 else float(value)
    return value


class Refused(msgspec.Struct):
    """The answer to a request that failed."""

    error: ErrorBody


def refusal(data: bytes, status: int, name: str) -> RbeeError:
    """The error that `name` has answered with, or its `status` where it says no more."""
    try:
        return RbeeError.from_body(msgspec.json.decode(data, type=Refused).error)
    except msgspec.MsgspecError:
        return RbeeError(
            "internal",
            f"{name} answered {status} without a reason",
            f"rbee-keeper logs {name.split()[-1]} shows what happened there",
        )


def unforeseen(error: BaseException, role: str) -> RbeeError:
    """The error to tell where `role` met `error`: itself if it is one of ours, else `internal`,
    which names it and the log that says more."""
    if isinstance(error, RbeeError):
        return error
    text = " ".join(str(error).split())
    return RbeeError(
        "internal",
        f"internal: {type(error).__name__}" + (f": {text[:300]}" if text else ""),
        f"rbee-keeper logs {role} shows what happened there",
    )


def invalid(message: str, suggestion: str, **details: Any) -> RbeeError:
    """The error for what somebody has typed or sent that cannot be meant so."""
    return RbeeError("invalid_request", message, suggestion, details)


def nested_too_deep(what: str) -> RbeeError:
    """The error for what nests deeper than Python follows."""
    return invalid(f"{what} nests too deep", "nest it less")


def model_unreadable(path: str, error: OSError) -> RbeeError:
    """The error for a model's file that a disk does not give."""
    return RbeeError(
        "model_not_found",
        f"cannot read the model file {path}: {error.strerror}",
        "check the path: a file, readable on the hive's machine",
        {"path": path},
    )


def stale(worker_id: str, model_ref: str) -> RbeeError:
    """The error for a worker whose model was replaced."""
    return RbeeError(
        "worker_stale",
        f"the model was replaced since {worker_id} loaded it",
        "try again: what is there now is loaded",
        {"model_ref": model_ref},
    )


def stuck(worker_id: str, what: str, stall: float) -> RbeeError:
    """The error for a worker whose engine does nothing, for as long as the settings let it."""
    longer = f"{2 * stall:g}"
    return RbeeError(
        "worker_stuck",
        what,
        f"rbee-keeper logs {worker_id}; where it only needs longer: RBEE_TOKEN_STALL={longer}, "
        f"or token_stall = {longer} in config.toml",
        {"setting": "token_stall", "stall_s": stall, "worker_id": worker_id},
    )


def nearest(name: str, known: Iterable[str], likeness: float = 0.6) -> str:
    """The one of `known` that somebody who typed `name` most likely meant; empty: none."""
    import difflib  # late: a command that succeeds never needs it

    by_folded = {each.casefold(): each for each in known}
    near = difflib.get_close_matches(name.casefold(), by_folded, 1, likeness)
    return by_folded[near[0]] if near else ""


def listed(known: Iterable[str]) -> str:
    """The names that there are, in order, as far as a line has room; or ``none``."""
    names = sorted(known)
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more if names else "none"


def no_such(what: str, name: str, known: Iterable[str], else_try: str) -> RbeeError:
    """The error for a `what` (hive, model, worker, key) that nobody has.

    It tells the nearest match, else what there is, and in its details all of that.
    """
    names = sorted(known)
    near = nearest(name, names)
    return RbeeError(
        f"{what}_not_found",
        f"no {what} is called {name!r}",
        f"did you mean {near}?" if near else f"{else_try}: {listed(names)}",
        {f"{what}s": names},
    )
