"""The responses to requests with an Idempotency-Key, as app.pipeline.stored_responses keeps them in the database."""

from contextlib import AbstractContextManager
from datetime import timedelta
from uuid import UUID

from app.errors import IdempotencyKeyReused
from app.mock.dependencies import dependencies_of
from app.mock.tables import StoredResponse
from app.pipeline.operation import BoundOperation
from app.pipeline.request_context import RequestContext
from app.pipeline.response import Response
from app.pipeline.stored_responses import REPLAYED


class StoredResponses:
    """The stored responses of one operation. Requests without a key have none."""

    def __init__(self, operation: BoundOperation) -> None:
        self._operation_id = operation.policy.operation_id
        self._dependencies = dependencies_of(operation)
        self._state = self._dependencies.state
        self._lifetime = timedelta(hours=self._dependencies.config.idempotency_hours)

    def claim(self, context: RequestContext) -> AbstractContextManager[None]:
        """Return a block in which other requests must not use the key. A replay does not need it.

        Raises:
            IdempotencyInProgress: another request is in its block; raised when this one begins.
            IdempotencyKeyReused: the stored response belongs to another request.
        """
        with self._state.lock:
            works = context.idempotency is not None and self.find(context) is None
        return self._state.in_progress(self._key(context) if works else None)

    def find(self, context: RequestContext) -> Response | None:
        """Return the response to replay; None when no response is stored under the key.

        Raises:
            IdempotencyKeyReused: the stored response belongs to another request.
        """
        if context.idempotency is None:
            return None
        stored = self._state.tables.stored_responses.get(self._key(context))
        if stored is None or stored.expires_at <= self._dependencies.clock():
            return None
        if stored.fingerprint not in context.idempotency.fingerprints:
            raise IdempotencyKeyReused
        return stored.response._replace(headers=[*stored.response.headers, REPLAYED])

    def store(self, context: RequestContext, response: Response) -> None:
        """Store a success under the key."""
        if context.idempotency is not None and 200 <= response.status < 300:
            expires_at = self._dependencies.clock() + self._lifetime
            row = StoredResponse(context.idempotency.fingerprints[0], response, expires_at)
            self._state.add_latest(self._state.tables.stored_responses, self._key(context), row)

    def _key(self, context: RequestContext) -> tuple[UUID, str, str]:
        assert context.caller is not None
        assert context.idempotency is not None
        return context.caller.user_id, self._operation_id, context.idempotency.key
