"""An author may write the schema of the data alone: the envelope around it is added, with a good name."""

import copy
import shutil
from pathlib import Path
from typing import Any

import pytest

from app import resources
from app.config import Config
from app.pipeline.rendering import ResponseRenderer
from app.spec.checks.examples import check_examples
from app.spec.checks.generators import check_generators
from app.spec.document import Document, load, meta_schema_faults
from app.spec.document.derived import complete
from app.spec.events import load_events
from app.spec.permissions import load_permissions
from app.spec.policies import read_policies
from tests.document import DOCUMENT

SCHEMAS = """\
Badge:
  description: A badge.
  type: object
  additionalProperties: false
  required: [name]
  properties:
    name: {description: Its name., type: string, maxLength: 50, example: gold}
"""
BADGES = """\
get:
  operationId: list_badges
  summary: List badges
  description: Returns all badges.
  tags: [users]
  x-permission: users:list
  x-paginated: offset
  responses:
    "200":
      description: A page of badges.
      content:
        application/json:
          schema: {description: The badges., type: array, items: {$ref: '../components/schemas/badges.yaml#/Badge'}}
          examples:
            page: {value: [{name: gold}, {name: red}]}
post:
  operationId: create_badge
  summary: Create a badge
  description: Returns the new badge.
  tags: [users]
  x-permission: users:create
  x-idempotency: required
  requestBody:
    required: true
    content: {application/json: {schema: {$ref: '../components/schemas/badges.yaml#/Badge'}}}
  responses:
    "201":
      description: The new badge.
      content:
        application/json:
          schema: {$ref: '../components/schemas/badges.yaml#/Badge'}
          example: {name: gold}
    "409":
      description: Another badge has this name.
"""


@pytest.fixture(scope="module")
def badges(tmp_path_factory: pytest.TempPathFactory) -> Document:
    folder = tmp_path_factory.mktemp("badges") / "openapi"
    shutil.copytree(resources.OPENAPI, folder, ignore=shutil.ignore_patterns("released"))
    root = folder / "openapi.yaml"
    root.write_text(root.read_text("utf-8") + "\n  /v1/badges: {$ref: paths/badges.yaml}\n", encoding="utf-8")
    (folder / "components/schemas/badges.yaml").write_text(SCHEMAS)
    (folder / "paths/badges.yaml").write_text(BADGES)
    return load(root)


def schema_of(document: Document, method: str, status: str) -> Any:
    response = document.bundle["paths"]["/v1/badges"][method]["responses"][status]
    return response["content"]["application/json"]["schema"]


def test_the_envelope_of_a_schema_has_its_name(badges):
    assert schema_of(badges, "post", "201") == {"$ref": "#/components/schemas/BadgeEnvelope"}
    envelope, ours = (badges.bundle["components"]["schemas"][name] for name in ("BadgeEnvelope", "UserEnvelope"))
    badge = {"$ref": "#/components/schemas/Badge"}
    assert envelope == ours | {"description": "A badge.", "properties": ours["properties"] | {"data": badge}}


def test_the_envelope_of_a_list_has_the_page(badges):
    assert schema_of(badges, "get", "200") == {"$ref": "#/components/schemas/BadgeListEnvelope"}
    properties = badges.bundle["components"]["schemas"]["BadgeListEnvelope"]["properties"]
    assert properties["data"]["items"] == {"$ref": "#/components/schemas/Badge"}
    assert properties["meta"] == {"$ref": "#/components/schemas/ListMeta"}


def test_examples_of_the_data_are_put_into_the_envelope(badges):
    item = badges.bundle["paths"]["/v1/badges"]
    page = item["get"]["responses"]["200"]["content"]["application/json"]["examples"]["page"]["value"]
    assert (len(page["data"]), page["meta"]["pagination"]["total"], page["errors"]) == (2, 2, None)
    assert item["post"]["responses"]["201"]["content"]["application/json"]["example"]["data"] == {"name": "gold"}


def test_the_document_has_no_faults_and_the_server_can_send_the_responses(badges):
    faults = [*meta_schema_faults(badges), *check_examples(badges), *check_generators(badges)]
    config = Config()
    policies, more = read_policies(
        badges,
        permissions=load_permissions(resources.OPENAPI / "permissions.yaml"),
        events=load_events(resources.OPENAPI / "events.yaml"),
        buckets=config.buckets,
        recencies=config.recencies,
        lifetimes=config.lifetimes,
        thorough=True,
    )
    assert [*faults, *more] == []
    for name, method in {"list_badges": "get", "create_badge": "post"}.items():
        renderer = ResponseRenderer(badges.bundle, badges.bundle["paths"]["/v1/badges"][method], policies[name])
        assert {400, 401, 403, 413, 414, 429, 431, 500, 503} < renderer.statuses


def test_the_place_of_an_envelope_is_that_of_its_data(badges):
    place = badges.where(("components", "schemas", "BadgeEnvelope", "properties", "meta"))
    line = BADGES.splitlines().index("          schema: {$ref: '../components/schemas/badges.yaml#/Badge'}") + 1
    assert (Path(place.file).name, place.line) == ("badges.yaml", line)


def completed(schema: dict[str, Any], *, path: str = "/v1/badges", **more: Any) -> tuple[str, dict[str, Any]]:
    """Return the name of the schema of a response in the completed document, and the schemas of the document."""
    schemas = {name: COMPONENTS[name] for name in ("Meta", "ListMeta", "CursorMeta", "Problem", "UserEnvelope", "User")}
    response = {"description": "It.", "content": {"application/json": {"schema": schema, **more.pop("media", {})}}}
    operation = {"operationId": "read_badges", "x-public": True, "responses": {"200": response}, **more}
    bundle = {"paths": {path: {"get": operation}}, "components": {"schemas": schemas | more.pop("schemas", {})}}
    bundle = copy.deepcopy(bundle)
    complete(bundle)
    media = bundle["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    return media["schema"].get("$ref", "").rpartition("/")[2], bundle["components"]["schemas"]


COMPONENTS = DOCUMENT.bundle["components"]["schemas"]
USER = {"$ref": "#/components/schemas/User"}


def test_an_envelope_that_is_written_is_used():
    name, schemas = completed(USER)
    assert (name, schemas["UserEnvelope"]) == ("UserEnvelope", COMPONENTS["UserEnvelope"])
    assert completed({"$ref": "#/components/schemas/UserEnvelope"})[0] == "UserEnvelope"


@pytest.mark.parametrize(
    ("schema", "more", "name", "meta"),
    [
        ({"type": "object"}, {}, "ReadBadgesEnvelope", "Meta"),
        ({"type": "array", "items": {"type": "string"}}, {}, "ReadBadgesEnvelope", "Meta"),
        ({"type": "array", "items": USER}, {}, "UserListEnvelope", "Meta"),
        ({"type": "array", "items": USER}, {"x-paginated": "cursor"}, "UserListEnvelope", "CursorMeta"),
        (USER, {"x-paginated": "offset"}, "ReadBadgesEnvelope", "ListMeta"),
    ],
)
def test_a_name_is_that_of_the_data_or_of_the_operation(schema, more, name, meta):
    found, schemas = completed(schema, **more)
    assert (found, schemas[found]["properties"]["meta"]["$ref"].rpartition("/")[2]) == (name, meta)
    assert list(schemas) == sorted(schemas)


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"data": {}}},
        {"properties": {"data": {}, "meta": {}}},
        {"properties": {"data": {}, "meta": {}, "errors": {}, "more": {}}},
        {"allOf": [{"$ref": "#/components/schemas/UserEnvelope"}]},
    ],
)
def test_an_envelope_with_a_mistake_is_not_taken_for_data(schema):
    before = copy.deepcopy(schema)
    name, schemas = completed(schema)
    assert (name, "ReadBadgesEnvelope" in schemas, schema) == ("", False, before)


def test_there_is_no_envelope_outside_of_v1():
    assert completed(USER, path="/health/badges")[0] == "User"
