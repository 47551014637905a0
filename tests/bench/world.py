"""What the measured servers stand on: PostgreSQL and Valkey, Charter's schema, one user, an admin and a crowd.

The databases run on the core of the driver, for Charter and rivals alike; with three cores or more, on all that are
left. The core of the server is the server's alone.
"""

import contextlib
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import redis

from app.cli.migrating import bring_up_to_date
from app.config import Config
from app.database import bind
from app.embedded import EmbeddedError, start_postgres, start_valkey
from app.identifiers import new_id
from app.security.passwords import Passwords
from tests.bench.driver import CONNECTIONS, LoadError
from tests.bench.processes import CORES, LOAD_CORE, ROOT, SERVER_CORE, on_core, parent
from tests.bench.traffic import ADMIN_EMAIL, EMAIL, NAME, PASSWORD, TOKEN_SECONDS, USER_ID
from tests.limits import WIDE_LIMITS
from tests.prove.distribution import postgres, postgres_programs

BCRYPT_COST = 10
WIDE = "100000000/1"
CROWD = 10_000

# Each of the crowd came a minute after the next; the two who have a name came last.
_PEOPLE = """
WITH people AS (
    SELECT %(user)s::uuid AS id, %(user_email)s AS email, 'user' AS role, %(name)s AS name, now() AS moment
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
# A session for each of them, so that PostgreSQL plans for a table with rows.
_SESSIONS = """
INSERT INTO sessions
    (id, user_id, generation, key_id, idle_expires_at, expires_at, address, network, created_at, updated_at)
SELECT gen_random_uuid(), id, 1, 'k1', now() + interval '30 days', now() + interval '90 days',
       '127.0.0.1', '127.0.0.1', created_at, created_at
FROM users
"""
# The lists of Charter are read by indexes that begin with the status. A list written by hand needs this one.
_RIVAL_INDEX = "CREATE INDEX rival_users_created_at ON users (created_at, id)"
# The refresh tokens of the rivals. A token is the id and a secret; the row has the digest of the secret.
_RIVALS = """
CREATE TABLE rival_sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users,
    token_digest bytea NOT NULL,
    idle_expires_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
)
"""
_RIVAL_TOKENS = """
WITH made AS (
    SELECT gen_random_uuid() AS id, gen_random_uuid()::text AS secret FROM generate_series(1, %s)
), stored AS (
    INSERT INTO rival_sessions
    SELECT id, %s, sha256(secret::bytea), now() + interval '30 days', now() + interval '90 days' FROM made
)
SELECT id || '.' || secret FROM made
"""


@dataclass(frozen=True, slots=True)
class World:
    """The databases, with people in them.

    Attributes:
        database_url: of PostgreSQL, as its superuser.
        name: which PostgreSQL it is, for people.
        environ: the environment of the servers, Charter and rivals alike.
        processes: the first process of `postgres` and of `valkey`.
    """

    database_url: str
    name: str
    environ: Mapping[str, str]
    processes: Mapping[str, int]

    def rival_tokens(self) -> list[str]:
        """Return refresh tokens of the rivals, a session for each connection."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(_RIVAL_TOKENS, (CONNECTIONS, USER_ID))
            return [token for (token,) in cursor.fetchall()]

    @contextlib.contextmanager
    def connect(self) -> Iterator[psycopg2.extensions.connection]:
        """Lend a connection in autocommit."""
        with contextlib.closing(psycopg2.connect(self.database_url)) as connection:
            connection.autocommit = True
            yield connection


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
def world(folder: Path) -> Iterator[World]:
    """Start the databases, migrate, make the people, and stop the databases in the end.

    Args:
        folder: for their data.

    Raises:
        LoadError: a database did not start.
    """
    cores = [core for core in CORES if core not in (SERVER_CORE, LOAD_CORE)] or [LOAD_CORE]
    with contextlib.ExitStack() as stack:
        with on_core(*cores):
            url, name = stack.enter_context(_postgres(folder))
            try:
                valkey = start_valkey(folder)
            except EmbeddedError as error:
                raise LoadError(str(error)) from error
        if valkey is None:
            raise LoadError("there is no Valkey for this platform: install valkey-server or redis-server")
        stack.callback(valkey.stop)
        environ = environment(url, valkey.url)
        database = bind(Config.from_environment(environ), size=2)
        bring_up_to_date(database, report=_silent)
        database.reset()
        make_people(url)
        yield World(url, name, environ, {"postgres": _postmaster(url), "valkey": _valkey(valkey.url)})


# All entrants are connected at once, each with a connection for each of its threads.
SETTINGS = ("max_connections=400",)


@contextlib.contextmanager
def _postgres(folder: Path) -> Iterator[tuple[str, str]]:
    """Run the newest PostgreSQL of the distribution with its default settings, else the embedded one."""
    installed = postgres_programs()
    if installed:
        version, programs = max(installed.items())
        with (
            _readable_by_all() as place,
            postgres(programs, place / "postgres", time_zone="UTC", settings=SETTINGS) as url,
        ):
            yield url, f"PostgreSQL {version} ({programs}), default settings but {', '.join(SETTINGS)}"
        return
    try:
        server = start_postgres(folder)
    except EmbeddedError as error:
        raise LoadError(str(error)) from error
    try:
        yield server.url, "the embedded PostgreSQL, with the settings of development"
    finally:
        server.stop()


@contextlib.contextmanager
def _readable_by_all() -> Iterator[Path]:
    """Lend a folder that the account of PostgreSQL can pass through, on a disk and not in memory."""
    with tempfile.TemporaryDirectory(prefix="charter-bench-", dir="/var/tmp") as name:
        Path(name).chmod(0o711)
        yield Path(name)


def _postmaster(url: str) -> int:
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        row = cursor.fetchone()
        assert row is not None
        return parent(row[0])


def _valkey(url: str) -> int:
    return int(redis.Redis.from_url(url).info("server")["process_id"])


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
    people = {"password": Passwords(15, 256, BCRYPT_COST).hash(PASSWORD), "crowd": CROWD, "name": NAME}
    people |= {"user": USER_ID, "user_email": EMAIL, "admin": str(new_id()), "admin_email": ADMIN_EMAIL}
    with contextlib.closing(psycopg2.connect(database_url)) as connection, connection, connection.cursor() as cursor:
        for statement in (_PEOPLE, _SESSIONS, _RIVAL_INDEX, _RIVALS):
            cursor.execute(statement, people)
    with contextlib.closing(psycopg2.connect(database_url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("VACUUM ANALYZE")


def _silent(line: str) -> None:
    """Say nothing of each migration."""
