"""A password reset by somebody else: law 11 holds, sessions end, and the account is no longer slowed down."""

from functools import partial

import pytest

from app.database import run
from app.errors import Forbidden, InvalidCredentials, NotFound, RateLimited, ValidationError
from app.security.actors import Operator
from app.services import inspection, sign_in_attempts, users
from tests.integration.services.outcomes import values

NEW = "seven green bottles 9 falling"
WRONG = "not the password at all"
NOBODY = "019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d"


def reset(world, target, password=NEW, actor=None):
    actor = actor or Operator(frozenset(world.dependencies.permissions))
    return users.reset_password(world.context(actor), target.user_id, password)


def fail(world, name, client=None, times=5):
    for _ in range(times):
        with pytest.raises(InvalidCredentials):
            world.login(name, WRONG, client=client)


@pytest.fixture
def alice(world):
    return world.person("alice")


def test_the_new_password_counts_and_everybody_has_to_sign_in_again(world, alice):
    world.login("alice")
    world.login("alice")
    world.wait(seconds=1)

    user = reset(world, alice)

    assert values(user) == {**values(alice.user), "version": 2, "updated_at": world.now}
    assert world.live_sessions(alice.user_id) == 0
    assert run("SELECT DISTINCT end_reason, ended_at FROM sessions") == [("password_reset", world.now)]
    with pytest.raises(InvalidCredentials):
        world.login("alice")
    world.login("alice", NEW)


def test_a_suspended_account_stays_suspended(world, alice):
    run("UPDATE users SET status = 'suspended'")
    assert reset(world, alice).status == "suspended"
    with pytest.raises(InvalidCredentials) as refusal:
        world.login("alice", NEW)
    assert refusal.value.reason == "account_suspended"


def test_nobody_resets_the_password_of_who_holds_more(world, alice):
    world.role("steward", *sorted(set(world.dependencies.permissions) - {"roles:assign"}))
    steward, admin = world.person("steward", "steward"), world.person("root", "admin")
    with pytest.raises(Forbidden) as refusal:
        reset(world, admin, actor=steward)
    assert refusal.value.reason == "beyond_actor"
    world.login("root")
    reset(world, alice, actor=steward)


@pytest.mark.parametrize("password", ["short", "password12345678", "alice@example.com!", NEW + "\0", "\udcff" * 20])
def test_a_password_that_is_not_acceptable_changes_nothing(world, alice, password):
    world.login("alice")
    with pytest.raises(ValidationError) as refusal:
        reset(world, alice, password)
    assert [violation.field for violation in refusal.value.details] == ["password"]
    assert world.live_sessions(alice.user_id) == 1
    world.login("alice")


def test_who_is_not_there_is_not_found(world, alice):
    run("DELETE FROM users")
    with pytest.raises(NotFound):
        reset(world, alice)


def test_the_account_is_slowed_down_nowhere_any_more_and_clients_and_others_as_before(world, alice):
    world.person("bob")
    world.login("alice")
    stranger = world.client("198.51.100.1")
    fail(world, "alice")
    fail(world, "alice", stranger)
    fail(world, "bob", stranger)
    waits = partial(sign_in_attempts.waits, world.context(), alice.user)
    assert waits() == {"": 1, world.home.network: 1}

    reset(world, alice)

    assert waits() == {}
    world.login("alice", NEW)
    world.login("alice", NEW, client=stranger)
    with pytest.raises(RateLimited):
        world.login("bob", client=stranger)
    assert run("SELECT failures FROM sign_in_attempts ORDER BY 1") == [(5,), (5,), (10,)]


def test_a_sign_in_that_began_before_the_reset_opens_nothing(world, alice):
    hold = "SELECT FROM users WHERE email = 'alice@example.com' FOR UPDATE"
    for _ in range(3):
        run("UPDATE users SET password_hash = %s", (world.dependencies.passwords.hash(world.password),))

        world.together(partial(reset, world, alice), partial(world.login, "alice"), behind=hold)

        assert world.live_sessions(alice.user_id) == 0


@pytest.mark.parametrize("name", ["alice@example.com", "Alice@EXAMPLE.com", "\uff21lice@example.com"])
def test_an_account_is_found_by_its_address_in_any_spelling_and_by_its_id(world, alice, name):
    for name_or_id in (name, str(alice.user_id)):
        assert values(inspection.find(name_or_id)) == values(alice.user)


@pytest.mark.parametrize("name", ["bob@example.com", "@", "alice", "", "\udcff@x.example", "%@example.com", NOBODY])
def test_anybody_else_who_is_named_is_not_found(world, alice, name):
    with pytest.raises(NotFound):
        inspection.find(name)


def test_an_inspection_shows_only_sessions_that_can_still_be_used(world, alice):
    world.login("alice")
    world.wait(days=31)
    tokens = world.login("alice").tokens
    world.login("alice")
    world.wait(minutes=5)
    world.refresh(tokens.refresh_token)
    run("UPDATE sessions SET ended_at = now() WHERE id = (SELECT max(id::text)::uuid FROM sessions)")

    shown = inspection.inspect(world.context(), alice.user)

    [live] = shown.sessions
    assert (live.rotated_at, (live.ends_at - world.now).days) == (world.now, 30)
    assert shown.permissions == ["account:read", "account:update", "profiles:read", "sessions:end"]
    assert shown.waits == {}
