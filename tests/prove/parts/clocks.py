"""Two servers whose machines' clocks are 20 s apart take no twin refresh for a theft, and tell of the difference."""

import re
from itertools import permutations
from pathlib import Path

import httpx

from tests.people import PASSWORD
from tests.prove.pair import Load, Pair, deployed
from tests.prove.proof import Skipped
from tests.service import REFRESH_KEYS, SECRET

APART = 20
_SECRETS = {"JWT_SECRET": SECRET, "REFRESH_KEYS": REFRESH_KEYS}
_OFFSET = re.compile(r"^charter_clock_offset_seconds (\S+)$", re.MULTILINE)
_LIBRARIES = "usr/lib/*/faketime/libfaketimeMT.so.1"
# What waits goes by the monotonic clock, which no machine sets.
_WALL_CLOCK_ALONE = dict.fromkeys(("FAKETIME_DONT_FAKE_MONOTONIC", "DONT_FAKE_MONOTONIC"), "1")


def prove(place: Path) -> None:
    """Have one server's machine ahead, then behind; refresh at both, and use what either gave at the other."""
    library = next(Path("/").glob(_LIBRARIES), None)
    if library is None:
        raise Skipped("no faketime here: install it (Debian: apt-get install faketime) to give a server a wrong clock")
    with deployed(place, **_SECRETS) as pair:
        pair.replace(0)
        for seconds in (APART, -APART):
            pair.replace(1, LD_PRELOAD=str(library), FAKETIME=f"{seconds:+}s", **_WALL_CLOCK_ALONE)
            _refresh_in_turn(pair)
            _see_the_difference(pair, seconds)
            with Load(pair) as load:
                load.go_on(3)
            assert load.failures == {}, load.failures
            print(f"a clock {seconds:+} s wrong: {load.responses.total()} requests in turn at two servers, 0 failed")


def _refresh_in_turn(pair: Pair) -> None:
    for first, second in permutations((0, 1)):
        with pair.using(first) as one, pair.using(second) as other:
            body = {"email": "client0@example.com", "password": PASSWORD}
            tokens = httpx.post(f"{one}/v1/auth/login", json=body).json()["data"]
            for _ in range(3):
                twins = [
                    httpx.post(f"{address}/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
                    for address in (one, other)
                ]
                assert [twin.status_code for twin in twins] == [200, 200], [twin.text for twin in twins]
                tokens, again = (twin.json()["data"] for twin in twins)
                assert tokens["refresh_token"] == again["refresh_token"]


def _see_the_difference(pair: Pair, seconds: int) -> None:
    """Assert that each server tells how far its machine's clock is ahead of the database's."""
    for server, ahead in ((0, 0), (1, seconds)):
        with pair.using(server) as address:
            found = _OFFSET.search(httpx.get(f"{address}/metrics").text)
        assert found, "the metric is missing"
        assert abs(float(found[1]) - ahead) < 2, found[1]
