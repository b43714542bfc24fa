"""The queen as the keeper speaks to her: HTTP, one thread.

aiohttp would cost a cold run 0.2 s of import for a program that does one thing after another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar, overload

import msgspec

from rbee.keeper.plain_http import Connection, HttpResponse, NotProved, OtherKey
from rbee.wire import addresses, sse
from rbee.wire.errors import RbeeError, refusal
from rbee.wire.messages.basics import Health, decode_answer, encode
from rbee.wire.proof import Credential
from rbee.wire.routes import Route

A = TypeVar("A")
Q = TypeVar("Q")

#: A queen that says nothing for this long, not even a comment, is stuck (seconds).
_SILENCE = 60.0


class QueenClient:
    """Requests and streams of one queen at `url`, who has to know the secret of `credential`, and
    to show this public `key` where that is not empty.

    She has `connect_timeout` seconds to answer, and `list_patience` more where she asks each of the
    machines, and waits as long for them.
    """

    def __init__(
        self,
        url: str,
        credential: Credential,
        connect_timeout: float,
        list_patience: float = 0.0,
        key: str = "",
        way_in: Callable[[], str] = lambda: "",
        way_out: Callable[[], str] = lambda: "",
    ) -> None:
        """`way_in` is what to type where she does not know that secret, `way_out` what ends her
        where she hears nothing; empty: nobody knows."""
        self.url = url
        self._way_in, self._way_out = way_in, way_out
        self._credential = credential
        self._timeout = connect_timeout
        self.patience_for_lists = connect_timeout + list_patience
        self._key = key
        self._connection: Connection | None = None
        #: The span that what is asked for is a part of, in W3C's words; empty: there is none.
        self.trace = ""

    def health(self) -> Health | None:
        """Who answers at the queen's address; None when nobody does.

        Where that was proved, the next request goes out on the same connection. Raises
        `port_in_use` when it is no program of ours, `queen_unreachable` where it cannot be told,
        and what a queen says who answers by ``https://`` alone.
        """
        self.close()
        connection, told = self._new_connection(), b""
        try:
            told = connection.prove()
            return msgspec.json.decode(told, type=Health)
        except OtherKey as other:
            raise self._other_key(str(other)) from None
        except (ConnectionRefusedError, ConnectionResetError):
            return None
        except OSError as error:
            raise self._unreachable(error) from None
        except (ValueError, msgspec.MsgspecError):
            if told and (said := _wants_encryption(told)) is not None:
                raise said from None
            raise RbeeError(
                "port_in_use",
                f"{self.url} is held by a program that is no queen",
                "end that program, or choose another port: export RBEE_QUEEN_PORT=8510",
                {"url": self.url},
            ) from None
        finally:
            if not self.is_proved:
                self.close()

    @property
    def is_proved(self) -> bool:
        """Whether whoever answered `health` just now knows the secret."""
        return self._connection is not None and self._connection.is_proved

    @overload
    def call(self, route: Route[None, A], *, patience: float | None = None) -> A: ...
    @overload
    def call(self, route: Route[Q, A], wanted: Q, *, patience: float | None = None) -> A: ...
    def call(
        self, route: Route[Any, Any], wanted: Any = None, *, patience: float | None = None
    ) -> Any:
        """Asks for `wanted`; the answer may take `patience` seconds.

        Raises the queen's error, or `queen_unreachable`.
        """
        body = encode(wanted) if route.has_body else b""
        try:
            answer = self._send(route.method, route.target(wanted), body, patience)
            data = answer.read()
        except (OSError, ValueError) as error:
            self.close()
            raise self._unreachable(error) from None
        if answer.status >= 400:
            raise refusal(data, answer.status, "the queen")
        return decode_answer(data, route, "the queen")

    def events(
        self, path: str, on_open: Callable[[], object] | None = None
    ) -> Iterator[list[sse.Frame]]:
        """The events of a stream, all that arrived together at a time, ``[DONE]`` the last.

        `on_open` is called once the queen has begun to answer.
        Raises `queen_unreachable` when the stream breaks off before its end.
        """
        try:
            answer = self._send("GET", path)
            if answer.status >= 400:
                raise refusal(answer.read(), answer.status, "the queen")
        except (OSError, ValueError) as error:
            self.close()
            raise self._unreachable(error) from None
        if on_open is not None:
            on_open()
        if self._connection is not None:
            self._connection.wait(_SILENCE)
        reader = sse.FrameReader()
        while piece := self._next_piece(answer):
            frames = reader.feed(piece)
            if frames:
                yield frames
                if frames[-1].is_done:
                    self.close()  # what follows on it belongs to the stream
                    return
        self.close()
        raise self._unreachable(OSError("her stream broke off before its end"))

    def _next_piece(self, answer: HttpResponse) -> bytes:
        try:
            return answer.read_some()
        except TimeoutError:
            self.close()
            why = f"nothing came from her for {_SILENCE:g} s"
            raise self._unreachable(TimeoutError(), why) from None
        except (OSError, ValueError):
            return b""  # she was killed in the middle of a piece

    def close(self) -> None:
        """Lets go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _send(
        self, method: str, path: str, body: bytes = b"", patience: float | None = None
    ) -> HttpResponse:
        connection = self._connection or self._new_connection()
        headers = {"Content-Type": "application/json"} if body else {}
        if self.trace:
            headers[addresses.TRACE_HEADER] = self.trace
        try:
            return connection.request(method, path, headers, body, patience or self._timeout)
        except NotProved:
            raise self.not_proved() from None
        except OtherKey as other:
            raise self._other_key(str(other)) from None

    def _new_connection(self) -> Connection:
        self._connection = Connection(self.url, self._credential, self._timeout, self._key)
        return self._connection

    def not_proved(self) -> RbeeError:
        """The error for somebody at her address who does not know the secret."""
        return RbeeError(
            "unauthorized",
            f"who listens at {self.url} has another token than this RBEE_HOME, if any, and was "
            "told nothing",
            self._way_in()
            or "name her token's file with --token-file, or another port: "
            "export RBEE_QUEEN_PORT=8510",
            {"url": self.url},
        )

    def _other_key(self, key: str) -> RbeeError:
        return RbeeError(
            "unauthorized",
            f"who listens at {self.url} shows the public key sha256={key}, not the one that you "
            "have named, and was told nothing",
            "rbee-keeper certificate on her machine tells which one is hers",
            {"url": self.url, "key": key},
        )

    def _unreachable(self, error: Exception, why: str = "") -> RbeeError:
        fix = "rbee-keeper logs queen shows what happened to her"
        if isinstance(error, TimeoutError) and (way_out := self._way_out()):
            fix += f"; {way_out} ends her"
        return RbeeError(
            "queen_unreachable",
            f"the queen at {self.url} does not answer: {why or _why(error)}",
            fix,
            {"url": self.url},
        )


def _wants_encryption(told: bytes) -> RbeeError | None:
    """What a queen says who answers other machines by ``https://`` alone; None: it is no such."""
    said = refusal(told, 403, "the queen")
    return said if said.code == "encryption_required" else None


def _why(error: Exception) -> str:
    """What kept her from answering, in words rather than in numbers of the system."""
    if isinstance(error, TimeoutError):
        return "it takes too long"
    if isinstance(error, (ValueError, ConnectionResetError)):
        return "she hung up"
    return getattr(error, "strerror", None) or str(error)
