"""Refresh: rotation, grace, reuse and the limits of a session's life."""

from dataclasses import replace
from functools import partial

import pytest

from app.context.event import Event
from app.database import on_rollback, retry_transaction, run, transaction, unit_of_work
from app.errors import InvalidRefreshToken
from app.security.refresh_tokens import RefreshTokens
from app.services import key_ring, users

LOCK = "SELECT FROM sessions FOR UPDATE"
OLD_KEY = ("k1", "591785b794601e212b260e25925636fd591785b794601e21")
NEW_KEY = ("k2", "0cc175b9c0f1b6a831c399e2697726610cc175b9c0f1b6a8")


def session_of(world, token):
    return world.dependencies.refresh_tokens.read(token).session_id


def row_of(world, token):
    return run("SELECT generation, end_reason, expires_at FROM sessions WHERE id = %s", (session_of(world, token),))[0]


def refuse(world, token):
    with pytest.raises(InvalidRefreshToken) as refusal:
        world.refresh(token)
    return refusal.value.reason


@pytest.fixture
def token(world):
    world.person("alice")
    return world.login("alice").tokens.refresh_token


def test_fifty_parallel_refreshes_with_one_token_leave_one_generation(world, token):
    events = [Event() for _ in range(50)]

    responses = world.together(*(partial(world.refresh, token, event) for event in events), behind=LOCK)

    assert len({response.refresh_token for response in responses}) == 1
    assert len({response.access_token for response in responses}) == 50
    assert sorted((event.details or {})["kind"] for event in events) == ["grace"] * 49 + ["rotated"]
    assert row_of(world, token)[:2] == (2, None)


def test_parallel_reuse_ends_the_session_once_and_refuses_everybody(world, token):
    world.refresh(token)
    world.wait(seconds=16)

    responses = world.together(*[partial(world.refresh, token)] * 20, behind=LOCK)

    assert sorted(response.reason for response in responses) == ["ended"] * 19 + ["reuse"]


def test_the_previous_token_within_the_grace_gets_the_same_bytes_and_a_fresh_access_token(world, token):
    first = world.refresh(token)
    world.wait(seconds=14)
    again = world.refresh(token)
    assert again.refresh_token == first.refresh_token != token
    assert again.access_token != first.access_token


def test_the_grace_does_not_slide(world, token):
    world.refresh(token)
    world.wait(seconds=10)
    world.refresh(token)
    world.wait(seconds=6)
    assert refuse(world, token) == "reuse"


def test_a_reused_refresh_token_ends_its_session(world, token):
    other = world.login("alice").tokens.refresh_token
    current = world.refresh(token).refresh_token
    world.wait(seconds=16)
    event = Event()
    with pytest.raises(InvalidRefreshToken) as refusal:
        world.refresh(token, event)
    assert refusal.value.reason == "reuse"
    assert event.actor_role == "user"
    assert row_of(world, token)[:2] == (2, "reuse")
    assert refuse(world, current) == "ended"
    world.refresh(other)


def test_a_token_two_generations_old_is_reuse_also_within_the_grace(world, token):
    world.refresh(world.refresh(token).refresh_token)
    assert refuse(world, token) == "reuse"


def test_the_punishment_stays_although_the_request_fails(world, token):
    world.refresh(token)
    world.wait(seconds=16)
    with pytest.raises(InvalidRefreshToken), unit_of_work():
        world.refresh(token)
    assert row_of(world, token)[1] == "reuse"


def test_the_punishment_stays_when_the_unit_is_tried_again(world, token):
    """Laws 7 and 8: a reuse found by an attempt that is repeated ends the session once, outside every transaction."""
    world.refresh(token)
    world.wait(seconds=16)
    with pytest.raises(InvalidRefreshToken):
        retry_transaction(partial(in_a_unit, world, token))
    assert row_of(world, token)[1] == "reuse"


@pytest.mark.parametrize(
    "meanwhile",
    [
        # The rotations that made it reuse were undone, or nobody ever saw the response of the last one.
        "UPDATE sessions SET generation = 1",
        "UPDATE sessions SET unanswered_generation = generation",
    ],
)
def test_what_turns_out_to_be_no_reuse_after_the_rollback_is_not_punished(world, token, meanwhile):
    world.refresh(token)
    world.wait(seconds=16)
    with pytest.raises(InvalidRefreshToken), transaction():
        on_rollback(lambda: run(meanwhile))
        world.refresh(token)
    assert row_of(world, token)[1] is None
    assert world.refresh(token).refresh_token != token


def in_a_unit(world, token):
    with unit_of_work():
        return world.refresh(token)


def test_a_refresh_that_is_undone_has_used_nothing_up(world, token):
    """However long the client then waits: its token is the current one."""
    before = run("SELECT * FROM sessions")
    for around in (unit_of_work, transaction):
        with pytest.raises(ZeroDivisionError), around():
            world.refresh(token)
            raise ZeroDivisionError
    assert run("SELECT * FROM sessions") == before
    world.wait(days=1)
    assert world.refresh(token).refresh_token != token


def test_a_token_never_issued_ends_nobodys_session(world, token):
    forged = RefreshTokens((("k1", NEW_KEY[1]),)).derive(session_of(world, token), 1, "k1")
    assert refuse(world, forged) == "never_issued"
    world.refresh(token)


def test_a_generation_under_another_key_than_its_own_was_never_issued(world, token):
    world.dependencies = replace(world.dependencies, refresh_tokens=RefreshTokens((NEW_KEY, OLD_KEY)))
    forged = world.dependencies.refresh_tokens.derive(session_of(world, token), 1, "k2")
    assert refuse(world, forged) == "never_issued"
    world.refresh(token)


def test_a_session_that_is_gone_is_refused(world, token):
    run("DELETE FROM sessions")
    assert refuse(world, token) == "session_unknown"


def test_a_new_key_takes_over_at_the_next_rotation_and_grace_keeps_the_bytes(world, token):
    second = world.refresh(token).refresh_token
    world.dependencies = replace(world.dependencies, refresh_tokens=RefreshTokens((NEW_KEY, OLD_KEY)))
    assert world.refresh(token).refresh_token == second
    third = world.refresh(second).refresh_token
    assert (second[:3], third[:3]) == ("k1.", "k2.")
    world.dependencies = replace(world.dependencies, refresh_tokens=RefreshTokens((NEW_KEY,)))
    world.refresh(third)


def test_each_rotation_restarts_the_idle_limit(world, token):
    for _ in range(2):
        world.wait(days=29)
        token = world.refresh(token).refresh_token
    world.wait(days=30)
    assert refuse(world, token) == "expired"


def test_the_absolute_limit_never_moves(world, token):
    end = row_of(world, token)[2]
    for _ in range(3):
        world.wait(days=29)
        token = world.refresh(token).refresh_token
    assert row_of(world, token)[2] == end
    world.wait(days=3)
    assert refuse(world, token) == "expired"


def test_a_suspension_ends_the_session_and_restoring_does_not_revive_it(world, token):
    admin = world.person("root", "admin")
    alice = run("SELECT user_id FROM sessions")[0][0]
    users.suspend(world.context(admin), alice)
    assert refuse(world, token) == "ended"
    users.restore(world.context(admin), alice)
    assert refuse(world, token) == "ended"


def test_a_suspended_account_is_refused_even_where_a_session_lives(world, token):
    run("UPDATE users SET status = 'suspended'")
    assert refuse(world, token) == "suspended"


@pytest.mark.parametrize("over", ["expires_at", "idle_expires_at", "ended_at"])
def test_a_key_is_needed_only_by_sessions_that_can_still_be_refreshed(world, token, over):
    world.login("alice")
    run(f"UPDATE sessions SET {over} = %s WHERE id = %s", (world.now, session_of(world, token)))
    assert key_ring.uses(world.now)["k1"].live == 1
