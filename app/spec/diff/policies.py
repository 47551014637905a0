"""Compare the x- keys that say how an operation is limited, repeated, guarded, paged, audited, cached and run."""

from typing import Any

from app.spec.diff.comparison import Comparison, Spot
from app.spec.page_kinds import page_kinds

POLICY_KEYS = (
    *("x-permission", "x-public", "x-owner", "x-rate-limit", "x-idempotency", "x-precondition", "x-step-up"),
    *("x-paginated", "x-audit", "x-cache", "x-invalidates", "x-executor"),
)
_HEADERS = {"idempotency": "Idempotency-Key", "precondition": "If-Match"}
_INTERNAL = {"x-cache": "caching-changed", "x-invalidates": "caching-changed", "x-executor": "execution-changed"}


def compare_policies(comparison: Comparison, old: Spot, new: Spot) -> None:
    """Compare the policies of two operations, but for access."""
    _compare_limit(comparison, old, new)
    for policy, header in _HEADERS.items():
        _compare_header(comparison, old, new, policy, header)
    _compare_step_up(comparison, old, new)
    _compare_pages(comparison, old, new)
    _compare_event(comparison, old, new)
    for key, rule in _INTERNAL.items():
        if old.get(key) != new.get(key):
            _report(comparison, rule, old, new, f"`{key}` has changed.", key)


def _compare_pages(comparison: Comparison, old: Spot, new: Spot) -> None:
    before, after = page_kinds(old.value), page_kinds(new.value)
    if before != after:
        words = [" or ".join(kinds) or "nothing" for kinds in (before, after)]
        text = f"The list was paged by {words[0]} and is now paged by {words[1]}."
        rule = "cursor-added" if before == ("offset",) and "offset" in after else "pagination-changed"
        _report(comparison, rule, old, new, text, "x-paginated")


def _report(comparison: Comparison, rule: str, old: Spot, new: Spot, text: str, key: str) -> None:
    comparison.report(rule, new if key in new.value else old, text, key)


def _compare_limit(comparison: Comparison, old: Spot, new: Spot) -> None:
    before, after = old.get("x-rate-limit", "default"), new.get("x-rate-limit", "default")
    if before == after:
        return
    if before == "none":
        rule, text = "rate-limit-added", f"Requests are limited by the bucket `{after}`."
    elif after == "none":
        rule, text = "rate-limit-removed", "Requests are no longer limited."
    else:
        rule, text = "rate-limit-changed", f"The bucket was `{before}` and is now `{after}`."
    _report(comparison, rule, old, new, text, "x-rate-limit")


def _compare_header(comparison: Comparison, old: Spot, new: Spot, policy: str, header: str) -> None:
    key = f"x-{policy}"
    before, after = old.get(key), new.get(key)
    if before == after:
        return
    verb, text = {
        "required": ("required", f"`{header}` is required."),
        "accepted": ("relaxed", f"`{header}` is no longer required.")
        if before == "required"
        else ("added", f"`{header}` is accepted."),
    }.get(str(after), ("removed", f"`{header}` is ignored."))
    _report(comparison, f"{policy}-{verb}", old, new, text, key)


def _compare_step_up(comparison: Comparison, old: Spot, new: Spot) -> None:
    before: Any = old.get("x-step-up")
    after: Any = new.get("x-step-up")
    if before == after:
        return
    if before is None:
        rule, text = "step-up-added", f"Callers must have signed in recently (`{after}`)."
    elif after is None:
        rule, text = "step-up-removed", "The sign-in need not be recent."
    else:
        rule, text = "step-up-changed", f"How recent the sign-in must be was `{before}` and is now `{after}`."
    _report(comparison, rule, old, new, text, "x-step-up")


def _compare_event(comparison: Comparison, old: Spot, new: Spot) -> None:
    if new.pointer[-1] == "get":
        return
    before, after = (spot.get("x-audit", spot.get("operationId")) for spot in (old, new))
    if before != after:
        text = f"The audit event was `{before}` and is now `{after}`."
        _report(comparison, "audit-event-changed", old, new, text, "x-audit")
