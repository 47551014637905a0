"""The parts of the contract kit that need no server: schemas, limits, tokens, addresses, comparison, production."""

import re
from typing import Any

import pytest

from app.contract_kit.checks.permissions import callers
from app.contract_kit.client import Address
from app.contract_kit.document import Document
from app.contract_kit.exchange import Request, Response
from app.contract_kit.rate import Pace
from app.contract_kit.report.compare import worse
from app.contract_kit.run import _needs_consent
from app.contract_kit.schemas import Schemas
from app.contract_kit.tokens import forged, parts, tampered
from tests.house.repository import ROOT

TOKEN = (
    "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEiLCJleHAiOjE3MDAwMDAwMDB9."
    "c2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmU"
)


def document(**schema: Any) -> Document:
    operation = {
        "operationId": "get_moon",
        "x-permission": "moons:read",
        "responses": {"200": {"description": "A moon."}, "404": {"description": "None."}},
    }
    return Document({"paths": {"/v1/moons/{moon_id}": {"get": operation}}, "components": {"schemas": {"Moon": schema}}})


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "string", "nullable": True}, [None, "a"], [1]),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": True}, [2], [1, "2"]),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": False}, [1], [0]),
        ({"type": "string", "format": "uuid"}, ["019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d"], ["x"]),
        ({"type": "object", "properties": {"a": {"$ref": "#/components/schemas/Moon"}}}, [{"a": "x"}], [{"a": 1}]),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Moon"}}, [[], ["x"]], [[1], {}]),
    ],
)
def test_a_schema_of_openapi_means_the_same_as_json_schema(schema: Any, good: list[Any], bad: list[Any]) -> None:
    schemas = Schemas(document(type="string"), response=True)
    assert [value for value in good if not schemas.matches(schema, value)] == []
    assert [value for value in bad if schemas.matches(schema, value)] == []


def test_properties_of_the_other_direction_must_be_absent_and_are_not_required() -> None:
    properties = {"id": {"type": "string", "readOnly": True}, "password": {"type": "string", "writeOnly": True}}
    schema = {"type": "object", "properties": properties, "required": ["id", "password"]}
    responses, requests = (Schemas(document(), response=response) for response in (True, False))
    assert responses.matches(schema, {"id": "1"})
    assert requests.matches(schema, {"password": "x"})
    assert not responses.matches(schema, {"id": "1", "password": "x"})
    assert not requests.matches(schema, {"id": "1", "password": "x"})


def response(left: int, size: int = 10) -> Response:
    headers = (("ratelimit-policy", f'"read";q={size};w=60'), ("ratelimit", f'"read";r={left};t=1'))
    return Response(Request("GET", "/", operation="get_moon"), 200, headers, b"", 0)


def test_a_request_waits_before_the_last_one_of_a_bucket_is_used() -> None:
    pace = Pace()
    pace.learn("ada", "get_moon", response(9))
    assert pace.seconds_to_wait("ada", "get_moon") == 0
    pace.learn("ada", "get_moon", response(1))
    assert 5 < pace.seconds_to_wait("ada", "get_moon") <= 6
    assert pace.seconds_to_wait("bob", "get_moon") == 0
    assert pace.seconds_to_wait("ada", "another") == 0


def test_more_is_left_in_a_bucket_that_others_use() -> None:
    pace = Pace()
    pace.learn("address", "get_moon", response(3, size=12))
    pace.learn("ada", "get_moon", response(3, size=12))
    assert pace.seconds_to_wait("ada", "get_moon") == 0
    assert pace.seconds_to_wait("address", "get_moon") > 4


def test_a_bucket_fills_up_with_time() -> None:
    now = 0.0
    pace = Pace(lambda: now)
    pace.learn("ada", "get_moon", response(1, size=600))
    assert pace.least_left("ada") == 1
    now = 0.5
    assert pace.least_left("ada") == 6
    now = 100.0
    assert pace.least_left("ada") == 600


def test_no_forged_token_has_the_parts_of_the_original() -> None:
    tokens = [*forged(TOKEN).values(), tampered(TOKEN, "eve")]
    assert TOKEN not in tokens
    assert len(set(tokens)) == len(tokens)
    assert parts(tampered(TOKEN, "eve"))[1]["sub"] == "eve"


@pytest.mark.parametrize(
    ("url", "name", "needed"),
    [
        ("http://localhost:8080", "", False),
        ("http://127.0.0.1", "development", False),
        ("https://staging.example.com", "staging", False),
        ("https://staging.example.com", "", True),
        ("https://api.example.com", "production", True),
        ("http://localhost", "production", True),
        ("https://api.example.com", "Live", True),
    ],
)
def test_a_production_needs_consent(url: str, name: str, needed: bool) -> None:
    assert _needs_consent(Address.of(url), name) is needed


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://localhost:8080/", "http://localhost:8080"),
        ("https://a.example/api/", "https://a.example/api"),
        ("http://[::1]:80", "http://[::1]"),
    ],
)
def test_an_address_is_shown_without_what_goes_without_saying(url: str, shown: str) -> None:
    assert Address.of(url).url == shown


@pytest.mark.parametrize("url", ["localhost", "ftp://x", "http://", "http://a@b", "http://a?b", "http://a#b"])
def test_what_is_no_address_is_refused_with_its_value(url: str) -> None:
    with pytest.raises(ValueError, match="http"):
        Address.of(url)


def made(**changes: Any) -> dict[str, Any]:
    operation = {
        "name": "get_moon",
        "verdict": "passed",
        "documented": [{"status": 200, "code": "", "seen": True}, {"status": 404, "code": "NOT_FOUND", "seen": True}],
    }
    times = {"get_moon": {"p50": 10.0, "p95": 20.0}}
    return {"report_version": 1, "operations": [operation], "failures": [], "milliseconds": times, **changes}


def test_what_is_worse_is_told_and_nothing_else() -> None:
    assert worse(made(), made()) == []
    failure = {"check": "schema", "operation": "get_moon", "message": "row 7 is wrong"}
    assert worse(made(), made(failures=[failure, failure])) == ["fails now: schema: get_moon: row 7 is wrong"]
    assert worse(made(failures=[failure]), made(failures=[{**failure, "message": "row 8 is wrong"}])) == []
    assert worse(made(), made(operations=[])) == ["gone from the document: get_moon"]
    assert worse(made(), made(milliseconds={"get_moon": {"p50": 30.0, "p95": 40.0}})) == [
        "slower: get_moon takes 30.0 ms instead of 10.0 ms (median)"
    ]
    unseen = made()
    unseen["operations"][0]["documented"][1]["seen"] = False
    unseen["operations"][0]["verdict"] = "not covered"
    told = worse(made(), unseen)
    assert told == ["not covered any more: get_moon", "not seen any more: get_moon 404 NOT_FOUND"]
    with pytest.raises(ValueError, match="no report"):
        worse({"report_version": 0}, made())


def test_the_page_says_who_each_caller_is() -> None:
    operation = document()["get_moon"]
    operation.owned, operation.permissions = True, ("moons:read", "moons:write")
    page = (ROOT / "docs" / "contract-testing.md").read_text(encoding="utf-8")

    missing = [name for name in callers(operation) if f"`{re.sub('but_.*', 'but_…', name)}`" not in page]

    assert missing == []
