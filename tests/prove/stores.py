"""A PostgreSQL and a Valkey of a proof's own, which any account of the machine reaches, and the accounts in them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from app.database import Database
from app.embedded import start_postgres, start_valkey
from app.security.passwords import Passwords
from models.record import database as proxy
from tests.folders import remove
from tests.people import PASSWORD, make_account
from tests.servers import migrated


@contextmanager
def stores(place: Path) -> Iterator[dict[str, str]]:
    """Start both, give the variables that name them, and stop them.

    Args:
        place: made for them.
    """
    place.mkdir()
    place.chmod(0o711)
    postgres = start_postgres(place, durable=False)
    found = {"DATABASE_URL": postgres.url}
    _open(Path(parse_qs(urlsplit(postgres.url).query)["host"][0]) / ".s.PGSQL.5432")
    valkey = start_valkey(place)
    if valkey is not None:
        found["REDIS_URL"] = valkey.url
        _open(Path(unquote(urlsplit(valkey.url).path)))
    try:
        yield found
    finally:
        postgres.stop()
        if valkey is not None:
            valkey.stop()
        remove(place)


@contextmanager
def database_of_admins(url: str, names: Iterable[str]) -> Iterator[None]:
    """Bring a database up to date and make admins in it; inside the block, the models read and write there.

    Args:
        names: the first parts of their addresses; the rest is that of `tests.people`, and so is their password.
    """
    migrated(url)
    database = Database(url, size=2)
    proxy.initialize(database)
    try:
        for name in names:
            make_account(name, "admin", Passwords(15, 256, 4).hash(PASSWORD), now=datetime.now(UTC))
        yield
    finally:
        proxy.initialize(None)
        database.close()
        database.reset()


def _open(opened: Path) -> None:
    opened.parent.chmod(0o711)
    opened.chmod(0o777)
