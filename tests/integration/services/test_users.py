"""Users: registered, created, changed, and law 11: nobody gives, takes or touches what they do not hold."""

from contextlib import closing
from functools import partial
from typing import Any

import pytest

from app.database import run, transaction
from app.database.binding import current_database
from app.errors import EmailTaken, Forbidden, NotFound, PreconditionFailed, ValidationError
from app.identifiers import new_id
from app.services import profiles, registration, user_rows, users
from tests.integration.services.outcomes import kinds, values

NEW = "seven green bottles 9 falling"


def register(world, email="new@example.com", password=NEW, display_name=None):
    registration.register(world.context(), email=email, password=password, display_name=display_name)


def create(world, actor, *, email="new@example.com", role=None, verified=False, profile=None):
    values = {"email": email, "password": NEW, "role": role, "email_verified": verified, "profile": profile}
    return users.create(world.context(actor), **values)


def update(world, actor, target, *, email=None, verified=None, expected=None):
    context = world.context(actor, expected=expected)
    return users.update(context, target.user_id, email=email, email_verified=verified)


def change_profile(world, actor, target, **fields):
    return profiles.replace(world.context(actor), target.user_id, **fields)


def act(world, name, actor, target, role="user"):
    """Do one of the things law 11 guards."""
    if name == "update":
        return update(world, actor, target, email="moved@example.com")
    if name == "profile":
        return change_profile(world, actor, target, bio="Mine now.")
    if name == "set_role":
        return users.set_role(world.context(actor), target.user_id, role)
    service: Any = {"delete": users.delete, "suspend": users.suspend, "restore": users.restore}[name]
    return service(world.context(actor), target.user_id)


@pytest.fixture
def admin(world):
    return world.person("root", "admin")


@pytest.fixture
def alice(world):
    return world.person("alice")


def test_registering_makes_an_unverified_guest(world):
    register(world, "New@Example.com", display_name="New")
    user = world.login("new", NEW).user
    assert (user.email, user.role.name, user.verified_at) == ("new@example.com", "guest", None)
    assert user.profile.display_name == "New"


def test_registering_a_known_address_changes_nothing(world, alice):
    before = run("SELECT u.*, p.* FROM users u, user_profiles p")
    register(world, "ALICE@example.com", display_name="Mallory")
    assert run("SELECT u.*, p.* FROM users u, user_profiles p") == before


def test_parallel_registrations_of_one_address_make_one_account(world):
    assert kinds(world.together(*[partial(register, world)] * 8)) == {"NoneType": 8}
    assert run("SELECT count(*) FROM users") == run("SELECT count(*) FROM user_profiles") == [(1,)]


@pytest.mark.parametrize(
    ("email", "password", "field"),
    [
        ("new@example.com", "password12345678", "password"),
        ("new@example.com", "new@example.com new", "password"),
        ("a\uff20b@example.com", NEW, "email"),
        ("\ufdfa" * 200 + "@example.com", NEW, "email"),
    ],
)
def test_a_refused_registration_names_the_field(world, email, password, field):
    with pytest.raises(ValidationError) as refusal:
        register(world, email, password)
    assert refusal.value.details[0].field == field


@pytest.mark.parametrize(
    ("role", "verified", "stored"),
    [
        (None, False, "guest"),
        (None, True, "user"),
        ("guest", True, "user"),
        ("user", False, "user"),
        ("admin", False, "admin"),
    ],
)
def test_a_created_account_has_the_role_that_fits(world, admin, role, verified, stored):
    user = create(world, admin, role=role, verified=verified, profile={"locale": "en-GB"})
    assert (user.role.name, user.verified_at is not None, user.profile.locale) == (stored, verified, "en-GB")


def test_creating_with_a_known_address_or_an_unknown_role_is_refused(world, admin, alice):
    with pytest.raises(EmailTaken):
        create(world, admin, email="Alice@example.com")
    with pytest.raises(ValidationError) as refusal:
        create(world, admin, role="wizard")
    assert refusal.value.details[0].field == "role"


def test_another_address_is_unverified_unless_said_so(world, admin, alice):
    moved = update(world, admin, alice, email="Ada@Example.com")
    assert (moved.email, moved.verified_at, moved.role.name) == ("ada@example.com", None, "user")
    moved = update(world, admin, alice, email="eve@example.com", verified=True)
    assert moved.verified_at == world.now
    world.wait(days=1)
    assert update(world, admin, alice, email="eve@example.com").verified_at == moved.verified_at


def test_verifying_turns_a_guest_into_a_user_and_nothing_else_changes_a_role(world, admin, alice):
    guest = world.person("guest", "guest", verified=False)
    assert update(world, admin, guest, verified=True).role.name == "user"
    unverified = update(world, admin, guest, verified=False)
    assert (unverified.role.name, unverified.verified_at) == ("user", None)
    assert update(world, admin, admin, verified=True).role.name == "admin"


def test_an_address_in_use_cannot_be_taken(world, admin, alice):
    with pytest.raises(EmailTaken):
        update(world, admin, alice, email="root@example.com")


def test_the_version_rises_with_every_change_and_guards_the_next(world, admin, alice):
    world.wait(seconds=1)
    second = update(world, admin, alice, email="ada@example.com", expected=("1", "7"))
    assert (second.version, second.updated_at) == (2, world.now)
    assert values(user_rows.get(alice.user_id)) == values(second)
    for expected in (("1",), ()):
        with pytest.raises(PreconditionFailed):
            update(world, admin, alice, email="eve@example.com", expected=expected)
    third = profiles.update_own(world.context(alice, expected=("2",)), bio="Hello.")
    assert (third.version, third.profile.bio, third.profile.display_name) == (3, "Hello.", "Alice")
    assert values(user_rows.get(alice.user_id)) == values(third)
    for change in (profiles.update_own, partial(profiles.replace, user_id=alice.user_id)):
        with pytest.raises(PreconditionFailed):
            change(world.context(alice, expected=("2",)), bio="Hello again.")


def test_what_changes_nothing_leaves_the_version(world, admin, alice):
    same = update(world, admin, alice, email="alice@example.com", verified=True)
    assert same.version == act(world, "set_role", admin, alice).version == 1
    with pytest.raises(PreconditionFailed):
        update(world, admin, alice, verified=True, expected=("2",))


def test_of_parallel_changes_to_one_version_one_wins(world, admin, alice):
    responses = world.together(
        *(partial(update, world, admin, alice, email=f"a{n}@example.com", expected=("1",)) for n in range(8))
    )
    assert kinds(responses) == {"User": 1, "PreconditionFailed": 7}


def test_of_a_change_and_a_deletion_of_one_version_only_one_is_done(world, admin, alice):
    responses = world.together(
        partial(update, world, admin, alice, email="a@example.com", expected=("1",)),
        partial(users.delete, world.context(admin, expected=("1",)), alice.user_id),
        behind="SELECT FROM users WHERE email = 'alice@example.com' FOR UPDATE",
    )
    assert kinds(responses) in ({"User": 1, "PreconditionFailed": 1}, {"NotFound": 1, "NoneType": 1})


def test_parallel_changes_of_different_things_all_stay(world, admin):
    guest = world.person("guest", "guest", verified=False)
    responses = world.together(
        partial(update, world, admin, guest, verified=True),
        partial(change_profile, world, admin, guest, bio="Hi."),
        partial(change_profile, world, admin, guest, locale="de"),
        behind="SELECT FROM users WHERE email = 'guest@example.com' FOR UPDATE",
    )
    assert kinds(responses) == {"User": 3}
    user = user_rows.get(guest.user_id)
    assert (user.role.name, user.profile.bio, user.profile.locale, user.version) == ("user", "Hi.", "de", 4)


def test_who_is_not_there_is_not_found(world, admin, alice):
    users.delete(world.context(admin), alice.user_id)
    for name in ("delete", "update", "profile", "set_role", "suspend", "restore"):
        with pytest.raises(NotFound):
            act(world, name, admin, alice)
    with pytest.raises(NotFound):
        user_rows.get(new_id())


def test_deleting_an_account_takes_its_sessions_and_profile_along(world, admin, alice):
    world.login("alice")
    users.delete(world.context(alice), alice.user_id)
    assert run("SELECT (SELECT count(*) FROM sessions), (SELECT count(*) FROM user_profiles)") == [(0, 1)]


@pytest.mark.parametrize("name", ["delete", "update", "profile", "set_role", "suspend", "restore"])
def test_nobody_touches_an_account_that_holds_more_than_they_do(world, admin, alice, name):
    everything_but_one = sorted(set(world.dependencies.permissions) - {"roles:assign"})
    world.role("steward", *everything_but_one)
    steward = world.person("steward", "steward")
    with pytest.raises(Forbidden) as refusal:
        act(world, name, steward, admin)
    assert refusal.value.reason == "beyond_actor"
    act(world, name, steward, alice)


@pytest.mark.parametrize("role", ["admin", "steward"])
def test_nobody_gives_a_role_that_holds_more_than_they_do(world, admin, alice, role):
    world.role(
        "clerk", "users:create", "roles:assign", "profiles:read", "account:read", "account:update", "sessions:end"
    )
    world.role("steward", "users:delete")
    clerk = world.person("clerk", "clerk")
    with pytest.raises(Forbidden):
        create(world, clerk, role=role)
    with pytest.raises(Forbidden):
        act(world, "set_role", clerk, alice, role=role)
    assert create(world, clerk, role="user").role.name == "user"


def test_verifying_a_guest_gives_a_role_too(world):
    world.role("clerk", "users:update", "account:read", "account:update", "sessions:end")
    clerk = world.person("clerk", "clerk")
    guest = world.person("guest", "guest", verified=False)
    update(world, clerk, guest, email="moved@example.com")
    with pytest.raises(Forbidden):
        update(world, clerk, guest, verified=True)


def test_a_permission_the_document_no_longer_knows_binds_nobody(world, admin):
    world.role("relic", "abacus:polish")
    relic = world.person("relic", "relic")
    assert act(world, "set_role", admin, relic).role.name == "user"


def test_a_row_that_only_refers_to_a_locked_user_need_not_wait(world):
    target = world.person("alice").user_id
    with transaction(), closing(current_database().connect_outside_pool()) as other, other.cursor() as cursor:
        user_rows.lock(target)
        cursor.execute("BEGIN; SET LOCAL lock_timeout = '2s'")
        cursor.execute(
            "INSERT INTO idempotency_keys (id, user_id, operation, key, fingerprint, expires_at)"
            " VALUES (gen_random_uuid(), %s, 'create_user', 'k', 'f', now())",
            (target,),
        )
        assert cursor.rowcount == 1
