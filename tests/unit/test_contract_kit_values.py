"""How the contract kit finds what makes a resource, and how its report tells one cause once."""

import json
from typing import Any

import pytest

from app.contract_kit.document import Document
from app.contract_kit.exchange import Request, Response
from app.contract_kit.makers import lister, made_value, maker, names_account
from app.contract_kit.report.causes import failures_by_cause, gaps_by_cause, in_words, sentence, what
from app.contract_kit.report.html import page

ID = "019c13ec-9e00-7b4d-8e6f-1a2b3c4d5e6f"


def operation(name: str, status: str, **links: str) -> dict[str, Any]:
    found = {"link": {"operationId": "get_page", "parameters": links}} if links else {}
    return {
        "operationId": name,
        "x-permission": "pages:read",
        "responses": {status: {"description": "Done.", "links": found}},
    }


def document(**paths: Any) -> Document:
    item = {"/v1/pages/{page_id}": {"get": operation("get_page", "200")}}
    return Document({"paths": {**{f"/v1/{path}": node for path, node in paths.items()}, **item}})


def of(found: Any) -> str:
    return found.name if found else "none"


ITEM = "/v1/pages/{page_id}"
MAKES = {"post": operation("make_page", "201")}
LINKS = {"post": operation("draw_up", "201", page_id="$response.body#/data/id")}
MENTIONS = {"post": operation("print_page", "201", page_id="$response.body#/data/page_id")}


@pytest.mark.parametrize(
    ("paths", "name"),
    [
        ({"pages": MAKES, "drafts": LINKS}, "make_page"),
        ({"drafts": LINKS, "users/{user_id}/pages": MAKES}, "draw_up"),
        ({"prints": MENTIONS, "users/{user_id}/pages": MAKES}, "make_page"),
        ({"prints": MENTIONS}, "none"),
        ({"drafts": {"post": operation("draw_up", "200", page_id="$response.body#/data/id")}}, "none"),
    ],
)
def test_what_makes_a_resource_is_told_by_the_path_or_by_a_link(paths: dict[str, Any], name: str) -> None:
    assert of(maker(document(**paths), ITEM)) == name


def test_what_lists_a_resource_is_found_likewise() -> None:
    listing = {"get": operation("list_drafts", "200", page_id="$response.body#/data/0/id")}
    assert of(lister(document(drafts=listing), ITEM)) == "list_drafts"
    assert of(lister(document(), ITEM)) == "none"


def test_a_link_says_where_the_value_is() -> None:
    found = document(drafts=LINKS)["draw_up"]

    def answered(status: int, data: Any) -> str | None:
        body = json.dumps({"data": data}).encode()
        return made_value(found, ITEM, Response(Request("POST", "/v1/drafts"), status, (), body, 0))

    assert answered(201, {"id": ID}) == ID
    assert answered(200, {"id": ID}) is None
    assert answered(201, None) is None
    assert answered(201, [ID]) is None


@pytest.mark.parametrize(
    ("schema", "names"),
    [
        ({"format": "uuid", "description": "Id of the account that is its author; null if it has none."}, True),
        ({"allOf": [{"format": "uuid", "description": "Id of the account."}], "nullable": True}, True),
        ({"format": "uuid", "description": "Id of the page."}, False),
        ({"type": "string", "description": "Id of the account."}, False),
    ],
)
def test_a_description_says_that_a_value_is_an_account(schema: Any, names: bool) -> None:
    assert names_account(document(), schema) is names


def failure(caller: str, message: str, *, check: str = "permissions", operation: str = "get_page") -> dict[str, Any]:
    return {"check": check, "operation": operation, "caller": caller, "message": message, "curl": "", "response": ""}


def gap(operation: str, about: str, reason: str, *, accepted: bool = False) -> dict[str, Any]:
    return {"check": "permissions", "operation": operation, "what": about, "reason": reason, "accepted": accepted}


FAILURES = [
    failure("admin", "404 NOT_FOUND instead of 200: admin may call it"),
    failure("owner", "404 NOT_FOUND instead of 200: owner may call it"),
    failure("admin", "404 NOT_FOUND instead of 200", check="caching"),
    failure("admin", "403 FORBIDDEN instead of 200: admin may call it"),
    failure("", "row 7 is doubled", operation="list_pages"),
    failure("", "row 8 is doubled", operation="list_pages"),
]
GAPS = [
    gap("put_page", "a call as admin", "nothing makes one"),
    gap("put_page", "a call as owner", "nothing makes one"),
    gap("put_page", "If-Match", "nothing makes one"),
    gap("put_page", "500", "a server that works has no failure", accepted=True),
]


def report(**parts: Any) -> dict[str, Any]:
    shown = [{"check": "permissions", "operation": "get_page", "count": 12_345}]
    return {"failures": [], "gaps": [], "left_behind": [], "reason": "", "shown": shown, **parts}


def test_failures_with_one_cause_are_told_once() -> None:
    told = [(cause.operation, cause.who, cause.told, len(cause.rows)) for cause in failures_by_cause(FAILURES)]
    assert told == [
        ("get_page", "2 callers", "404 NOT_FOUND instead of 200", 3),
        ("list_pages", "", "row 7 is doubled", 2),
        ("get_page", "as admin", "403 FORBIDDEN instead of 200", 1),
    ]


def test_what_is_not_covered_is_told_once_for_each_operation_and_reason() -> None:
    [cause] = gaps_by_cause(GAPS)
    assert (cause.operation, cause.told) == ("put_page", "nothing makes one")
    assert what(cause) == "permissions: calls as 2 callers, permissions: If-Match"


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({}, "all 12,345 statements held"),
        ({"failures": FAILURES}, "6 of 12,351 statements did not hold, in 2 operations: get_page, list_pages"),
        ({"gaps": GAPS}, "all 12,345 statements held, but not everything could be tried, in 1 operation: put_page"),
        ({"gaps": GAPS[3:]}, "all 12,345 statements held"),
        ({"reason": "stopped"}, "stopped"),
        ({"left_behind": ["a page"]}, "all 12,345 statements held, but not everything that was made could be removed"),
    ],
)
def test_a_sentence_says_how_a_run_ended(parts: dict[str, Any], told: str) -> None:
    assert in_words(*sentence(report(**parts))) == told


def shown(**parts: Any) -> str:
    """Return the page of a run that called get_page, and OPTIONS on its path."""
    operation = {
        "name": "get_page",
        "verdict": "passed",
        "path": "/v1/pages/{page_id}",
        "documented": [{"status": 200, "code": "", "seen": True}],
    }
    seen = [
        {"operation": "get_page", "caller": "admin", "check": "routes", "status": status, "code": "", "count": 1}
        for status in (200, 204)
    ]
    whole = {"url": "http://a.example", "document": "Pages 1", "began": "", "run": "", "seed": 1, "requests": 2345}
    whole |= {"verdict": "failed", "exit_code": 1, "total_seconds": 1, "checks": [], "milliseconds": {}, "seconds": {}}
    return page(report(**whole, operations=[operation], seen=seen, **parts))


def test_the_page_links_from_its_verdict_to_the_failures_and_says_where_a_token_comes_from() -> None:
    made = shown(failures=FAILURES, gaps=GAPS)
    for name in ("get_page", "list_pages"):
        assert made.count(f'<a href="#{name}">') == 1
        assert made.count(f'id="{name}"') == 1
    assert "TOKEN=$(curl -s http://a.example/v1/auth/login" in made
    assert made.count("<article") == 3
    assert "12,345 of 12,351" in made
    assert "2,345" in made


def test_a_status_is_red_only_if_a_response_with_it_was_wrong() -> None:
    assert 'class="failed"' not in shown()
    wrong = {**failure("admin", "204 is not documented", check="statuses"), "response": "204\n"}
    assert 'class="failed"' in shown(failures=[wrong])


def test_a_command_names_no_method_that_curl_uses_by_itself() -> None:
    assert Request("GET", "/v1/pages").curl("http://a") == "curl -i http://a/v1/pages"
    assert Request("HEAD", "/v1/pages").curl("http://a") == "curl -i -I http://a/v1/pages"
    assert Request("DELETE", "/v1/pages").curl("http://a") == "curl -i -X DELETE http://a/v1/pages"
