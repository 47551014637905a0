"""A server is killed and restarted under the load of the Python package, and nothing is lost or done twice."""

import importlib
import signal
import sys
import zipfile
from pathlib import Path
from typing import Any

from app.database import run
from app.sdk.python import build_python
from tests.command import PRODUCTION, Server
from tests.document import DOCUMENT
from tests.limits import WIDE_LIMITS
from tests.prove.proof import ROOT, free_port
from tests.prove.sdk_load import CLIENTS, Load
from tests.prove.stores import database_of_admins, stores

STOPS = (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL, signal.SIGTERM)
ROUNDS_BETWEEN = 3
_ACCOUNTS = "SELECT email FROM users WHERE email LIKE 'made.%%' ORDER BY email"
_CREATED = "SELECT count(*) FROM audit_events WHERE action = 'user.created' AND outcome = 'succeeded'"
_BIO = "SELECT u.email, p.bio FROM users u JOIN user_profiles p ON p.user_id = u.id WHERE u.email LIKE 'client%%'"
_SESSIONS = "SELECT count(*), count(ended_at), min(generation) FROM sessions"


def prove(place: Path) -> None:
    """Keep clients busy, for threads and for asyncio, and count afterwards what the database has of it."""
    sdk = _installed(place)
    names = [f"client{number}" for number in range(CLIENTS)]
    with stores(place / "stores") as found, database_of_admins(found["DATABASE_URL"], names):
        variables = {**PRODUCTION, **WIDE_LIMITS, **found, "PORT": str(free_port())}
        # On a busy machine a restart takes longer than the usual grace.
        variables |= {"CHARTER_ENV": "test", "BCRYPT_COST": "4", "REFRESH_GRACE_SECONDS": "60"}
        server = Server("serve", **variables)
        try:
            with Load(sdk, server.address()) as load:
                for number in STOPS:
                    load.go_on(ROUNDS_BETWEEN)
                    code = server.end(number)
                    assert code == (-number if number == signal.SIGKILL else 0), server.printed
                    server = Server("serve", **variables)
                load.go_on(ROUNDS_BETWEEN)
        finally:
            if server.process.poll() is None:
                server.end(signal.SIGKILL)
        _check(load)


def _installed(place: Path) -> Any:
    wheel, _ = build_python(
        DOCUMENT.bundle, layer=ROOT / "sdk" / "python", licence=ROOT / "LICENSE", output=place / "built"
    )
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place / "installed")
    sys.path.insert(0, str(place / "installed"))
    return importlib.import_module("charter_client")


def _check(load: Load) -> None:
    """Compare what the clients were told with the rows."""
    made = sorted(email for client in load.clients for email in client.made)
    assert [email for (email,) in run(_ACCOUNTS)] == made, "an account is missing, or there is one that nobody made"
    assert run(_CREATED) == [(len(made),)], "an account was created twice"
    for email, bio in run(_BIO):
        client = next(client for client in load.clients if client.email == email)
        assert bio in client.may_be, (email, bio, client.may_be)
    sessions, ended, generation = run(_SESSIONS)[0]
    assert (sessions, ended) == (CLIENTS, 0), "a client had to sign in again"
    refreshed = sum(client.refreshed for client in load.clients)
    replayed, doubtful = (sum(getattr(client, name) for client in load.clients) for name in ("replayed", "doubtful"))
    print(
        f"{len(STOPS)} restarts, {sum(client.rounds for client in load.clients)} rounds of {CLIENTS} clients: "
        f"{load.broken.count} attempts without a response; {len(made)} accounts made, {replayed} of them told by a "
        f"second attempt; {refreshed} refreshes; "
        f"{doubtful} changes without a key were told as failed"
    )
    assert load.broken.count > len(STOPS), "the restarts were hardly noticed"
    assert generation > 1, "a client never refreshed"
