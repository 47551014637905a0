"""There is always an active admin."""

from functools import partial

import pytest

from app.context.event import Event
from app.database import run
from app.errors import EmailTaken, LastAdmin, ValidationError
from app.services import users
from tests.integration.services.outcomes import kinds

NEW = "seven green bottles 9 falling"


def remover(world, name, actor, target):
    common = {"user_id": target.user_id, "actor": actor, "tools": world.dependencies}
    if name == "delete":
        return partial(users.delete, **common)
    if name == "demote":
        return partial(users.set_role, role="user", expected_version=None, event=Event(), **common)
    return partial(users.suspend, expected_version=None, **common)


def active_admins():
    return run(
        "SELECT count(*) FROM users u JOIN roles r ON r.id = u.role_id WHERE r.name = 'admin' AND u.status = 'active'"
    )[0][0]


@pytest.mark.parametrize("name", ["demote", "suspend", "delete"])
def test_the_last_active_admin_stays(world, name):
    admin = world.person("root", "admin")
    other = world.person("other", "admin")
    users.suspend(user_id=other.user_id, expected_version=None, actor=admin, dependencies=world.dependencies)
    with pytest.raises(LastAdmin):
        remover(world, name, admin, admin)()
    assert active_admins() == 1
    users.restore(user_id=other.user_id, expected_version=None, actor=admin, dependencies=world.dependencies)
    remover(world, name, admin, admin)()


@pytest.mark.parametrize("name", ["demote", "suspend", "delete"])
def test_two_admins_removing_each_other_leave_one(world, name):
    for number in range(5):
        run("DELETE FROM users")
        one, two = world.person(f"one{number}", "admin"), world.person(f"two{number}", "admin")
        responses = world.together(remover(world, name, one, two), remover(world, name, two, one))
        assert kinds(responses)["LastAdmin"] == 1
        assert active_admins() == 1


def test_making_the_last_admin_admin_again_is_no_change(world):
    admin = world.person("root", "admin")
    same = users.set_role(
        user_id=admin.user_id,
        role="admin",
        expected_version=None,
        actor=admin,
        dependencies=world.dependencies,
        event=Event(),
    )
    assert same == admin.account


def test_replicas_racing_for_the_first_admin_make_one(world):
    make = partial(users.create_first_admin, email="Admin@example.com", password=NEW, dependencies=world.dependencies)
    responses = world.together(*[make] * 6)
    assert kinds(responses) == {"Account": 1, "NoneType": 5}
    account = world.login("admin", NEW).account
    assert (account.role, account.verified_at) == ("admin", world.now)
    assert make() is None


def test_the_first_admin_needs_an_address_of_their_own_and_a_password_that_meets_the_policy(world):
    world.person("alice")
    with pytest.raises(EmailTaken):
        users.create_first_admin(email="alice@example.com", password=NEW, dependencies=world.dependencies)
    with pytest.raises(ValidationError):
        users.create_first_admin(email="admin@example.com", password="changeme", dependencies=world.dependencies)
    assert active_admins() == 0
