"""A collector of OpenTelemetry's traces, and what becomes of those who have none."""

from __future__ import annotations

import http.server
import os
import threading
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from harness.rig import client
from harness.rig.cluster import Cluster
from harness.rig.waiting import wait_until

_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
#: How long one may take to answer, for OpenTelemetry itself (seconds): longer than any scenario.
_PATIENCE = {"OTEL_EXPORTER_OTLP_TIMEOUT": "600"}
#: Nobody listens there.
_NOWHERE = "http://127.0.0.1:9"
#: What a program says that cannot be imported, by what is said of it.
_BROKEN = {
    "is not here": "raise ImportError('no module', name=__name__)\n",
    "ends whoever imports it": "import os\nos._exit(3)\n",
}


class Told(NamedTuple):
    """A span as the collector has it; ids in hexadecimal digits."""

    by: str
    name: str
    trace: str
    own: str
    parent: str
    text: str


class Collector:
    """Takes traces on a port of its own, in OTLP's protobuf; one that `hangs` answers nobody."""

    def __init__(self, *, hangs: bool = False) -> None:
        self.spans: list[Told] = []
        self._end = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if hangs:
                    outer._end.wait()
                    return
                outer.spans += _told(self.headers.get("Content-Encoding", ""), body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="collector")
        self._thread.start()

    def close(self) -> None:
        """Takes nothing any more."""
        self._end.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _told(encoding: str, body: bytes) -> list[Told]:
    # Late: it is heavy, and few scenarios want it.
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
        ExportTraceServiceRequest,
    )

    assert not encoding, encoding
    told = []
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        names = {each.key: each.value.string_value for each in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                ids = span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex()
                told.append(Told(names["service.name"], span.name, *ids, str(span)))
    return told


def collect(cluster: Cluster, *, hangs: bool = False) -> Collector:
    """A collector that what starts from now on is told of."""
    collector = Collector(hangs=hangs)
    cluster.on_close(collector.close)
    cluster.environment.update({_ENDPOINT: collector.url, **_PATIENCE})
    return collector


def name_nobody(cluster: Cluster) -> None:
    """What starts from now on is told of a collector where nobody listens."""
    cluster.environment.update({_ENDPOINT: _NOWHERE, **_PATIENCE})


def break_library(cluster: Cluster, how: str) -> None:
    """OpenTelemetry, as what starts from now on finds it."""
    package = cluster.folder / "broken" / "opentelemetry"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(_BROKEN[how])
    search = cluster.environment["PYTHONPATH"]
    cluster.environment["PYTHONPATH"] = f"{package.parent}{os.pathsep}{search}"


def ask_within(cluster: Cluster, header: str) -> None:
    """A program asks for an answer as a part of a span."""
    answer = client.ask(
        "POST",
        cluster.url("queen", "/v1/chat/completions"),
        token=cluster.token,
        body={"model": "minillama", "messages": [{"role": "user", "content": "hello"}]},
        headers={"traceparent": header},
        timeout=60.0,
    )
    assert answer.status == 200, answer


def assert_spans(collector: Collector, rows: Iterable[Mapping[str, str]]) -> None:
    """One trace has a span for each row, by whom it says, within the one that it names."""

    def are_there() -> bool:
        own = {span.own: span for span in collector.spans}
        found = {
            (span.by, span.name, own[span.parent].name if span.parent in own else "")
            for span in collector.spans
        }
        missing = {(row["by"], row["span"], row["within"]) for row in rows} - found
        assert not missing, (missing, found)
        return True

    wait_until("the collector has these spans", are_there)
    traces = {span.trace for span in collector.spans}
    assert len(traces) == 1, traces


def assert_part_of(collector: Collector, name: str, header: str) -> None:
    """A span of this name is a part of the one that a header names."""
    _, trace, parent, _ = header.split("-")

    def is_there() -> bool:
        found = [(span.name, span.trace, span.parent) for span in collector.spans]
        assert (name, trace, parent) in found, found
        return True

    wait_until(f"the collector has a span {name} within {header}", is_there)


def assert_silent(collector: Collector, *texts: str) -> None:
    """None of these texts is in any span."""
    assert collector.spans, "nothing was told"
    held = [span.text for span in collector.spans for text in texts if text in span.text]
    assert not held, held
