"""Counters and latencies for Prometheus, by operationId; across workers through files when there are several."""

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """What this process counts."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "charter_requests", "Answers by operation and status.", ("operation", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "charter_request_seconds",
            "Time from arrival to answer.",
            ("operation",),
            registry=self._registry,
            buckets=_BOUNDS,
        )
        self._mismatches = Counter(
            "charter_response_mismatches", "Answers that did not fit the document.", registry=self._registry
        )
        self._cache_reads = Counter(
            "charter_cache_reads",
            "Uses of the cache by policy and outcome.",
            ("policy", "outcome"),
            registry=self._registry,
        )
        self._cache_failures = Counter(
            "charter_cache_failures", "Questions that Redis did not answer.", registry=self._registry
        )
        self._clock_offset = Gauge(
            "charter_clock_offset_seconds",
            "How far this machine's clock is ahead of the database's.",
            registry=self._registry,
            multiprocess_mode="mostrecent",  # the workers of a machine share its clock
        )
        self._dropped_lines = Counter(
            "charter_log_lines_dropped", "Lines of the log that nobody read in time.", registry=self._registry
        )
        self._counters: dict[tuple[str, int], Counter] = {}
        self._histograms: dict[str, Histogram] = {}

    def count(self, operation: str, status: int, seconds: float) -> None:
        """Count one answer."""
        counter = self._counters.get((operation, status))
        if counter is None:
            counter = self._counters[(operation, status)] = self._requests.labels(operation, str(status))
            self._histograms[operation] = self._seconds.labels(operation)
        counter.inc()
        self._histograms[operation].observe(seconds)

    def count_mismatch(self) -> None:
        """Count an answer that was held back because it did not fit the document."""
        self._mismatches.inc()

    def count_cache_read(self, policy: str, outcome: str) -> None:
        """Count one use of the cache: hit, miss, pending, away or corrupt."""
        self._cache_reads.labels(policy, outcome).inc()

    def count_cache_failure(self) -> None:
        """Count a question that Redis did not answer, or not in time, or with an error."""
        self._cache_failures.inc()

    def tell_clock_offset(self, seconds: float) -> None:
        """Tell how far this machine's clock is ahead of the database's; behind is negative."""
        self._clock_offset.set(seconds)

    def count_dropped_lines(self, number: int) -> None:
        """Count lines of the log that did not fit into its queue, or could not be written."""
        self._dropped_lines.inc(number)

    def render(self) -> bytes:
        """Return the text that Prometheus reads, of all workers together."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
        return generate_latest(registry)
