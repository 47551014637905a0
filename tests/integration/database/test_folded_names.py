"""Names that are stored already are searched as new ones are, once the database is migrated."""

from collections.abc import Iterator

import pytest

from app.database import Database
from app.database.migration_history import MIGRATIONS
from app.database.migrator import Router, migrate, rollback
from app.text import search_key
from tests.servers import Servers

NAME = "2026-11-30-01-00-folded-names"
NAMES = [
    "Zoe\u0308", "Ａｄａ", "ﬁona", "ΟΔΥΣΣΕΥΣ", "Straße", "Plain", " Two  blanks ", "\ufdfa" * 100, "İ",
    "a\u0315\u0323" * 33,
]  # fmt: skip
# More than a batch, so that there is a second one.
PLAIN = 5_001

POPULATE = """
INSERT INTO users (id, email, password_hash, role_id, version, updated_at)
    SELECT gen_random_uuid(), 'u' || n || '@example.com', 'x', r.id, 7, '2026-01-01Z'
    FROM roles r, generate_series(1, %s) n WHERE r.name = 'user'
"""
PROFILES = """
INSERT INTO user_profiles (id, user_id, display_name)
SELECT gen_random_uuid(), id, (%s::text[])[substr(split_part(email, '@', 1), 2)::int] FROM users
"""
STORED = """
SELECT p.display_name, u.name_key FROM users u JOIN user_profiles p ON p.user_id = u.id WHERE p.display_name IS NOT NULL
"""
UNTOUCHED = "SELECT count(*) FROM users WHERE version = 7 AND updated_at = '2026-01-01Z'"
RENAME = "UPDATE user_profiles SET display_name = %s WHERE user_id = (SELECT id FROM users WHERE email = %s)"


def quiet(line: str) -> None:
    """Take a line of progress."""


@pytest.fixture
def former(servers: Servers) -> Iterator[Database]:
    """A database of the release before, with people in it."""
    database = Database(servers.clone(), size=2)
    later = [path.stem for path in MIGRATIONS.glob("*.py") if path.stem >= NAME]
    rollback(database, len(later), report=quiet)
    with database.connection_context():
        database.execute_sql(POPULATE, (PLAIN,))
        database.execute_sql(PROFILES, (NAMES,))
    yield database
    database.reset()
    servers.drop(database.url)


def test_stored_names_are_folded_and_no_account_gets_another_version(former: Database) -> None:
    with former.connection_context():
        before = dict(former.execute_sql(STORED).fetchall())
        assert before["Plain"] == "plain"
        assert before["ﬁona"] == "ﬁona"

    assert NAME in migrate(former, report=quiet)

    with former.connection_context():
        assert dict(former.execute_sql(STORED).fetchall()) == {name: search_key(name) for name in NAMES}
        assert former.execute_sql(UNTOUCHED).fetchone() == (PLAIN,)
    rolled_back = rollback(former, len([path for path in MIGRATIONS.glob("*.py") if path.stem >= NAME]), report=quiet)
    assert NAME in rolled_back
    with former.connection_context():
        assert dict(former.execute_sql(STORED).fetchall()) == before
        assert former.execute_sql(UNTOUCHED).fetchone() == (PLAIN,)


def test_a_name_that_another_release_writes_is_searched_in_small_letters(former: Database) -> None:
    migrate(former, report=quiet)
    with former.connection_context():
        former.execute_sql(RENAME, ("Émile ZOLA", "u6@example.com"))
        assert dict(former.execute_sql(STORED).fetchall())["Émile ZOLA"].lower() == "émile zola"
        former.execute_sql("UPDATE users SET name_key = 'as folded by the server' WHERE email = 'u6@example.com'")
        former.execute_sql("UPDATE user_profiles SET display_name = display_name, bio = 'x'")
        assert dict(former.execute_sql(STORED).fetchall())["Émile ZOLA"] == "as folded by the server"


def test_the_migration_folds_as_the_server_does() -> None:
    folded = Router(Database("postgresql:///x", size=1), migrate_dir=MIGRATIONS).load(NAME)["folded"]
    signs = [chr(number) for number in range(0x3_0000)]
    assert [sign for sign in signs if folded(f"a{sign} ") != search_key(f"a{sign} ")] == []
    assert [name for name in NAMES if folded(name) != search_key(name)] == []
