"""Each error code of the document, brought about on a live server by calls of the package."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from app.database import Database, run
from app.sdk.error_codes import class_name, error_codes
from models.record import database as proxy
from tests.document import DOCUMENT
from tests.people import PASSWORD, People
from tests.service import Service

_HELD_KEY = """
INSERT INTO idempotency_keys (id, user_id, operation, key, fingerprint, status, headers, body, expires_at)
VALUES (gen_random_uuid(), %s, 'create_role', 'held', '', 200, '[]', '', now() + interval '1 day')
"""


@dataclass
class Stage:
    """What it takes to cause an error; `ada` is signed in as the admin, and gives up at once."""

    sdk: Any
    connect: Callable[..., Any]
    service: Service
    people: People

    def __post_init__(self) -> None:
        self.ada = self.signed_in("ada")

    def signed_in(self, name: str, **options: Any) -> Any:
        client = self.connect(retries=0, **options)
        client.auth.login(email=getattr(self.people, name).email, password=PASSWORD)
        return client

    @contextmanager
    def on(self, database: Database) -> Iterator[None]:
        """Let the service use another database for a while."""
        ours = proxy.obj
        proxy.initialize(database)
        try:
            yield
        finally:
            proxy.initialize(ours)
            database.close()
            database.reset()


def let_a_token_expire(stage: Stage) -> None:
    lone = stage.connect(access_token=stage.ada.tokens.access_token)
    stage.service.clock.advance(minutes=16)
    lone.me.get_me()


def end_session(stage: Stage) -> None:
    other = stage.signed_in("ada")
    stage.ada.auth.logout(scope="others")
    other.me.get_me()


def sign_in_long_ago(stage: Stage) -> None:
    alice = stage.signed_in("alice")
    stage.service.clock.advance(hours=2)
    alice.users.delete_user(stage.people.alice.id)


def use_a_role_name_twice(stage: Stage) -> None:
    for _ in range(2):
        stage.ada.roles.create_role(name="librarian", description="", permissions=[])


def delete_a_role_in_use(stage: Stage) -> None:
    stage.ada.roles.create_role(name="librarian", description="", permissions=[])
    stage.ada.users.set_user_role(stage.people.alice.id, role="librarian")
    stage.ada.roles.delete_role("librarian")


def repeat_while_the_first_is_at_work(stage: Stage) -> None:
    twin = proxy.obj.connect_outside_pool()
    try:
        twin.autocommit = False
        twin.cursor().execute(_HELD_KEY, (stage.people.ada.id,))
        stage.ada.roles.create_role(name="x", description="", permissions=[], idempotency_key="held")
    finally:
        twin.close()


def use_a_key_for_two_requests(stage: Stage) -> None:
    for name in ("one", "two"):
        stage.ada.roles.create_role(name=name, description="", permissions=[], idempotency_key="mine")


def guess_passwords(stage: Stage) -> None:
    client = stage.connect(retries=0)
    for number in range(10):
        try:
            client.auth.login(email="mallory@example.com", password=f"a wrong password {number}")
        except stage.sdk.InvalidCredentials:
            continue


def lose_a_table(stage: Stage) -> None:
    run("ALTER TABLE user_profiles RENAME TO lost")
    try:
        stage.ada.profiles.get_profile(stage.people.ada.id)
    finally:
        run("ALTER TABLE lost RENAME TO user_profiles")


def lose_the_database(stage: Stage) -> None:
    with stage.on(Database("postgresql:///gone?host=/nowhere", size=2)):
        stage.ada.me.get_me()


NO_IF_MATCH: Any = None

CAUSES: dict[str, Callable[[Stage], object]] = {
    "VALIDATION_ERROR": lambda stage: stage.ada.users.list_users(limit=0),
    "MALFORMED_BODY": lambda stage: stage.ada.me.update_me(bio="a\0b"),
    "UNAUTHENTICATED": lambda stage: stage.connect().me.get_me(),
    "INVALID_TOKEN": let_a_token_expire,
    "SESSION_ENDED": end_session,
    "INVALID_CREDENTIALS": lambda stage: stage.connect().auth.login(email="a@example.com", password=PASSWORD),
    "INVALID_REFRESH_TOKEN": lambda stage: stage.connect().auth.refresh(refresh_token="x" * 60),
    "FORBIDDEN": lambda stage: stage.signed_in("mallory").users.list_users(),
    "STEP_UP_REQUIRED": sign_in_long_ago,
    "NOT_FOUND": lambda stage: stage.ada.users.get_user(uuid4()),
    "METHOD_NOT_ALLOWED": lambda stage: stage.ada.users.delete_user("me"),
    "EMAIL_TAKEN": lambda stage: stage.ada.users.create_user(email=stage.people.alice.email, password=PASSWORD),
    "ROLE_TAKEN": use_a_role_name_twice,
    "ROLE_IN_USE": delete_a_role_in_use,
    "ROLE_BUILT_IN": lambda stage: stage.ada.roles.delete_role("guest"),
    "LAST_ADMIN": lambda stage: stage.ada.users.suspend_user(stage.people.ada.id),
    "IDEMPOTENCY_IN_PROGRESS": repeat_while_the_first_is_at_work,
    "PRECONDITION_FAILED": lambda stage: stage.ada.users.delete_user(stage.people.alice.id, if_match='"0"'),
    "PAYLOAD_TOO_LARGE": lambda stage: stage.ada.me.update_me(bio="x" * 100_000),
    "URI_TOO_LONG": lambda stage: stage.ada.users.list_users(q="x" * 20_000),
    "UNSUPPORTED_MEDIA_TYPE": lambda stage: stage.ada.with_options(
        headers={"Content-Type": "text/plain"}
    ).me.update_me(bio="x"),
    "IDEMPOTENCY_KEY_REUSED": use_a_key_for_two_requests,
    "PRECONDITION_REQUIRED": lambda stage: stage.ada.profiles.replace_profile(
        stage.people.ada.id, display_name="Ada", locale=None, time_zone=None, avatar_url=None, bio=None,
        if_match=NO_IF_MATCH,
    ),
    "RATE_LIMITED": guess_passwords,
    "HEADERS_TOO_LARGE": lambda stage: stage.ada.with_options(headers={"X-Long": "x" * 20_000}).me.get_me(),
    "INTERNAL_ERROR": lose_a_table,
    "UNAVAILABLE": lose_the_database,
}  # fmt: skip


def test_every_code_of_the_document_has_a_cause() -> None:
    assert list(CAUSES) == [error.code for error in error_codes(DOCUMENT.bundle)]


@pytest.mark.parametrize("code", CAUSES)
def test_a_live_server_gives_each_code_once(
    sdk: Any, connect: Callable[..., Any], service: Service, people: People, code: str
) -> None:
    stage = Stage(sdk, connect, service, people)
    with pytest.raises(sdk.CharterError) as caught:
        CAUSES[code](stage)
    error = caught.value
    assert type(error) is getattr(sdk, class_name(code))
    assert (error.code, error.status) == (code, error.response.status_code)
    assert error.request_id == error.response.headers["X-Request-Id"]
    assert (error.retry_after is not None) == (code in ("RATE_LIMITED", "UNAVAILABLE", "IDEMPOTENCY_IN_PROGRESS"))
