"""The order in which a request is worked on: the two tuples below are its documentation.

Each step is one file. Its `make(operation)`, called at start, returns the function that runs per request, or None where
the operation does not need the step. The function raises an error, returns None to go on, or returns the response.
"""

from app.pipeline.steps import (
    authorization,
    body,
    cache,
    idempotency,
    parameters,
    precondition,
    property_permissions,
    rate_limit,
    replay,
    run_handler,
)

BEFORE_THE_DATABASE = (rate_limit, parameters)
WITH_THE_DATABASE = (
    authorization,
    cache,
    body,
    idempotency,
    precondition,
    property_permissions,
    replay,
    run_handler,
)
