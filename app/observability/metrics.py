"""Counters and latencies for Prometheus, by operationId; several workers share them through files."""

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The metrics of this process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "charter_requests", "Responses by operation and status.", ("operation", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "charter_request_seconds",
            "Time from the arrival of a request to its response.",
            ("operation",),
            registry=self._registry,
            buckets=_BOUNDS,
        )
        self._mismatches = Counter(
            "charter_response_mismatches", "Responses that did not match the document.", registry=self._registry
        )
        self._cache_reads = Counter(
            "charter_cache_reads",
            "Uses of the cache by policy and outcome.",
            ("policy", "outcome"),
            registry=self._registry,
        )
        self._cache_failures = Counter("charter_cache_failures", "Redis commands that failed.", registry=self._registry)
        self._clock_offset = Gauge(
            "charter_clock_offset_seconds",
            "How far this machine's clock is ahead of the database's.",
            registry=self._registry,
            multiprocess_mode="mostrecent",  # the workers of a machine share its clock
        )
        self._dropped_lines = Counter(
            "charter_log_lines_dropped", "Log lines that were dropped.", registry=self._registry
        )
        self._chores = Counter(
            "charter_chores", "Runs of the chores of a project.", ("chore", "outcome"), registry=self._registry
        )
        self._counters: dict[tuple[str, int], Counter] = {}
        self._cache_counters: dict[tuple[str, str], Counter] = {}
        self._histograms: dict[str, Histogram] = {}

    def count(self, operation: str, status: int, seconds: float) -> None:
        """Count one response."""
        counter = self._counters.get((operation, status))
        if counter is None:
            counter = self._counters[(operation, status)] = self._requests.labels(operation, str(status))
            self._histograms[operation] = self._seconds.labels(operation)
        counter.inc()
        self._histograms[operation].observe(seconds)

    def count_mismatch(self) -> None:
        """Count a response that was not sent because it did not match the document."""
        self._mismatches.inc()

    def count_cache_read(self, policy: str, outcome: str) -> None:
        """Count one use of the cache: hit, miss, pending, away or corrupt."""
        counter = self._cache_counters.get((policy, outcome))
        if counter is None:
            counter = self._cache_counters[(policy, outcome)] = self._cache_reads.labels(policy, outcome)
        counter.inc()

    def count_cache_failure(self) -> None:
        """Count a Redis command without a response, with a late one, or with an error."""
        self._cache_failures.inc()

    def count_chore(self, chore: str, outcome: str) -> None:
        """Count one run of a chore: succeeded or failed."""
        self._chores.labels(chore, outcome).inc()

    def set_clock_offset(self, seconds: float) -> None:
        """Set how many seconds this machine's clock is ahead of the database's; negative: behind."""
        self._clock_offset.set(seconds)

    def count_dropped_lines(self, number: int) -> None:
        """Count log lines that did not fit into the queue or could not be written."""
        self._dropped_lines.inc(number)

    def render(self) -> bytes:
        """Return the metrics of all workers in the text format of Prometheus."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
        return generate_latest(registry)
