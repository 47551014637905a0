"""`charter spec lint` names links that lead to nothing, with their line."""

from pathlib import Path

import pytest

from app.spec.checks.links import check_links
from app.spec.document import load
from tests.document import DOCUMENT
from tests.unit.small_document import USER, change, write

SCHEMA = "{properties: {data: {type: array, items: {properties: {id: {type: string}}}}}}"
RESPONSE = f'"200": {{headers: {{ETag: {{schema: {{}}}}}}, content: {{application/json: {{schema: {SCHEMA}}}}}, links: '


def found(folder: Path, link: str) -> list[str]:
    responses = f"responses: {{{RESPONSE}\n      {{edit:\n        {link}}}}}, default: {{}}, "
    paths = {"paths/user.yaml": change("responses: {default: {}, ", responses, USER)}
    return [str(fault) for fault in check_links(load(write(folder, paths) / "openapi.yaml"))]


@pytest.mark.parametrize(
    "link",
    [
        "{operationId: update_user}",
        "{operationId: update_user, parameters: {user_id: $request.path.user_id, if-match: $response.header.etag}}",
        "{operationId: update_user, parameters: {path.user_id: $response.body#/data/0/id, header.if-match: '*'}}",
    ],
)
def test_a_link_that_can_be_followed(tmp_path: Path, link: str) -> None:
    assert found(tmp_path, link) == []


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ("{operationId: change_user}", "The link edit leads to change_user, which is not the operationId of"),
        ("{operationRef: '#/paths/a'}", "The link edit leads to #/paths/a, which is not the operationId"),
        ("{operationId: update_user, parameters: {id: a}}", "The link edit gives update_user a parameter id,"),
        ("{operationId: update_user, parameters: {query.user_id: a}}", "a parameter query.user_id,"),
        (
            "{operationId: get_user, parameters: {user_id: $response.body#/data/id}}",
            "uses $response.body#/data/id,",
        ),
        (
            "{operationId: get_user, parameters: {user_id: $response.header.Age}}",
            "uses $response.header.Age,",
        ),
        (
            "{operationId: get_user, parameters: {user_id: $request.query.user_id}}",
            "uses $request.query.user_id,",
        ),
        ("{operationId: get_user, parameters: {user_id: $url}}", "uses $url, which the request or response does not"),
    ],
)
def test_a_link_that_leads_to_nothing(tmp_path: Path, link: str, message: str) -> None:
    [fault] = found(tmp_path, link)
    assert fault.startswith("openapi/paths/user.yaml:9: ")
    assert message in fault


def test_the_links_of_the_document_can_be_followed() -> None:
    assert list(check_links(DOCUMENT)) == []
