"""Every name that the code, the tables or the document need is refused for a resource, or works."""

import ast
import builtins
import keyword
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import peewee
import pytest

from app.project import Project
from app.resources import OPENAPI
from app.scaffold.code import code_files
from app.scaffold.fields import Field, parse_fields
from app.scaffold.imports import IMPORTED
from app.scaffold.names import NAME
from app.scaffold.plan import add_resource
from app.scaffold.project import make_project
from app.scaffold.reading import resources_of
from app.scaffold.reserved import SQL, VARIABLES, wrong_names
from app.scaffold.resource import OPERATIONS, Resource
from app.spec.checks.generators import check_generators
from app.spec.document import load, meta_schema_faults
from models.record import Record
from tests.unit.scaffold.test_scaffold import ALL_KINDS

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
BASE = OPENAPI / "openapi.yaml"
YAML = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
HOSTILE = sorted(
    name
    for name in {
        *dir(Record), *dir(peewee.Model), *dir(builtins), *keyword.kwlist, *keyword.softkwlist, *IMPORTED, *SQL,
        *YAML, *VARIABLES, "owner", "owner_id", "changes", "objects", "data", "meta", "pages", "moments", "records",
        "presenters", "handlers", "models", "services", "tests", "versions", "thing_id", "id_in_path", "x_1", "x1",
    }
    if NAME.fullmatch(name)
)  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Project:
    make_project("shop", tmp_path / "shop", release="0.1.0", wheel=None)
    return Project("shop", tmp_path / "shop")


def check_code(root: Path) -> None:
    """Every module compiles, binds a name once, and is what the linter of the project accepts."""
    for path in root.rglob("*.py"):
        compile(path.read_text(), str(path), "exec")
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                fields = [each for each in node.body if isinstance(each, ast.Assign)]
                bound = {target.id for each in fields for target in each.targets if isinstance(target, ast.Name)}
                called = {
                    each.func.id for each in ast.walk(node) if isinstance(each, ast.Call) if hasattr(each.func, "id")
                }
                assert not (bound & called) - {"version"}, path  # that comes last
    ruff = Path(sys.executable).with_name("ruff")
    if ruff.exists():
        command = [str(ruff), "check", "--quiet", "--no-cache", "--ignore", "E501", "--output-format", "concise", "."]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        assert done.stdout == ""


def check_document(project: Project) -> None:
    document = load(project.document, base=BASE)
    assert [*meta_schema_faults(document), *check_generators(document)] == []


@pytest.mark.parametrize("owner", [None, "owner_id"])
def test_a_field_is_refused_or_works(project: Project, owner: str | None) -> None:
    thing = Resource("things", "thing", owner=owner)
    fields = [Field(name, "text") for name in HOSTILE]
    good = [field for field in fields if not wrong_names(replace(thing, fields=(field,)))]
    assert {"yes", "off", "type", "data", "body", "objects"} <= {field.name for field in good}
    good = [field for field in good if field.name not in ("x1", "owner_id")]
    add_resource(project, BASE, replace(thing, fields=tuple(good)), OPERATIONS)
    check_code(project.root)
    check_document(project)


def test_a_reference_is_refused_or_works(project: Project) -> None:
    thing = Resource("things", "thing")
    fields = [Field(f"{name}_id", "ref") for name in HOSTILE if not name.endswith("_id")]
    good = [field for field in fields if not wrong_names(replace(thing, fields=(field,)))]
    assert {"user", "order", "owner"} <= {field.attribute for field in good}
    good.remove(Field("x1_id", "ref"))
    add_resource(project, BASE, replace(thing, fields=tuple(good)), OPERATIONS)
    check_code(project.root)


def test_a_resource_is_refused_or_works(project: Project) -> None:
    pairs = [pair for name in HOSTILE for pair in ((name, f"one_{name}"), (f"{name}_list", name))]
    made = [Resource(*pair, parse_fields("name:text,boss:ref:users?"), "owner_id", cached=True) for pair in pairs]
    good = [each for each in made if not wrong_names(each)]
    assert {"models", "order_list", "copy_list", "tests"} <= {each.plural for each in good}
    add_resource(project, BASE, replace(made[0], plural="zebras", singular="zebra"), OPERATIONS)
    zebras = next(iter(resources_of(load(project.document, base=BASE))))
    for each in good[::4]:  # a name that nothing needs is like any other, and there are many
        for path, text in code_files(renamed(zebras, each.plural, each.singular), now=NOW).items():
            if "/operations/" in path and "test_get_" not in path:
                continue
            (project.root / path).parent.mkdir(parents=True, exist_ok=True)
            (project.root / path).write_text(text)
    check_code(project.root)


def renamed(resource: Resource, plural: str, singular: str) -> Resource:
    def name(text: str) -> str:
        return text.replace(resource.plural, plural).replace(resource.singular, singular)

    operations = tuple(
        replace(
            each, name=name(each.name), path=name(each.path), parameters=tuple((name(n), t) for n, t in each.parameters)
        )
        for each in resource.operations
    )
    return replace(resource, plural=plural, singular=singular, operations=operations)


def test_the_variables_are_those_of_the_code(project: Project) -> None:
    """So a new variable in a template is reserved, too."""
    found: set[str] = set()
    for plural, owner in (("zebras", "owner_id"), ("yaks", None)):
        thing = Resource(plural, plural[:-1], ALL_KINDS, owner, cached=True, idempotent=True)
        add_resource(project, BASE, thing, OPERATIONS)
    for path in project.root.rglob("*.py"):
        if path.parent.name in ("migrations", "models"):
            continue
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef):
                names = [node for node in ast.walk(function) if isinstance(node, ast.Name | ast.arg)]
                found |= {node.arg if isinstance(node, ast.arg) else node.id for node in names if bound(node)}
    assert {name for name in found if not name.startswith(("zebra", "yak", "_"))} == VARIABLES


def bound(node: ast.Name | ast.arg) -> bool:
    return isinstance(node, ast.arg) or isinstance(node.ctx, ast.Store)


@pytest.mark.parametrize(
    ("plural", "singular", "field", "told"),
    [
        ("errors", "error", "", "errors cannot be the name of a resource: the code has another errors: "),
        ("records", "record", "", "its model would be called Record, and the code has another Record: "),
        ("audits", "user", "", "its model would be called User, and the code has another User: "),
        (
            "items",
            "item",
            "order:int",
            "order cannot be a field: it is a word of SQL: call it otherwise, such as item_order",
        ),
        (
            "items",
            "item",
            "owner:ref:users",
            "owner cannot be a field: it is the account that owns the row, by --owned: ",
        ),
        ("items", "item", "boss:uuid,boss:ref:users", "boss and boss_id are both called boss: rename one of the two"),
        ("items", "item", "id:uuid", "id cannot be a field: every resource has it: leave it out"),
    ],
)
def test_a_refusal_says_why_and_what_to_do(plural: str, singular: str, field: str, told: str) -> None:
    fields = parse_fields(field or "a:text")
    assert told in "\n".join(wrong_names(Resource(plural, singular, fields, "owner_id")))
