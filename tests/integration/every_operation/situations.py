"""How to bring any operation to any of its endings: a situation for each code, whatever the operation.

An operation that documents a code finds its way there by the code. One that nobody knows yet needs a line here.
Each situation can be tried on every operation; where it means nothing, the operation succeeds, or refuses otherwise.
"""

from collections.abc import Callable, Mapping
from uuid import UUID

import httpx

from app.database import Database, run
from tests.integration.every_operation.described import Described, Ending
from tests.integration.every_operation.requests import Request, request_for
from tests.integration.every_operation.world import TAILORED_ROLE, World
from tests.rows import store_setting
from tests.service import Service
from tests.standins import gone

_OTHER_ADMINS = """
UPDATE users SET status = 'suspended'
WHERE id <> %s AND role_id = (SELECT id FROM roles WHERE name = 'admin')
"""
_KEY = """
INSERT INTO idempotency_keys (id, user_id, operation, key, fingerprint, status, headers, body, expires_at)
VALUES (gen_random_uuid(), %s, %s, 'twin', 'of another request', 200, '[]', '', now() + interval '1 day')
"""


class Stage:
    """The world, and what else it takes to break things.

    Attributes:
        stingy: a service on the same database whose buckets hold one call.
        empty: a database in which nothing is left.
        away: one that does not answer.
    """

    def __init__(
        self, world: World, stingy: Callable[[], Service], empty: Callable[[], Database], away: Callable[[], Database]
    ) -> None:
        self.world, self.stingy, self.empty, self.away = world, stingy, empty, away

    def request(self, described: Described) -> Request:
        """Return the request that succeeds; an admin's, unless it is anybody's."""
        token = None if described.policy.public else self.world.tokens["admin"]
        return request_for(described, self.world).but(token=token)

    def send(self, request: Request) -> httpx.Response:
        return request.send(self.world.client)


Situation = Callable[[Stage, Described, Request], httpx.Response]


def _changed(**changes: object) -> Situation:
    return lambda stage, described, request: stage.send(request.but(**changes))


def _called_by(name: str) -> Situation:
    return lambda stage, described, request: stage.send(request.but(token=stage.world.tokens[name]))


def _without_a_right(stage: Stage, described: Described, request: Request) -> httpx.Response:
    stage.world.grant()
    return stage.send(request.but(token=stage.world.tokens["tailored"]))


def _refused_to_everybody(stage: Stage, described: Described, request: Request) -> httpx.Response:
    store_setting("registration.open", False)
    return stage.send(request)


def _forbidden(stage: Stage, described: Described, request: Request) -> httpx.Response:
    return (_refused_to_everybody if described.policy.public else _without_a_right)(stage, described, request)


def _signed_in_long_ago(stage: Stage, described: Described, request: Request) -> httpx.Response:
    caller = "owner" if described.policy.owner else "admin"
    longest = max(stage.world.service.config.recencies.values())
    return stage.send(request.but(token=stage.world.grow_old(caller, longest + 1)))


def _unknown_thing(stage: Stage, described: Described, request: Request) -> httpx.Response:
    last = described.operation.path_parameters[-1:]
    return stage.send(request.but(values={name: str(gone(name)) for name in last}))


def _last_admin(stage: Stage, described: Described, request: Request) -> httpx.Response:
    admin = stage.world.people["admin"].id
    run(_OTHER_ADMINS, (admin,))
    return stage.send(request.but(values={"user_id": str(admin)}))


def _taken_address(stage: Stage, described: Described, request: Request) -> httpx.Response:
    return stage.send(request.but(body={"email": stage.world.people["admin"].email}))


def _without_if_match(stage: Stage, described: Described, request: Request) -> httpx.Response:
    headers = {name: value for name, value in request.headers.items() if name != "If-Match"}
    return stage.send(Request(**{**vars(request), "headers": headers}))


def _keyed(stage: Stage, described: Described, request: Request) -> tuple[tuple[UUID, str], Request]:
    return (stage.world.people["admin"].id, described.name), request.but(headers={"Idempotency-Key": "twin"})


def _twin_at_work(stage: Stage, described: Described, request: Request) -> httpx.Response:
    held, keyed = _keyed(stage, described, request)
    twin = stage.world.database.connect_outside_pool()
    try:
        twin.autocommit = False
        twin.cursor().execute(_KEY, held)
        return stage.send(keyed)
    finally:
        twin.close()


def _key_of_another_request(stage: Stage, described: Described, request: Request) -> httpx.Response:
    held, keyed = _keyed(stage, described, request)
    run(_KEY, held)
    return stage.send(keyed)


def _over(setting: str, change: Callable[[int], Mapping[str, object]]) -> Situation:
    def send(stage: Stage, described: Described, request: Request) -> httpx.Response:
        return stage.send(request.but(**change(getattr(stage.world.service.config, setting))))

    return send


def _once_more(stage: Stage, described: Described, request: Request) -> httpx.Response:
    with stage.stingy().client() as client:
        request.send(client)
        return request.send(client)


def _without_tables(stage: Stage, described: Described, request: Request) -> httpx.Response:
    with stage.world.on(stage.empty()):
        return stage.send(request)


def _without_database(stage: Stage, described: Described, request: Request) -> httpx.Response:
    with stage.world.on(stage.away()):
        return stage.send(request)


SITUATIONS: Mapping[str, Situation] = {
    "VALIDATION_ERROR": _changed(query={"nonsense": "1"}),
    "MALFORMED_BODY": _changed(body=b"{"),
    "UNAUTHENTICATED": _changed(token=None),
    "INVALID_TOKEN": _called_by("tampered"),
    "SESSION_ENDED": _called_by("ended"),
    "INVALID_CREDENTIALS": _changed(body={"password": "not the password of anybody"}),
    "INVALID_REFRESH_TOKEN": _changed(body={"refresh_token": "never issued"}),
    "FORBIDDEN": _forbidden,
    "STEP_UP_REQUIRED": _signed_in_long_ago,
    "NOT_FOUND": _unknown_thing,
    "EMAIL_TAKEN": _taken_address,
    "LAST_ADMIN": _last_admin,
    "ROLE_TAKEN": _changed(body={"name": TAILORED_ROLE}),
    "ROLE_IN_USE": _changed(values={"role_name": TAILORED_ROLE}),
    "ROLE_BUILT_IN": _changed(values={"role_name": "guest"}),
    "IDEMPOTENCY_IN_PROGRESS": _twin_at_work,
    "IDEMPOTENCY_KEY_REUSED": _key_of_another_request,
    "PRECONDITION_FAILED": _changed(headers={"If-Match": '"999999"'}),
    "PRECONDITION_REQUIRED": _without_if_match,
    "PAYLOAD_TOO_LARGE": _over("body_limit", lambda limit: {"body": b" " * (limit + 1)}),
    "URI_TOO_LONG": _over("uri_limit", lambda limit: {"query": {"nonsense": "x" * limit}}),
    "UNSUPPORTED_MEDIA_TYPE": _changed(body=b"{}", headers={"Content-Type": "text/plain"}),
    "HEADERS_TOO_LARGE": _over("header_limit", lambda limit: {"headers": {"X-Large": "x" * limit}}),
    "RATE_LIMITED": _once_more,
    "INTERNAL_ERROR": _without_tables,
    "UNAVAILABLE": _without_database,
}
# Endings that have no code.
BY_STATUS: Mapping[int, Situation] = {304: _changed(headers={"If-None-Match": "*"}), 503: _without_database}


def way_to(ending: Ending) -> Situation | None:
    """Return the situation in which an operation ends so; None when nobody knows one."""
    if ending.code is not None:
        return SITUATIONS.get(ending.code)
    return _changed() if 200 <= ending.status < 300 else BY_STATUS.get(ending.status)
