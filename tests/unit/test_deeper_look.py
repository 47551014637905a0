"""What a deeper look finds counts when it is certain, or comes twice, and not for long."""

import pytest

from app.services.health import FINE, LOOK_SECONDS, STALE_ROUNDS, DeeperLook, Found, Probes, check

READ_ONLY = Found("read-only")
SILENT = Found("no answer in time", certain=False)
EVERY = 5.0


class CacheStore:
    """Answers a look with what it was told to, at a moment that it was told."""

    def __init__(self) -> None:
        self.now = 100.0
        self.response: Found | Exception = FINE
        self.deeper = DeeperLook("database", self._found, every_seconds=EVERY, clock=lambda: self.now)

    def _found(self) -> Found:
        if isinstance(self.response, Exception):
            raise self.response
        return self.response

    def looked(self, *responses: Found | Exception) -> bool:
        """Return whether the store is fine after these looks, one a round."""
        for self.response in responses:
            self.now += EVERY
            self.deeper.look()
        return self.deeper.fine


@pytest.mark.parametrize(
    ("responses", "fine"),
    [
        ((), True),
        ((FINE,), True),
        ((READ_ONLY,), False),
        ((READ_ONLY, FINE), True),
        ((SILENT,), True),
        ((SILENT, SILENT), False),
        ((SILENT, FINE, SILENT), True),
        ((READ_ONLY, SILENT), False),
        ((SILENT, SILENT, FINE), True),
        ((RuntimeError("a fault of ours"),), True),
        ((RuntimeError("a fault of ours"), RuntimeError("again")), False),
    ],
)
def test_one_slow_look_takes_nobody_out_and_what_the_store_says_counts_at_once(responses, fine):
    assert CacheStore().looked(*responses) is fine


def test_what_was_found_too_long_ago_counts_no_more():
    store = CacheStore()
    assert not store.looked(READ_ONLY)

    store.now += STALE_ROUNDS * EVERY + LOOK_SECONDS
    assert not store.deeper.fine
    store.now += 1
    assert store.deeper.fine
    assert not store.looked(READ_ONLY)


@pytest.mark.parametrize(
    ("database", "cache", "status"),
    [(FINE, FINE, "ok"), (FINE, READ_ONLY, "degraded"), (READ_ONLY, FINE, "error"), (READ_ONLY, READ_ONLY, "error")],
)
def test_a_store_is_fine_when_it_answers_and_nothing_was_found_against_it(database, cache, status):
    stores = CacheStore(), CacheStore()
    for store, found in zip(stores, (database, cache), strict=True):
        store.looked(found)

    health = check(Probes(lambda: True, lambda: True, stores[0].deeper, stores[1].deeper))

    assert (health.status, health.database, health.cache) == (status, database is FINE, cache is FINE)


def test_a_store_that_does_not_answer_now_is_in_error_whatever_was_found_before():
    health = check(Probes(lambda: False, lambda: True, CacheStore().deeper, CacheStore().deeper))

    assert health.status == "error"
