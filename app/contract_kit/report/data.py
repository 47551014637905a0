"""The report as data: what `report.json` has, and what the other forms are made from."""

from datetime import UTC, datetime
from typing import Any

from app.contract_kit.checks.catalogue import ALWAYS, CHECKS
from app.contract_kit.document import Operation
from app.contract_kit.run import FAILED, NOT_RUN, PROVEN, Outcome

VERSION = 1
VERDICTS = {PROVEN: "proven", FAILED: "failed", NOT_RUN: "not proven"}


def report(outcome: Outcome) -> dict[str, Any]:
    """Return the report of a run, ready for JSON."""
    results, options = outcome.results, outcome.options
    document = outcome.document
    began = datetime.fromtimestamp(outcome.began, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {
        "report_version": VERSION,
        "verdict": VERDICTS[outcome.code],
        "exit_code": outcome.code,
        "reason": outcome.reason,
        "run": outcome.run,
        "seed": options.seed,
        "url": options.address.url,
        "began": began,
        "total_seconds": round(outcome.seconds, 1),
        "waited_seconds": round(outcome.waited, 1),
        "requests": outcome.requests,
        "document": document.title if document else "",
        "checks": [
            {"name": check.name, "title": check.title, "ran": check.name in outcome.checks} for check in CHECKS
        ] + [{"name": name, "title": title, "ran": document is not None} for name, title in ALWAYS.items()],
        "operations": [_operation(outcome, operation) for operation in document or ()],
        **results.as_json(),
    }  # fmt: skip


def _operation(outcome: Outcome, operation: Operation) -> dict[str, Any]:
    results = outcome.results
    seen = results.statuses(operation.name)
    failed = any(failure.operation == operation.name for failure in results.failures)
    exercised = any(200 <= status < 300 for status, _ in seen)
    left_out = operation.name in outcome.options.skipped
    verdict = "failed" if failed else "not covered" if left_out or not exercised else "passed"
    documented = [
        {
            "status": status,
            "code": code or "",
            "seen": any(status == known and (code is None or code == told) for known, told in seen),
        }
        for status, code in operation.endings
    ]
    return {
        "name": operation.name,
        "method": operation.method,
        "path": operation.path,
        "tag": (operation.body.get("tags") or [""])[0],
        "policy": "public" if operation.public else " ".join(operation.permissions),
        "verdict": verdict,
        "documented": documented,
    }
