"""Parameters: path, query and header values, coerced and validated against the document, all violations at once.

The cursor of a list is verified here too (x-paginated: cursor): it must have been made for this caller, this operation
and these filters. Its form is for the document to demand (`format: cursor`), so that a fault of it is told with others.
"""

from typing import Any
from uuid import UUID

import orjson

from app.pipeline.context import RequestContext
from app.pipeline.parts import Parts, Step

# How much of a list is asked for may change from page to page, and which list it is may not.
_WINDOW = frozenset({"cursor", "limit"})


def make(parts: Parts) -> Step:
    """Return the step; every operation has it, since unknown query parameters are refused everywhere."""
    read, cursors, operation_id = parts.parameters.read, parts.cursors, parts.policy.operation_id

    def parameters(context: RequestContext) -> None:
        # Those of a cached operation were read with its key.
        if context.arguments is None:
            context.arguments = read(context.path_values, context.query_string, context.headers)

    def of_a_cursor_list(context: RequestContext) -> None:
        arguments = read(context.path_values, context.query_string, context.headers)
        scope = list_scope(operation_id, context.caller[0] if context.caller else None, arguments)
        if arguments["cursor"] is not None:
            arguments["cursor"] = cursors.read(arguments["cursor"], scope)
        context.arguments, context.list_scope = arguments, scope

    return of_a_cursor_list if parts.policy.paginated == "cursor" else parameters


def list_scope(operation_id: str, user_id: UUID | None, arguments: dict[str, Any]) -> bytes:
    """Return what tells one list from every other: operation, caller and filters, spelt in one way only."""
    filters = {name: value for name, value in arguments.items() if name not in _WINDOW}
    return orjson.dumps([operation_id, user_id, filters], option=orjson.OPT_SORT_KEYS)
