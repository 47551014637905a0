"""What the measured servers stand on: PostgreSQL and Valkey, Charter's schema, one user.

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
from app.database import bind
from app.embedded import EmbeddedError, start_postgres, start_valkey
from app.identifiers import new_id
from app.security.passwords import Passwords
from app.settings import Settings
from tests.bench.driver import LoadError
from tests.bench.processes import CORES, ROOT, on_core
from tests.bench.traffic import EMAIL, PASSWORD, TOKEN_SECONDS
from tests.bench.works import BCRYPT_COST

WIDE = "100000000/1"
BUCKETS = ("DEFAULT", "READ", "WRITE", "LOGIN", "REGISTER", "REFRESH")


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
        database = bind(Settings.from_environment(environ), size=2)
        bring_up_to_date(database, report=_silent)
        database.reset()
        make_user(postgres.url)
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
        **{f"LIMIT_{bucket}": WIDE for bucket in BUCKETS},
        "LIMIT_ACCOUNT_FAILURES": "1000",
        "LIMIT_CLIENT_FAILURES": "100000",
    }


def make_user(database_url: str) -> None:
    """Insert a verified account of the role `user` with a profile."""
    stored = Passwords(15, 256, BCRYPT_COST).hash(PASSWORD)
    user_id = str(new_id())
    with contextlib.closing(psycopg2.connect(database_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO users (id, email, password_hash, role_id, status, verified_at)"
            " SELECT %s, %s, %s, id, 'active', now() FROM roles WHERE name = 'user'",
            (user_id, EMAIL, stored),
        )
        cursor.execute(
            "INSERT INTO user_profiles (id, user_id, display_name, locale, time_zone) VALUES (%s, %s, %s, %s, %s)",
            (str(new_id()), user_id, "Alice", "en-GB", "Europe/London"),
        )


def _silent(line: str) -> None:
    """Say nothing of each migration."""
