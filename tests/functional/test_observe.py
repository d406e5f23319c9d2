"""What caseclock tells of itself, worked out from a store after real extracts, and sent to real sockets."""

from __future__ import annotations

import datetime as dt
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from prometheus_client.parser import text_string_to_metric_families

from caseclock import pipeline
from caseclock.now import LONDON
from caseclock.observe.exposition import text_of

from .conftest import FRIDAYS, Town

EVENING = dt.datetime.combine(FRIDAYS[-1], dt.time(17), LONDON)

Values = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def values(town: Town, at: dt.datetime) -> Values:
    with pipeline.open_house(town.settings) as house:
        text = text_of(pipeline.figures_now(house, at))
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in text_string_to_metric_families(text) for s in family.samples}


@pytest.fixture
def collector() -> Iterator[tuple[str, list[tuple[str, str | None, bytes]]]]:
    """An HTTP server that takes what a collector takes."""
    got: list[tuple[str, str | None, bytes]] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append((self.path, self.headers.get("x-key"), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Taking)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", got
    server.shutdown()
    server.server_close()


def test_figures_of_a_day_say_what_came_what_is_open_and_what_was_sent(
    town: Town, fridays: dict[dt.date, Path], collector: tuple[str, list[tuple[str, str | None, bytes]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    report = town.take(fridays[FRIDAYS[-1]])
    found = values(town, EVENING + dt.timedelta(minutes=10))

    def value(name: str, **labels: str) -> float:
        return found[f"caseclock_{name}", tuple(sorted(labels.items()))]

    rows = {word: value("extract_rows", source="demo", outcome=word) for word in ("read", "kept", "quarantined")}
    assert rows["read"] == rows["kept"] + rows["quarantined"] > 0
    assert sum(value("extract_verdict", source="demo", verdict=v) for v in ("pass", "warn", "hold", "refused")) == 1
    assert value("extract_late", source="demo") == 0
    assert value("extract_as_of_age_seconds", source="demo") == 0
    assert value("extracts_in_line") == 0
    sent = sum(value("delivery_seconds_count", channel=channel) for channel in ("slack", "email"))
    assert sent == sum(town.copies().values()) > 0, report
    assert sum(v for (name, _), v in found.items() if name == "caseclock_alerts_open") > 0
    assert value("outbox_stuck_messages") == value("outbox_lost_messages") == 0

    # the next extract is a week away by the cadence, and a day after that it is late
    assert values(town, EVENING + dt.timedelta(days=12))["caseclock_extract_late", (("source", "demo"),)] == 1

    base, got = collector
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    udp.settimeout(5)
    monkeypatch.setenv("CASECLOCK_OTLP_ENDPOINT", base)
    monkeypatch.setenv("CASECLOCK_OTLP_HEADERS", "x-key=abc")
    monkeypatch.setenv("CASECLOCK_STATSD_HOST", "127.0.0.1")
    monkeypatch.setenv("CASECLOCK_STATSD_PORT", str(udp.getsockname()[1]))
    with pipeline.open_house(town.settings) as house:
        assert pipeline.push_figures(house, EVENING)
    ((path, key, body),) = got
    assert (path, key) == ("/v1/metrics", "abc")
    request = ExportMetricsServiceRequest()
    request.ParseFromString(body)
    names = {metric.name for metric in request.resource_metrics[0].scope_metrics[0].metrics}
    assert {"caseclock_alerts_open", "caseclock_outbox_messages", "caseclock_extract_rows"} <= names
    assert b"caseclock.schema_revision:" in udp.recv(2_000)
    udp.close()
    for team in ("NA1", "NA2", "North Assessment"):
        assert team.encode() not in body


def test_a_collector_that_is_gone_harms_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("CASECLOCK_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
    with pipeline.open_house(town.settings) as house:
        assert pipeline.push_figures(house, EVENING) is False
