"""Guessing passwords from everywhere, and the owner who still gets in: ASVS 5.0 6.3.1, OWASP API2:2023.

The attackers sit behind a proxy that is trusted, so that each has the network a test gives them. The clock stands still
unless it is told to move.
"""

from collections.abc import Iterator
from functools import partial

import httpx
import pytest

from app.database import run
from tests.integration.conftest import Services
from tests.integration.hostile.crowd import together
from tests.integration.operations.conftest import Variant
from tests.people import PASSWORD, People
from tests.service import Service
from tests.wire import data, refused

LOGIN = "/v1/auth/login"
WRONG = "not the password at all"
HOME, AWAY = "192.0.2.1", "198.51.100.1"
FREE = 5


@pytest.fixture(scope="session")
def running(services: Services) -> Service:
    """One way in: attempts are counted behind it."""
    return services["compiled"]


class Street:
    """A service behind a trusted proxy, and people who knock from many places."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.clock = service.clock
        self._client = service.client()

    def knock(
        self, email: str = "alice@example.com", password: str = WRONG, *, at: str | None = AWAY, **headers: str
    ) -> httpx.Response:
        forwarded = {"X-Forwarded-For": at} if at else {}
        body = {"email": email, "password": password}
        return self._client.post(LOGIN, json=body, headers={**forwarded, **headers})

    def fail(self, times: int, email: str = "alice@example.com", *, at: str | None = AWAY) -> None:
        for _ in range(times):
            refused(self.knock(email, at=at), 401, "INVALID_CREDENTIALS")

    def check_locked(self, email: str = "alice@example.com", password: str = PASSWORD, *, at: str | None = AWAY) -> int:
        """Assert that even the right password has to wait; return how many seconds."""
        response = self.knock(email, password, at=at)
        refused(response, 429, "RATE_LIMITED")
        return int(response.headers["retry-after"])

    def close(self) -> None:
        self._client.close()


@pytest.fixture
def street(variant: Variant, people: People) -> Iterator[Street]:
    assert people.alice
    with variant(TRUSTED_PROXIES="127.0.0.1/32") as service:
        service.clock.stop()
        street = Street(service)
        yield street
        street.close()


def test_the_owner_gets_in_while_strangers_keep_the_account_locked(street: Street) -> None:
    """ASVS 6.3.1: nobody is locked out of their own account on purpose; and their coming lets nobody else in."""
    data(street.knock(password=PASSWORD, at=HOME))
    street.fail(FREE)
    for _ in range(3):
        wait = street.check_locked()
        data(street.knock(password=PASSWORD, at=HOME))
        assert street.check_locked() == wait
        street.clock.advance(seconds=wait)
        street.fail(1)
    street.fail(FREE - 1, at=HOME)
    data(street.knock(password=PASSWORD, at=HOME))


def test_an_owners_own_network_is_no_free_pass(street: Street) -> None:
    """ASVS 6.3.1: anybody who sits beside them has as few tries as anybody, and the ones outside are counted apart."""
    data(street.knock(password=PASSWORD, at=HOME))
    street.fail(FREE, at=HOME)
    assert street.check_locked(at=HOME) == 1
    street.fail(FREE)
    assert street.check_locked() == 1


@pytest.mark.parametrize(
    "places",
    [[f"203.0.113.{n}" for n in range(1, 20)], [f"2001:db8:{n:x}::1" for n in range(1, 20)]],
    ids=["addresses", "many /64s"],
)
def test_many_places_have_together_as_many_tries_at_one_account_as_one(street: Street, places: list[str]) -> None:
    """ASVS 6.3.1; API2:2023: a botnet shares the account's counter."""
    for place in places[:FREE]:
        street.fail(1, at=place)
    for place in places[FREE:]:
        assert street.check_locked(at=place) == 1


def test_all_addresses_of_a_64_are_one_client(variant: Variant, people: People) -> None:
    """ASVS 6.3.1; RFC 6177: a household may take any of 2^64, and an IPv4 address has two spellings."""
    with variant(TRUSTED_PROXIES="127.0.0.1/32", LIMIT_CLIENT_FAILURES="4") as service:
        service.clock.stop()
        street = Street(service)
        for number, place in enumerate(
            ["2001:db8::1", "2001:db8::ffff:1:2", "2001:DB8:0:0:dead::", "[2001:db8::5]:443"]
        ):
            street.fail(1, f"nobody{number}@example.com", at=place)
        assert street.check_locked(people.alice.email, at="2001:db8:0:0:9999::1") == 300
        data(street.knock(password=PASSWORD, at="2001:db8:0:1::1"))
        for number, place in enumerate([AWAY, f"::ffff:{AWAY}", f"{AWAY}:5000", "::ffff:c633:6401"]):
            street.fail(1, f"somebody{number}@example.com", at=place)
        assert street.check_locked(people.alice.email) == 300
        street.close()


def test_an_address_written_otherwise_is_the_same_account(street: Street) -> None:
    """ASVS 6.3.1: case and compatibility forms get no tries of their own."""
    forms = [
        "ALICE@example.com",
        "aLiCe@EXAMPLE.COM",
        "ａｌｉｃｅ@example.com",
        "alice＠example．com",
        "ⓐlice@example.com",
    ]
    assert len(forms) == FREE

    for form in forms:
        street.fail(1, form)

    # Blanks around it do not count, and UTS 46 drops what cannot be seen from a domain.
    same = ("alice@example.com", " alice@example.com", "alice@example.com ", "alice@example.com\u200b")
    for form in (*forms, *same):
        assert street.check_locked(form) == 1
    # A dot or a tag makes another address: here nobody's.
    for other in ("a.lice@example.com", "alice+1@example.com"):
        street.fail(1, other)
    for none in ("\u200balice@example.com", '"alice"@example.com'):
        refused(street.knock(none), 400, "VALIDATION_ERROR", "email")


def test_an_attackers_own_success_clears_neither_counter(variant: Variant, people: People) -> None:
    """ASVS 6.3.1: signing in to an account of one's own between the guesses buys no more of them."""
    assert people.mallory
    with variant(TRUSTED_PROXIES="127.0.0.1/32", LIMIT_CLIENT_FAILURES="12") as service:
        service.clock.stop()
        street = Street(service)
        assert people.alice
        for _ in range(FREE):
            street.fail(1)
            data(street.knock(people.mallory.email, PASSWORD))
        assert street.check_locked() == 1
        for number in range(7):
            street.fail(1, f"nobody{number}@example.com")
            if number < 6:
                data(street.knock(people.mallory.email, PASSWORD))
        assert street.check_locked(people.mallory.email) == 300
        street.close()


SPOOFED = (
    "X-Forwarded-For",
    "X-Real-IP",
    "Forwarded",
    "True-Client-IP",
    "CF-Connecting-IP",
    "X-Client-IP",
    "Client-IP",
)


def test_a_client_names_no_network_of_its_own(variant: Variant, people: People) -> None:
    """ASVS 6.3.1: without a trusted proxy no header counts; with one, only what it wrote itself, at the end."""
    assert people.alice
    with variant(LIMIT_CLIENT_FAILURES="7") as service:
        service.clock.stop()
        street = Street(service)
        for number, header in enumerate(SPOOFED):
            value = f"for=203.0.113.{number}" if header == "Forwarded" else f"203.0.113.{number}"
            response = street.knock(f"nobody{number}@example.com", at=None, **{header: value})
            refused(response, 401, "INVALID_CREDENTIALS")
        assert street.check_locked(at=None) == 300
        street.close()
    run("DELETE FROM sign_in_attempts")
    with variant(TRUSTED_PROXIES="127.0.0.1/32", LIMIT_CLIENT_FAILURES="4") as service:
        service.clock.stop()
        street = Street(service)
        lists = [f"203.0.113.1, {AWAY}", f"203.0.113.2,::1,{AWAY}", f"x, {AWAY}", f"127.0.0.1, {AWAY}"]
        for number, forwarded in enumerate(lists):
            street.fail(1, f"nobody{number}@example.com", at=forwarded)
        assert street.check_locked(at=f"{HOME}, {AWAY}") == 300
        street.close()


def test_guesses_let_go_at_once_are_no_more_than_one_after_the_other(street: Street, people: People) -> None:
    """ASVS 6.3.1; API2:2023: a crowd at the sign-in and at the change of password has five tries in all."""
    token = {"Authorization": f"Bearer {people.alice.sign_in()['access_token']}", "X-Forwarded-For": AWAY}
    change = {"current_password": WRONG, "new_password": "velvet anchor 3 turnip"}

    def at_the_change() -> httpx.Response:
        with street.service.client() as client:
            return client.put("/v1/users/me/password", json=change, headers=token)

    def at_the_door() -> httpx.Response:
        with street.service.client() as client:
            body = {"email": people.alice.email, "password": WRONG}
            return client.post(LOGIN, json=body, headers={"X-Forwarded-For": "203.0.113.9"})

    responses = together(*[at_the_door, at_the_change] * 10)

    codes = [response.status_code for response in responses]
    assert codes.count(401) + codes.count(400) == FREE
    assert codes.count(429) == 20 - FREE
    assert street.check_locked() == 1


def test_a_right_guess_in_a_crowd_beyond_the_limit_is_not_let_in(street: Street) -> None:
    """ASVS 6.3.1: the password is not looked at once the tries are used up."""
    street.fail(FREE)

    responses = together(*[partial(street.knock, password=PASSWORD, at=f"203.0.113.{n}") for n in range(10)])

    assert {response.status_code for response in responses} == {429}
    assert run("SELECT count(*) FROM sessions") == [(0,)]


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_the_wait_that_is_told_is_the_wait(street: Street, name: str) -> None:
    """RFC 9110, 10.2.3: a second before its end it is refused, at its end admitted; for an account and for none."""
    email, waits = f"{name}@example.com", []
    street.fail(FREE, email)
    for _ in range(11):
        waits.append(street.check_locked(email))
        street.clock.advance(seconds=waits[-1] - 0.5)
        assert street.check_locked(email) == 1
        street.clock.advance(seconds=0.5)
        street.fail(1, email)

    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900]


def test_counters_outlive_the_server(variant: Variant, people: People) -> None:
    """ASVS 6.3.1: what was counted by one process is known to the next, waits of accounts and of clients alike."""
    limits = {"TRUSTED_PROXIES": "127.0.0.1/32", "LIMIT_CLIENT_FAILURES": "8"}
    with variant(**limits) as first:
        first.clock.stop()
        street = Street(first)
        street.fail(FREE, people.alice.email)
        street.close()
        now = first.clock()
    with variant(**limits) as second:
        second.clock.stop()
        second.clock.advance(seconds=(now - second.clock()).total_seconds())
        street = Street(second)
        assert street.check_locked() == 1
        second.clock.advance(seconds=1)
        street.fail(1)
        assert street.check_locked() == 2
        street.fail(2, "nobody@example.com")
        assert street.check_locked("somebody@example.com") == 299
        street.close()
