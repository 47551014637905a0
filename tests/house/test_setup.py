"""What set-up installs: each lock whole and by itself, so that no release of anybody changes it.

`make prove PART=pips` does it with old and new pips on every Python that is here.
"""

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from copy import copy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.locks import LOCKS, offer_lock, pins
from tests.house.repository import ROOT, check

# What a requirement may depend on: the Python (Debian 12 has 3.11.2), the system and the processor.
PYTHONS = ("3.11.0", "3.11.2", "3.11.9", "3.12.0", "3.13.0", "3.14.0")
SYSTEMS = (("linux", "Linux", "x86_64"), ("linux", "Linux", "aarch64"), ("darwin", "Darwin", "arm64"))
ENVIRONMENTS = [(python, *system) for python in PYTHONS for system in SYSTEMS]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_of_a_lock_is_pinned_with_hashes(lock):
    check([name for name, (_, _, hashes) in pins(lock).items() if not hashes], f"Run `make requirements`: {lock}.txt.")
    assert {item.partition(":")[0] for _, _, hashes in pins(lock).values() for item in hashes} == {"sha256"}


def test_the_locks_agree_and_each_holds_the_smaller_ones():
    smaller: dict = {}
    for lock in LOCKS:
        larger = pins(lock)
        assert {name: larger.get(name) for name in smaller} == smaller, lock
        smaller = larger


def environment(python: str, platform: str, system: str, machine: str) -> dict[str, Any]:
    given = {"python_version": python.rpartition(".")[0], "python_full_version": python, "sys_platform": platform}
    return {**default_environment(), **given, "platform_system": system, "platform_machine": machine}


def applies(marker: Marker | None, here: dict[str, Any], extras: set[str]) -> bool:
    return marker is None or any(marker.evaluate({**here, "extra": extra}) for extra in extras or {""})


@cache
def requirements_of(name: str) -> tuple[Requirement, ...]:
    try:
        return tuple(map(Requirement, importlib.metadata.requires(name) or []))
    except importlib.metadata.PackageNotFoundError:
        return ()  # not for this machine, or of the bench


def closure(extras: tuple[str, ...], here: dict[str, Any]) -> Iterator[tuple[str, Requirement]]:
    """Yield what Charter asks for there and what that asks for, each with who asks, as the packages here tell."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lists = [project["dependencies"], *(project["optional-dependencies"][extra] for extra in extras)]
    waiting = [("charter", Requirement(text)) for asked in lists for text in asked]
    seen = set()
    while waiting:
        asker, requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        wanted = (name, frozenset(requirement.extras))
        if not applies(requirement.marker, here, set()):
            continue
        yield asker, requirement
        if wanted in seen:
            continue
        seen.add(wanted)
        for asked in requirements_of(name):
            if applies(asked.marker, here, {"", *requirement.extras}):
                bare = copy(asked)
                bare.marker = None
                waiting.append((name, bare))


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_is_complete_on_every_python_and_system(lock):
    lacking = set()
    for here in ENVIRONMENTS:
        there = environment(*here)
        held = {name: version for name, (version, marker, _) in pins(lock).items() if applies(marker, there, set())}
        for asker, asked in closure(LOCKS[lock], there):
            if not asked.specifier.contains(held.get(canonicalize_name(asked.name), ""), prereleases=True):
                lacking.add(f"{asker} asks for {asked} ({', '.join(here)})")
    check(sorted(lacking), f"Run `make requirements`: requirements/{lock}.txt lacks these.")


def makefile(*words: str, cwd: Path = ROOT) -> str:
    """Return what make would do."""
    done = subprocess.run(
        ["make", "-n", "PYTHON=python3", *words], cwd=cwd, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A checkout without an environment, as far as make looks at it."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    return tmp_path


def test_a_python_that_can_make_environments_is_preferred(tmp_path):
    # As where Debian's python3.11 lacks its venv module and somebody has installed a newer Python.
    for name, able in (("python3.11", False), ("python3.12", True)):
        script = f'case "$*" in *ensurepip*) {"exit 0" if able else "exit 1"};; esac\nexec {sys.executable} "$@"\n'
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}")
        (tmp_path / name).chmod(0o755)
    command = ["make", "-n", "--always-make", "run"]
    path = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    printed = subprocess.run(command, cwd=ROOT, env=path, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "python3.12 -m venv --clear .venv" in printed


def installed(printed: str) -> list[str]:
    return re.findall(r"requirements/(\w+)\.txt", printed)


def test_the_first_run_installs_no_tool_of_development(clone):
    assert installed(makefile("run", cwd=clone)) == ["run"]
    for target in ("test", "lint", "prove", "install"):
        assert installed(makefile(target, cwd=clone)) == ["run", "dev"], target
    assert installed(makefile("bench", cwd=clone)) == ["run", "dev", "bench"]


@pytest.mark.parametrize("changed", ["requirements/run.txt", "pyproject.toml"])
def test_nothing_is_installed_twice_until_a_lock_or_the_list_of_packages_changes(clone, changed):
    (clone / ".venv").mkdir()
    for stamp in re.findall(r"touch (\S+)", makefile("test", cwd=clone)):
        (clone / stamp).touch()
        made = makefile("run", cwd=clone)
        assert installed(made) == []
    assert installed(makefile("test", cwd=clone)) == []
    with (clone / changed).open("a") as file:
        file.write("# changed\n")
    assert installed(makefile("test", cwd=clone)) == ["run", "dev"]


def test_whatever_installs_a_lock_resolves_nothing_and_checks_afterwards():
    lines = makefile("bench", "--always-make").splitlines()
    installs = [number for number, line in enumerate(lines) if " pip " in line and " install " in line]
    assert len([number for number in installs if "requirements/" in lines[number]]) == 3
    for number in installs:
        assert "--no-deps" in lines[number], lines[number]
        if "requirements/" in lines[number]:
            assert "--require-hashes" in lines[number]
            assert "--only-binary :all:" in lines[number]
            assert any("pip" in line and "check)" in line for line in lines[number : number + 3]), lines[number]


def test_a_newer_release_of_any_package_is_not_taken(tmp_path):
    held = offer_lock(tmp_path, "dev")
    words = re.findall(r"-m pip .*requirements/dev\.txt", makefile("test", "--always-make"))[0].split()
    into_nothing = ["--ignore-installed", "--dry-run", "--report", "-", "--no-index", "--find-links", str(tmp_path)]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    done = subprocess.run(
        [sys.executable, "-I", *words, *into_nothing], cwd=tmp_path, env=variables,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    taken = {item["metadata"]["name"]: item["metadata"]["version"] for item in json.loads(done.stdout)["install"]}
    assert taken == held
