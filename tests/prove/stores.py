"""A PostgreSQL and a Valkey of a proof's own, as a team would bring them: any account of the machine reaches them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from app.embedded import start_postgres, start_valkey


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


def _open(opened: Path) -> None:
    opened.parent.chmod(0o711)
    opened.chmod(0o777)
