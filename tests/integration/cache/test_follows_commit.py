"""Law 6: neither a write that is rolled back nor a race of reader and writer leaves a wrong value in the cache."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import pytest
import redis

from app.cache.client import RedisClient, mget_values
from app.cache.store import CacheStore
from app.context.invalidations import queue_invalidations
from app.database import Database, run
from app.services import invalidations
from models.record import database as proxy
from tests.integration.cache.conftest import Profile, Statements, another_worker
from tests.people import People
from tests.service import Service
from tests.terminal import Terminal
from tests.waiting import until
from tests.wire import data

# The query of get_profile after a cache miss.
READING = "FROM charter_users"


def versions(valkey: redis.Redis) -> dict[bytes, bytes | None]:
    keys = list(valkey.scan_iter("*:tag:*"))
    return dict(zip(keys, mget_values(valkey.mget(keys), len(keys)), strict=True))


def away() -> RedisClient:
    return RedisClient("redis://127.0.0.1:1", timeout_ms=100, prefix="charter")


def waiting() -> list[tuple[str, bool]]:
    return run("SELECT tag, dropped_at IS NOT NULL FROM pending_invalidations ORDER BY id")


@contextmanager
def no_commit() -> Iterator[None]:
    """Make every transaction that writes a profile fail at its COMMIT."""
    run(
        """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'refused at the commit'; END $$;
        CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON user_profiles DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION refuse()
        """
    )
    yield
    run("DROP TRIGGER refuse ON user_profiles; DROP FUNCTION refuse()")


def test_a_second_read_is_the_session_statement_and_nothing_else(profile: Profile, statements: Statements) -> None:
    profile.read()

    assert statements.count(profile.read) == 1
    assert statements.count(lambda: profile.write("After")) <= 8
    assert statements.count(profile.read) == 2
    assert statements.count(profile.read) == 1


def test_a_write_rolled_back_at_its_commit_leaves_the_cache_as_it_was(
    profile: Profile, statements: Statements, valkey: redis.Redis
) -> None:
    profile.read()
    before = versions(valkey)

    with no_commit():
        assert profile.write("Phantom").status_code == 500

    assert versions(valkey) == before
    assert waiting() == []
    assert statements.count(profile.read) == 1
    assert profile.read() == "Alice"


def test_a_refused_write_leaves_the_cache_as_it_was(
    profile: Profile, statements: Statements, valkey: redis.Redis
) -> None:
    profile.read()
    before = versions(valkey)

    stale = profile.owner.api.put(
        profile.url,
        headers={"If-Match": '"7"'},
        json={"display_name": "X", "locale": None, "time_zone": None, "avatar_url": None, "bio": None},
    )

    assert stale.status_code == 412
    assert versions(valkey) == before
    assert statements.count(profile.read) == 1


@pytest.mark.parametrize("known", [True, False], ids=["the tag is known", "the tag is new"])
def test_a_reader_that_a_writer_overtakes_never_brings_the_old_value_back(
    profile: Profile, statements: Statements, valkey: redis.Redis, known: bool
) -> None:
    profile.owner.sign_in()
    if known:
        profile.read()
        [entry] = valkey.scan_iter("*:entry:*")
        valkey.delete(entry)

    with statements.stopped_after(READING, profile.read) as outcome:
        assert profile.write("After").status_code == 200

    assert outcome == ["Alice"]
    assert [profile.read(), profile.read()] == ["After", "After"]


def test_a_reader_that_the_commit_overtakes_and_the_drop_does_not_keeps_nothing_old(
    profile: Profile, statements: Statements
) -> None:
    """The writer has committed and ends before it invalidates anything."""
    profile.owner.sign_in()
    with statements.stopped_after(READING, profile.read) as outcome:
        run("UPDATE user_profiles SET display_name = 'After' WHERE user_id = %s", (profile.owner.id,))
        queue_invalidations([profile.tag], cache=None)

    assert outcome == ["Alice"]
    assert [profile.read(), profile.read()] == ["After", "After"]
    assert waiting() == [(profile.tag, False)]


def test_a_worker_that_cannot_reach_redis_is_seen_by_one_that_can(
    people: People, profile: Profile, statements: Statements, store: CacheStore
) -> None:
    profile.read()
    with another_worker(REDIS_URL="redis://127.0.0.1:1") as cut_off:
        with cut_off.client((profile.owner.tokens or {})["access_token"]) as client:
            changed = client.patch("/v1/users/me", json={"display_name": "After"})

        assert changed.status_code == 200
        assert waiting() == [(profile.tag, False)]
        assert [profile.read(), profile.read(people.bob.api)] == ["After", "After"]

        invalidations.invalidate_pending(cache=store, linger_seconds=60)

        assert waiting() == [(profile.tag, True)]
        assert profile.read() == "After"
        invalidations.invalidate_pending(cache=store, linger_seconds=-1)
    assert waiting() == []
    assert profile.read() == "After"
    assert statements.count(profile.read) == 1
    assert profile.read() == "After"


def test_a_row_stays_for_readers_who_asked_redis_before_it_was_replayed(
    service: Service, profile: Profile, store: CacheStore, statements: Statements
) -> None:
    profile.read()
    run("UPDATE user_profiles SET display_name = 'After' WHERE user_id = %s", (profile.owner.id,))
    queue_invalidations([profile.tag], cache=None)
    shown = []
    with psycopg2.connect(str(proxy.obj.url)) as keeper, keeper.cursor() as cursor:
        # The reader has read Redis, and has not read the table yet.
        cursor.execute("LOCK TABLE pending_invalidations IN ACCESS EXCLUSIVE MODE")
        reader = threading.Thread(target=lambda: shown.append(profile.read()))
        reader.start()
        until(
            lambda: run(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'relation'"
                " AND query LIKE '%%charter_is_pending%%'"
            )
        )
        assert store.invalidate([profile.tag])
        cursor.execute("UPDATE pending_invalidations SET dropped_at = now()")
        cursor.execute(
            "DELETE FROM pending_invalidations WHERE dropped_at < now() - make_interval(secs => %s)",
            (2 * service.config.request_seconds,),
        )
    reader.join()

    assert shown == ["After"]


def test_a_replay_that_redis_does_not_hear_changes_nothing(profile: Profile, store: CacheStore) -> None:
    queue_invalidations([profile.tag], cache=None)
    unheard = CacheStore(away(), database_id=lambda: "x", release="x", secret=b"its own")

    assert invalidations.invalidate_pending(cache=unheard, linger_seconds=60) == 1
    assert invalidations.invalidate_pending(cache=unheard, linger_seconds=60) == 1
    assert waiting() == [(profile.tag, False)]
    assert invalidations.invalidate_pending(cache=store, linger_seconds=60) == 1
    assert invalidations.invalidate_pending(cache=store, linger_seconds=60) == 0


def test_what_nobody_could_drop_is_forgotten_when_no_entry_can_be_older(profile: Profile) -> None:
    queue_invalidations([profile.tag], cache=None)
    run("UPDATE pending_invalidations SET created_at = now() - interval '25 hours'")

    invalidations.invalidate_pending(
        cache=CacheStore(away(), database_id=lambda: "x", release="x", secret=b"its own"), linger_seconds=60
    )

    assert waiting() == []


def test_one_write_never_removes_what_another_has_left(profile: Profile, valkey: redis.Redis) -> None:
    queue_invalidations([profile.tag], cache=None)

    profile.write("After")

    assert waiting() == [(profile.tag, False)]


def test_a_tag_that_many_writes_left_is_one_row_until_it_is_dropped(
    profile: Profile, store: CacheStore, statements: Statements, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis is unavailable for long; one of the writers has invalidated the tag and is about to delete its row."""
    monkeypatch.setattr(invalidations, "_MAX_AT_ONCE", 20)
    unheard = CacheStore(away(), database_id=lambda: "x", release="x", secret=b"its own")
    profile.read()
    last = run(
        "INSERT INTO pending_invalidations (id, tag) VALUES (gen_random_uuid(), %s) RETURNING id", (profile.tag,)
    )
    assert store.invalidate([profile.tag])
    profile.read()
    run("UPDATE user_profiles SET display_name = 'After' WHERE user_id = %s", (profile.owner.id,))
    for _ in range(30):
        queue_invalidations([profile.tag, "settings"], cache=None)

    invalidations.invalidate_pending(cache=unheard, linger_seconds=60)
    run("DELETE FROM pending_invalidations WHERE id = %s", last[0])

    assert sorted(waiting()) == [("settings", False), (profile.tag, False)]
    assert profile.read() == "After"
    invalidations.invalidate_pending(cache=store, linger_seconds=60)
    invalidations.invalidate_pending(cache=store, linger_seconds=-1)
    assert waiting() == []
    assert profile.read() == "After"


def test_a_database_that_is_emptied_or_migrated_takes_what_is_cached_with_it(
    service: Service, people: People, database: Database, valkey: redis.Redis, tmp_path: Path
) -> None:
    charter, path = Terminal(tmp_path, database), "/v1/settings/public"
    with service.client() as anybody:
        data(people.ada.api.put("/v1/settings/service.notice", json={"value": "Back at noon."}))
        for _ in range(2):
            assert data(anybody.get(path))["service.notice"] == "Back at noon."

        charter.done("db", "reset", "--yes")

        assert waiting() == [("*", False)]
        assert data(anybody.get(path))["service.notice"] is None
    run("DELETE FROM pending_invalidations; DELETE FROM migratehistory WHERE strpos(name, 'user-counts') > 0")
    charter.done("db", "migrate")
    assert waiting() == [("*", False)]
