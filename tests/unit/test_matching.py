"""Operations and handlers: the start, lint and doctor report everything that does not match, all at once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.config import Config
from app.pipeline.contract import read_contract
from app.pipeline.matching import match_operations
from app.spec.document import DocumentError, Fault, load
from app.spec.policies import read_policies
from tests.unit.small_document import write

JSON = "{description: Done., content: {application/json: {schema: {properties: {data: {type: string}}}}}}"
REFUSED = "{description: Refused.}"
REFUSALS = f'default: {REFUSED}, "400": {REFUSED}, "401": {REFUSED}, "403": {REFUSED}, "429": {REFUSED}'
HERE = "tests/unit/test_matching.py"
SOUND = f"""\
get:
  operationId: get_user
  tags: [users]
  x-permission: users:read
  parameters:
    - {{name: user_id, in: path, required: true, schema: {{type: string, format: uuid}}}}
  responses: {{"200": {JSON}, {REFUSALS}}}
put:
  operationId: put_user
  tags: [users]
  x-permission: users:update
  parameters:
    - {{name: user_id, in: path, required: true, schema: {{type: string, format: uuid}}}}
  requestBody: {{content: {{application/json: {{schema: {{type: object}}}}}}}}
  responses: {{"200": {JSON}, "415": {REFUSED}, {REFUSALS}}}
"""


def get_user(user_id: Any) -> None: ...
def put_user(user_id: Any, body: Any) -> None: ...
def without_user() -> None: ...
def with_request(user_id: Any, request: Any) -> None: ...


def line(handler: Callable[..., Any]) -> int:
    return int(handler.__code__.co_firstlineno)


def written(folder: Path, text: str) -> Path:
    files = {"paths/user.yaml": text, "components/schemas.yaml": "X: {type: string}", "events.yaml": "{}"}
    return write(folder, files) / "openapi.yaml"


def mismatches(folder: Path, text: str, **handlers: Callable[..., Any]) -> list[Fault]:
    document = load(written(folder, text))
    policies, _ = read_policies(document, permissions={}, events={}, buckets=(), recencies=(), lifetimes=())
    matched, faults = match_operations(document, policies, {"get_user": get_user, "put_user": put_user, **handlers})
    assert set(matched) <= {"get_user", "put_user"} - {name for name in policies if name in str(faults)}
    return faults


def test_what_matches_is_returned(tmp_path: Path) -> None:
    document = load(written(tmp_path, SOUND))
    policies, _ = read_policies(document, permissions={}, events={}, buckets=(), recencies=(), lifetimes=())
    matched, faults = match_operations(document, policies, {"get_user": get_user, "put_user": put_user})

    assert (list(matched), faults) == (["get_user", "put_user"], [])
    assert (matched["get_user"].read_body, matched["put_user"].body_required) == (None, False)
    assert matched["put_user"].read_body is not None


def test_signatures_are_checked_against_the_document(tmp_path: Path) -> None:
    faults = mismatches(tmp_path, SOUND, get_user=without_user, put_user=with_request)
    path = "/v1/users/{user_id} (openapi/paths/user.yaml"
    assert list(map(str, faults)) == [
        (
            f"{HERE}:{line(without_user)}: get_user() lacks the parameter `user_id`, which GET {path}:1) has. "
            "Add user_id to the parameters."
        ),
        (
            f"{HERE}:{line(with_request)}: put_user() has the parameter `request`, which PUT {path}:8) does not have. "
            "Write `body` instead, or change the document."
        ),
    ]


@pytest.mark.parametrize(
    ("handler", "fix"),
    [
        (lambda id: id, "Did you mean `user_id`?"),  # noqa: A006
        (lambda user_id, ctx: (user_id, ctx), "Did you mean `context`?"),
        (lambda userid, contxt: (userid, contxt), "Did you mean `context` and `user_id`?"),
        (lambda user_id, page: (user_id, page), "Remove it, or add it to the document."),
    ],
)
def test_a_wrong_argument_comes_with_the_name_that_was_meant(
    tmp_path: Path, handler: Callable[..., Any], fix: str
) -> None:
    [fault] = mismatches(tmp_path, SOUND, get_user=handler)
    assert (fault.place, fault.fix) == ((HERE, line(handler)), fix)


PAGED = SOUND.split("put:", 1)[0].replace(
    "parameters:\n",
    "parameters:\n"
    + "".join(f"    - {{name: {name}, in: query, schema: {{type: integer}}}}\n" for name in ("offset", "limit")),
)


def test_a_handler_of_a_list_is_told_to_take_a_page(tmp_path: Path) -> None:
    [fault] = mismatches(tmp_path, PAGED, get_user=get_user)
    assert fault.message.startswith("get_user() lacks the parameters `limit`, `offset`, which GET ")
    assert fault.fix == "Add page: Page to the parameters."


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("application/json: {schema: {type: object}}", "text/plain: {}", "14: The body of put_user has no schema for"),
        (
            "schema: {type: object}",
            "schema: {type: objekt}",
            "14: The request body of put_user has an invalid schema: `type: objekt`. Use `object`.",
        ),
        (
            "schema: {type: object}",
            "schema: {pattern: '('}",
            '14: The request body of put_user has an invalid schema: "(',
        ),
        (
            "data: {type: string}",
            "datum: {type: string}",
            "1: get_user has no response that can be sent. Its response 200 is not in",
        ),
        ('"200"', '"304"', "1: get_user has no response that can be sent. It describes no success"),
        (
            "data: {type: string}",
            "data: {type: strink}",
            "7: The 200 response of get_user has an invalid schema: `type: strink`. Use `string`.",
        ),
        (
            '"200": {',
            '"200": {headers: {ETag: {schema: {type: string, pattern: "("}}}, ',
            "7: The 200 response of get_user has an invalid schema: ",
        ),
        ("format: uuid", "pattern: '('", "5: A parameter of get_user has an invalid schema: "),
        ("type: string, format: uuid", "type: object", "1: The parameter user_id is neither a plain value nor a list"),
    ],
)
def test_what_cannot_be_read_or_answered_is_told(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in SOUND
    [fault] = mismatches(tmp_path, SOUND.replace(old, new, 1))
    assert str(fault).startswith(f"openapi/paths/user.yaml:{told}")


JSON_BODY = "application/json: {schema: {type: object}}"
AND_MERGE_PATCH = f"application/merge-patch+json: {{schema: {{type: object}}}}, {JSON_BODY}"


def test_a_patch_takes_a_merge_patch_when_the_document_says_so(tmp_path: Path) -> None:
    text = SOUND.replace("put:", "patch:").replace(JSON_BODY, AND_MERGE_PATCH)
    document = load(written(tmp_path, text))
    policies, _ = read_policies(document, permissions={}, events={}, buckets=(), recencies=(), lifetimes=())
    matched, faults = match_operations(document, policies, {"get_user": get_user, "put_user": put_user})

    assert faults == []
    assert matched["get_user"].media_types == ("application/json",)
    assert matched["put_user"].media_types == ("application/json", "application/merge-patch+json")


@pytest.mark.parametrize(
    ("method", "content", "told"),
    [
        ("put", AND_MERGE_PATCH, "A body of put_user as application/merge-patch+json would be rejected."),
        ("patch", f"{JSON_BODY}, text/plain: {{}}", "A body of put_user as text/plain would be rejected."),
        ("patch", AND_MERGE_PATCH.replace("object", "array", 1), "The bodies of put_user have different schemas."),
        ("patch", f"{JSON_BODY}, application/merge-patch+json: {{}}", "The bodies of put_user have different schemas."),
    ],
)
def test_a_body_that_would_not_be_read_is_told(tmp_path: Path, method: str, content: str, told: str) -> None:
    [fault] = mismatches(tmp_path, SOUND.replace("put:", f"{method}:").replace(JSON_BODY, content))

    assert fault.message == told
    assert fault.place.line == 14


def test_every_fault_of_document_policies_and_handlers_comes_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "misfits"
    package.mkdir()
    (package / "users.py").write_text("def get_user(): ...\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    text = SOUND.replace("users:read", "users:reed").replace("application/json: {schema: {type: object}}", "a/b: {}")

    with pytest.raises(DocumentError) as caught:
        read_contract(Config(), document=written(tmp_path, text), handlers_package="misfits")

    assert [str(fault).removeprefix("openapi/").split(". ")[0] for fault in caught.value.faults] == [
        (
            "misfits/users.py:1: get_user() lacks the parameter `user_id`, which GET /v1/users/{user_id} "
            "(openapi/paths/user.yaml:1) has"
        ),
        "paths/user.yaml:4: There is no permission users:reed",
        "paths/user.yaml:8: The operation put_user has no handler",
        "paths/user.yaml:14: The body of put_user has no schema for application/json",
    ]
    assert "Write the function put_user in misfits/users.py." in str(caught.value)


def test_every_file_that_cannot_be_read_is_told_at_once(tmp_path: Path) -> None:
    document = written(tmp_path, SOUND)
    for name in ("openapi", "permissions", "events"):
        (document.parent / f"{name}.yaml").write_text("[]")

    with pytest.raises(DocumentError) as caught:
        read_contract(Config(), document=document)

    told = {fault.place.file for fault in caught.value.faults}
    assert told >= {"openapi/openapi.yaml", "openapi/permissions.yaml", "openapi/events.yaml"}
