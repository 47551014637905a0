"""What every operation must satisfy before it is served (law 1): a file for each subject, a function for each rule.

The checks run when the process starts, and in `charter spec lint`.
"""

from app.spec.checks.access import check_access, check_owner, check_security, check_step_up
from app.spec.checks.audit import check_event
from app.spec.checks.cache import (
    check_cache,
    check_invalidated_tags,
    check_owned_tags,
    check_writes_invalidate,
)
from app.spec.checks.check import Check, KnownNames
from app.spec.checks.execution import check_executor, check_rate_limit
from app.spec.checks.idempotency import check_idempotency
from app.spec.checks.identity import check_operation_id, check_tag
from app.spec.checks.methods import check_keys_for_method
from app.spec.checks.pages import check_pages
from app.spec.checks.parameters import check_parameters
from app.spec.checks.preconditions import check_precondition
from app.spec.checks.responses import check_documented_headers, check_documented_statuses, check_responses
from app.spec.checks.sunset import check_sunset

__all__ = ["BASIC_CHECKS", "KEY_CHECKS", "LINT_CHECKS", "NAME_CHECKS", "POLICY_CHECKS", "Check", "KnownNames"]

# An operation that breaks one of these has no policy, and is not compared with its handler.
BASIC_CHECKS: tuple[Check, ...] = (check_operation_id, check_tag, check_responses, check_parameters)
POLICY_CHECKS: tuple[Check, ...] = (
    check_access,
    check_security,
    check_owner,
    check_rate_limit,
    check_step_up,
    check_event,
    check_executor,
    check_keys_for_method,
    check_precondition,
    check_idempotency,
    check_pages,
    check_cache,
    check_invalidated_tags,
    check_owned_tags,
    check_writes_invalidate,
    check_sunset,
)
# What can be checked of an operation that is incomplete: the names that it has and that its keys name.
NAME_CHECKS: tuple[Check, ...] = (check_operation_id, check_tag)
KEY_CHECKS: tuple[Check, ...] = (
    check_access,
    check_rate_limit,
    check_step_up,
    check_event,
    check_executor,
    check_keys_for_method,
    check_sunset,
)
# The server starts without these; they run in `charter spec lint`, for operations that pass the basic checks.
LINT_CHECKS: tuple[Check, ...] = (check_documented_statuses, check_documented_headers)
