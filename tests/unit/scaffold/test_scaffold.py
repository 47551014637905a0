"""A resource: its part of the document, and the code that follows from it."""

import ast
import re
import shutil
from pathlib import Path

import pytest

from app.project import Project
from app.resources import OPENAPI
from app.scaffold.document_part import CannotAdd
from app.scaffold.fields import parse_fields
from app.scaffold.plan import CannotScaffold, add_resource, scaffold
from app.scaffold.project import make_project
from app.scaffold.resource import OPERATIONS, Resource
from app.spec.checks.examples import check_examples
from app.spec.checks.links import check_links
from app.spec.document import DocumentError, load, meta_schema_faults
from tests.house.repository import ROOT
from tests.unit.scaffold.test_writing import tree

BASE = OPENAPI / "openapi.yaml"
ALL_KINDS = parse_fields(
    "title:text(80),note:text?,rank:int,due:date?,starts:datetime,price:decimal,state:enum(draft|public),"
    "assignee:ref:users?,token:uuid?,hot:bool"
)
ARCHIVE = """
post:
  operationId: archive_project
  summary: Archive a project
  description: Nobody can change it from then on.
  tags: [projects]
  x-permission: projects:write
  x-rate-limit: write
  x-audit: project.updated
  parameters:
    - {$ref: '../components/parameters.yaml#/ProjectIdInPath'}
  responses:
    "204":
      description: Success. The response has no body.
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    make_project("shop", tmp_path / "shop", release="0.1.0", wheel=None)
    return Project("shop", tmp_path / "shop")


def add(project: Project, **values: object) -> None:
    given = {"plural": "projects", "singular": "project", "fields": parse_fields("name:text,archived:bool"), **values}
    kinds = given.pop("kinds", OPERATIONS)
    add_resource(project, BASE, Resource(**given), kinds)


@pytest.mark.parametrize(
    ("owner", "kinds"),
    [("owner_id", OPERATIONS), (None, OPERATIONS), ("owner_id", ("create",)), (None, ("list", "delete"))],
)
def test_the_document_is_in_order_and_the_code_is_python(
    project: Project, owner: str | None, kinds: tuple[str, ...]
) -> None:
    add(project, owner=owner, kinds=kinds, fields=ALL_KINDS, cached=True, idempotent=True)
    document = load(project.document, base=BASE)
    assert [*meta_schema_faults(document), *check_links(document), *check_examples(document)] == []
    handlers = ast.parse((project.root / "handlers/projects.py").read_text())
    assert len([node for node in handlers.body if isinstance(node, ast.FunctionDef)]) == len(kinds)
    for path in project.root.rglob("*.py"):
        compile(path.read_text(), str(path), "exec")


def test_the_changes_of_the_tutorial_fit_line_by_line(project: Project) -> None:
    add(
        project,
        owner="owner_id",
        cached=True,
        idempotent=True,
        fields=parse_fields("name:text,description:text?,archived:bool"),
    )
    page = (ROOT / "docs" / "tutorial.md").read_text()
    diff = r"^```diff\n--- a/(\S+)\n\+\+\+ b/\S+\n@@ -(\d+),(\d+) \S+ @@\n(.*?)^```$"
    diffs = re.findall(diff, page, re.MULTILINE | re.DOTALL)
    assert len(diffs) == 2
    for path, start, count, text in diffs:
        before = [line[1:] for line in text.splitlines() if not line.startswith("+")]
        lines = (project.root / path).read_text().splitlines()
        assert lines[int(start) - 1 :][: int(count)] == before


def test_a_second_run_writes_nothing(project: Project) -> None:
    add(project, owner="owner_id")
    before = tree(project.root)
    written = scaffold(project, BASE)
    assert (written.new, written.changed, written.todo) == ([], [], [])
    assert tree(project.root) == before


def test_the_code_is_the_same_when_the_document_came_first(project: Project) -> None:
    add(project, owner="owner_id", fields=ALL_KINDS)
    before = tree(project.root)
    for path in before:
        if path.partition("/")[0] in ("handlers", "services", "models", "docs", "tests", "migrations"):
            (project.root / path).unlink()
    scaffold(project, BASE)

    def code(files: dict[str, str]) -> list[tuple[str, str]]:
        of_resource = {path: text for path, text in files.items() if "project" in path and "test_project" not in path}
        return [(path.partition("migrations/")[0] or text, text) for path, text in sorted(of_resource.items())]

    assert code(tree(project.root)) == code(before)


def test_a_second_resource_leaves_the_first_as_it_was(project: Project) -> None:
    add(project)
    before = tree(project.root)
    add(project, plural="categories", singular="category", owner="owner_id")
    after = tree(project.root)
    assert {path for path in before if after[path] != before[path]} == {
        "openapi/openapi.yaml", "openapi/components/parameters.yaml", "openapi/permissions.yaml", "openapi/events.yaml",
    }  # fmt: skip
    assert all(after[path].startswith(before[path]) for path in ("openapi/permissions.yaml", "openapi/events.yaml"))
    assert len({path[:27] for path in after if path.startswith("migrations/2")}) == 2


@pytest.mark.parametrize(
    ("plural", "singular", "told"),
    [
        ("projects", "project", "openapi/paths/projects.yaml exists already"),
        ("roles", "role", "roles (role) cannot be added: schemas already has a Role, at charter:"),
        ("audits", "user", "audits (user) cannot be added: schemas already has a User, at charter:"),
        ("auth", "sign", "auth (sign) cannot be added: Charter's document already has the tag auth, at charter:"),
        ("ideas", "project", "openapi/paths/project.yaml exists already"),
    ],
)
def test_a_name_that_is_taken_is_told_by_what_was_typed(
    project: Project, plural: str, singular: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.root)
    add(project)
    before = tree(project.root)
    with pytest.raises(CannotAdd) as caught:
        add(project, plural=plural, singular=singular)
    assert told in str(caught.value)
    assert ".charter-" not in str(caught.value)
    assert tree(project.root) == before


def test_a_fault_that_was_there_before_is_told_as_it_is(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.root)
    (project.root / "openapi/components").mkdir()
    (project.root / "openapi/components/boxes.yaml").write_text("a: {}\n")
    with pytest.raises(DocumentError, match=r"^openapi/components/boxes.yaml:1: OpenAPI has no components of"):
        add(project)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("    name: ", "    order: ", "the tag projects: order cannot be a field: it is a word of SQL"),
        ("    name: ", "    save: ", "the tag projects: save cannot be a field: every model has a method save"),
        ("    name: ", "    firstName: ", "the tag projects: firstName cannot be a field: a column has small letters"),
    ],
)
def test_a_property_that_no_column_can_have_is_told(project: Project, old: str, new: str, told: str) -> None:
    add(project)
    for path in ("models", "migrations", "handlers"):
        shutil.rmtree(project.root / path)
    schemas = project.root / "openapi/components/schemas/projects.yaml"
    schemas.write_text(schemas.read_text().replace(old, new))
    before = tree(project.root)
    with pytest.raises(CannotScaffold) as caught:
        scaffold(project, BASE)
    assert told in str(caught.value)
    assert tree(project.root) == before


@pytest.mark.parametrize(
    ("parameter", "told"),
    [
        ("from", "it is a word of Python"),
        ("no-such", "it is no name of Python"),
        ("page", "has another page"),
        ("type", ""),
    ],
)
def test_a_parameter_that_no_handler_can_take_is_told(project: Project, parameter: str, told: str) -> None:
    add(project)
    sent = f"parameters:\n    - {{name: {parameter}, in: query, description: A., schema: {{type: boolean}}}}"
    (project.root / "openapi/paths/archive.yaml").write_text(ARCHIVE.replace("parameters:", sent, 1))
    root = project.root / "openapi/openapi.yaml"
    root.write_text(f"{root.read_text()}  /v1/projects/{{project_id}}/archive: {{$ref: paths/archive.yaml}}\n")
    if not told:
        assert scaffold(project, BASE).todo == []
        return
    with pytest.raises(CannotScaffold, match=f"{parameter}, a parameter of archive_project, cannot .*{told}"):
        scaffold(project, BASE)
