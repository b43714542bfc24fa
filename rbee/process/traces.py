"""OpenTelemetry's traces, where its own variables (``OTEL_*``) name a collector.

The libraries are the extra ``traces``. Where nobody has asked, nothing of them is imported.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from rbee import __version__
from rbee.wire.addresses import TRACE_HEADER

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

#: Where a collector is; one of them is enough.
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_EXPORTER = "OTEL_TRACES_EXPORTER"
_OFF = "OTEL_SDK_DISABLED"
#: How many spans wait for a collector that does not answer; older ones are dropped.
_MOST_WAITING = 4096
#: How long a program waits at its end for a collector (seconds).
LAST_WORDS_S = 2.0
_NS_PER_MS = 1_000_000
#: Where somebody has asked, and the libraries are not there.
MISSING = (
    "traces are asked for (OTEL_...) and not told; try: "
    "pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http"
)

log = logging.getLogger(__name__)


class Span(NamedTuple):
    """What a role has done from one time to another (milliseconds since the epoch); `parts` are
    within it, and `error` is the code of what it failed by."""

    role: str
    name: str
    begin_ms: float
    end_ms: float
    facts: Mapping[str, str | int | float] = {}
    parts: tuple[Span, ...] = ()
    error: str = ""


def is_asked_for(environ: Mapping[str, str]) -> bool:
    """Whether variables of OpenTelemetry name a collector, and do not say that it gets nothing.
    Pure."""
    if environ.get(_OFF, "").lower() == "true":
        return False
    exporter = environ.get(_EXPORTER, "")
    return exporter == "otlp" or (not exporter and any(environ.get(each) for each in _ENDPOINTS))


class Begun(NamedTuple):
    """A span that has not ended; `header` is what those are told who do a part of it."""

    header: str
    span: Any


class Traces:
    """Spans on their way to the collector of this environment. Safe to use from two threads."""

    def __init__(self) -> None:
        """Raises ImportError where the libraries are not installed."""
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        # It would write a traceback into the log for each time that a collector does not answer.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        self._exporter = OTLPSpanExporter()
        self._tracers: dict[str, Any] = {}
        self._ended: list[ReadableSpan] = []
        self._lock = threading.Lock()
        self._is_heard = True

    def begin(self, role: str, name: str, header: str, begin_ms: float) -> Begun:
        """A span that begins, within what `header` names; where that is nothing, a trace does."""
        from opentelemetry import trace
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        words = TraceContextTextMapPropagator()
        context = words.extract({TRACE_HEADER: header})
        span = self._tracer(role).start_span(name, context, start_time=_ns(begin_ms))
        sent: dict[str, str] = {}
        words.inject(sent, trace.set_span_in_context(span))
        return Begun(sent.get(TRACE_HEADER, ""), span)

    def end(self, begun: Begun, end_ms: float, error: str = "") -> None:
        """It has ended, with the code of an error where it failed by one."""
        from opentelemetry.trace import Status, StatusCode

        span = begun.span
        if error:
            span.set_attribute("error.type", error)
            span.set_status(Status(StatusCode.ERROR, error))
        is_told = span.is_recording()  # else a sampler has left it out
        span.end(_ns(end_ms))
        if is_told:
            with self._lock:
                self._ended.append(span)
                del self._ended[:-_MOST_WAITING]

    def tell(self, span: Span, header: str = "") -> None:
        """Has a span and its parts wait for `send`, within what `header` names."""
        begun = self.begin(span.role, span.name, header, span.begin_ms)
        begun.span.set_attributes(span.facts)
        for part in span.parts:
            self.tell(part, begun.header)
        self.end(begun, span.end_ms, span.error)

    def send(self) -> None:
        """Sends what waits, and blocks for as long as the collector does, at most
        ``OTEL_EXPORTER_OTLP_TIMEOUT`` (10 s)."""
        with self._lock:
            ended, self._ended = self._ended, []
        if not ended:
            return
        is_heard = self._exporter.export(ended).name == "SUCCESS"
        if self._is_heard and not is_heard:
            log.warning("the collector of OTEL_EXPORTER_OTLP_ENDPOINT takes no traces")
        self._is_heard = is_heard

    def _tracer(self, role: str) -> Any:
        """What makes spans of a role: to OpenTelemetry each is a service."""
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider

        if role not in self._tracers:
            named = Resource.create({"service.name": role, "service.version": __version__})
            provider = TracerProvider(resource=named, shutdown_on_exit=False)
            self._tracers[role] = provider.get_tracer("rbee", __version__)
        return self._tracers[role]


def _ns(milliseconds: float) -> int:
    return int(milliseconds * _NS_PER_MS)
