"""Figures about the service for Prometheus. Labels come from closed lists: methods, declared routes, status codes."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)


class Metrics:
    """The figures of one service."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        labels = ("method", "route")
        self._requests = Counter(
            "reall_requests_total", "Requests answered.", (*labels, "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "reall_request_seconds", "Time to answer.", labels, buckets=_SECONDS, registry=self._registry
        )
        self.feedback = Counter(
            "reall_hook_feedback_total", "Cards on which feedback came.", ("service", "outcome"),
            registry=self._registry,
        )  # fmt: skip
        self.under_way = Gauge("reall_requests_under_way", "Requests being answered.", registry=self._registry)
        self.sessions = Gauge("reall_sessions", "Signed-in browsers.", registry=self._registry)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def text(self) -> bytes:
        """Give the figures in Prometheus' format."""
        return generate_latest(self._registry)
