"""Hooks of a project on accounts: in the transaction they decide with it, after the commit they break nothing."""

from dataclasses import replace
from typing import Any

import pytest

from app.context.account_hooks import AccountHooks, on
from app.database import run, unit_of_work
from app.errors import Conflict, NotFound
from app.services import first_admin, registration, user_rows, users

NEW = "seven green bottles 9 falling"


class Recorder:
    """Functions that note their calls, registered for every event, in the transaction or after it."""

    def __init__(self, *, after_commit: bool = False, error: Exception | None = None) -> None:
        self.calls: list[tuple[str, str, str]] = []
        self.error = error
        self.functions = [self._function(name, after_commit) for name in ("created", "verified", "suspended")]
        self.functions += [self._function(name, after_commit) for name in ("restored", "deleted")]

    def _function(self, name: str, after_commit: bool) -> Any:
        def hook(context: Any, user: Any) -> None:
            self.calls.append((name, user.email, user.role.name))
            if self.error:
                raise self.error

        return on(f"user.{name}", after_commit=after_commit)(hook)

    def install(self, world: Any) -> None:
        world.dependencies = replace(world.dependencies, hooks=AccountHooks.of(self.functions))

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.calls]


@pytest.fixture
def admin(world):
    return world.person("root", "admin")


def test_each_event_calls_its_hooks_once_and_only_if_something_changes(world, admin):
    recorder = Recorder()
    recorder.install(world)
    context = world.context(admin)
    registration.register(context, email="new@example.com", password=NEW)
    registration.register(context, email="new@example.com", password=NEW)
    assert recorder.calls == [("created", "new@example.com", "guest")]
    made = users.create(context, email="b@example.com", password=NEW, email_verified=True)
    assert recorder.names[1:] == ["created", "verified"]
    recorder.calls.clear()
    for _ in range(2):
        users.suspend(context, made.id)
    for _ in range(2):
        users.restore(context, made.id)
    users.update(context, made.id, email="c@example.com")
    for _ in range(2):
        users.update(context, made.id, email_verified=True)
    users.delete(context, made.id)
    assert recorder.names == ["suspended", "restored", "verified", "deleted"]


def test_the_first_admin_is_created_and_verified(world):
    recorder = Recorder()
    recorder.install(world)
    first_admin.create(world.context(), email="root@example.com", password=NEW)
    assert recorder.calls == [("created", "root@example.com", "admin"), ("verified", "root@example.com", "admin")]


@pytest.mark.parametrize("name", ["create", "suspend", "restore", "delete", "verify"])
def test_an_error_of_a_hook_in_the_transaction_undoes_the_change(world, admin, name):
    alice, bob = world.person("alice"), world.person("bob", verified=False)
    users.suspend(world.context(admin), bob.user_id)
    Recorder(error=Conflict("Not now.", code="NOT_NOW")).install(world)
    before = run("SELECT id, status, verified_at, version FROM users ORDER BY id")
    context = world.context(admin)
    act: Any = {
        "create": lambda: users.create(context, email="b@example.com", password=NEW),
        "suspend": lambda: users.suspend(context, alice.user_id),
        "restore": lambda: users.restore(context, bob.user_id),
        "delete": lambda: users.delete(context, alice.user_id),
        "verify": lambda: users.update(context, bob.user_id, email_verified=True),
    }[name]
    with pytest.raises(Conflict, match="Not now"):
        act()
    assert run("SELECT id, status, verified_at, version FROM users ORDER BY id") == before


def test_a_hook_after_the_commit_breaks_nothing_and_is_not_called_after_a_rollback(world, admin):
    alice = world.person("alice")
    recorder = Recorder(after_commit=True, error=ConnectionError("the mail server is away"))
    recorder.install(world)
    with unit_of_work():
        users.suspend(world.context(admin), alice.user_id)
        assert recorder.calls == []
    assert recorder.names == ["suspended"]
    assert user_rows.get(alice.user_id).status == "suspended"
    with pytest.raises(RuntimeError, match="the response does not match"), unit_of_work():
        users.delete(world.context(admin), alice.user_id)
        raise RuntimeError("the response does not match")
    assert recorder.names == ["suspended"]
    users.delete(world.context(admin), alice.user_id)
    with pytest.raises(NotFound):
        user_rows.get(alice.user_id)


def test_an_unknown_event_is_refused_where_it_is_written():
    with pytest.raises(ValueError, match=r"no account event 'user.removed': use one of user.created, .*user.deleted"):
        on("user.removed")
