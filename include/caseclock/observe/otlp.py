"""Figures as OTLP gauges over HTTP. The names are those of the text form, so one dashboard fits both.

OpenTelemetry takes half a second to load: nothing here is imported before somebody sends.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from caseclock import __version__
from caseclock.observe.figures import HELP, Figure, by_name

PATH = "/v1/metrics"


def send(found: Sequence[Figure], base: str, headers: Mapping[str, str] | None, timeout: float) -> bool:
    """Whether the collector has taken them. The exporter tries again within `timeout` seconds."""
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics import export as m
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope

    logging.getLogger("opentelemetry").setLevel(logging.ERROR)  # it warns of each try, with the address
    at = round(next((one.value for one in found if one.name == "figures_timestamp_seconds"), 0) * 1e9)

    def gauge(name: str, figures: Sequence[Figure]) -> m.Metric:
        points = [m.NumberDataPoint(dict(one.labels), at, at, one.value) for one in figures]
        return m.Metric(figures[0].full_name, HELP[name], "", m.Gauge(points))

    metrics = [gauge(name, figures) for name, figures in by_name(found).items()]
    scope = m.ScopeMetrics(InstrumentationScope("caseclock", __version__), metrics, "")
    resource = Resource({"service.name": "caseclock", "service.version": __version__})
    data = m.MetricsData([m.ResourceMetrics(resource, [scope], "")])
    address = base.rstrip("/")
    exporter = OTLPMetricExporter(address if address.endswith(PATH) else address + PATH, headers=dict(headers or {}), timeout=timeout)
    try:
        return exporter.export(data) is m.MetricExportResult.SUCCESS
    finally:
        exporter.shutdown()
