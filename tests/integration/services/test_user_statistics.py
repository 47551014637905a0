"""The counts of accounts: equal to a plain count after whatever changes accounts, and while rows are put together."""

from collections.abc import Callable
from contextlib import closing
from functools import partial

import psycopg2
import pytest

from app.database import run, transaction
from app.database.migration_history import MIGRATIONS
from app.database.migrator import Router
from app.errors import AppError
from app.services import roles, user_statistics, users
from models.record import database as proxy

PLAIN = """
SELECT r.name, u.status, count(u.id) FROM roles r LEFT JOIN users u ON u.role_id = r.id GROUP BY 1, 2
"""
CROWD = """
INSERT INTO users (id, email, password_hash, role_id, status)
SELECT gen_random_uuid(), 'crowd' || n || '@example.com', '', r.id,
       CASE WHEN n % 10 = 0 THEN 'suspended' ELSE 'active' END
FROM generate_series(1, 1000) n, roles r WHERE r.name = 'guest'
"""
MIGRATION = "2026-11-23-07-30-user-counts"


def counted_one_by_one() -> user_statistics.UserTotals:
    by_role: dict[str, int] = {}
    by_status = {"active": 0, "suspended": 0}
    for role, status, number in sorted(run(PLAIN), key=lambda row: row[0]):
        by_role[role] = by_role.get(role, 0) + number
        if status:
            by_status[status] += number
    return user_statistics.UserTotals(sum(by_role.values()), by_role, by_status)


def right() -> bool:
    return user_statistics.totals() == counted_one_by_one()


def rows() -> int:
    return int(run("SELECT count(*) FROM user_counts")[0][0])


def merge() -> None:
    user_statistics.merge(leave=0)


def test_every_change_of_an_account_counts_at_once(world) -> None:
    assert user_statistics.totals() == (0, {"admin": 0, "guest": 0, "user": 0}, {"active": 0, "suspended": 0})
    ada, bob = world.person("ada", "admin"), world.person("bob")
    world.person("gus", "guest", verified=False)
    assert user_statistics.totals() == (3, {"admin": 1, "guest": 1, "user": 1}, {"active": 3, "suspended": 0})

    users.suspend(world.context(ada), bob.user_id)
    users.set_role(world.context(ada), bob.user_id, "guest")

    assert user_statistics.totals() == (3, {"admin": 1, "guest": 2, "user": 0}, {"active": 2, "suspended": 1})
    users.delete(world.context(ada), bob.user_id)
    assert user_statistics.totals() == (2, {"admin": 1, "guest": 1, "user": 0}, {"active": 2, "suspended": 0})


def test_roles_that_come_and_go_or_change_their_names_are_followed(world) -> None:
    ada, bob = world.person("ada", "admin"), world.person("bob")
    world.role("clerk")
    users.set_role(world.context(ada), bob.user_id, "clerk")
    assert user_statistics.totals().by_role == {"admin": 1, "clerk": 1, "guest": 0, "user": 0}

    roles.update(world.context(ada), "clerk", name="librarian")
    assert user_statistics.totals().by_role == {"admin": 1, "guest": 0, "librarian": 1, "user": 0}

    users.set_role(world.context(ada), bob.user_id, "user")
    roles.delete(world.context(ada), "librarian")
    assert user_statistics.totals() == (2, {"admin": 1, "guest": 0, "user": 1}, {"active": 2, "suspended": 0})
    merge()
    assert (rows(), right()) == (2, True)


def test_a_statement_leaves_no_more_than_a_row_for_each_role_and_status(world) -> None:
    run(CROWD)
    assert (rows(), right()) == (2, True)
    run("UPDATE users SET updated_at = now(), version = version + 1")
    assert (rows(), right()) == (2, True)
    run("UPDATE users SET status = 'active'")
    assert (rows(), right()) == (4, True)
    run("DELETE FROM users WHERE email LIKE '%7@example.com'")
    assert (rows(), right()) == (5, True)
    run("TRUNCATE users CASCADE")
    assert (rows(), right()) == (0, True)


def test_what_is_rolled_back_counts_nothing(world) -> None:
    world.person("ada", "admin")
    before = run("SELECT role_id, status, number FROM user_counts")

    with pytest.raises(ZeroDivisionError), transaction():
        run(CROWD)
        raise ZeroDivisionError

    assert run("SELECT role_id, status, number FROM user_counts") == before
    assert right()


def test_few_rows_are_left_as_they_are_and_many_put_together(world) -> None:
    for name in ("ada", "bob", "eve"):
        world.person(name)

    user_statistics.merge(leave=3)
    assert rows() == 3
    user_statistics.merge(leave=2)

    assert (rows(), right()) == (1, True)


def test_counts_are_right_while_many_change_accounts_and_put_rows_together(world) -> None:
    ada = world.person("ada", "admin")
    people = [world.person(f"p{number}").user_id for number in range(14)]
    works: list[Callable[[], object]] = []
    works += [partial(world.person, f"new{number}", "guest", verified=False) for number in range(6)]
    works += [partial(users.delete, world.context(ada), user_id) for user_id in people[:7]]
    works += [partial(users.set_role, world.context(ada), user_id, "guest") for user_id in people[7:]]
    works[3:3] = works[9:9] = works[15:15] = [merge]

    outcomes = world.together(*works)

    assert [outcome for outcome in outcomes if isinstance(outcome, Exception | AppError)] == []
    assert right()
    assert user_statistics.totals() == (14, {"admin": 1, "guest": 13, "user": 0}, {"active": 14, "suspended": 0})
    merge()
    assert (rows(), right()) == (2, True)


def test_rows_that_another_is_putting_together_are_left_to_them(world, database_url) -> None:
    for name in ("ada", "bob", "eve"):
        world.person(name)
    with closing(psycopg2.connect(database_url)) as other, other.cursor() as cursor:
        cursor.execute("DELETE FROM user_counts")
        cursor.execute(
            "INSERT INTO user_counts (role_id, status, number) SELECT id, 'active', 3 FROM roles WHERE name = 'user'"
        )
        world.person("zoe")
        world.person("yan")

        merge()

        assert (rows(), right()) == (4, True)
        other.commit()
    assert (rows(), right()) == (2, True)
    merge()
    assert (rows(), right()) == (1, True)


def test_accounts_made_while_the_migration_runs_are_counted_once(world, database_url) -> None:
    database = proxy.obj
    scope = Router(database, migrate_dir=MIGRATIONS).load(MIGRATION)
    world.person("ada", "admin")
    with database.connection_context():
        scope["rollback"](None, database)
        world.person("bob")
        with closing(psycopg2.connect(database_url)) as other, other.cursor() as cursor:
            cursor.execute(CROWD)
            scope["_LOCK_WAIT"] = "20ms"
            with pytest.raises(AppError):
                scope["migrate"](None, database)
            other.commit()
        scope["_briefly"](database, scope["TABLE"], scope["TRIGGERS"])
        with closing(psycopg2.connect(database_url)) as other, other.cursor() as cursor:
            cursor.execute("DELETE FROM users WHERE email LIKE 'crowd1%'")
            world.person("eve", "guest")
            run(scope["SEED"])
            other.commit()

        assert right()
        assert user_statistics.totals().by_role["guest"] > 800
        scope["migrate"](None, database)
    assert right()
