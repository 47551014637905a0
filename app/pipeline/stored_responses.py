"""The answers to keyed writes, kept in the transaction of the work, so that a repetition gets the first one again.

A key belongs to one caller and one operation. What is kept under it is there when, and only when, the work is: a crash
after the commit loses nothing, and one before it leaves nothing behind.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import peewee

from app.clock import NOW_SQL_POSITIONAL
from app.context.dependencies import Dependencies
from app.database import run, transaction
from app.errors import IdempotencyInProgress, IdempotencyKeyReused, SessionEnded, Unavailable
from app.identifiers import new_id
from app.pipeline.context import IdempotencyClaim, RequestContext, Response

_FIND = f"""
SELECT fingerprint, status, headers, body FROM idempotency_keys
WHERE user_id = %s AND operation = %s AND key = %s AND expires_at > {NOW_SQL_POSITIONAL}
"""  # noqa: S608 (constants)

# One round trip, planned once per connection: app/database/functions/claim_idempotency_key.sql.
_CLAIM = f"""
SELECT fingerprint, status, headers, body
FROM claim_idempotency_key(%s, %s, %s, %s, %s, {NOW_SQL_POSITIONAL}, {NOW_SQL_POSITIONAL} + %s)
"""  # noqa: S608

_KEEP = """
UPDATE idempotency_keys SET status = %s, headers = %s, body = %s WHERE user_id = %s AND operation = %s AND key = %s
"""

_FORGET = "DELETE FROM idempotency_keys WHERE user_id = %s AND operation = %s AND key = %s"

_REPLAYED = (b"idempotency-replayed", b"true")


class Replayed(Exception):
    """A twin has done the work meanwhile; raised to end the unit that was about to do it again.

    Attributes:
        answer: what the twin was answered.
    """

    def __init__(self, response: Response) -> None:
        self.response = response
        super().__init__()


class StoredResponses:
    """The answers of one operation. Its methods want a call that has a claim.

    Args:
        tools: know how long an answer is kept, and what time it is.
        recheck: raises Internal for an answer that the document does not describe: it may be another by now (law 2).
    """

    def __init__(self, operation_id: str, dependencies: Dependencies, recheck: Callable[[Response], None]) -> None:
        self._operation = operation_id
        self._tools = dependencies
        self._life = timedelta(hours=dependencies.config.idempotency_hours)
        self._recheck = recheck

    def find(self, context: RequestContext) -> Response | None:
        """Return the answer to replay, None when nothing is kept under the key.

        Raises:
            IdempotencyKeyReused: what is kept was the answer to another request.
            Internal: what is kept is nothing that the document describes.
        """
        rows = run(_FIND, (*self._name(context), self._tools.moment), retry_on_disconnect=True)
        return self._answer(rows, _claim_of(context))

    def claim(self, context: RequestContext) -> None:
        """Make the key this transaction's, until it ends.

        Raises:
            Replayed: the work is done already.
            IdempotencyInProgress: a twin is at work.
            IdempotencyKeyReused, Internal: as `find`.
            SessionEnded: the caller's account is gone.
        """
        claim = _claim_of(context)
        try:
            now = self._tools.moment
            rows = run(_CLAIM, (new_id(), *self._name(context), claim.fingerprints[0], now, now, self._life))
        except Unavailable as error:
            if error.reason != "lock_timeout":
                raise
            raise IdempotencyInProgress(headers={"Retry-After": "1"}) from error
        except peewee.IntegrityError as error:
            raise SessionEnded(reason="session_ended") from error
        if response := self._answer(rows, claim):
            raise Replayed(response)

    def keep(self, context: RequestContext, response: Response) -> None:
        """Keep a success under the key that was claimed; anything else gives the key back."""
        # Where the work needed no transaction it begins here, with the claim.
        with transaction():
            if 200 <= response.status < 300:
                pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers]
                run(_KEEP, (response.status, json.dumps(pairs), response.body, *self._name(context)))
            else:
                run(_FORGET, self._name(context))

    def _answer(self, rows: list[tuple[Any, ...]], claim: IdempotencyClaim) -> Response | None:
        if not rows:
            return None
        fingerprint, status, headers, body = rows[0]
        if bytes(fingerprint) not in claim.fingerprints:
            raise IdempotencyKeyReused
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        response = Response(status, pairs, bytes(body))
        self._recheck(response)
        return response._replace(headers=[*pairs, _REPLAYED])

    def _name(self, context: RequestContext) -> tuple[UUID, str, str]:
        assert context.caller is not None
        return context.caller[0], self._operation, _claim_of(context).key


def _claim_of(context: RequestContext) -> IdempotencyClaim:
    assert context.claim is not None
    return context.claim
