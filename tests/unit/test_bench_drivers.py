"""What the bench reads from the programs that send its load, what it tells them, and which responses it takes."""

import json
from typing import Any

import pytest

from tests.bench import drivers, shapes, wrk
from tests.bench.driver import LoadError
from tests.bench.traffic import EMAIL, Request, post

WRK = """Running 3s test @ http://127.0.0.1:8000/v1/users/me
  1 threads and 16 connections
  4500 requests in 3.00s, 3.51MB read
Requests/sec:   1500.00

{"microseconds":3000000,"responses":4500,"refused":%d,"unanswered":%d,"p50":10500.0,"p99":21000.0,"slowest":40000.0}
"""


def oha(statuses: dict[str, int], errors: dict[str, int]) -> str:
    latencies = {"p50": 0.0105, "p99": 0.021}
    summary = {"requestsPerSec": 1500.0, "slowest": 0.04}
    found = {"summary": summary, "latencyPercentiles": latencies}
    return json.dumps(found | {"statusCodeDistribution": statuses, "errorDistribution": errors})


def bombardier(**counts: int) -> str:
    latency = {"percentiles": {"50": 10500.0, "99": 21000.0}, "max": 40000.0}
    return json.dumps({"result": {"timeTakenSeconds": 3.0, "latency": latency, "req2xx": 4500, **counts}})


@pytest.mark.parametrize(
    "measured",
    [
        wrk.read(WRK % (0, 0)),
        drivers.read_oha(oha({"200": 4500}, {"aborted due to deadline": 16})),
        drivers.read_bombardier(bombardier(req4xx=0)),
    ],
)
def test_every_driver_gives_the_same_figures(measured: Any) -> None:
    assert (measured.rate, measured.p50, measured.p99, measured.slowest) == pytest.approx((1500, 10.5, 21, 40))


@pytest.mark.parametrize(
    ("read", "output", "message"),
    [
        (wrk.read, WRK % (7, 0), "7 of 4500 responses were not 2xx"),
        (wrk.read, WRK % (0, 3), "3 requests got no response"),
        (wrk.read, "unable to connect", "wrk wrote no result: unable to connect"),
        (drivers.read_oha, oha({"200": 4, "429": 2}, {}), "429"),
        (drivers.read_oha, oha({"200": 4}, {"connection reset": 1}), "connection reset"),
        (drivers.read_oha, "", "oha wrote no result"),
        (drivers.read_bombardier, bombardier(req5xx=2), "req5xx"),
        (drivers.read_bombardier, bombardier(others=2), "others"),
        (drivers.read_bombardier, bombardier(req2xx=0), "not one response"),
        (drivers.read_oha, oha({}, {}), "not one response"),
        (wrk.read, WRK.replace("4500,", "0,") % (0, 0), "not one response"),
    ],
)
def test_a_response_that_is_not_2xx_ends_the_run(read: Any, output: str, message: str) -> None:
    with pytest.raises(LoadError, match=message):
        read(output)


def test_a_script_of_wrk_has_method_headers_and_body_whatever_they_contain() -> None:
    script = wrk.same(Request("/", "POST", {"X-Token": 'a"b\\'}, '{"name": "ü"}'))

    assert 'wrk.method = "POST"' in script
    assert r'wrk.headers["X\045Token"] = "a\034b\092"' in script
    assert r'wrk.body = "\123\034name\034\058\032\034\195\188\034\125"' in script


def test_a_script_of_refreshes_begins_with_the_given_tokens() -> None:
    assert 'local tokens = {"abc", "d\\046e"}' in wrk.refreshes(["abc", "d.e"])


def test_wrk_gets_whole_seconds() -> None:
    assert [wrk.whole(seconds) for seconds in (0.2, 1, 2.5)] == [1, 1, 3]


def test_a_request_is_sent_with_the_length_of_its_body() -> None:
    raw = post("/v1/auth/login", {"email": "ü"}).raw

    head, body = raw.split(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/auth/login HTTP/1.1\r\nHost: ")
    assert f"Content-Length: {len(body)}".encode() in head


PROFILE = dict.fromkeys(("display_name", "locale", "time_zone", "avatar_url", "bio"))
ACCOUNT = {"id": "1", "email": EMAIL, "role": "user", "status": "active", "email_verified": True}
ACCOUNT |= {"created_at": "t", "updated_at": "t", "profile": PROFILE}
META = {"timestamp": "t", "version": "1.0", "request_id": "r"}


def test_a_response_of_the_expected_shape_is_taken() -> None:
    shapes.check("me", "FastAPI", {"data": ACCOUNT, "meta": META, "errors": None})
    shapes.check("me", "better-auth", {"user": {"email": EMAIL}, "session": {"id": "1"}})


@pytest.mark.parametrize(
    ("work", "who", "body"),
    [
        ("me", "FastAPI", {"data": None, "meta": META, "errors": [{"code": "FORBIDDEN"}]}),
        ("me", "FastAPI", {"data": ACCOUNT | {"email": "other@example.com"}, "meta": META, "errors": None}),
        ("me", "FastAPI", {"data": ACCOUNT, "meta": {}, "errors": None}),
        ("me", "FastAPI", {"data": {**ACCOUNT, "profile": {}}, "meta": META, "errors": None}),
        ("me", "better-auth", None),
        ("me", "django-allauth", {"status": 401, "meta": {"is_authenticated": False}}),
        ("list", "FastAPI", {"data": [ACCOUNT], "meta": {"pagination": {"total": 1}}, "errors": None}),
    ],
)
def test_a_rival_that_answers_200_with_something_else_is_refused(work: str, who: str, body: Any) -> None:
    with pytest.raises(LoadError, match=f"{who}, {work}: a response of another shape"):
        shapes.check(work, who, body)
