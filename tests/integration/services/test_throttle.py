"""The throttle: how many guesses at a password there are, for strangers and for owners."""

from functools import partial

import pytest

from app.database import run
from app.errors import InvalidCredentials, RateLimited, ValidationError
from app.services import auth, sign_in_attempts
from tests.integration.services.outcomes import kinds

WRONG = "not the password at all"


def fail(world, name="alice", client=None, times=1):
    for _ in range(times):
        with pytest.raises(InvalidCredentials):
            world.login(name, WRONG, client=client)


def blocked(world, name="alice", password=WRONG, client=None) -> int:
    with pytest.raises(RateLimited) as refusal:
        world.login(name, password, client=client)
    return int(refusal.value.headers["Retry-After"])


@pytest.fixture
def alice(world):
    return world.person("alice")


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_thirty_parallel_wrong_passwords_never_exceed_the_limit(world, alice, name):
    responses = world.together(*[partial(world.login, name, WRONG)] * 30)
    assert kinds(responses) == {"InvalidCredentials": 5, "RateLimited": 25}


def test_thirty_guesses_that_all_began_before_the_last_free_one_was_counted_are_no_more(world, alice):
    fail(world)
    responses = world.together(
        *[partial(world.login, "alice", WRONG)] * 30, behind="SELECT FROM sign_in_attempts FOR UPDATE"
    )
    assert kinds(responses) == {"InvalidCredentials": 4, "RateLimited": 26}
    assert run("SELECT failures FROM sign_in_attempts") == [(5,), (5,)]


def test_parallel_guesses_after_a_wait_are_one_guess(world, alice):
    fail(world, times=5)
    world.wait(seconds=1)
    responses = world.together(*[partial(world.login, "alice", WRONG)] * 10)
    assert kinds(responses) == {"InvalidCredentials": 1, "RateLimited": 9}


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_after_five_failures_each_one_doubles_the_wait_up_to_the_longest(world, alice, name):
    fail(world, name, times=5)
    waits = []
    for _ in range(12):
        waits.append(blocked(world, name))
        world.wait(seconds=waits[-1])
        fail(world, name)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


def test_the_right_password_is_refused_while_the_account_waits(world, alice):
    fail(world, times=5)
    blocked(world, password=world.password)
    world.wait(seconds=1)
    world.login("alice")


def test_guessing_on_does_not_prolong_the_wait(world, alice):
    fail(world, times=5)
    world.wait(seconds=0.5)
    for _ in range(5):
        assert blocked(world) == 1
    world.wait(seconds=0.5)
    world.login("alice")


def test_a_success_gives_the_account_its_free_failures_back(world, alice):
    fail(world, times=4)
    world.login("alice")
    fail(world, client=world.client("198.51.100.1"), times=5)
    blocked(world, client=world.client("198.51.100.1"))


def test_a_stranger_who_locks_the_account_does_not_lock_its_owner_out(world, alice):
    world.login("alice")
    stranger = world.client("198.51.100.1")
    fail(world, client=stranger, times=5)
    blocked(world, client=stranger)

    fail(world, times=4)
    world.login("alice")
    blocked(world, client=stranger)
    fail(world, times=5)
    blocked(world)


def test_a_network_is_forgotten_thirty_days_after_the_sign_in(world, alice):
    world.login("alice")
    world.wait(days=30)
    fail(world, client=world.client("198.51.100.1"), times=5)
    blocked(world, password=world.password)


def test_a_client_has_thirty_failures_in_five_minutes_whatever_the_accounts(world, alice):
    for number in range(30):
        fail(world, f"nobody{number}")
    world.wait(seconds=100)
    assert blocked(world, "alice", world.password) == 200
    world.login("alice", client=world.client("198.51.100.1"))
    world.wait(seconds=200)
    world.login("alice")


def test_a_success_does_not_clear_the_failures_of_the_client(world, alice):
    for number in range(29):
        fail(world, f"nobody{number}")
    world.login("alice")
    fail(world, "nobody30")
    blocked(world, "nobody31")


def test_what_is_refused_for_the_account_does_not_count_against_the_client(world, alice):
    fail(world, times=5)
    for _ in range(30):
        blocked(world)
    fail(world, "nobody")


def test_a_limit_of_one_blocks_after_the_first_failure(world, alice):
    world.set(limit_account_failures=1)
    fail(world)
    assert blocked(world) == 1
    world.set(limit_account_failures=5, limit_client_failures=1)
    client = world.client("198.51.100.1")
    fail(world, "nobody", client)
    assert blocked(world, "somebody", client=client) == 300
    world.wait(seconds=300)
    fail(world, "nobody", client)
    assert blocked(world, "somebody", client=client) == 300


def test_guesses_at_the_current_password_count_as_failed_sign_ins(world, alice):
    passwords = {"current_password": WRONG, "new_password": "seven green bottles 9 falling"}
    change = partial(auth.change_password, world.context(alice), **passwords)
    responses = world.together(*[change] * 10)
    assert kinds(responses) == {"ValidationError": 5, "RateLimited": 5}
    assert {response.details[0].field for response in responses if isinstance(response, ValidationError)} == {
        "current_password"
    }
    blocked(world)


def test_the_table_of_counters_names_nobody(world, alice):
    fail(world)
    text = str(run("SELECT * FROM sign_in_attempts"))
    assert "alice" not in text
    assert world.home.network not in text
    assert len(run("SELECT * FROM sign_in_attempts")) == 2


def count(world) -> sign_in_attempts.Attempt:
    return sign_in_attempts.count(world.context(), email="alice@example.com", known=False)


def failures_of(attempt: sign_in_attempts.Attempt) -> int:
    [(failures,)] = run("SELECT failures FROM sign_in_attempts WHERE key = %s", (attempt.client_key,))
    return int(failures)


def test_an_attempt_that_is_given_back_late_is_not_taken_from_the_next_window(world, alice):
    early = count(world)
    world.wait(seconds=301)
    late = count(world)
    sign_in_attempts.give_back(world.context(), early)
    assert failures_of(late) == 1


def test_what_is_given_back_twice_leaves_no_fewer_failures_than_none(world, alice):
    attempt = count(world)
    for _ in range(2):
        sign_in_attempts.give_back(world.context(), attempt)
    assert failures_of(attempt) == 0
