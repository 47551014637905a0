"""An operation joins the tests that go through all of them by being in the document, and says so when it cannot."""

import shutil
from pathlib import Path

import pytest

from app.pipeline.contract import OPENAPI
from tests.integration.every_operation import requests
from tests.integration.every_operation.callers import callers_of
from tests.integration.every_operation.described import OPERATIONS, Described, read_operations
from tests.integration.every_operation.requests import request_for
from tests.integration.every_operation.world import World

NEW = """
post:
  operationId: praise_user
  summary: Praise an account
  description: In so many words.
  tags: [users]
  x-permission: [users:read, users:suspend]
  parameters:
    - {$ref: '../components/parameters.yaml#/UserIdInPath'}
    - name: medal
      in: path
      required: true
      schema: {type: string, maxLength: 9}
    - name: loud
      in: query
      required: true
      schema: {type: boolean}
      example: true
  requestBody:
    required: true
    content:
      application/json:
        schema:
          type: object
          properties: {words: {type: string, maxLength: 99, example: Well done., x-write-permission: profiles:update}}
        examples: {short: {value: {words: Well done.}}}
  responses:
    "204": {$ref: '../components/responses/bodiless.yaml#/Done'}
    "401": {$ref: '../components/responses/errors.yaml#/Unauthenticated'}
    "404": {$ref: '../components/responses/errors.yaml#/NotFound'}
    default: {$ref: '../components/responses/failures.yaml#/InternalError'}
  security: [{bearer: []}]
"""
_EVERY_CALLER = {"nobody", "guest", "user", "admin", "just_that_permission", "everything_else"}
_EVERY_CALLER |= {"suspended", "revoked_session", "expired_token", "tampered_token"}


def document_with(folder: Path, text: str) -> list[Described]:
    """Return the operations of a copy of the document with one path more."""
    shutil.copytree(OPENAPI, folder, dirs_exist_ok=True)
    root = folder / "openapi.yaml"
    (folder / "paths" / "new.yaml").write_text(text)
    root.write_text(
        root.read_text().replace("\npaths:\n", "\npaths:\n  /v1/praise/{user_id}/{medal}: {$ref: paths/new.yaml}\n")
    )
    return read_operations(folder)


@pytest.fixture
def joined(tmp_path: Path) -> Described:
    [found] = [described for described in document_with(tmp_path, NEW) if described.name == "praise_user"]
    return found


def test_a_new_operation_is_tried_by_everybody_and_driven_to_each_ending(joined: Described) -> None:
    assert set(callers_of(joined)) == _EVERY_CALLER | {"everything_but_users:read", "everything_but_users:suspend"}
    # Those of the responses that follow from its keys, too.
    assert [str(ending) for ending in joined.endings if str(ending)[:3] in ("204", "401", "403", "404", "429")] == [
        "204",
        "401-INVALID_TOKEN",
        "401-SESSION_ENDED",
        "401-UNAUTHENTICATED",
        "403-FORBIDDEN",
        "404-NOT_FOUND",
        "429-RATE_LIMITED",
    ]
    assert joined.property_example(("words",)) == "Well done."


def test_its_request_is_made_of_the_world_and_of_its_examples(
    joined: Described, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(world.names, "medal", "gold")
    request = request_for(joined, world)

    assert request.path == f"/v1/praise/{world.people['owner'].id}/gold"
    assert (request.method, request.query, request.body) == ("POST", {"loud": "True"}, {"words": "Well done."})


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        pytest.param("      example: true\n", "query parameter loud needs an example", id="query parameter"),
        pytest.param("        examples: {short: {value: {words: Well done.}}}\n", "needs an example", id="body"),
    ],
)
def test_one_that_says_too_little_is_named(
    tmp_path: Path, missing: str, sentence: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(world.names, "medal", "gold")
    text = NEW.replace(missing, "")
    [found] = [described for described in document_with(tmp_path, text) if described.name == "praise_user"]

    with pytest.raises(AssertionError, match=f"praise_user: .*{sentence}"):
        request_for(found, world)


def test_a_path_parameter_that_no_test_knows_is_named_with_the_line_to_add(joined: Described, world: World) -> None:
    with pytest.raises(AssertionError, match=r'TABLE in tests/standins.py[^"]*"medal": StandIn\('):
        request_for(joined, world)


@pytest.mark.parametrize("described", OPERATIONS, ids=lambda described: described.name)
def test_a_request_can_be_made_for_every_operation(described: Described, world: World) -> None:
    assert "{" not in request_for(described, world).path


def test_only_operations_that_there_are_have_their_examples_fixed() -> None:
    assert set(requests.FIXED) <= {described.name for described in OPERATIONS}
