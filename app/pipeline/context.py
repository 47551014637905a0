"""One request on its way through the steps, and the answer at the end of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from app.cache.limiter import LimitState
from app.cache.store import CacheKey, CacheLookup
from app.context.event import Event
from app.entity_tags import Versions
from app.security.principal import Client, Principal


class Response(NamedTuple):
    """An HTTP answer, ready to be sent.

    Attributes:
        headers: names in lower case; the gateway adds those that every answer has.
    """

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class IdempotencyClaim(NamedTuple):
    """What the Idempotency-Key of a call stands for.

    Attributes:
        fingerprints: of the request; the first is the one to keep, a kept one may equal any of them.
    """

    key: str
    fingerprints: tuple[bytes, ...]


@dataclass(slots=True)
class RequestContext:
    """What the steps read and write while they work on one request.

    Attributes:
        path_values: decoded segments by parameter name, not yet validated.
        headers: by lower-case name; repeated ones joined with a comma.
        caller: (account id, session id) of the verified token; None on a public operation.
        arguments: validated parameters by argument name; a cursor is the id that it holds.
        list_scope: what cursors of this list are bound to; None where the operation is no cursor list.
        document: the parsed and validated body.
        now: when it came, by this process's clock.
        occurred_at: what the decision row tells, by the database's clock; None where nothing is decided.
        decision_id: of the decision row; None where nothing is decided.
        expected_version: versions that If-Match allows, as ETags tell them; None: any.
        claim: None where the call has no Idempotency-Key, or its operation takes none.
        taken: what was taken from the account's bucket; None where the client's network is counted, or nothing is.
        key: what the answer is kept under; None where it is not cached.
        look: what Redis said of it; None: it was away.
        pending: those of its tags that some write has yet to drop.
        is_cacheable: whether the client may keep the answer and ask for news of it.
        answer_headers: headers that go out with every answer to this call, such as RateLimit.
        fault: a refusal found early by the stock stack, raised when its turn comes.
    """

    request_id: str
    method: str
    path: str
    now: datetime
    client: Client
    path_values: dict[str, str]
    query_string: bytes
    headers: dict[str, str]
    body: bytes = b""
    caller: tuple[UUID, UUID] | None = None
    arguments: dict[str, Any] | None = None
    list_scope: bytes | None = None
    document: Any = None
    occurred_at: datetime | None = None
    decision_id: UUID | None = None
    principal: Principal | None = None
    expected_version: Versions = None
    claim: IdempotencyClaim | None = None
    taken: LimitState | None = None
    key: CacheKey | None = None
    look: CacheLookup | None = None
    pending: Sequence[str] = ()
    is_cacheable: bool = False
    event: Event = field(default_factory=Event)
    answer_headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    queries: int = 0
    code: str | None = None
