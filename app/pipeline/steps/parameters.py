"""Parameters: path, query and header values, coerced and validated against the document, with all violations at once.

The cursor of a list is verified here too (x-paginated): it must have been made for this caller, this operation and
these filters. The document requires its form (`x-format`), so a malformed one is reported with the other violations.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import orjson

from app.errors import ValidationError, Violation
from app.pipeline.operation import BoundOperation, Step
from app.pipeline.request_context import RequestContext

# How much of a list is returned may change from page to page; which list it is may not.
_PAGE_PARAMETERS = frozenset({"cursor", "limit", "offset"})


def make(operation: BoundOperation) -> Step:
    """Return the step; every operation has it, since every operation rejects unknown query parameters."""
    read, cursors = operation.parameters.read, operation.runtime.cursors
    policy = operation.policy
    read_cursor: Callable[[str, bytes], Any] = cursors.read
    if policy.paginated == "offset":
        read_cursor = cursors.read_position

    def parameters(context: RequestContext) -> None:
        # Those of a cached operation were read for its cache key.
        if context.arguments is None:
            context.arguments = read(context.path_values, context.query_string, context.headers)

    def parameters_of_cursor_list(context: RequestContext) -> None:
        arguments = read(context.path_values, context.query_string, context.headers)
        scope = list_scope(policy.operation_id, context.caller.user_id if context.caller else None, arguments)
        if arguments["cursor"] is not None:
            _reject_offset(context.query_string)
            arguments["cursor"] = read_cursor(arguments["cursor"], scope)
        context.arguments, context.list_scope = arguments, scope

    return parameters_of_cursor_list if policy.by_cursor else parameters


def _reject_offset(query_string: bytes) -> None:
    """Raise ValidationError if the query has an offset, whatever its value; the cursor says where the page begins."""
    if any(name == "offset" for name, _ in parse_qsl(query_string.decode("ascii"), keep_blank_values=True)):
        raise ValidationError(details=[Violation("Must not be sent together with cursor.", "offset")])


def list_scope(operation_id: str, user_id: UUID | None, arguments: dict[str, Any]) -> bytes:
    """Return what identifies a list: operation, caller and filters, in canonical form."""
    filters = {name: value for name, value in arguments.items() if name not in _PAGE_PARAMETERS}
    return orjson.dumps([operation_id, user_id, filters], option=orjson.OPT_SORT_KEYS)
