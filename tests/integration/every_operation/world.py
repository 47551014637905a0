"""The world that every operation is tried on: who may call, what they call, and how all of it is put back."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from graphlib import TopologicalSorter

import psycopg2
import redis

from app.database import Database, run
from app.factory import build_dependencies
from models.record import database as proxy
from tests.people import People, Person, make_role
from tests.servers import for_tests, straight
from tests.service import Service
from tests.standins import Values
from tests.wire import data

TAILORED_ROLE = "tailored"

# name -> role; `owner` owns what the operations work on, and has no more permissions than others, so law 11 allows all.
_PEOPLE = {
    "owner": "guest",
    "guest": "guest",
    "user": "user",
    "admin": "admin",
    "tailored": TAILORED_ROLE,
    "suspended": "admin",
    "ended": "admin",
}

# Not those that are written beside every request: the trail, and the row of the background's look at the database.
_TABLES = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND NOT relispartition
  AND relname NOT IN ('audit_clients', 'charter_audit_labels', 'charter_audit_roles', 'health_checks')
"""
_REFERENCES = """
SELECT child.relname, parent.relname
FROM pg_constraint JOIN pg_class child ON child.oid = conrelid JOIN pg_class parent ON parent.oid = confrelid
WHERE contype = 'f' AND conrelid <> confrelid
"""


class World:
    """A service on a database with one person of each kind, all signed in.

    Attributes:
        people: by the names above.
        tokens: access tokens by person, and `expired` and `tampered`, which speak of the admin.
        refresh_tokens: of the same sessions, by person.
        names: what the path parameters stand for, by their names.
        database: what the service stands on.
    """

    def __init__(self, service: Service, password_hash: str) -> None:
        self.service = service
        self.database: Database = proxy.obj
        self.client = service.client()
        # The service may stand on it as a role that can put nothing back.
        self._boss = psycopg2.connect(straight(self.database.url))
        self._boss.autocommit = True
        make_role(TAILORED_ROLE)
        maker = People(service, password_hash)
        self.people: dict[str, Person] = {name: maker.make(name, role) for name, role in _PEOPLE.items()}
        signed_in = {name: person.sign_in() for name, person in self.people.items()}
        self.tokens: dict[str, str] = {name: tokens["access_token"] for name, tokens in signed_in.items()}
        self.refresh_tokens: dict[str, str] = {name: tokens["refresh_token"] for name, tokens in signed_in.items()}
        self._bad_tokens()
        self.names = Values(self.people["owner"])
        run("UPDATE users SET status = 'suspended' WHERE id = %s", (self.people["suspended"].id,))
        run("UPDATE sessions SET ended_at = now() WHERE user_id = %s", (self.people["ended"].id,))
        self._keep()

    def grant(self, *permissions: str) -> None:
        """Give the tailored role these permissions, beside those that every role holds."""
        run(
            """
            WITH tailored AS (SELECT id FROM roles WHERE name = %(role)s),
                 taken AS (DELETE FROM role_permissions USING tailored
                           WHERE role_id = tailored.id AND NOT permission = ANY(%(permissions)s))
            INSERT INTO role_permissions (id, role_id, permission, created_at)
            SELECT gen_random_uuid(), tailored.id, permission, now()
            FROM tailored, unnest(%(permissions)s::text[]) permission
            ON CONFLICT DO NOTHING
            """,
            {"role": TAILORED_ROLE, "permissions": list(permissions)},
        )

    def grow_old(self, name: str, seconds: int) -> str:
        """Move on in time, and return a fresh token of a session whose sign-in is that long ago now."""
        self.service.clock.advance(seconds=seconds)
        response = self.client.post("/v1/auth/refresh", json={"refresh_token": self.refresh_tokens[name]})
        return str(data(response)["access_token"])

    def fingerprint(self) -> dict[str, str]:
        """Return what all tables but the trail hold, one digest each."""
        return dict(self._ask(self._digests))

    def put_back(self) -> None:
        """Restore what is not as it was at first, and the time."""
        self.service.clock.reset()
        if self.fingerprint() != self._first:
            self._ask(self._restore)
            self.forget()

    def forget(self) -> None:
        """Empty the cache: what is put back by SQL, it would not know of."""
        if url := self.service.config.redis_url:
            with redis.Redis.from_url(for_tests(url)) as client:
                client.flushdb()

    def close(self) -> None:
        self.client.close()
        self._boss.close()

    def _ask(self, sql: str) -> list[tuple]:
        with self._boss.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def on(self, database: Database) -> Iterator[None]:
        """Let the service stand on another database for a while."""
        proxy.initialize(database)
        try:
            yield
        finally:
            database.close()
            database.reset()
            proxy.initialize(self.database)

    def _bad_tokens(self) -> None:
        config, clock = self.service.config, self.service.clock
        issuer = build_dependencies(
            config, {}, clock=lambda: clock() - timedelta(seconds=config.access_token_seconds + 1)
        )
        session_id = build_dependencies(config, {}, clock=clock).access_tokens.read(self.tokens["admin"]).session_id
        self.tokens["expired"] = issuer.access_tokens.issue(self.people["admin"].id, session_id)
        header, payload, signature = self.tokens["guest"].split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
        claims |= {"sub": str(self.people["admin"].id), "sid": str(session_id)}
        forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
        self.tokens["tampered"] = f"{header}.{forged}.{signature}"

    def _keep(self) -> None:
        order: TopologicalSorter[str] = TopologicalSorter({table: () for (table,) in self._ask(_TABLES)})
        for child, parent in self._ask(_REFERENCES):
            order.add(child, parent)
        tables = list(order.static_order())
        copies = [f'CREATE TABLE kept."{table}" AS TABLE public."{table}"' for table in tables]
        self._ask("; ".join(["CREATE SCHEMA kept", *copies]))
        emptied = [f'DELETE FROM public."{table}"' for table in reversed(tables)]
        filled = [f'INSERT INTO public."{table}" TABLE kept."{table}"' for table in tables]
        # Triggers would write what the copies hold already, such as the counts of accounts.
        quietly = "SELECT set_config('session_replication_role', 'replica', true)"
        self._restore = "; ".join([quietly, *emptied, *filled])
        digest = "SELECT '{0}', md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM public.\"{0}\" t"
        self._digests = " UNION ALL ".join(digest.format(table) for table in tables)
        self._first = self.fingerprint()
