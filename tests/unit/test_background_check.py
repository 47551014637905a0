"""The result of a background check counts when it is certain or comes twice, and not for long."""

import pytest

from app.services.health import CHECK_SECONDS, PASSED, STALE_ROUNDS, BackgroundCheck, CheckResult, Probes, check

READ_ONLY = CheckResult("read-only")
SILENT = CheckResult("no response in time", certain=False)
EVERY = 5.0


class CacheStore:
    """Returns or raises the result that a test sets, at the moment that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0
        self.response: CheckResult | Exception = PASSED
        self.check = BackgroundCheck("database", self._result, every_seconds=EVERY, clock=lambda: self.now)

    def _result(self) -> CheckResult:
        if isinstance(self.response, Exception):
            raise self.response
        return self.response

    def checked(self, *responses: CheckResult | Exception) -> bool:
        """Return whether the store is healthy after these results, one a round."""
        for self.response in responses:
            self.now += EVERY
            self.check.run()
        return self.check.passed


@pytest.mark.parametrize(
    ("responses", "passed"),
    [
        ((), True),
        ((PASSED,), True),
        ((READ_ONLY,), False),
        ((READ_ONLY, PASSED), True),
        ((SILENT,), True),
        ((SILENT, SILENT), False),
        ((SILENT, PASSED, SILENT), True),
        ((READ_ONLY, SILENT), False),
        ((SILENT, SILENT, PASSED), True),
        ((RuntimeError("a fault of ours"),), True),
        ((RuntimeError("a fault of ours"), RuntimeError("again")), False),
    ],
)
def test_one_slow_check_takes_nobody_out_and_what_the_store_says_counts_at_once(responses, passed):
    assert CacheStore().checked(*responses) is passed


def test_what_was_found_too_long_ago_counts_no_more():
    store = CacheStore()
    assert not store.checked(READ_ONLY)

    store.now += STALE_ROUNDS * EVERY + CHECK_SECONDS
    assert not store.check.passed
    store.now += 1
    assert store.check.passed
    assert not store.checked(READ_ONLY)


@pytest.mark.parametrize(
    ("database", "cache", "status"),
    [
        (PASSED, PASSED, "ok"),
        (PASSED, READ_ONLY, "degraded"),
        (READ_ONLY, PASSED, "error"),
        (READ_ONLY, READ_ONLY, "error"),
    ],
)
def test_a_store_is_healthy_when_it_responds_and_its_check_passed(database, cache, status):
    stores = CacheStore(), CacheStore()
    for store, found in zip(stores, (database, cache), strict=True):
        store.checked(found)

    health = check(Probes(lambda: True, lambda: True, stores[0].check, stores[1].check))

    assert (health.status, health.database, health.cache) == (status, database is PASSED, cache is PASSED)


def test_a_store_that_does_not_answer_now_is_in_error_whatever_was_result_before():
    health = check(Probes(lambda: False, lambda: True, CacheStore().check, CacheStore().check))

    assert health.status == "error"
