"""Signing in, signing out and changing the password."""

from dataclasses import replace
from functools import partial

import pytest

from app.context.event import Event
from app.database import connection, run, unit_of_work
from app.errors import InvalidCredentials, ValidationError
from app.security.passwords import Passwords
from app.services import auth, registration, sessions, users
from models import User
from models.record import database as proxy
from tests.integration.services.outcomes import kinds

NEW = "seven green bottles 9 falling"


@pytest.fixture
def alice(world):
    return world.person("alice")


def change(world, who, current, new):
    auth.change_password(world.context(who), current_password=current, new_password=new)


def signed_in(world, name="alice"):
    """Sign in and return the principal that the session statement would make."""
    claim = auth.verify_token(world.dependencies.access_tokens, world.login(name).tokens.access_token)
    return world.principal(claim.user_id, claim.session_id)


def test_a_sign_in_opens_a_session_and_says_whose(world, alice):
    event = Event()
    response = world.login("alice", event=event)
    claims = auth.verify_token(world.dependencies.access_tokens, response.tokens.access_token)
    assert claims.user_id == response.user.id == alice.user_id
    assert (event.actor_id, event.actor_role) == (alice.user_id, "user")
    assert world.live_sessions(alice.user_id) == 1


def test_the_address_is_found_in_any_case_and_width(world, alice):
    for email in ("ALICE@Example.com", "\uff41lice@example.com"):
        assert auth.login(world.context(), email=email, password=world.password).user.id == alice.user_id


@pytest.mark.parametrize("reason", ["unknown_address", "wrong_password", "account_suspended", "address_unverified"])
def test_every_refusal_looks_alike_and_opens_nothing(world, alice, reason):
    name, password = "alice", world.password
    if reason == "unknown_address":
        name = "nobody"
    elif reason == "wrong_password":
        password = "not the password at all"
    elif reason == "account_suspended":
        run("UPDATE users SET status = 'suspended'")
    else:
        world.set(sign_in_unverified=False)
        run("UPDATE users SET verified_at = NULL")
    event = Event()
    with pytest.raises(InvalidCredentials) as refusal:
        world.login(name, password, event=event)
    assert (refusal.value.reason, refusal.value.message) == (reason, InvalidCredentials.default_message)
    assert (event.actor_id, event.actor_role) == (None, None)
    assert run("SELECT failures FROM sign_in_attempts") == [(1,), (1,)]
    assert world.live_sessions(alice.user_id) == 0


def test_a_guest_signs_in_unverified_where_the_deployment_allows(world):
    world.person("guest", "guest", verified=False)
    assert world.login("guest").user.role.name == "guest"


def test_a_hash_is_upgraded_at_sign_in_when_the_cost_rises(world, alice):
    world.dependencies = replace(world.dependencies, passwords=Passwords(15, 256, 5))
    responses = world.together(*[partial(world.login, "alice")] * 4)
    assert kinds(responses) == {"SignIn": 4}
    stored = run("SELECT password_hash FROM users")[0][0]
    assert not world.dependencies.passwords.needs_rehash(stored)
    world.login("alice")
    assert run("SELECT password_hash FROM users")[0][0] == stored


def test_a_password_changed_during_a_sign_in_opens_nothing(world, alice):
    stored = run("SELECT password_hash FROM users")[0][0]
    change(world, alice, world.password, NEW)
    verified = User(id=alice.user_id, password_hash=stored)
    assert sessions.open_session(world.context(), verified) is None


def test_a_suspension_during_a_sign_in_leaves_no_session(world, alice):
    admin = world.person("root", "admin")
    suspend = partial(users.suspend, world.context(admin), alice.user_id)
    for _ in range(5):
        world.together(suspend, *[partial(world.login, "alice")] * 3)
        assert world.live_sessions(alice.user_id) == 0
        run("UPDATE users SET status = 'active' WHERE id = %s", (alice.user_id,))
        run("DELETE FROM sign_in_attempts")


def test_no_connection_is_held_while_a_password_is_hashed(world, alice):
    class Watching(Passwords):
        held = False

        def verify(self, password, stored):
            self.held |= not proxy.is_closed()
            return super().verify(password, stored)

        def hash(self, password):
            self.held |= not proxy.is_closed()
            return super().hash(password)

    watching = Watching(15, 256, 5)
    world.dependencies = replace(world.dependencies, passwords=watching)
    with unit_of_work():
        world.login("alice")
    with unit_of_work():
        change(world, alice, world.password, NEW)
    with unit_of_work():
        registration.register(world.context(), email="b@example.com", password=NEW)
    assert not watching.held
    with connection():
        watching.hash(NEW)
    assert watching.held


@pytest.mark.parametrize(("scope", "left"), [("this", 2), ("others", 1), ("all", 0)])
def test_logout_ends_this_session_the_others_or_all(world, alice, scope, left):
    bob = world.person("bob")
    world.login("bob")
    here = [signed_in(world) for _ in range(3)][1]
    auth.logout(world.context(here), scope=scope)
    assert world.live_sessions(alice.user_id) == left
    assert world.live_sessions(bob.user_id) == 1
    ended = run("SELECT ended_at IS NOT NULL FROM sessions WHERE id = %s", (here.session_id,))[0][0]
    assert ended == (scope != "others")


def test_a_new_password_ends_the_other_sessions(world, alice):
    world.login("alice")
    here = signed_in(world)
    change(world, here, world.password, NEW)
    assert run("SELECT id FROM sessions WHERE ended_at IS NULL") == [(here.session_id,)]
    assert run("SELECT DISTINCT end_reason FROM sessions WHERE ended_at IS NOT NULL") == [("password_changed",)]
    world.login("alice", NEW)
    with pytest.raises(InvalidCredentials):
        world.login("alice")


def test_of_two_changes_at_once_with_one_password_one_wins(world, alice):
    responses = world.together(
        partial(change, world, alice, world.password, NEW),
        partial(change, world, alice, world.password, NEW + " again"),
    )
    assert sorted(kinds(responses)) == ["NoneType", "ValidationError"]


@pytest.mark.parametrize(
    ("current", "new", "field"),
    [
        ("not the password at all", NEW, "current_password"),
        ("marmalade lantern 7 quarry", "marmalade lantern 7 quarry", "new_password"),
        ("marmalade lantern 7 quarry", "short", "new_password"),
        ("marmalade lantern 7 quarry", "alice@example.com", "new_password"),
    ],
)
def test_a_refused_change_changes_nothing_and_names_the_field(world, alice, current, new, field):
    with pytest.raises(ValidationError) as refusal:
        change(world, alice, current, new)
    assert [violation.field for violation in refusal.value.details] == [field]
    world.login("alice")
