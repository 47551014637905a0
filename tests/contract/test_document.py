"""The document as it is served: valid, complete in each operation, its names and references kept, one in both forms."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import yaml
from openapi_spec_validator import OpenAPIV30SpecValidator

from app.pipeline.contract import OPENAPI
from app.spec.document import load
from models.record import database as proxy
from tests.service import Service, config_for
from tests.service import running as running_service

METHODS = ("get", "put", "post", "delete", "patch")
# Under these keys stand people's values, and under the last ones names that are nobody's keys.
VALUES = {"example", "examples", "default", "enum"}
NAMED = {"properties", "headers", "schemas", "responses", "parameters", "paths", "links", "content", "securitySchemes"}


@pytest.fixture
def served(running: Service) -> dict[str, Any]:
    with running.client() as client:
        return _document(client.get("/openapi.json"))


def _document(response: httpx.Response) -> dict[str, Any]:
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    document: dict[str, Any] = response.json()
    return document


def _walk(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every mapping and list with the way to it, except inside the values of examples and the like."""
    yield path, node
    if isinstance(node, dict):
        children = [(key, child) for key, child in node.items() if path[-1:] == ("properties",) or key not in VALUES]
    else:
        children = list(enumerate(node))
    for key, child in children:
        if isinstance(child, dict | list):
            yield from _walk(child, (*path, str(key)))


def _operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = [
        (f"{method} {path}", item[method])
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    ]
    return dict(found)


def _at(document: dict[str, Any], reference: str) -> Any:
    assert reference.startswith("#/"), f"{reference} leads out of the document"
    node: Any = document
    for step in reference[2:].split("/"):
        node = node[step.replace("~1", "/").replace("~0", "~")]
    return node


def _resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    return _at(document, node["$ref"]) if "$ref" in node else node


def test_a_validator_that_is_not_ours_accepts_it(served: dict[str, Any]) -> None:
    assert served["openapi"] == "3.0.3"
    assert [error.message for error in OpenAPIV30SpecValidator(served).iter_errors()] == []


def test_it_is_what_the_files_say_and_both_forms_are_one(running: Service, served: dict[str, Any]) -> None:
    with running.client() as client:
        response = client.get("/openapi.yaml")

    assert (response.status_code, response.headers["content-type"].split(";")[0]) == (200, "application/yaml")
    assert yaml.safe_load(response.text) == served
    written = json.loads(json.dumps(load(OPENAPI / "openapi.yaml").bundle))
    written["components"]["schemas"]["NewPassword"]["minLength"] = 15  # PASSWORD_MIN
    assert served == written


def test_every_reference_leads_somewhere_and_every_named_part_is_used(served: dict[str, Any]) -> None:
    references = {node["$ref"] for _, node in _everything(served) if isinstance(node, dict) and "$ref" in node}
    used = {id(_at(served, reference)) for reference in references}
    kinds = {kind: dict(parts) for kind, parts in served["components"].items() if kind != "securitySchemes"}

    # Only what teams write refers to these: a 409 without a code, and what follows from keys that Charter does not use.
    for_teams = {"responses": ("Conflict", "InProgress"), "headers": ("Deprecation", "DeprecationLink", "Sunset")}
    for kind, names in for_teams.items():
        for name in names:
            del kinds[kind][name]
    assert len(kinds["schemas"]) > 20
    assert [
        f"{kind}/{name}" for kind, parts in kinds.items() for name, part in parts.items() if id(part) not in used
    ] == []


def _everything(node: Any) -> Iterator[tuple[None, Any]]:
    yield None, node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _everything(child)


def test_no_part_is_a_copy_of_a_named_one(served: dict[str, Any]) -> None:
    named = {
        json.dumps(part, sort_keys=True): f"{kind}/{name}"
        for kind, parts in served["components"].items()
        for name, part in parts.items()
    }
    copies = [
        ("/".join(path), original)
        for path, node in _walk(served)
        if (original := named.get(json.dumps(node, sort_keys=True))) and path != ("components", *original.split("/"))
    ]
    assert copies == []


def test_every_operation_says_what_it_is(served: dict[str, Any]) -> None:
    operations = _operations(served)
    tags = {tag["name"] for tag in served["tags"] if tag["description"]}
    for name, operation in operations.items():
        for key in ("operationId", "summary", "description"):
            assert operation[key].strip(), f"{name}: {key}"
        assert set(operation["tags"]) <= tags
        assert len(operation["tags"]) == 1, name
        assert "security" in operation, name
    assert len({operation["operationId"] for operation in operations.values()}) == len(operations)


def test_no_line_of_a_description_becomes_a_list_by_its_number(served: dict[str, Any]) -> None:
    """Markdown takes `412. Where` at the beginning of a line for an entry of a list; a list counts from 1."""
    described = 0
    for path, node in _walk(served):
        text = node.get("description") if isinstance(node, dict) else None
        if isinstance(text, str):
            numbers = [int(number) for number in re.findall(r"^ {0,3}(\d+)[.)] ", text, re.MULTILINE)]
            assert numbers == list(range(1, len(numbers) + 1)), "/".join(path)
            described += 1
    assert described > 300


def test_every_body_has_an_example(served: dict[str, Any]) -> None:
    bodies = 0
    for name, operation in _operations(served).items():
        parts = [_resolved(served, response) for response in operation["responses"].values()]
        parts += [_resolved(served, operation["requestBody"])] if "requestBody" in operation else []
        for part in parts:
            for kind, media in part.get("content", {}).items():
                is_patch = "requestBody" in operation and part == _resolved(served, operation["requestBody"])
                # What a PATCH may be called as well: tests/integration/wire/test_media_types.py.
                assert kind in ("application/json", *(["application/merge-patch+json"] if is_patch else [])), name
                assert media.get("examples"), f"{name}: no example of {part.get('description', 'the body')}"
                bodies += 1
    assert bodies > 100


def test_every_refusal_says_what_helps_a_client_to_go_on(served: dict[str, Any]) -> None:
    wanted = {"401": "WWW-Authenticate", "405": "Allow", "429": "Retry-After", "503": "Retry-After", "201": "Location"}
    for name, operation in _operations(served).items():
        for status, response in operation["responses"].items():
            headers = _resolved(served, response).get("headers", {})
            assert "X-Request-Id" in headers, f"{name} {status}"
            assert wanted.get(status, "X-Request-Id") in headers, f"{name} {status}"


def test_the_paths_and_methods_served_are_those_of_the_document(running: Service, served: dict[str, Any]) -> None:
    with running.client() as client:
        for path, item in served["paths"].items():
            methods = {method.upper() for method in METHODS if method in item}
            implied = {"OPTIONS", *(["HEAD"] if "GET" in methods else [])}
            response = client.options(path)
            assert (response.status_code, set(response.headers["allow"].split(", "))) == (204, methods | implied), path
            for method in {method.upper() for method in METHODS} - methods:
                assert client.request(method, path).status_code == 405, (method, path)


def test_only_the_keys_of_the_vocabulary_extend_it(served: dict[str, Any]) -> None:
    vocabulary = json.loads((OPENAPI / "extensions.schema.json").read_text(encoding="utf-8"))["$defs"]
    of_operations = {id(operation) for operation in _operations(served).values()}
    for path, node in _walk(served):
        if not isinstance(node, dict) or (path[-1:] and path[-1] in NAMED):
            continue
        found = {key for key in node if key.lower().startswith("x-")}
        known = vocabulary["operation" if id(node) in of_operations else "property"]["properties"]
        assert found <= set(known), "/".join(path)


def test_the_address_of_the_deployment_is_in_it_once_that_is_known(
    running: Service, served: dict[str, Any], database_url: str
) -> None:
    ours = proxy.obj
    config = config_for(
        PUBLIC_URL="https://accounts.example.com", DATABASE_URL=database_url, CHARTER_GATEWAY=running.config.gateway
    )
    try:
        with running_service(config) as other, other.client() as client:
            document = _document(client.get("/openapi.json"))
    finally:
        proxy.initialize(ours)

    assert [server["url"] for server in served["servers"]] == ["/"]
    assert [server["url"] for server in document["servers"]] == ["https://accounts.example.com"]
    assert {**document, "servers": None} == {**served, "servers": None}
