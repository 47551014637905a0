"""Parameters: path, query and header values, coerced and validated against the document, with all violations at once.

The cursor of a list is verified here too (x-paginated: cursor): it must have been made for this caller, this operation
and these filters. The document requires its form (`format: cursor`), so a malformed cursor is reported with the other
violations.
"""

from typing import Any
from uuid import UUID

import orjson

from app.pipeline.operation import BoundOperation, Step
from app.pipeline.request_context import RequestContext

# How much of a list is returned may change from page to page; which list it is may not.
_PAGE_PARAMETERS = frozenset({"cursor", "limit"})


def make(operation: BoundOperation) -> Step:
    """Return the step; every operation has it, since every operation rejects unknown query parameters."""
    read, cursors = operation.parameters.read, operation.runtime.cursors
    operation_id = operation.policy.operation_id

    def parameters(context: RequestContext) -> None:
        # Those of a cached operation were read for its cache key.
        if context.arguments is None:
            context.arguments = read(context.path_values, context.query_string, context.headers)

    def parameters_of_cursor_list(context: RequestContext) -> None:
        arguments = read(context.path_values, context.query_string, context.headers)
        scope = list_scope(operation_id, context.caller.user_id if context.caller else None, arguments)
        if arguments["cursor"] is not None:
            arguments["cursor"] = cursors.read(arguments["cursor"], scope)
        context.arguments, context.list_scope = arguments, scope

    return parameters_of_cursor_list if operation.policy.paginated == "cursor" else parameters


def list_scope(operation_id: str, user_id: UUID | None, arguments: dict[str, Any]) -> bytes:
    """Return what identifies a list: operation, caller and filters, in canonical form."""
    filters = {name: value for name, value in arguments.items() if name not in _PAGE_PARAMETERS}
    return orjson.dumps([operation_id, user_id, filters], option=orjson.OPT_SORT_KEYS)
