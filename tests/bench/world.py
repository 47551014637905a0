"""What the measured servers stand on: PostgreSQL and Valkey, Charter's schema, one user, an admin and a crowd.

The databases run on whichever core has room, for Charter and rivals alike: tied to the load's core they would be
what limits the quicker entrants, and the ratios would be those of their SQL.
"""

import contextlib
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg2

from app.cli.migrating import bring_up_to_date
from app.config import Config
from app.database import bind
from app.embedded import EmbeddedError, start_postgres, start_valkey
from app.identifiers import new_id
from app.security.passwords import Passwords
from tests.bench.driver import LoadError
from tests.bench.processes import CORES, ROOT, on_core
from tests.bench.traffic import ADMIN_EMAIL, EMAIL, PASSWORD, TOKEN_SECONDS, USER_ID
from tests.bench.works import BCRYPT_COST
from tests.limits import WIDE_LIMITS

WIDE = "100000000/1"
CROWD = 10_000

# Each of the crowd came a minute after the next; the two who have a name came last.
_PEOPLE = """
WITH people AS (
    SELECT %(user)s::uuid AS id, %(user_email)s AS email, 'user' AS role, 'Alice' AS name, now() AS moment
    UNION ALL SELECT %(admin)s::uuid, %(admin_email)s, 'admin', 'Ada', now()
    UNION ALL
    SELECT gen_random_uuid(), 'crowd' || n || '@example.com', 'user', 'Person ' || n, now() - n * interval '1 minute'
    FROM generate_series(1, %(crowd)s) n
), accounts AS (
    INSERT INTO users (id, email, name_key, password_hash, role_id, status, verified_at, created_at, updated_at)
    SELECT people.id, email, lower(people.name), %(password)s, roles.id, 'active', moment, moment, moment
    FROM people JOIN roles ON roles.name = people.role
)
INSERT INTO user_profiles (id, user_id, display_name, locale, time_zone)
SELECT gen_random_uuid(), id, name, 'en-GB', 'Europe/London' FROM people
"""


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """Lend a folder on the disk where development keeps its data, and remove it with all that was made for it."""
    state = ROOT / ".charter"
    state.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=state) as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL refuses to run as root, and the account it runs as passes through here
        try:
            yield folder
        finally:
            for elsewhere in folder.glob("*/postgres"):
                if elsewhere.is_symlink():
                    shutil.rmtree(elsewhere.resolve(), ignore_errors=True)


@contextlib.contextmanager
def world(folder: Path) -> Iterator[Mapping[str, str]]:
    """Start the databases, migrate, make the user, and stop the databases in the end.

    Args:
        folder: for their data.

    Returns:
        The environment of the servers, Charter and rivals alike.

    Raises:
        LoadError: a database did not start.
    """
    with contextlib.ExitStack() as stack:
        try:
            with on_core(*CORES):
                postgres = start_postgres(folder)
                stack.callback(postgres.stop)
                valkey = start_valkey(folder)
        except EmbeddedError as error:
            raise LoadError(str(error)) from error
        if valkey is None:
            raise LoadError("there is no Valkey for this platform: install valkey-server or redis-server")
        stack.callback(valkey.stop)
        environ = environment(postgres.url, valkey.url)
        database = bind(Config.from_environment(environ), size=2)
        bring_up_to_date(database, report=_silent)
        database.reset()
        make_people(postgres.url)
        yield environ


def environment(database_url: str, redis_url: str) -> dict[str, str]:
    """Return settings as in production, with limits that no load reaches and secrets made now."""
    return {
        "CHARTER_ENV": "production",
        "CHARTER_GATEWAY": "compiled",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "JWT_SECRET": secrets.token_urlsafe(48),
        "REFRESH_KEYS": f"k1:{secrets.token_urlsafe(48)}",
        "METRICS_TOKEN": secrets.token_urlsafe(32),
        "ACCESS_TOKEN_SECONDS": str(TOKEN_SECONDS),
        "REQUEST_SECONDS": "60",
        "BCRYPT_COST": str(BCRYPT_COST),
        **dict.fromkeys(WIDE_LIMITS, WIDE),
        "LIMIT_ACCOUNT_FAILURES": "1000",
        "LIMIT_CLIENT_FAILURES": "100000",
    }


def make_people(database_url: str) -> None:
    """Insert verified accounts with profiles: the user of the bench, an admin, and a crowd that fills the lists."""
    people = {"password": Passwords(15, 256, BCRYPT_COST).hash(PASSWORD), "crowd": CROWD}
    people |= {"user": USER_ID, "user_email": EMAIL, "admin": str(new_id()), "admin_email": ADMIN_EMAIL}
    with contextlib.closing(psycopg2.connect(database_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(_PEOPLE, people)
        cursor.execute("ANALYZE users, user_profiles")


def _silent(line: str) -> None:
    """Say nothing of each migration."""
