"""Whether the time of a response tells who has an account: ASVS 5.0 6.3.8, a statistical test.

The kinds of request to be told apart are sent in a random order over one connection. They are told apart when medians
differ by more than a margin and the ranks of the times by more than chance, which a busy machine does to no kind more
than to another. Any of three rounds may pass; skipping the hash for one kind fails them all.
"""

import math
import random
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from statistics import median

import httpx
import pytest

from app.database import Database, run
from app.security.passwords import Passwords
from tests.integration.conftest import Services
from tests.people import PASSWORD, People
from tests.service import Service, config_for
from tests.service import running as serving

pytestmark = pytest.mark.measured
WRONG = "not the password at all"
# Some 25 ms a hash: several times all the rest of a request, and soon over.
COST = 9
SAMPLES, ROUNDS = 15, 3
# In standard deviations; of times that are apart altogether, 15 to 15, it is 4.7.
MARGIN, CHANCE = 0.15, 3.5

Ask = Callable[[], httpx.Response]


@pytest.fixture(scope="session")
def running(services: Services) -> Service:
    """One way in: the time that tells goes by behind it."""
    return services["compiled"]


@pytest.fixture
def slow(database: Database, database_url: str) -> Iterator[Service]:
    """A service whose hashes take their time, and which locks nobody out."""
    unlocked = {"LIMIT_ACCOUNT_FAILURES": "1000", "LIMIT_CLIENT_FAILURES": "100000"}
    with serving(config_for(DATABASE_URL=database_url, BCRYPT_COST=str(COST), **unlocked)) as service:
        yield service


@pytest.fixture
def client(slow: Service) -> Iterator[httpx.Client]:
    with slow.client() as client:
        yield client


@pytest.fixture
def people(slow: Service) -> Iterator[People]:
    made = People(slow, Passwords(15, 256, COST).hash(PASSWORD))
    yield made
    made.close()


def check_as_long(kinds: Mapping[str, Ask], status: int) -> None:
    """Assert that the time of a response does not tell its kind, in one round out of some."""
    shuffled = random.Random(17)
    told = []
    for _ in range(ROUNDS):
        times: dict[str, list[float]] = {kind: [] for kind in kinds}
        order = list(kinds) * SAMPLES
        shuffled.shuffle(order)
        for kind in order:
            started = time.perf_counter()
            response = kinds[kind]()
            times[kind].append(time.perf_counter() - started)
            assert response.status_code == status, response.text
        if alike(times):
            return
        told.append({kind: f"{median(spans) * 1000:.1f} ms" for kind, spans in times.items()})
    pytest.fail(f"times tell the kinds apart: {told}")


def alike(times: Mapping[str, list[float]]) -> bool:
    """Tell whether no kind is quicker than another by more than the margin, and by more than chance."""
    for one, other in combinations(times.values(), 2):
        short, long = sorted((median(one), median(other)))
        if long > short * (1 + MARGIN) and deviation(one, other) > CHANCE:
            return False
    return True


def deviation(one: list[float], other: list[float]) -> float:
    """Return the Mann-Whitney statistic in standard deviations: how far ranks are from those of one population."""
    pairs = len(one) * len(other)
    quicker = sum(a < b for a in one for b in other)
    return abs(quicker - pairs / 2) / math.sqrt(pairs * (len(one) + len(other) + 1) / 12)


def test_a_refused_sign_in_takes_as_long_whatever_the_cause(client: httpx.Client, people: People) -> None:
    """Unknown address, wrong password, suspended account, and a hash of earlier, cheaper days."""
    run("UPDATE users SET status = 'suspended' WHERE id = %s", (people.bob.id,))
    run("UPDATE users SET password_hash = %s WHERE id = %s", (Passwords(15, 256, 4).hash(PASSWORD), people.mallory.id))

    def sign_in(email: str, password: str) -> Ask:
        return lambda: client.post("/v1/auth/login", json={"email": email, "password": password})

    kinds = {
        "unknown address": sign_in("nobody@example.com", PASSWORD),
        "wrong password": sign_in(people.alice.email, WRONG),
        "suspended account": sign_in(people.bob.email, PASSWORD),
        "cheaper hash": sign_in(people.mallory.email, WRONG),
    }
    check_as_long(kinds, 401)


def test_a_registration_takes_as_long_for_a_known_address(client: httpx.Client, people: People) -> None:
    numbers = iter(range(10_000))

    def register(email: Callable[[], str]) -> Ask:
        return lambda: client.post("/v1/auth/register", json={"email": email(), "password": WRONG})

    kinds = {
        "known": register(lambda: people.alice.email),
        "suspended": register(lambda: people.bob.email),
        "new": register(lambda: f"new{next(numbers)}@example.com"),
    }
    run("UPDATE users SET status = 'suspended' WHERE id = %s", (people.bob.id,))
    check_as_long(kinds, 202)


def test_a_refused_change_of_password_takes_as_long_whatever_the_guess(people: People) -> None:
    """However near the guess, and however old the hash."""
    run("UPDATE users SET password_hash = %s WHERE id = %s", (Passwords(15, 256, 4).hash(WRONG), people.mallory.id))
    mallory = people.mallory
    with mallory.service.client() as client:
        found = client.post("/v1/auth/login", json={"email": mallory.email, "password": WRONG}).json()
    mallory.tokens = found["data"]
    run("UPDATE users SET password_hash = %s WHERE id = %s", (Passwords(15, 256, 4).hash(WRONG), mallory.id))

    def change(client: httpx.Client, current: str) -> Ask:
        body = {"current_password": current, "new_password": "velvet anchor 3 turnip"}
        return lambda: client.put("/v1/users/me/password", json=body)

    kinds = {
        "far": change(people.alice.api, "x"),
        "near": change(people.alice.api, f"{PASSWORD}."),
        "long": change(people.alice.api, "long and longer " * 16),
        "cheaper hash": change(mallory.api, PASSWORD),
    }
    check_as_long(kinds, 400)
