"""The services on a database of the test's own, with people in it and a clock that stands still."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg2
import pytest
import yaml

from app.cache.tags import KnownTags
from app.config import Config
from app.context.context import Context
from app.context.dependencies import Dependencies
from app.context.event import Event
from app.database import bind, run
from app.entity_tags import Versions
from app.identifiers import new_id
from app.security.access_tokens import AccessTokens
from app.security.actors import ANONYMOUS, Actor, Principal
from app.security.client_address import Client
from app.security.passwords import Passwords
from app.security.refresh_tokens import RefreshTokens
from app.services import auth, roles, user_rows
from app.spec.settings_file import load_declarations
from tests.servers import AT_ONCE, straight
from tests.waiting import until

CONNECTIONS = 16
WAITING = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
PASSWORD = "marmalade lantern 7 quarry"
OPENAPI = Path(__file__).parents[3] / "openapi"
CATALOGUE = yaml.safe_load((OPENAPI / "permissions.yaml").read_text())
DECLARATIONS = load_declarations(OPENAPI / "settings.yaml")


class World:
    """A deployment without its wire: tools, people, and threads that start together."""

    password = PASSWORD

    def __init__(self, config: Config) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.dependencies = Dependencies(
            config=config,
            clock=lambda: self.now,
            passwords=Passwords(config.password_min, config.password_max, config.bcrypt_cost),
            access_tokens=AccessTokens(config.jwt_secret, None, "charter", "charter", 900, lambda: self.now),
            refresh_tokens=RefreshTokens(config.refresh_keys),
            permissions=CATALOGUE,
            tags=KnownTags(()),
            cache=None,
            setting_declarations=DECLARATIONS,
        )
        self.home = self.client("192.0.2.1")

    def wait(self, **span: float) -> None:
        self.now += timedelta(**span)

    def set(self, **values: Any) -> None:
        self.dependencies = replace(self.dependencies, config=replace(self.dependencies.config, **values))

    def client(self, address: str) -> Client:
        return Client(address=address, network=address, user_agent="test")

    def context(
        self,
        actor: Actor = ANONYMOUS,
        *,
        client: Client | None = None,
        event: Event | None = None,
        expected: Versions = None,
    ) -> Context:
        """Return what services take as their first argument."""
        return Context(self.dependencies, actor, client or self.home, event or Event(), expected)

    def person(self, name: str, role: str = "user", *, verified: bool = True) -> Principal:
        """Make an account and return it as signed in, though without a session."""
        email = f"{name}@example.com"
        user_id = user_rows.insert(
            email=email,
            password_hash=self.dependencies.passwords.hash(PASSWORD),
            role=role,
            verified=verified,
            profile={"display_name": name.title()},
            now=self.now,
        )
        assert user_id is not None
        return self.principal(user_id, new_id())

    def principal(self, user_id: UUID, session_id: UUID) -> Principal:
        user = user_rows.get(user_id)
        held = roles.find(self.context(), user.role.name).permissions
        return Principal(user=user, session_id=session_id, permissions=held, signed_in_at=self.now)

    def role(self, name: str, *permissions: str) -> None:
        role_id = new_id()
        run("INSERT INTO roles (id, name, description) VALUES (%s, %s, '')", (role_id, name))
        for permission in permissions:
            run(
                "INSERT INTO role_permissions (id, role_id, permission) VALUES (%s, %s, %s)",
                (new_id(), role_id, permission),
            )

    def login(
        self, name: str, password: str = PASSWORD, *, client: Client | None = None, event: Event | None = None
    ) -> auth.SignIn:
        return auth.login(self.context(client=client, event=event), email=f"{name}@example.com", password=password)

    def refresh(self, token: str, event: Event | None = None) -> auth.Tokens:
        return auth.refresh(self.context(event=event), refresh_token=token)

    def live_sessions(self, user_id: UUID) -> int:
        return int(run("SELECT count(*) FROM sessions WHERE user_id = %s AND ended_at IS NULL", (user_id,))[0][0])

    def together(self, *works: Callable[[], Any], behind: str | None = None) -> list[Any]:
        """Run each in a thread of its own, all let go at once; return what each returned or raised.

        Args:
            behind: a query that locks what they all need; it is let go when as many wait as there are connections,
                so that each of them has begun before any of them is done.
        """
        barrier = threading.Barrier(len(works))
        outcomes: list[Any] = [None] * len(works)
        threads = [_following(work, number, outcomes, barrier.wait) for number, work in enumerate(works)]
        with self._holding(behind) as until_waiting:
            for thread in threads:
                thread.start()
            until_waiting(min(len(works), CONNECTIONS, int(os.environ.get(AT_ONCE, CONNECTIONS))))
        for thread in threads:
            thread.join()
        return outcomes

    def in_turn(self, *works: Callable[[], Any], behind: str) -> list[Any]:
        """Run each in a thread of its own, queued in this order; return what each returned or raised.

        Args:
            behind: a query that locks the row that they all need; it is let go when all of them wait for it.
        """
        outcomes: list[Any] = [None] * len(works)
        threads = [_following(work, number, outcomes) for number, work in enumerate(works)]
        with self._holding(behind) as until_waiting:
            for number, thread in enumerate(threads, start=1):
                thread.start()
                until_waiting(number)
        for thread in threads:
            thread.join()
        return outcomes

    @contextmanager
    def _holding(self, lock: str | None) -> Iterator[Callable[[int], None]]:
        """Hold a lock for the length of the block; what it gives waits until so many wait for a lock."""
        if lock is None:
            yield lambda number: None
            return
        holder, watcher = (psycopg2.connect(straight(self.dependencies.config.database_url)) for _ in range(2))
        watcher.autocommit = True
        with closing(holder), closing(watcher), holder.cursor() as holds, watcher.cursor() as watches:

            def until_waiting(number: int) -> None:
                def enough() -> bool:
                    watches.execute(WAITING)
                    return bool((watches.fetchone() or (0,))[0] >= number)

                until(enough)

            holds.execute(lock)
            yield until_waiting


def _following(
    work: Callable[[], Any], number: int, outcomes: list[Any], ready: Callable[[], object] = lambda: None
) -> threading.Thread:
    """Return a thread that waits until all is ready, works, and notes what came of it."""

    def follow() -> None:
        ready()
        try:
            outcomes[number] = work()
        except Exception as error:  # noqa: BLE001 (an outcome like any other)
            outcomes[number] = error

    return threading.Thread(target=follow)


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    config = Config.from_environment(
        {
            "CHARTER_ENV": "test",
            "DATABASE_URL": database_url,
            "DATABASE_CONNECT_SECONDS": "20",
            "JWT_SECRET": "b1946ac92492d2347c6235b4d2611184" * 2,
            "REFRESH_KEYS": "k1:591785b794601e212b260e25925636fd591785b794601e21",
            "BCRYPT_COST": "4",
        }
    )
    database = bind(config, size=CONNECTIONS)
    yield World(config)
    database.close()
    database.reset()
