"""Every operation is driven to every ending that the document gives it, and to none that it does not.

An ending is a status, and each code that its examples show. Nothing of ours is replaced: the database is really empty
or away, the buckets really full.
"""

import contextlib
from collections.abc import Callable, Iterator
from functools import cache

import pytest

from app.database import Database
from models.record import database as proxy
from tests.integration.every_operation.described import OPERATIONS, Described, Ending
from tests.integration.every_operation.responses import ending_of
from tests.integration.every_operation.situations import SITUATIONS, Stage, way_to
from tests.integration.every_operation.world import World
from tests.limits import WIDE_LIMITS
from tests.servers import Servers
from tests.service import config_for
from tests.service import running as running_service
from tests.wire import refused


def pairs(operations: list[Described]) -> list:
    """Return a parameter set for each operation and ending."""
    return [
        pytest.param(described, ending, id=f"{described.name}-{ending}")
        for described in operations
        for ending in described.endings
    ]


@pytest.fixture(scope="module")
def stage(prepared: World, servers: Servers) -> Iterator[Stage]:
    with contextlib.ExitStack() as stack:
        yield Stage(prepared, *(cache(make) for make in _makers(stack, prepared, servers)))


def _makers(stack: contextlib.ExitStack, world: World, servers: Servers) -> Iterator[Callable]:
    def stingy():
        small = dict.fromkeys(WIDE_LIMITS, "1/3600")
        config = config_for(
            DATABASE_URL=servers.postgres_url,
            REDIS_URL=world.service.config.redis_url,
            REDIS_PREFIX="stingy",
            CHARTER_GATEWAY=world.service.config.gateway,
            **small,
        )
        made = stack.enter_context(running_service(config))
        # The last service that starts decides for all of this process on which database they stand.
        proxy.initialize(world.database)
        return made

    def empty() -> Database:
        url = servers.empty()
        stack.callback(servers.drop, url)
        return Database(url, size=8)

    yield from (stingy, empty, lambda: Database("postgresql://127.0.0.1:1/nowhere", size=8))


@pytest.mark.parametrize(("described", "ending"), pairs(OPERATIONS))
def test_an_operation_reaches_each_of_its_endings(
    described: Described, ending: Ending, stage: Stage, world: World
) -> None:
    situation = way_to(ending)
    if situation is None:
        pytest.fail(f"Nobody knows how {described.name} comes to {ending}: tell it in situations.py, or take it out.")

    response = situation(stage, described, stage.request(described))

    assert ending_of(described, response) == ending, response.text


@pytest.mark.parametrize("described", OPERATIONS, ids=lambda described: described.name)
def test_no_situation_brings_an_operation_to_an_ending_that_it_does_not_document(
    described: Described, stage: Stage, world: World
) -> None:
    documented = set(described.endings)
    known = {ending.code for ending in documented}
    for code in [code for code in SITUATIONS if code not in known]:
        world.put_back()
        response = SITUATIONS[code](stage, described, stage.request(described))
        # A refusal that is not documented is held back as a 500, which is.
        assert ending_of(described, response) in documented - {Ending(500, "INTERNAL_ERROR")}, (
            f"{code}: {response.text}"
        )


def test_only_what_knows_nobody_and_counts_nothing_leaves_its_faults_to_default() -> None:
    vague = [described for described in OPERATIONS if 500 not in described.responses]
    assert [found.name for found in vague if not found.policy.public or found.policy.bucket is not None] == []


@pytest.mark.parametrize("path", sorted({described.policy.path for described in OPERATIONS}))
def test_a_path_refuses_other_methods_with_all_it_knows_and_has_no_neighbours(path: str, world: World) -> None:
    described = [described for described in OPERATIONS if described.policy.path == path]
    methods = {found.policy.method.upper() for found in described}
    address = path.format(**world.names)

    response = world.client.request("TRACE", address)

    refused(response, 405, "METHOD_NOT_ALLOWED")
    implied = {"OPTIONS", *(["HEAD"] if "GET" in methods else [])}
    assert set(response.headers["allow"].split(", ")) == methods | implied
    refused(world.client.get(f"{address}/"), 404, "NOT_FOUND")
