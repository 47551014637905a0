"""What a handler returned becomes a response that the document describes, or a 500 whose cause is only in the log."""

from collections.abc import Callable
from functools import partial
from typing import Any

import orjson
import pytest

from app.errors import Forbidden, Internal, RateLimited, ValidationError, Violation
from app.pipeline.envelope import error_response
from app.pipeline.rendering import ResponseRenderer
from app.pipeline.request_context import RequestContext
from app.pipeline.response import Response
from app.pipeline.response_checks import UnusableResponsesError
from app.results import Listing, Result
from app.security.cursors import Cursors
from tests.unit.made import NOW, make_context, make_policy

ITEM = {"type": "object", "additionalProperties": False, "required": ["n"], "properties": {"n": {"type": "integer"}}}
CURSORS = Cursors(["a secret that is only for tests"])
TAG = {"schema": {"type": "string", "pattern": '^"[0-9]+"$'}}


def responder(
    schema: dict[str, Any] | None, *, path: str = "/v1/things", method: str = "get", status: int = 200, **headers: Any
) -> Callable[[RequestContext, Any], Response]:
    enveloped = {"type": "object", "properties": {"data": schema}} if path.startswith("/v1") else schema
    response: dict[str, Any] = {"description": "x", "headers": headers}
    if schema is not None:
        response["content"] = {"application/json": {"schema": enveloped}}
    described = {"responses": {str(status): response, "503": response}}
    return partial(
        ResponseRenderer({}, described, make_policy(path=path, method=method, safe=method == "get")), cursors=CURSORS
    )


def header(response: Response, name: bytes) -> str | None:
    return next((value.decode() for key, value in response.headers if key == name), None)


def page(total: int, offset: int, limit: int, *, exact: bool = True, rows: int | None = None, **more: Any) -> Any:
    items = [{"n": 1}] * (limit if rows is None else rows)
    response = responder({"type": "array", "items": ITEM}, Link={"schema": {"type": "string"}})(
        make_context(arguments={"offset": offset, "limit": limit, **more}), Listing(items, total, exact)
    )
    return orjson.loads(response.body)["meta"]["pagination"], header(response, b"link")


def test_a_success_is_the_envelope_with_the_time_in_milliseconds() -> None:
    response = responder(ITEM)(make_context(), {"n": 1})

    assert response.status == 200
    assert header(response, b"content-type") == "application/json"
    assert orjson.loads(response.body) == {
        "data": {"n": 1},
        "meta": {"timestamp": "2026-11-23T12:00:00.007Z", "version": "1.0", "request_id": "mine"},
        "errors": None,
    }


def test_outside_of_v1_there_is_no_envelope() -> None:
    assert responder(ITEM, path="/health")(make_context(), {"n": 1}).body == b'{"n":1}'


def test_no_content_is_no_body() -> None:
    assert responder(None, status=204)(make_context(), None) == Response(204, [], b"")


@pytest.mark.parametrize(
    "result",
    [
        {"n": "1"},
        {},
        {"n": 1, "m": 2},
        None,
        [],
        Result({"n": 1}, status=201),
        Result({"n": 1}, version=1),
        Result({"n": 1}, location="/v1/things/1"),
    ],
)
def test_what_the_document_does_not_describe_is_an_internal_error_that_names_its_place(result: Any) -> None:
    with pytest.raises(Internal) as caught:
        responder(ITEM)(make_context(), result)

    assert caught.value.reason == "response_mismatch"
    assert "list_things" in str(caught.value.__cause__)
    assert "openapi/paths/things.yaml:7" in str(caught.value.__cause__)
    assert "list_things" not in str(caught.value)


def test_the_log_learns_which_fields_do_not_fit_and_nothing_of_what_they_hold() -> None:
    with pytest.raises(Internal) as caught:
        responder(ITEM)(make_context(), {"n": "hush", "m": "hush"})

    told = str(caught.value.__cause__)
    assert "does not match its schema: m: Is not a property of this object. n: Must be a whole number." in told
    assert "hush" not in told


def test_the_log_is_told_of_a_few_misfits_not_of_each() -> None:
    with pytest.raises(Internal) as caught:
        responder({"type": "array", "items": ITEM})(make_context(), [{}] * 1000)

    assert str(caught.value.__cause__).count("Is required.") == 5


def test_a_body_where_none_is_documented_is_a_mismatch() -> None:
    with pytest.raises(Internal):
        responder(None, status=204)(make_context(), {"n": 1})


def test_a_version_is_a_strong_tag() -> None:
    assert header(responder(ITEM, ETag=TAG)(make_context(), Result({"n": 1}, version=7)), b"etag") == '"7"'


@pytest.mark.parametrize("wanted", ['"7"', '"1", "7"', "*", 'W/"7"', ' "7"'])
def test_an_unchanged_read_is_a_304_with_its_tag_and_no_body(wanted: str) -> None:
    response = responder(ITEM, ETag=TAG)(make_context(headers={"if-none-match": wanted}), Result({"n": 1}, version=7))

    assert (response.status, response.body, header(response, b"etag")) == (304, b"", '"7"')
    assert header(response, b"content-type") is None


@pytest.mark.parametrize("wanted", ['"8"', "7", "", '"77"', '"7'])
def test_a_changed_read_is_a_200(wanted: str) -> None:
    response = responder(ITEM, ETag=TAG)(make_context(headers={"if-none-match": wanted}), Result({"n": 1}, version=7))

    assert response.status == 200


def test_a_write_is_never_a_304() -> None:
    respond = responder(ITEM, method="put", ETag=TAG)

    assert respond(make_context(headers={"if-none-match": "*"}), Result({"n": 1}, version=7)).status == 200


def test_a_read_without_a_version_is_never_a_304() -> None:
    assert responder(ITEM)(make_context(headers={"if-none-match": "*"}), {"n": 1}).status == 200


def test_a_list_tells_where_its_neighbours_are() -> None:
    pagination, link = page(total=45, offset=20, limit=20)

    assert pagination == {
        "offset": 20,
        "limit": 20,
        "total": 45,
        "total_is_exact": True,
        "next": "/v1/things?offset=40&limit=20",
        "previous": "/v1/things?offset=0&limit=20",
    }
    assert link == '</v1/things?offset=40&limit=20>; rel="next", </v1/things?offset=0&limit=20>; rel="prev"'


@pytest.mark.parametrize(
    ("total", "offset", "limit", "following", "previous"),
    [
        (0, 0, 20, None, None),
        (20, 0, 20, None, None),
        (21, 0, 20, 20, None),
        (45, 40, 20, None, 20),
        (45, 10, 20, 30, 0),
        (5, 500, 20, None, 480),
    ],
)
def test_the_neighbours_end_where_the_list_ends(
    total: int, offset: int, limit: int, following: int | None, previous: int | None
) -> None:
    pagination, _ = page(total, offset, limit, rows=0)

    def at(start: int | None) -> str | None:
        return None if start is None else f"/v1/things?offset={start}&limit={limit}"

    assert (pagination["next"], pagination["previous"]) == (at(following), at(previous))


def test_an_uncounted_rest_is_followed_as_far_as_offsets_go() -> None:
    assert page(10_000, 9_900, 100, exact=False)[0]["next"] == "/v1/things?offset=10000&limit=100"
    assert page(10_000, 10_000, 100, exact=False)[0]["next"] is None


def test_neighbours_keep_the_filters_escaped() -> None:
    pagination, link = page(total=45, offset=0, limit=20, q='a&b=c>"é', role=None)

    assert pagination["next"] == "/v1/things?q=a%26b%3Dc%3E%22%C3%A9&offset=20&limit=20"
    assert link is not None
    assert link.count(">") == 1


def test_a_refusal_has_an_entry_for_each_violation_once() -> None:
    violations = [Violation("Is required.", "email"), Violation("Is required.", "email"), Violation("Is wrong.")]
    response = error_response(ValidationError(details=violations), "mine", NOW)

    assert orjson.loads(response.body)["errors"] == [
        {"code": "VALIDATION_ERROR", "message": "Is required.", "field": "email"},
        {"code": "VALIDATION_ERROR", "message": "Is wrong.", "field": None},
    ]


def test_a_refusal_never_tells_its_reason() -> None:
    response = error_response(Forbidden(reason="hush"), "mine", NOW)

    assert b"hush" not in response.body
    assert orjson.loads(response.body)["data"] is None


def test_a_refusal_carries_its_headers() -> None:
    assert header(error_response(RateLimited.after(7), "mine", NOW), b"retry-after") == "7"
    assert header(error_response(RateLimited.after(0), "mine", NOW), b"retry-after") == "1"


def test_messages_and_fields_are_never_longer_than_the_document_says() -> None:
    response = error_response(ValidationError(details=[Violation("m" * 9000, "f" * 9000)]), "mine", NOW)

    [entry] = orjson.loads(response.body)["errors"]
    assert (len(entry["message"]), len(entry["field"])) == (500, 256)


JSON_DATA = {"application/json": {"schema": {"type": "object", "properties": {"data": ITEM}}}}
UNUSABLE: dict[str, tuple[dict[str, Any], str]] = {
    "default alone": ({"default": {"description": "x", "content": JSON_DATA}}, "no success"),
    "refusals alone": ({"400": {"description": "x", "content": JSON_DATA}}, "no success"),
    "a range": ({"2XX": {"description": "x", "content": JSON_DATA}}, "no success"),
    "no data": (
        {"201": {"content": {"application/json": {"schema": {"properties": {"meta": {}}}}}}},
        "response 201 .* no property data",
    ),
    "no properties": ({"200": {"content": {"application/json": {"schema": {}}}}}, "no property data"),
    "no schema": ({"200": {"content": {"application/json": {}}}}, "no schema"),
    "not JSON": ({"200": {"content": {"text/plain": {"schema": {}}}}}, "no schema for application/json"),
    "another envelope": (
        {
            "200": {
                "content": {
                    "application/json": {
                        "schema": {"properties": {"data": ITEM, "meta": {"type": "array", "items": {}}}}
                    }
                }
            }
        },
        "another envelope",
    ),
}


@pytest.mark.parametrize(("responses", "told"), UNUSABLE.values(), ids=UNUSABLE)
def test_successes_that_cannot_be_rendered_are_refused_at_start(responses: dict[str, Any], told: str) -> None:
    with pytest.raises(UnusableResponsesError, match=told):
        ResponseRenderer({}, {"responses": responses}, make_policy())
