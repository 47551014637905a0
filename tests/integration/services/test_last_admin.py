"""There is always an active admin."""

from functools import partial
from typing import Any

import pytest

from app.database import run
from app.errors import EmailTaken, LastAdmin, ValidationError
from app.services import first_admin, users
from tests.integration.services.outcomes import kinds, values

NEW = "seven green bottles 9 falling"


def remover(world, name, actor, target):
    services: dict[str, Any] = {
        "delete": users.delete,
        "demote": partial(users.set_role, role="user"),
        "suspend": users.suspend,
    }
    return partial(services[name], world.context(actor), target.user_id)


def active_admins():
    return run(
        "SELECT count(*) FROM users u JOIN roles r ON r.id = u.role_id WHERE r.name = 'admin' AND u.status = 'active'"
    )[0][0]


@pytest.mark.parametrize("name", ["demote", "suspend", "delete"])
def test_the_last_active_admin_stays(world, name):
    admin = world.person("root", "admin")
    other = world.person("other", "admin")
    users.suspend(world.context(admin), other.user_id)
    with pytest.raises(LastAdmin):
        remover(world, name, admin, admin)()
    assert active_admins() == 1
    users.restore(world.context(admin), other.user_id)
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
    same = users.set_role(world.context(admin), admin.user_id, "admin")
    assert values(same) == values(admin.user)


def test_replicas_racing_for_the_first_admin_create_one(world):
    create = partial(first_admin.create, world.context(), email="Admin@example.com", password=NEW)
    responses = world.together(*[create] * 6)
    assert kinds(responses) == {"User": 1, "NoneType": 5}
    user = world.login("admin", NEW).user
    assert (user.role.name, user.verified_at) == ("admin", world.now)
    assert create() is None


def test_the_first_admin_needs_an_address_of_their_own_and_a_password_that_meets_the_policy(world):
    world.person("alice")
    with pytest.raises(EmailTaken):
        first_admin.create(world.context(), email="alice@example.com", password=NEW)
    with pytest.raises(ValidationError):
        first_admin.create(world.context(), email="admin@example.com", password="changeme")
    assert active_admins() == 0
