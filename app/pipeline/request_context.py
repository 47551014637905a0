"""One request on its way through the steps."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from app.cache.limiter import LimitState
from app.cache.store import CacheKey, CacheLookup
from app.context.event import Event
from app.entity_tags import Versions
from app.security.actors import Principal
from app.security.client_address import Client
from models import User


class Caller(NamedTuple):
    """The account and the session that a verified token names."""

    user_id: UUID
    session_id: UUID


class IdempotencyClaim(NamedTuple):
    """What the Idempotency-Key of a request identifies.

    Attributes:
        fingerprints: of the request; the first one is stored, and a stored one may equal any of them.
    """

    key: str
    fingerprints: tuple[bytes, ...]


@dataclass(slots=True)
class RequestContext:
    """What the steps read and write while they work on one request. Services get a Context made from it.

    Attributes:
        request_id: goes into the response, the log and the audit trail.
        path: as it came, percent-encoded, without the query and without the deployment's prefix.
        received_at: when the request came, by this process's clock.
        path_values: decoded path segments by parameter name, not yet validated.
        headers: by lower-case name; repeated headers are joined with a comma.
        raw_body: the bytes of the body.
        body: the parsed and validated body.
        caller: the account and the session of the verified token; None on a public operation.
        arguments: validated parameters by argument name; a cursor is the id or the position that it contains.
        list_scope: what the cursors of this list are bound to; None where the operation is no cursor list.
        decided_at: the time of the decision row, by the database's clock; None where nothing is decided.
        decision_id: of the decision row; None where nothing is decided.
        principal: who makes the request, and what they may do; None on a public operation.
        target_user: the account that the path names, where the handler takes it.
        expected_version: versions that If-Match allows, as ETags name them; None: any.
        idempotency: None where the request has no Idempotency-Key, or its operation takes none.
        is_counted_by_account: whether the account's bucket is asked, and not that of the client's network.
        account_limit: the count taken from the account's bucket; None where the client's network is counted, or
            nothing is.
        cache_key: names the response's cache entry; None where it is not cached.
        cache_lookup: what Redis returned for the key; None: Redis is unavailable.
        is_pending: whether some write is invalidating a tag of the key.
        row_is_gone: whether the row that has the owner does not exist, so that no cached response shows it.
        is_cacheable: whether the client may store the response and revalidate it.
        event: the draft of the event row.
        response_headers: sent with every response to this request, such as RateLimit.
        query_count: how many database queries the request took, for the log.
        error_code: of the error response, for the log; None for a success.
    """

    request_id: str
    method: str
    path: str
    received_at: datetime
    client: Client
    path_values: dict[str, str]
    query_string: bytes
    headers: dict[str, str]
    raw_body: bytes = b""
    body: Any = None
    caller: Caller | None = None
    arguments: dict[str, Any] | None = None
    list_scope: bytes | None = None
    decided_at: datetime | None = None
    decision_id: UUID | None = None
    principal: Principal | None = None
    target_user: User | None = None
    expected_version: Versions = None
    idempotency: IdempotencyClaim | None = None
    is_counted_by_account: bool = False
    account_limit: LimitState | None = None
    cache_key: CacheKey | None = None
    cache_lookup: CacheLookup | None = None
    is_pending: bool = False
    row_is_gone: bool = False
    is_cacheable: bool = False
    event: Event = field(default_factory=Event)
    response_headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    query_count: int = 0
    error_code: str | None = None
