"""The order in which a request is worked on: the tuple below is its documentation.

Each step is one file. Its `make(operation)`, called at start, returns the function that runs per request, or None where
the operation does not need the step. The function raises an error, returns None to go on, or returns the response.

A `BatchedStep` waits for Redis or PostgreSQL. Requests that come at the same time make its round trip together
(`app.pipeline.batching`).
"""

from app.pipeline.steps import (
    authorization,
    body,
    cache,
    idempotency,
    parameters,
    precondition,
    property_permissions,
    proposal,
    rate_limit,
    replay,
    run_handler,
    target_user,
)

ORDER = (
    rate_limit,
    parameters,
    authorization,
    target_user,
    cache,
    body,
    idempotency,
    precondition,
    property_permissions,
    replay,
    proposal,
    run_handler,
)
