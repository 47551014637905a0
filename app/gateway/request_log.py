"""The log line and the counters of each request."""

import time

from app.gateway.request import Request
from app.observability.logging import log_request
from app.observability.metrics import Metrics


class RequestLog:
    """Logs and counts requests."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def record(self, request: Request, status: int, started: float) -> None:
        """Write the log line of a request, and count it.

        Args:
            started: time.perf_counter() of its arrival.
        """
        seconds = time.perf_counter() - started
        context = request.context
        operation_id = request.operation.policy.operation_id if request.operation else None
        log_request(
            request_id=context.request_id,
            operation_id=operation_id,
            method=context.method,
            path=context.path,
            status=status,
            duration_ms=seconds * 1000,
            user_id=str(context.caller.user_id) if context.caller else None,
            queries=context.query_count,
            code=context.error_code,
        )
        self._metrics.count(operation_id or "none", status, seconds)

    def count_mismatch(self) -> None:
        """Count a response that was not sent, since the document does not describe it (law 2)."""
        self._metrics.count_mismatch()
