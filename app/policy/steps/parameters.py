"""Parameters: path, query and header values, coerced and validated against the document, all violations at once.

The cursor of a list is verified here too (x-paginated: cursor): it must have been made for this caller, this operation
and these filters. Its form is for the document to demand (`format: cursor`), so that a fault of it is told with others.
"""

from typing import Any
from uuid import UUID

import orjson

from app.policy.call import Call
from app.policy.parts import Parts, Step

# How much of a list is asked for may change from page to page, and which list it is may not.
_WINDOW = frozenset({"cursor", "limit"})


def make(parts: Parts) -> Step:
    """Return the step; every operation has it, since unknown query parameters are refused everywhere."""
    read, cursors, operation_id = parts.parameters.read, parts.cursors, parts.policy.operation_id

    def parameters(call: Call) -> None:
        # Those of a cached operation were read with its key.
        if call.arguments is None:
            call.arguments = read(call.path_values, call.query_string, call.headers)

    def of_a_cursor_list(call: Call) -> None:
        arguments = read(call.path_values, call.query_string, call.headers)
        scope = list_scope(operation_id, call.caller[0] if call.caller else None, arguments)
        if arguments["cursor"] is not None:
            arguments["cursor"] = cursors.read(arguments["cursor"], scope)
        call.arguments, call.list_scope = arguments, scope

    return of_a_cursor_list if parts.policy.paginated == "cursor" else parameters


def list_scope(operation_id: str, user_id: UUID | None, arguments: dict[str, Any]) -> bytes:
    """Return what tells one list from every other: operation, caller and filters, spelt in one way only."""
    filters = {name: value for name, value in arguments.items() if name not in _WINDOW}
    return orjson.dumps([operation_id, user_id, filters], option=orjson.OPT_SORT_KEYS)
