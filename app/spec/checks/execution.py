"""Where an operation runs (x-executor), and how often it may be called (x-rate-limit)."""

from collections.abc import Iterator

from app.spec.checks.check import KnownNames
from app.spec.document import Fault
from app.spec.operation import Operation
from app.spec.suggestions import suggest_configured


def check_rate_limit(operation: Operation, known: KnownNames) -> Iterator[Fault]:
    """Demand that x-rate-limit names a bucket of the configuration, or is `none`."""
    bucket = str(operation.body.get("x-rate-limit", "default"))
    if bucket != "none" and bucket not in known.buckets:
        fix = suggest_configured(bucket, [*known.buckets, "none"])
        yield Fault(operation.where("x-rate-limit"), f"There is no bucket {bucket}.", fix)


def check_executor(operation: Operation, _: KnownNames) -> Iterator[Fault]:
    """Allow the event loop only to operations that wait for nothing: no session, no limiter, no body."""
    body = operation.body
    waits_for_nothing = "x-public" in body and body.get("x-rate-limit") == "none" and "requestBody" not in body
    if body.get("x-executor") == "loop" and not waits_for_nothing:
        message = f"{operation.name} must not run on the event loop: it is not public, has a rate limit, or has a body."
        yield Fault(operation.where("x-executor"), message, "Remove x-executor.")
