"""What a connection is made with: DATABASE_URL is the whole truth, but for credentials and TLS.

libpq fills in what a connection string leaves out from variables of the environment, and some of them change where a
connection leads or what its session speaks. They are taken out of the environment of this process. Those that
authenticate and encrypt, such as PGPASSWORD and PGSSLROOTCERT, are left: dropping PGSSLMODE would weaken a connection.
So is PGSERVICEFILE, which counts where a URL names a service.
"""

import os

from psycopg2.extensions import parse_dsn

# A peer that vanishes without a word is noticed after this; a URL may say otherwise. Unix sockets ignore them.
_KEEPALIVE = {"keepalives_idle": "30", "keepalives_interval": "5", "keepalives_count": "3", "tcp_user_timeout": "20000"}

# Sent when the connection starts, so that they go before the settings of the role, and a pooler knows them. An empty
# `options` is not sent; it keeps a service file from filling it in.
_PINNED = {"client_encoding": "UTF8", "options": ""}

# libpq sends these two at the start of a connection too, but takes them from the environment alone.
_SESSION = {"PGTZ": "UTC", "PGDATESTYLE": "ISO"}

IGNORED = (
    *("PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGSERVICE"),
    *("PGTARGETSESSIONATTRS", "PGLOADBALANCEHOSTS", "PGCONNECT_TIMEOUT"),
    *("PGCLIENTENCODING", "PGOPTIONS", "PGAPPNAME", "PGGEQO"),
)
"""Variables of libpq that change nothing here."""


def connection_parameters(url: str, *, connect_seconds: float) -> dict[str, str]:
    """Return libpq's keywords for a URL, and make the environment say nothing else.

    Args:
        url: postgresql:// URL or libpq keywords; every parameter in it is kept, but for the encoding and `options`.
        connect_seconds: how long to try for a connection, unless the URL says otherwise.
    """
    _settle_environment()
    given = parse_dsn(url)
    return {"connect_timeout": str(int(connect_seconds)), **_KEEPALIVE, **given, **_PINNED}


def _settle_environment() -> None:
    for name in IGNORED:
        os.environ.pop(name, None)
    for name, value in _SESSION.items():
        if os.environ.get(name) != value:
            os.environ[name] = value
