"""Figures as text: of Prometheus (as node_exporter's textfile collector reads it), or of OpenMetrics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from caseclock.observe.figures import HELP, PREFIX, Figure, by_name


@dataclass(frozen=True)
class _Fixed:
    """A collector of what has been worked out already."""

    found: Iterable[Figure]

    def collect(self) -> Iterator[object]:
        from prometheus_client.core import GaugeMetricFamily

        for name, figures in by_name(self.found).items():
            family = GaugeMetricFamily(PREFIX + name, HELP[name], labels=[label for label, _ in figures[0].labels])
            for one in figures:
                family.add_metric([value for _, value in one.labels], one.value)
            yield family


def text_of(found: Iterable[Figure], *, openmetrics: bool = False) -> str:
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.openmetrics import exposition as om

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Fixed(tuple(found)))  # type: ignore[arg-type]
    made: bytes = om.generate_latest(registry) if openmetrics else generate_latest(registry)  # type: ignore[no-untyped-call]
    return made.decode("utf-8")
