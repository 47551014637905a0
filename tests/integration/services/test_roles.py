"""Roles under concurrency: anybody who changes or deletes one and anybody who gives it never both win."""

from dataclasses import replace
from functools import partial

import pytest

from app.context.context import Context
from app.database import run, transaction
from app.errors import Forbidden, NotFound, RoleTaken
from app.security.permissions import EVERYBODY
from app.services import roles, sessions, user_rows, users
from tests.integration.services.outcomes import kinds

NEW = "seven green bottles 9 falling"
HOLD_CLERK = "SELECT FROM roles WHERE name = 'clerk' FOR UPDATE"


def create(world, actor, name="clerk", *permissions):
    return roles.create(world.context(actor), name=name, description="", permissions=permissions)


def update(world, actor, role="clerk", *, expected=None, **changes):
    return roles.update(world.context(actor, expected=expected), role, **changes)


def delete(world, actor, role="clerk"):
    roles.delete(world.context(actor), role)


def give(world, actor, target, role="clerk"):
    return users.set_role(world.context(actor), target.user_id, role)


def hire(world, actor, role="clerk"):
    values = {"email": "new@example.com", "password": NEW, "role": role, "email_verified": True}
    return users.create(world.context(actor), **values)


@pytest.fixture
def admin(world):
    return world.person("root", "admin")


@pytest.fixture
def clara(world, admin):
    create(world, admin, "clerk", "users:list")
    return world.person("clara", "clerk")


def test_of_parallel_makings_of_one_name_one_wins(world, admin):
    outcomes = world.together(*[partial(create, world, admin, "clerk", "users:list")] * 8)

    assert kinds(outcomes) == {"Role": 1, "RoleTaken": 7}
    assert run("SELECT count(*) FROM role_permissions WHERE permission = 'users:list'") == [(1,)]


def test_of_parallel_changes_to_one_version_one_wins(world, admin, clara):
    before = roles.find(world.context(), "clerk")
    seen = (roles.etag(before),)
    works = [partial(update, world, admin, description=f"{number}", expected=seen) for number in range(8)]

    outcomes = world.together(*works, behind=HOLD_CLERK)

    assert kinds(outcomes) == {"Role": 1, "PreconditionFailed": 7}
    assert roles.find(world.context(), "clerk").version > before.version


def test_the_tag_of_a_role_tells_what_a_release_makes_of_it(world, admin, clara):
    grown = replace(world.dependencies, permissions={**world.dependencies.permissions, "ships:launch": "Launch ships."})
    shrunk = replace(
        world.dependencies, permissions={name: "" for name in world.dependencies.permissions if name != "users:list"}
    )

    def tags(dependencies):
        return [roles.etag(roles.find(Context(dependencies), name)) for name in ("admin", "clerk", "guest")]

    admins, clerks, guests = tags(world.dependencies)
    assert tags(grown) == [tags(grown)[0], clerks, guests] != [admins, clerks, guests]
    assert tags(shrunk)[2] == guests
    assert {admins, clerks}.isdisjoint(tags(shrunk))


def test_parallel_lists_of_permissions_leave_one_of_them_whole(world, admin, clara):
    lists = [["users:list", "users:read"], ["users:read", "users:update"], ["profiles:read"], []]

    outcomes = world.together(
        *(partial(update, world, admin, permissions=wanted) for wanted in lists), behind=HOLD_CLERK
    )

    assert kinds(outcomes) == {"Role": 4}
    held = roles.find(world.context(), "clerk").permissions - EVERYBODY
    assert held in [set(wanted) for wanted in lists]


@pytest.mark.parametrize("giving", [give, hire], ids=["set_role", "create"])
@pytest.mark.parametrize("first", ["the giving", "the deletion"])
def test_deleting_a_role_and_giving_it_never_both_win(world, admin, giving, first):
    create(world, admin)
    alice = world.person("alice")
    given = partial(give, world, admin, alice) if giving is give else partial(hire, world, admin)

    works = [given, partial(delete, world, admin)]
    outcomes = world.in_turn(*(works if first == "the giving" else works[::-1]), behind=HOLD_CLERK)

    wanted = ["User", "RoleInUse"] if first == "the giving" else ["NoneType", "ValidationError"]
    assert [type(outcome).__name__ for outcome in outcomes] == wanted
    assert run("SELECT count(*) FROM users u LEFT JOIN roles r ON r.id = u.role_id WHERE r.id IS NULL") == [(0,)]


@pytest.mark.parametrize("giving", [give, hire], ids=["set_role", "create"])
def test_a_role_renamed_while_it_is_being_given_is_no_role_under_its_old_name(world, admin, giving):
    create(world, admin)
    alice = world.person("alice")
    given = partial(give, world, admin, alice) if giving is give else partial(hire, world, admin)

    renamed, refused = world.in_turn(partial(update, world, admin, name="registrar"), given, behind=HOLD_CLERK)

    assert (renamed.name, refused.details[0].field) == ("registrar", "role")


def test_a_role_given_while_it_grows_is_judged_by_what_it_holds_then(world, admin):
    create(world, admin, "clerk")
    create(world, admin, "assigner", "roles:assign", "profiles:read")
    asta, alice = world.person("asta", "assigner"), world.person("alice")

    grown, refused = world.in_turn(
        partial(update, world, admin, permissions=["users:delete"]),
        partial(give, world, asta, alice),
        behind=HOLD_CLERK,
    )

    assert (type(grown).__name__, refused.reason) == ("Role", "beyond_actor")
    assert user_rows.get(alice.user_id).role.name == "user"


def test_an_account_keeps_its_role_whatever_that_is_called_by_the_time_it_is_saved(world, admin, clara):
    """The role is renamed, and its name taken by another, between the reading of the account and its saving."""
    user = user_rows.get(clara.user_id)
    update(world, admin, name="registrar")
    create(world, admin, "clerk", "users:delete")

    with transaction():
        user_rows.save(user, {"status": "suspended"}, now=world.now)

    assert user_rows.get(clara.user_id).role.name == "registrar"


def test_who_touches_an_account_is_judged_by_the_role_it_has_whatever_that_is_called(world, admin, clara):
    update(world, admin, name="registrar", permissions=["users:delete"])
    world.role("warden", "users:suspend", "users:list")
    wanda = world.person("wanda", "warden")

    with pytest.raises(Forbidden) as refusal:
        users.suspend(world.context(wanda), clara.user_id)

    assert refusal.value.reason == "beyond_actor"


def test_two_roles_that_swap_names_leave_two_roles(world, admin):
    create(world, admin, "one")
    create(world, admin, "two")

    with pytest.raises(RoleTaken):
        update(world, admin, "one", name="two")
    update(world, admin, "one", name="three")
    update(world, admin, "two", name="one")

    assert run("SELECT name FROM roles WHERE NOT built_in ORDER BY 1") == [("one",), ("three",)]


def test_of_parallel_deletions_one_finds_the_role(world, admin):
    create(world, admin)

    assert kinds(world.together(*[partial(delete, world, admin)] * 4, behind=HOLD_CLERK)) == {
        "NoneType": 1,
        "NotFound": 3,
    }


def test_of_parallel_revocations_one_finds_the_session(world, admin, clara):
    world.login("clara")
    [(session,)] = run("SELECT id FROM sessions")
    work = partial(sessions.revoke, world.context(clara), clara.user_id, session)

    outcomes = world.together(*[work] * 6, behind="SELECT FROM sessions FOR UPDATE")

    assert kinds(outcomes) == {"NoneType": 1, "NotFound": 5}
    with pytest.raises(NotFound):
        work()
