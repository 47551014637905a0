"""What one statement does with a refresh token is what `rotate_refresh_token` would do with it, or nothing at all."""

import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from app.database import Database, run, transaction
from app.identifiers import new_id

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
HOUR, GRACE, IDLE = timedelta(hours=1), timedelta(seconds=15), timedelta(days=30)
GENERATION = 5
NEWEST, OLDER = "k2", "k1"
CONTINUED = ("rotated", "grace", "unanswered")

MAKE = """
INSERT INTO users (id, email, password_hash, role_id)
SELECT %(id)s, 'a@example.com', 'x', id FROM roles WHERE name = 'user';
INSERT INTO sessions (id, user_id, generation, key_id, idle_expires_at, expires_at, ends_by, address, network)
VALUES (%(id)s, %(id)s, 1, 'k1', now(), now(), now(), '::1', '::')
"""
PUT = """
UPDATE users SET status = %(status)s;
UPDATE sessions SET
    generation = %(generation)s, key_id = %(key_id)s, unanswered_generation = %(unanswered)s, ended_at = %(ended_at)s,
    rotated_at = %(rotated_at)s, idle_expires_at = %(idle)s, expires_at = %(absolute)s, ends_by = %(absolute)s
"""
SESSION = "SELECT * FROM sessions"
ROTATE = "SELECT outcome, key_id FROM rotate_refresh_token(%s, %s, %s, %s, %s, %s, %s)"
REFRESH = "SELECT is_made FROM charter_refresh_sessions(%s, %s, %s, %s, 'session.refreshed')"
KIND = "SELECT details ->> 'kind' FROM audit_events WHERE request_id = %s"


class _Undone(Exception):
    """Rolls a transaction back."""


class State(NamedTuple):
    """A session, and the token that is shown."""

    token_generation: int
    token_key: str
    session_key: str
    status: str
    ended_at: datetime | None
    rotated_at: datetime | None
    unanswered: int | None
    ends: tuple[timedelta, timedelta]


STATES = [
    State(*values)
    for values in itertools.product(
        range(GENERATION - 2, GENERATION + 2),
        (NEWEST, OLDER),
        (NEWEST, OLDER),
        ("active", "suspended"),
        (None, NOW - HOUR),
        (None, NOW - GRACE / 2, NOW - GRACE),
        (None, GENERATION, GENERATION - 1),
        ((HOUR, HOUR * 2), (timedelta(0), HOUR), (HOUR, timedelta(0))),
    )
]


@pytest.fixture
def account(database: Database) -> Any:
    made = new_id()
    run(MAKE, {"id": made})
    return made


def test_in_every_state_of_a_session_the_two_agree(account: Any) -> None:
    seen = set()
    for state in STATES:
        outcome, key_id, rotated = by_rules(account, state)
        is_made, kind, refreshed, before = at_once(account, state)

        seen.add((outcome, is_made))
        if is_made:
            assert outcome in CONTINUED, state
            assert (kind, key_id, refreshed) == (outcome, NEWEST, rotated), state
        else:
            assert outcome not in CONTINUED or key_id != NEWEST, state
            assert (kind, refreshed) == (None, before), state

    refused = {(outcome, False) for outcome in ("ended", "suspended", "expired", "never_issued", "reuse")}
    # After a change of the ring, the current token may have the older key.
    older = {("grace", False), ("unanswered", False)}
    assert seen == refused | older | {(outcome, True) for outcome in CONTINUED}


def test_another_account_is_given_nothing(account: Any) -> None:
    state = State(GENERATION, NEWEST, NEWEST, "active", None, None, None, (HOUR, HOUR))
    put(state)
    before = run(SESSION)

    assert run(REFRESH, (asked(account, state, user_id=new_id()), NEWEST, GRACE, IDLE)) == [(False,)]

    assert run(SESSION) == before


def by_rules(account: Any, state: State) -> tuple[str, str, Any]:
    found: Any = None
    try:
        with transaction():
            put(state)
            [(outcome, key_id)] = run(
                ROTATE, (account, state.token_generation, state.token_key, NEWEST, GRACE, IDLE, NOW)
            )
            found = outcome, key_id, run(SESSION)
            raise _Undone
    except _Undone:
        pass
    return found  # type: ignore[no-any-return]


def at_once(account: Any, state: State) -> tuple[bool, str | None, Any, Any]:
    found: Any = None
    try:
        with transaction():
            put(state)
            before = run(SESSION)
            text = asked(account, state)
            [(is_made,)] = run(REFRESH, (text, NEWEST, GRACE, IDLE))
            kinds = run(KIND, (json.loads(text)[0]["request_id"],))
            found = is_made, kinds[0][0] if kinds else None, run(SESSION), before
            raise _Undone
    except _Undone:
        pass
    return found  # type: ignore[no-any-return]


def put(state: State) -> None:
    idle, absolute = state.ends
    run(
        PUT,
        {
            "status": state.status,
            "generation": GENERATION,
            "key_id": state.session_key,
            "ended_at": state.ended_at,
            "rotated_at": state.rotated_at,
            "unanswered": state.unanswered,
            "idle": NOW + idle,
            "absolute": NOW + absolute,
        },
    )


def asked(account: Any, state: State, **changes: Any) -> str:
    told = {
        "number": 0,
        "now": NOW,
        "session_id": account,
        "user_id": account,
        "generation": state.token_generation,
        "token_key_id": state.token_key,
        "event_id": new_id(),
        "request_id": new_id(),
        "client_id": account,
        "address": "::1",
        **changes,
    }
    return json.dumps([told], default=str)
