"""An operation is added to a resource whose code exists: what is missing is added, and everything else stays."""

import ast
from pathlib import Path

import pytest

from app.project import Project
from app.scaffold.fields import parse_fields
from app.scaffold.module_edit import read_module, with_code
from app.scaffold.plan import Written, add_resource, scaffold
from app.scaffold.project import make_project
from app.scaffold.resource import OPERATIONS, Resource
from tests.unit.sample_project import write
from tests.unit.scaffold.test_scaffold import ARCHIVE, BASE
from tests.unit.scaffold.test_writing import tree

HANDLERS, SERVICES = "handlers/projects.py", "services/projects.py"
FIELDS = parse_fields("name:text,lead:ref:users?")


def made(folder: Path, kinds: tuple[str, ...]) -> Project:
    """Make a project whose document has all operations, and whose code has some."""
    make_project("shop", folder, release="0.1.0", wheel=None)
    project = Project("shop", folder)
    add_resource(project, BASE, Resource("projects", "project", FIELDS, "owner_id"), OPERATIONS)
    if kinds != OPERATIONS:
        make_project("shop", folder.parent / f"{folder.name}-some", release="0.1.0", wheel=None)
        some = Project("shop", folder.parent / f"{folder.name}-some")
        add_resource(some, BASE, Resource("projects", "project", FIELDS, "owner_id"), kinds)
        for name in (HANDLERS, SERVICES, "docs/features/projects.md"):
            (folder / name).write_text((some.root / name).read_text())
        for kind in set(OPERATIONS) - set(kinds):
            (folder / f"tests/operations/test_{kind}_project{'s' * (kind == 'list')}.py").unlink()
    return project


def archivable(folder: Path) -> Project:
    """Make a project with an operation that has no code yet."""
    project = made(folder, OPERATIONS)
    (project.openapi / "paths/archive.yaml").write_text(ARCHIVE)
    with project.document.open("a") as file:
        file.write("  /v1/projects/{project_id}/archive: {$ref: paths/archive.yaml}\n")
    return project


def run(project: Project) -> Written:
    """Write what is missing; what was there is still there, and a second run changes nothing."""
    before = tree(project.root)
    written = scaffold(project, BASE)
    after = tree(project.root)
    for path in written.changed:
        left = iter(after[path].splitlines())
        lost = [line for line in before[path].splitlines() if "import" not in line and line not in left]
        assert not lost, (path, lost)
    assert {path for path in before if before[path] != after[path]} == set(written.changed)
    again = scaffold(project, BASE)
    assert (again.new, again.changed, again.todo) == ([], [], written.todo)
    assert tree(project.root) == after
    return written


def functions(project: Project, path: str) -> set[str]:
    tree = ast.parse((project.root / path).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_an_operation_gets_its_handler_and_a_rule_to_write(tmp_path: Path) -> None:
    project = archivable(tmp_path / "shop")
    written = run(project)
    assert written.new == ["tests/operations/test_archive_project.py"]
    assert written.changed == ["docs/features/projects.md", HANDLERS, SERVICES]
    assert written.todo == []
    handlers, services = ((project.root / path).read_text() for path in (HANDLERS, SERVICES))
    assert handlers.endswith(
        "def archive_project(context: Context, project_id: UUID) -> Any:\n"
        '    """Archive a project."""\n'
        "    return projects.archive_project(context, project_id)\n"
    )
    assert 'raise NotImplementedError("write the rule of archive_project here")\n' in services
    page = (project.root / "docs/features/projects.md").read_text()
    assert "| `archive_project` | `POST /v1/projects/{project_id}/archive` |" in page
    assert page.index("archive_project") < page.index("\n## Rules")


@pytest.mark.parametrize("kinds", [("list", "update")])
def test_the_code_has_the_functions_that_it_would_have_had(tmp_path: Path, kinds: tuple[str, ...]) -> None:
    project, whole = made(tmp_path / "shop", kinds), made(tmp_path / "whole", OPERATIONS)
    assert run(project).todo == []
    for path in (HANDLERS, SERVICES):
        texts = [read_module((each.root / path).read_text(), path) for each in (project, whole)]
        imports = [{name: origin for name, origin in text.bound.items() if isinstance(origin, str)} for text in texts]
        assert imports[0] == imports[1]
        sources = [{name: text.source(name) for name in functions(whole, path)} for text in texts]
        assert sources[0] == sources[1]
    names = [path for path in tree(whole.root) if not path.startswith("migrations/2")]
    assert set(names) <= set(tree(project.root))


UNSAFE = [
    (
        HANDLERS, "from services import projects", "import services.projects as projects",
        "handlers/projects.py:9: projects is not what from services import projects gives",
    ),
    (
        SERVICES, "def find(", "def archive_project(project_id): ...\n\n\ndef find(",
        "services/projects.py:59: archive_project takes (project_id), not (context, project_id)",
    ),
    (HANDLERS, "\n\n\ndef get", "\r\n\n\ndef get", "handlers/projects.py:20: the line ends as on Windows"),
]  # fmt: skip


def test_what_cannot_be_added_safely_is_printed(tmp_path: Path) -> None:
    project = archivable(tmp_path / "shop")
    for path, old, new, reason in UNSAFE:
        text = (project.root / path).read_text()
        assert old in text
        (project.root / path).write_bytes(text.replace(old, new, 1).encode())
        before = tree(project.root)
        written = scaffold(project, BASE)
        assert tree(project.root) == before
        [told] = written.todo
        assert told.startswith(f"archive_project, because {reason}. Add this text:\n\n# handlers/projects.py\n\n")
        assert "def archive_project(context: Context, project_id: UUID) -> Any:\n" in told
        (project.root / path).write_text(text)


@pytest.mark.parametrize(
    ("text", "imports", "expected"),
    [
        ("x = 1\n", [("charter", "errors")], "from charter import errors\n\nx = 1\n"),
        ('"""Doc."""\n', [("services", "tasks")], '"""Doc."""\n\nfrom services import tasks\n'),
        (
            "from charter import Page as P  # why\n", [("charter", "errors"), ("uuid", "UUID")],
            "from uuid import UUID\n\nfrom charter import Page as P  # why\nfrom charter import errors\n",
        ),
        (
            "from charter import (\n    execute,\n    Page,\n)\nimport x; import y\n", [("charter", "errors")],
            "from charter import Page, errors, execute\nimport x; import y\n",
        ),
        (
            "import re\n\nfrom models.a import A\n", [("services", "b"), ("models.c", "C"), ("typing", "Any")],
            "import re\nfrom typing import Any\n\nfrom models.a import A\nfrom models.c import C\nfrom services import b\n",  # noqa: E501
        ),
        (
            "from charter import a\n", [("services", "b"), ("models.c", "C")],
            "from charter import a\n\nfrom models.c import C\nfrom services import b\n",
        ),
        ("from charter import *\n", [("charter", "b")], "from charter import *\nfrom charter import b\n"),
        ("x = 1", [], "x = 1\n\n\ndef f(): ...\n"),
    ],
)  # fmt: skip
def test_imports_are_put_where_ruff_wants_them(text: str, imports: list[tuple[str, str]], expected: str) -> None:
    blocks = [] if imports else ["def f(): ..."]
    assert with_code(read_module(text, "x.py"), imports, blocks) == expected


def test_code_that_a_team_wrote_is_used_as_it_is(tmp_path: Path) -> None:
    project = write(tmp_path, {})
    handlers = (project.root / HANDLERS).read_text()
    start, end = handlers.index("def update_project"), handlers.index("def _present")
    (project.root / HANDLERS).write_text(handlers[:start] + handlers[end:])
    written = scaffold(project, BASE)
    assert written.changed == [HANDLERS, SERVICES]
    assert "handlers/presenters/projects.py" in written.new
    assert "(Project.user == user_id)" in (project.root / SERVICES).read_text()
    [told] = written.todo
    assert told == (
        "delete_project, because services/projects.py:57: delete takes (user_id, project_id), not (context, user_id, "
        "project_id). Add this text:\n\n# handlers/projects.py\n\n"
        "def delete_project(context: Context, user_id: UUID, project_id: UUID) -> None:\n"
        '    """Delete a project."""\n    projects.delete(context, user_id, project_id)\n'
    )
