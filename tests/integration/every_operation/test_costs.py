"""What one call of each operation costs, in SQL statements and in round trips to Redis: held by a number for each.

A call is the first example of the document, made by an admin. BEGIN and COMMIT do not count. What a refusal, a 304 or
another way through an operation costs, test_query_counts.py has.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import httpx
import pytest

from app.database import run
from models.record import database as proxy
from tests.integration.conftest import Services
from tests.integration.every_operation.described import OPERATIONS, Described
from tests.integration.every_operation.requests import Request, request_for
from tests.integration.every_operation.world import World
from tests.round_trips import RoundTrips, counted
from tests.servers import Servers
from tests.service import Service, config_for
from tests.service import running as running_service
from tests.waiting import until

# Most SQL statements of a call whose answer is not cached yet. A new operation joins with a line.
STATEMENTS: Mapping[str, int] = {
    "register": 5,
    "login": 10,
    "refresh": 2,
    "logout": 3,
    "get_me": 1,
    "update_me": 8,
    "change_password": 10,
    "list_users": 2,
    "create_user": 7,
    "get_user": 2,
    "update_user": 9,
    "delete_user": 9,
    "set_user_role": 10,
    "suspend_user": 10,
    "restore_user": 10,
    "list_sessions": 3,
    "revoke_session": 6,
    "list_roles": 3,
    "create_role": 8,
    "get_role": 2,
    "update_role": 7,
    "delete_role": 8,
    "list_permissions": 1,
    "get_profile": 2,
    "replace_profile": 9,
    "list_audit_events": 2,
    "invalidate_cache": 4,
    "list_settings": 2,
    "get_public_settings": 2,
    "get_setting": 2,
    "put_setting": 7,
    "reset_setting": 7,
    "get_user_stats": 2,
    "get_activity_stats": 2,
    "get_health": 1,
    "get_liveness": 0,
    "get_jwks": 0,
}
# What an operation asks Redis beside what its policy tells, and why.
_OWN_ROUND_TRIPS: Mapping[str, int] = {
    "get_health": 1,  # a sign of life
    "invalidate_cache": 1,  # the versions of the tags that it was given
}

# What makes a list fifty longer than the one that the world begins with.
_LONGER: Mapping[str, str] = {
    "list_users": """
        WITH made AS (
            INSERT INTO users (id, email, password_hash, role_id)
            SELECT gen_random_uuid(), 'crowd' || n || '@example.com', 'none', r.id
            FROM roles r, generate_series(1, 50) n WHERE r.name = 'guest' RETURNING id
        )
        INSERT INTO user_profiles (id, user_id) SELECT gen_random_uuid(), id FROM made
    """,
    "list_roles": """
        WITH made AS (
            INSERT INTO roles (id, name, description)
            SELECT gen_random_uuid(), 'crowd' || n, '' FROM generate_series(1, 50) n RETURNING id
        )
        INSERT INTO role_permissions (id, role_id, permission)
        SELECT gen_random_uuid(), made.id, permission FROM made, unnest(ARRAY['account:read', 'users:list']) permission
    """,
    "list_sessions": """
        INSERT INTO sessions (id, user_id, generation, key_id, idle_expires_at, expires_at, address, network)
        SELECT gen_random_uuid(), user_id, 1, 'k1', now() + interval '1 day', now() + interval '1 day', '', ''
        FROM sessions, generate_series(1, 50) WHERE id = %(session_id)s
    """,
    "list_audit_events": """
        INSERT INTO audit_events (id, kind, occurred_at, request_id, action, outcome)
        SELECT gen_random_uuid(), 'decision', now(), 'crowd', 'get_me', 'allowed' FROM generate_series(1, 50)
    """,
}


class Cost(NamedTuple):
    """What an answered call cost."""

    statements: int
    round_trips: int


Measure = Callable[[Request], Cost]


@pytest.fixture(scope="session")
def running(services: Services) -> Service:
    """One way in is enough here: both lead through the same steps."""
    return services["compiled"]


@pytest.fixture(scope="module")
def redis_url(servers: Servers) -> str:
    if not (url := servers.empty_redis()):
        pytest.skip("no Valkey on this machine")
    return url


@pytest.fixture(scope="module")
def road(redis_url: str) -> Iterator[RoundTrips]:
    with counted(redis_url) as road:
        yield road


@pytest.fixture(scope="module")
def client(prepared: World, road: RoundTrips) -> Iterator[httpx.Client]:
    """A client of a service with one thread of each kind, which has said to Redis what is said only once."""
    one_thread = {"WORKER_THREADS": "1", "HASHING_THREADS": "1"}
    config = config_for(DATABASE_URL=prepared.database.url, REDIS_URL=road.url, **one_thread)
    with running_service(config) as service, service.client() as client:
        # The last service that starts decides for all of this process on which database they stand.
        proxy.initialize(prepared.database)
        client.post("/v1/auth/login", json={"email": prepared.people["admin"].email, "password": "not this one"})
        request = Request("GET", f"/v1/users/{prepared.people['owner'].id}/profile", {}, token=prepared.tokens["admin"])
        assert request.send(client).status_code == 200
        # The background check at the start uses a connection of its own, which it closes.
        until(lambda: road.closed)
        yield client
    proxy.initialize(prepared.database)


@pytest.fixture
def cost(world: World, client: httpx.Client, road: RoundTrips, servers: Servers) -> Iterator[Measure]:
    """Count what a call costs that succeeds; nothing is cached at the start of a test."""
    statements: list[str] = []

    def note(query) -> None:
        statements.append(query.sql)

    def measure(request: Request) -> Cost:
        statements.clear()
        before = road.count
        response = request.send(client)
        assert response.status_code < 300, response.text
        return Cost(len(statements), road.count - before)

    servers.empty_redis()
    world.database.query_hooks.append(note)
    yield measure
    world.database.query_hooks.remove(note)


def call_of(described: Described, world: World) -> Request:
    token = None if described.policy.public else world.tokens["admin"]
    return request_for(described, world).but(token=token)


def of(operations: list[Described]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("described", operations, ids=lambda described: described.name)


def most_round_trips(described: Described) -> int:
    """Return what the policy allows: the limit and the look into the cache are one, and a write drops its tags in one.

    What is not cached yet is one to note the versions of its tags, and one to keep it.
    """
    policy = described.policy
    usual = bool(policy.bucket or policy.cache) + (2 if policy.cache else 0) + (1 if policy.invalidates else 0)
    return usual + _OWN_ROUND_TRIPS.get(described.name, 0)


@of(OPERATIONS)
def test_a_call_keeps_within_its_statements_and_its_round_trips(
    described: Described, world: World, cost: Measure
) -> None:
    assert described.name in STATEMENTS, f"say in this file how many statements {described.name} may cost"

    spent = cost(call_of(described, world))

    statements, round_trips = STATEMENTS[described.name], most_round_trips(described)
    assert spent.statements <= statements
    assert spent.round_trips <= round_trips


@of([described for described in OPERATIONS if described.policy.cache])
def test_a_cached_read_is_one_statement_and_one_round_trip(described: Described, world: World, cost: Measure) -> None:
    request = call_of(described, world)
    cost(request)

    # The session statement says what is barred; a public one, which has no session to load, asks for that alone.
    assert cost(request) == Cost(statements=1, round_trips=1)


@of([described for described in OPERATIONS if described.policy.paginated])
def test_a_list_costs_the_same_however_long_it_is(described: Described, world: World, cost: Measure) -> None:
    assert described.name in _LONGER, f"say in this file what makes {described.name} longer"
    request = call_of(described, world).but(query={"limit": "100"})
    short = cost(request)

    run(_LONGER[described.name], world.names)

    long = cost(request)
    assert len(request.send(world.client).json()["data"]) >= 50
    assert long.statements <= short.statements


def test_only_operations_that_there_are_have_a_number() -> None:
    assert (set(STATEMENTS) | set(_OWN_ROUND_TRIPS) | set(_LONGER)) <= {described.name for described in OPERATIONS}
