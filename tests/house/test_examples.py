"""The document keeps its promises to readers: valid examples, a word on everything, one order, every error code."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from jsonschema.protocols import Validator
from openapi_schema_validator import OAS30ReadValidator, OAS30WriteValidator, oas30_format_checker

from app.pipeline.contract import OPENAPI
from app.spec.document import load
from tests.house.errors import error_classes
from tests.house.repository import ROOT, check

# The order of an operation's keys, one for all, so that readers know where to look; the x- keys stand together.
ORDER = (
    *("operationId", "summary", "description", "externalDocs", "tags", "deprecated", "x-"),
    *("parameters", "requestBody", "responses", "security"),
)
METHODS = ("get", "put", "post", "delete", "patch")

Found = Iterator[tuple[str, Any]]


@cache
def _document() -> dict[str, Any]:
    return load(OPENAPI / "openapi.yaml").bundle


def _resolved(node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        target: Any = _document()
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


def _mappings(node: Any, path: str = "") -> Found:
    """Yield the mappings of the document, but for those inside of examples."""
    if isinstance(node, dict):
        yield path, node
    for key, child in node.items() if isinstance(node, dict) else enumerate(node):
        named = path.endswith("/properties")
        if isinstance(child, dict | list) and (named or key not in ("example", "value", "default", "enum")):
            yield from _mappings(child, f"{path}/{key}")


def _schemas() -> Found:
    """Yield every schema of the components, those of properties and items too, as they are written."""
    waiting = [(name, schema) for name, schema in _document()["components"]["schemas"].items()]
    while waiting:
        name, schema = waiting.pop(0)
        yield name, schema
        waiting += [(f"{name}.{key}", child) for key, child in schema.get("properties", {}).items()]
        waiting += [(f"{name}.items", schema["items"])] if "items" in schema else []


def _examples() -> Iterator[tuple[str, Any, dict[str, Any], type[Validator]]]:
    """Yield every example with its place, its schema and the checker of its direction."""
    for name, schema in _schemas():
        if "example" in schema:
            direction = OAS30WriteValidator if name.split(".")[0].endswith("Request") else OAS30ReadValidator
            yield f"schema {name}", schema["example"], schema, direction
    for path, node in _mappings(_document()):
        if "schema" not in node:
            continue
        direction = OAS30ReadValidator if "/responses/" in path or "/headers/" in path else OAS30WriteValidator
        if "example" in node:
            yield path, node["example"], node["schema"], direction
        for name, example in node.get("examples", {}).items():
            yield f"{path} {name}", _resolved(example)["value"], node["schema"], direction


EXAMPLES = list(_examples())


def test_every_example_is_valid() -> None:
    assert len(EXAMPLES) > 140
    faults = []
    for place, example, schema, direction in EXAMPLES:
        # With the components beside it, the references of the schema lead somewhere.
        whole = {"allOf": [schema], "components": _document()["components"]}
        checker = direction(whole, format_checker=oas30_format_checker)
        faults += [f"{place}: {error.message}" for error in checker.iter_errors(example)]
    check(faults, "Correct these examples in openapi/, or the schemas beside them.")


def test_the_checker_of_examples_is_one_that_refuses() -> None:
    components = _document()["components"]
    for schema, example in (("UserId", "x"), ("CreatedAt", "yesterday"), ("User", {}), ("TokenLifetime", "900")):
        whole = {"allOf": [{"$ref": f"#/components/schemas/{schema}"}], "components": components}
        assert not OAS30ReadValidator(whole, format_checker=oas30_format_checker).is_valid(example), schema


def test_every_named_example_belongs_to_something() -> None:
    used = {node["$ref"] for _, node in _mappings(_document()["paths"]) if "$ref" in node}
    used |= {node["$ref"] for _, node in _mappings(_document()["components"]) if "$ref" in node}
    named = {f"#/components/examples/{name}" for name in _document()["components"]["examples"]}
    check(sorted(named - used), "Delete these from openapi/components/examples/, or refer to them: nothing does.")


def test_every_schema_has_a_description_and_every_property_an_example_too() -> None:
    for name, schema in _schemas():
        place = f"the schema {name} in openapi/components/schemas/"
        assert _resolved(schema).get("description", "").strip(), f"Add a description to {place}."
        if "." in name and not name.endswith(".items"):
            assert "example" in _resolved(schema), f"Add an example to {place}."


def test_every_parameter_and_header_has_a_description_and_an_example() -> None:
    parts = _document()["components"]
    for name, part in (*parts["parameters"].items(), *parts["headers"].items()):
        assert part["description"].strip(), f"Add a description to {name} in openapi/components/."
        # Tools send the example, and the response would be 400: only the server can make a cursor, and a time that
        # begins a period must be recent.
        without = name in ("Cursor", "CursorBesideOffset", "ActivitySince")
        assert ("example" in part) != without, f"Add an example to {name} in openapi/components/."


OPERATIONS = [
    (f"{method} {path}", operation)
    for path, item in _document()["paths"].items()
    for method, operation in item.items()
    if method in METHODS
]


@pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=[name for name, _ in OPERATIONS])
def test_an_operation_lists_its_keys_in_the_one_order(name: str, operation: dict[str, Any]) -> None:
    places = [ORDER.index("x-" if key.startswith("x-") else key) for key in operation]
    assert places == sorted(places), f"Put the keys of {name} in this order: {', '.join(ORDER)}."
    needed = ("operationId", "summary", "description", "tags", "responses", "security")
    check([key for key in needed if key not in operation], f"Add these keys to {name} in openapi/paths/.")
    statuses = list(operation["responses"])
    assert statuses == sorted(statuses), f"Put the responses of {name} in the order of their statuses."


def _codes() -> list[tuple[int, str]]:
    return [(item.status, item.code) for item in error_classes()]


def test_the_document_knows_every_error_code_and_no_other() -> None:
    listed = _document()["components"]["schemas"]["ProblemCode"]["enum"]
    told = re.findall(r"^\| (\d{3}) \| `([A-Z_]+)` \| \S", _document()["info"]["description"], re.MULTILINE)
    assert listed == [code for _, code in _codes()]
    assert [(int(status), code) for status, code in told] == _codes()


def test_the_examples_of_a_refusal_have_codes_of_its_status() -> None:
    status_of = {code: status for status, code in _codes()}
    checked = 0
    for name, operation in OPERATIONS:
        for status, reference in operation["responses"].items():
            media = _resolved(reference).get("content", {}).get("application/json", {})
            for example in media.get("examples", {}).values():
                for problem in _resolved(example)["value"].get("errors") or ():
                    right = str(status_of[problem["code"]])
                    assert status in (right, "default"), f"{name}: move {problem['code']} from {status} to {right}."
                    checked += 1
    assert checked > 100


def _bodies(content: dict[str, Any]) -> dict[str, Any]:
    """Return the values of the examples of a body by name; none if there is no body."""
    bodies = content.get("content", {}).values()
    return {name: _resolved(value)["value"] for body in bodies for name, value in body.get("examples", {}).items()}


def _answers(operation: dict[str, Any]) -> dict[str, Any]:
    successes = [_resolved(body) for status, body in operation["responses"].items() if status.startswith("2")]
    return {name: value for body in successes for name, value in _bodies(body).items()}


@pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=[name for name, _ in OPERATIONS])
def test_each_request_example_has_a_response_example_of_its_name_with_what_it_sets(
    name: str, operation: dict[str, Any]
) -> None:
    requests, answers = _bodies(_resolved(operation.get("requestBody", {}))), _answers(operation)
    if not answers:
        return
    check(set(requests) - set(answers), f"Add response examples of these names to {name} in openapi/paths/.")
    for key, request in requests.items():
        shown = {**answers[key]["data"], **answers[key]["data"].get("profile", {})}
        sent = {**request, **request.get("profile", {})}
        sent.pop("profile", None)
        held = {part: set(value) if isinstance(value, list) else value for part, value in sent.items() if part in shown}
        wrong = [part for part, value in held.items() if not _shows(shown[part], value)]
        check(wrong, f"Show in the response example {key} of {name} what the request example sets.")


def _shows(shown: Any, sent: Any) -> bool:
    return not isinstance(shown, list) or sent <= set(shown) if isinstance(sent, set) else bool(shown == sent)


@pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=[name for name, _ in OPERATIONS])
def test_a_page_example_has_a_next_page(name: str, operation: dict[str, Any]) -> None:
    if "x-paginated" not in operation:
        return
    pages = [value["meta"]["pagination"] for value in _answers(operation).values()]
    assert any(page.get("next") or page.get("next_cursor") for page in pages), f"Let an example of {name} go on."


def _patterns_of_texts() -> set[str]:
    """Return the texts in the code as regular expressions; what an f-string puts in is any text."""
    patterns = set()
    for path in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in node.values]
                patterns.add("".join(parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                patterns.add(re.escape(node.value))
    return {pattern for pattern in patterns if " " in pattern and pattern.endswith((r"\.", ">"))}


def test_the_messages_of_examples_are_messages_of_the_code() -> None:
    examples = _document()["components"]["examples"].values()
    problems = [problem for example in examples for problem in example["value"].get("errors") or ()]
    message = re.compile("|".join(_patterns_of_texts()))
    unknown = {problem["message"] for problem in problems if not message.fullmatch(problem["message"])}
    assert len(problems) > 30
    check(sorted(unknown), "Write these in openapi/components/examples/ as app/ does: no text of it matches.")
