"""Responses to requests with an Idempotency-Key, stored in the transaction of the work, for repetitions to get again.

A key belongs to one caller and one operation. The stored response is there if, and only if, the work was committed: a
crash after the commit loses nothing, and a crash before it leaves nothing behind.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

import peewee
from peewee import Expression

from app.clock import NOW_SQL_POSITIONAL, sql_now
from app.database import execute, fetch_tuples, run, transaction
from app.errors import IdempotencyInProgress, IdempotencyKeyReused, SessionEnded, Unavailable
from app.identifiers import new_id
from app.pipeline.operation import BoundOperation
from app.pipeline.request_context import IdempotencyClaim, RequestContext
from app.pipeline.response import Response
from models import IdempotencyKey

# One round trip, planned once per connection: app/database/functions/claim_idempotency_key.sql.
_CLAIM = f"""
SELECT fingerprint, status, headers, body
FROM claim_idempotency_key(%s, %s, %s, %s, %s, {NOW_SQL_POSITIONAL}, {NOW_SQL_POSITIONAL} + %s)
"""  # noqa: S608

# What a response is replayed from, in the order in which the claim returns it.
_STORED = (IdempotencyKey.fingerprint, IdempotencyKey.status, IdempotencyKey.headers, IdempotencyKey.body)

REPLAYED = (b"idempotency-replayed", b"true")


class AlreadyDone(Exception):
    """Another request with the same key has done the work; raised to end the transaction that was about to repeat it.

    Attributes:
        response: of that request.
    """

    def __init__(self, response: Response) -> None:
        self.response = response
        super().__init__()


class StoredResponses:
    """The stored responses of one operation. Its methods take a request that has an idempotency claim."""

    def __init__(self, operation: BoundOperation) -> None:
        self._operation_id = operation.policy.operation_id
        self._check = operation.check_stored
        self._dependencies = operation.runtime.dependencies
        self._lifetime = timedelta(hours=self._dependencies.config.idempotency_hours)

    def find(self, context: RequestContext) -> Response | None:
        """Return the response to replay; None when no response is stored under the key.

        Raises:
            IdempotencyKeyReused: the stored response belongs to another request.
            Internal: the document does not describe the stored response: it may have changed since (law 2).
        """
        valid = IdempotencyKey.expires_at > sql_now(self._dependencies.test_now)
        query = IdempotencyKey.select(*_STORED).where(self._is_stored_under(context) & valid)
        return self._read(fetch_tuples(query, retry_on_disconnect=True), _claim(context))

    def claim(self, context: RequestContext) -> None:
        """Reserve the key for this transaction, until it ends.

        Raises:
            AlreadyDone: another request has done the work.
            IdempotencyInProgress: another request with the same key is in progress.
            IdempotencyKeyReused, Internal: as `find`.
            SessionEnded: the caller's account no longer exists.
        """
        claim = _claim(context)
        try:
            now = self._dependencies.test_now
            rows = run(_CLAIM, (new_id(), *self._key(context), claim.fingerprints[0], now, now, self._lifetime))
        except Unavailable as error:
            if error.reason != "lock_timeout":
                raise
            raise IdempotencyInProgress(headers={"Retry-After": "1"}) from error
        except peewee.IntegrityError as error:
            raise SessionEnded(reason="session_ended") from error
        if response := self._read(rows, claim):
            raise AlreadyDone(response)

    def store(self, context: RequestContext, response: Response) -> None:
        """Store a success under the key that was claimed; release the key after anything else."""
        # If the work needed no transaction, one begins here, with the claim.
        with transaction():
            if 200 <= response.status < 300:
                headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers]
                values = {"status": response.status, "headers": headers, "body": response.body}
                execute(IdempotencyKey.update(values).where(self._is_stored_under(context)))
            else:
                execute(IdempotencyKey.delete().where(self._is_stored_under(context)))

    def _read(self, rows: list[tuple[Any, ...]], claim: IdempotencyClaim) -> Response | None:
        if not rows:
            return None
        fingerprint, status, stored_headers, body = rows[0]
        if bytes(fingerprint) not in claim.fingerprints:
            raise IdempotencyKeyReused
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in stored_headers]
        response = Response(status, headers, bytes(body))
        self._check(response)
        return response._replace(headers=[*headers, REPLAYED])

    def _is_stored_under(self, context: RequestContext) -> Expression:
        user_id, operation, key = self._key(context)
        return (IdempotencyKey.user == user_id) & (IdempotencyKey.operation == operation) & (IdempotencyKey.key == key)

    def _key(self, context: RequestContext) -> tuple[UUID, str, str]:
        assert context.caller is not None
        return context.caller.user_id, self._operation_id, _claim(context).key


def _claim(context: RequestContext) -> IdempotencyClaim:
    assert context.idempotency is not None
    return context.idempotency
