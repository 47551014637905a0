"""The layers: each imports downwards only, and every part of the application belongs to one."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.house.repository import ROOT, check, files, shown

MODELS = {"models", "app", "charter", "handlers"}


def _contracts() -> dict[str, dict[str, list[str]]]:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    return {contract["id"]: contract for contract in config["contracts"]}


def test_the_layers_import_downwards_only_and_handlers_see_neither_web_nor_stores(tmp_path: Path):
    # In a process of its own: the linter keeps its configuration in globals.
    command = [
        sys.executable,
        "-c",
        "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    fix = "Move what is imported upwards to a lower layer; pyproject.toml, [tool.importlinter], lists the layers.\n"
    assert done.returncode == 0, fix + done.stdout[-4000:] + done.stderr[-2000:]


def test_every_part_of_the_application_belongs_to_a_layer():
    placed = {name.strip() for layer in _contracts()["layers"]["layers"] for name in re.split("[:|]", layer)}
    parts = {
        f"app.{path.stem if path.is_file() else path.name}"
        for path in (ROOT / "app").iterdir()
        if (path.suffix == ".py" and path.stem != "__init__") or (path / "__init__.py").is_file()
    }
    parts |= {"charter", "handlers", "models"}
    place = "`layers` of the contract `layers` in pyproject.toml, [tool.importlinter]"
    check(sorted(parts - placed), f"Add these to {place}.")
    check(sorted(placed - parts), f"Delete these from {place}: they do not exist.")


def test_every_package_says_that_it_is_one():
    missing = {shown(path.parent) for path in files("app/*.py", "charter/*.py", "handlers/*.py", "models/*.py")}
    missing = {folder for folder in missing if not (ROOT / folder / "__init__.py").is_file()}
    check(sorted(missing), "Add an __init__.py with a docstring to these folders.")


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_migrations_import_no_models_and_nothing_else_of_ours():
    guilty = {shown(path): sorted(_imports(path) & MODELS) for path in files("migrations/*.py")}
    told = [f"{name}: {', '.join(found)}" for name, found in guilty.items() if found]
    check(told, "Take these imports out: a migration must do the same when the code has changed.")


def _modules() -> dict[str, Path]:
    modules = {}
    for path in files("app/*.py", "charter/*.py", "handlers/*.py", "models/*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return modules


def _imported_modules(path: Path, modules: dict[str, Path]) -> set[str]:
    """Return the modules of ours that a file imports anywhere: in functions and under TYPE_CHECKING, too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                names.add(submodule if submodule in modules else node.module)
    return names & modules.keys()


def _circle_from(start: str, imports: dict[str, set[str]]) -> list[str]:
    """Return the shortest way from a module over its imports back to itself; empty if there is none."""
    ways = [[start]]
    seen: set[str] = set()
    for way in ways:
        for name in sorted(imports[way[-1]]):
            if name == start:
                return [*way, start]
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return []


def test_no_modules_import_each_other_in_a_circle():
    modules = _modules()
    imports = {name: _imported_modules(path, modules) - {name} for name, path in modules.items()}
    circles = {frozenset(circle): " -> ".join(circle) for name in modules if (circle := _circle_from(name, imports))}
    assert sorted(circles.values()) == []
