"""The code of a project that the pages show passes the linter that `charter new` sets up."""

import re
import subprocess
import sys
from pathlib import Path

from app.project import Project
from app.resources import OPENAPI
from app.scaffold.plan import scaffold
from app.scaffold.project import make_project, project_files
from app.spec.checks.examples import check_examples
from app.spec.checks.links import check_links
from app.spec.document import load, meta_schema_faults
from tests.house.repository import ROOT, check

EXAMPLE = re.compile(
    r"^```(?:python|yaml)\n# ((?:handlers|migrations|models|openapi|services|tests)/\S+)\n(.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


def test_the_code_on_the_pages_passes_the_linter_of_a_new_project(tmp_path: Path) -> None:
    shown: list[str] = []
    for page in sorted((ROOT / "docs").glob("*.md")):
        examples = dict(EXAMPLE.findall(page.read_text("utf-8")))
        shown += examples
        for path, text in {**project_files("shop", "0.1.0"), **examples}.items():
            file = tmp_path / page.stem / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")

    found = [
        line
        for words in (["check", "--output-format", "concise"], ["format", "--check"])
        for line in subprocess.run(
            [sys.executable, "-m", "ruff", *words, "--no-cache", "--quiet", "."],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        ).stdout.splitlines()
    ]

    check(found, "Correct these places in docs/: the folder is the page, and its files are examples on it.")
    assert {"models/bill.py", "services/bills.py", "services/commands.py", "tests/test_archived.py"} <= set(shown)


def test_the_document_on_the_page_about_projects_is_in_order_and_gets_its_code(tmp_path: Path) -> None:
    make_project("shop", tmp_path / "shop", release="0.1.0", wheel=None)
    project = Project("shop", tmp_path / "shop")
    for path, text in EXAMPLE.findall((ROOT / "docs" / "projects.md").read_text("utf-8")):
        (project.root / path).parent.mkdir(parents=True, exist_ok=True)
        (project.root / path).write_text(text, encoding="utf-8")
    root = project.document.read_text("utf-8")
    root = root.replace("tags: []", "tags:\n  - {name: labels, description: Labels of things.}")
    root = root.replace("paths: {}", "paths:\n  /v1/labels: {$ref: paths/labels.yaml}")
    project.document.write_text(root, encoding="utf-8")

    document = load(project.document, base=OPENAPI / "openapi.yaml")
    assert [*meta_schema_faults(document), *check_links(document), *check_examples(document)] == []
    written = scaffold(project, OPENAPI / "openapi.yaml")
    assert written.todo == []
    assert {"handlers/labels.py", "services/labels.py", "models/label.py"} <= set(written.new)
    assert "NotImplementedError" not in (project.root / "services" / "labels.py").read_text("utf-8")
