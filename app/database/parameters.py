"""The parameters of a connection: only DATABASE_URL decides, except for credentials and TLS.

libpq reads parameters that a connection string does not contain from environment variables. Some of these change the
server or the settings of the session, so they are removed from the environment of this process. Those for
authentication and encryption stay, such as PGPASSWORD and PGSSLROOTCERT: without PGSSLMODE a connection would be less
safe. PGSERVICEFILE stays too; it is used where a URL names a service.
"""

import os

from psycopg2.extensions import parse_dsn

# These detect a peer that disappears; a URL may override them. Unix sockets ignore them.
_KEEPALIVE = {"keepalives_idle": "30", "keepalives_interval": "5", "keepalives_count": "3", "tcp_user_timeout": "20000"}

# These are sent when the connection starts. So they override the settings of the role, and a pooler supports them. An
# empty `options` is not sent; it prevents that a service file sets it.
_FIXED = {"client_encoding": "UTF8", "options": ""}

# libpq sends these two at the start of a connection too, but reads them from the environment only.
_ENVIRONMENT = {"PGTZ": "UTC", "PGDATESTYLE": "ISO"}

IGNORED = (
    *("PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGSERVICE"),
    *("PGTARGETSESSIONATTRS", "PGLOADBALANCEHOSTS", "PGCONNECT_TIMEOUT"),
    *("PGCLIENTENCODING", "PGOPTIONS", "PGAPPNAME", "PGGEQO"),
)
"""Variables of libpq that are ignored here."""


def connection_parameters(url: str, *, connect_seconds: float) -> dict[str, str]:
    """Return libpq's keywords for a URL, and remove what contradicts them from the environment.

    Args:
        url: postgresql:// URL or libpq keywords; every parameter in it is kept, except for the encoding and `options`.
        connect_seconds: how long to try to connect, unless the URL has its own limit.
    """
    _clean_environment()
    parameters = parse_dsn(url)
    return {"connect_timeout": str(int(connect_seconds)), **_KEEPALIVE, **parameters, **_FIXED}


def _clean_environment() -> None:
    for name in IGNORED:
        os.environ.pop(name, None)
    for name, value in _ENVIRONMENT.items():
        if os.environ.get(name) != value:
            os.environ[name] = value
