"""What is written is as `ruff format`, `ruff check` and `charter spec fix` want it, although none of them runs."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from app.cli.spec_fix import fix_files
from app.project import Project
from app.scaffold.code import code_files
from app.scaffold.fields import parse_fields
from app.scaffold.layout import laid_out
from app.scaffold.plan import add_resource, scaffold
from app.scaffold.project import make_project
from app.scaffold.reading import resources_of
from app.scaffold.resource import OPERATIONS, Resource
from app.spec.document import load
from tests.unit.scaffold.test_reserved import NOW, renamed
from tests.unit.scaffold.test_scaffold import ALL_KINDS, ARCHIVE, BASE

RUFF = Path(sys.executable).with_name("ruff")
LONGEST = parse_fields(
    ",".join(
        f"{letter * 28}:{kind}"
        for letter, kind in zip(
            "abcdefghij",
            ("text(80)", "text?", "datetime?", "decimal?", f"enum({'|'.join(c * 30 for c in 'abcde')})", "ref:users",
             "ref:users?", "bool", "int?", "date?"),
            strict=True,
        )
    )
)  # fmt: skip


def test_code_is_as_ruff_lays_it_out(tmp_path: Path) -> None:
    make_project("shop", tmp_path / "shop", release="0.1.0", wheel=None)
    project = Project("shop", tmp_path / "shop")
    for resource, kinds in (
        (Resource("zebras", "zebra", LONGEST, "owner_id", cached=True, idempotent=True), OPERATIONS),
        (Resource("yaks", "yak", ALL_KINDS, cached=True), OPERATIONS),
        (Resource("only_lists", "only_list", ALL_KINDS), ("list",)),
        (Resource("only_posts", "only_post", ALL_KINDS, "owner_id"), ("create",)),
        (Resource("only_deletes", "only_delete", ALL_KINDS), ("delete",)),
    ):
        add_resource(project, BASE, resource, kinds)
    zebras, yaks, *_ = resources_of(load(project.document, base=BASE))
    for length in (4, 15, 21, 26):
        name = ("abcdefg_" * 4)[: length - 1] + "x"
        for resource in (zebras, replace(zebras, fields=ALL_KINDS), yaks, replace(yaks, fields=LONGEST)):
            made = renamed(resource, f"{resource.plural[0]}{name}s", f"{resource.plural[0]}{name}")
            for path, text in code_files(made, now=NOW).items():
                (project.root / path).write_text(text)
    (project.root / "openapi/paths/archive.yaml").write_text(
        ARCHIVE.replace("archive_project", "archive_only_list_with_a_name_that_is_as_long_as_it_can_be")
        .replace("tags: [projects]", "tags: [only_lists]")
        .replace("projects:write", "only_lists:read").replace("project.updated", "user.deleted")
        .replace("ProjectIdInPath", "OnlyDeleteIdInPath")
    )  # fmt: skip
    root = project.root / "openapi/openapi.yaml"
    root.write_text(f"{root.read_text()}  /v1/only_lists/{{only_delete_id}}/archive: {{$ref: paths/archive.yaml}}\n")
    scaffold(project, BASE)
    for command in (["format", "--diff"], ["check", "--output-format", "concise"]):
        done = subprocess.run(
            [str(RUFF), *command, "--no-cache", "--quiet", "."],
            cwd=project.root, capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]},
        )  # fmt: skip
        assert done.stdout == ""


def test_the_document_has_the_layout_of_the_house(tmp_path: Path) -> None:
    make_project("shop", tmp_path / "shop", release="0.1.0", wheel=None)
    project = Project("shop", tmp_path / "shop")
    assert fix_files(project.root / "openapi", check=True) == ([], [])
    add_resource(project, BASE, Resource("projects", "project", ALL_KINDS, "owner_id", cached=True), OPERATIONS)
    add_resource(project, BASE, Resource("notes", "note", parse_fields("yes:text,off:int")), ("create", "list"))
    add_resource(project, BASE, Resource("logs", "log", ALL_KINDS), ("delete",))
    scaffold(project, BASE)
    assert fix_files(project.root / "openapi", check=True) == ([], [])


def test_a_line_that_is_short_enough_or_unknown_stays() -> None:
    for text in ("x = f(1)\n", f"x = {'a' * 130}\n", f'"""{"a " * 70}"""\n', f"# {'a ' * 70}\n"):
        assert laid_out(text) == text
