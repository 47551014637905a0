"""Type checkers read the types of the public API from the installed wheel, and find mistakes in how it is used."""

import json
import subprocess
import sys
from pathlib import Path

from tests.prove.interpreters import environment, run_pip
from tests.prove.pins import MYPY, PYRIGHT
from tests.prove.proof import ROOT, needed, run
from tests.wheel import built

GOOD = """
from charter import Context, Event, Page, Principal, Result, check_if_match, errors, run, transaction


def rename(context: Context, page: Page, principal: Principal, event: Event) -> Result:
    check_if_match(context.expected_version, "1")
    with transaction():
        rows = run("SELECT name FROM projects LIMIT %(limit)s", {"limit": page.limit + 1})
    if not rows or event.actor_role is None:
        raise errors.NotFound
    return Result({"owner": str(principal.user_id)})
"""

WRONG = """
from charter import Page, Pagee


def limit(page: Page) -> str:
    return page.limit
"""
# The lines where a checker must find a fault.
FAULTS = (2, 6)


def prove(place: Path) -> None:
    """Check both in strict mode with mypy and pyright, in an environment with the wheel and what it needs."""
    needed("node", package="nodejs", purpose="run pyright")
    python = environment(Path(sys.executable), place / "environment", None)
    locked = ["--only-binary", ":all:", "--no-deps", "--require-hashes"]
    run_pip(python, "install", "--quiet", *locked, "--requirement", str(ROOT / "requirements" / "runtime.txt"))
    run_pip(python, "install", "--quiet", "--no-deps", "--no-index", str(next(built().glob("*.whl"))))
    run_pip(python, "install", "--quiet", MYPY, PYRIGHT)
    project = place / "project"
    project.mkdir()
    (project / "good.py").write_text(GOOD, encoding="utf-8")
    (project / "wrong.py").write_text(WRONG, encoding="utf-8")
    settings = {"typeCheckingMode": "strict", "pythonVersion": "3.11"}
    (project / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    for words in (["mypy", "--strict"], ["pyright", "--pythonpath", str(python)]):
        command = [str(python), "-I", "-m", *words]
        run(*command, "good.py", cwd=project)
        found = subprocess.run([*command, "wrong.py"], cwd=project, capture_output=True, text=True, check=False)
        missed = [line for line in FAULTS if f"wrong.py:{line}:" not in found.stdout]
        assert not missed, f"{words[0]}, lines {missed}: {found.stdout}{found.stderr}"
        print(f"{words[0]} accepts what is right, and finds both mistakes")
