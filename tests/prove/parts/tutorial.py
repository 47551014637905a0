"""docs/tutorial.md, typed as it is, with the built wheel in an empty folder; says how long it took, and proves it."""

import os
import re
import subprocess
import time
from pathlib import Path

import httpx

from app.scaffold.project import project_files
from tests.house.test_project_code import EXAMPLE
from tests.prove.proof import ROOT, run
from tests.prove.quick_start import ADMIN, started

_BLOCK = re.compile(r"^```(\w+)( \w+)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGE = ROOT / "docs" / "tutorial.md"
# What a reader replaces on it.
CHECKOUT = "/path/to/charter"
# What the tools download and install depends on the network; the page promises the time of the person.
MOST_LINES = 60
_ARCHIVE = """post:
  operationId: archive_project
  summary: Archive a project
  description: Nobody can change it from then on.
  tags: [projects]
  x-permission: projects:write
  x-owner: {project: owner_id}
  x-rate-limit: write
  x-invalidates: ['project:{project_id}']
  x-audit: project.updated
  parameters:
    - {$ref: '../components/parameters.yaml#/ProjectIdInPath'}
  responses:
    "204":
      description: Success. The response has no body.
"""


def prove(place: Path) -> None:
    """Build the wheel, do what the page says, and have `make contract` prove what came of it."""
    clone, here = place / "clone", place / "here"
    run("git", "clone", "--quiet", str(ROOT), str(clone))
    run("make", "--silent", "dist", cwd=clone)
    here.mkdir()
    # A variable with the name of the Makefile's own changes nothing of what a project installs.
    variables = {**os.environ, **ADMIN, "CHARTER_WHEEL": "/nowhere/charter-0.0.0-py3-none-any.whl", "NO_COLOR": "1"}
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHONPATH"):
        variables.pop(name, None)
    begun, typed = time.monotonic(), 0
    page = PAGE.read_text(encoding="utf-8")
    assert CHECKOUT in page
    for kind, how, text in _BLOCK.findall(page.replace(CHECKOUT, str(clone))):
        typed += sum(bool(line.strip()) for line in text.splitlines() if kind != "diff" or re.match(r"[+-][^+-]", line))
        if kind == "console" and how == " background":
            _serves(text.split(), here, place / "run.log", variables)
        elif kind == "console":
            here = _type(text, here, variables, fails=how == " fails")
        elif kind == "diff":
            subprocess.run(
                ["git", "apply", "--recount", "--whitespace=nowarn"], input=text, text=True, cwd=here, check=True
            )
        else:
            first, _, rest = text.partition("\n")
            path = here / first.removeprefix("# ")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(rest, encoding="utf-8")
    print(f"{(time.monotonic() - begun) / 60:.1f} minutes, {typed} lines typed")
    assert typed <= MOST_LINES, typed
    assert "Nothing to write" in _scaffold(here)
    _type("make migrate\n", here, variables, fails=False)
    for given in (variables, {name: value for name, value in variables.items() if name != "CHARTER_WHEEL"}):
        dry = subprocess.run(["make", "-n", "install"], cwd=here, env=given, check=True, capture_output=True, text=True)
        assert "venv" not in dry.stdout, f"make would install again: {dry.stdout}"
    _check_types(place / "bills", here)
    # Over HTTP, with nothing but the project's own .venv; the rule of the operation that comes then is not written.
    _type("make contract EXAMPLES=1\n", here, variables, fails=False)
    _add_operation(here, variables)


def _check_types(folder: Path, here: Path) -> None:
    """Check the code on docs/extending.md as `make lint` of a project does; a house test checks its style."""
    examples = dict(EXAMPLE.findall((ROOT / "docs" / "extending.md").read_text(encoding="utf-8")))
    for path, text in {**project_files("bills", ""), **examples}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    for words in (("mypy", "--no-error-summary"), ("charter", "spec", "lint")):
        run(str(here / ".venv" / "bin" / words[0]), *words[1:], cwd=folder)


def _scaffold(here: Path) -> str:
    return subprocess.run(
        [".venv/bin/charter", "scaffold"], cwd=here, capture_output=True, text=True, check=True
    ).stdout


def _add_operation(here: Path, variables: dict[str, str]) -> None:
    """Add an operation to the document by hand, then its code with `charter scaffold`; tests and lint still pass."""
    (here / "openapi" / "paths" / "archive.yaml").write_text(_ARCHIVE, encoding="utf-8")
    with (here / "openapi" / "openapi.yaml").open("a", encoding="utf-8") as file:
        file.write("  /v1/projects/{project_id}/archive: {$ref: paths/archive.yaml}\n")
    told = _scaffold(here)
    added = ["docs/features/projects.md", "handlers/projects.py", "services/projects.py"]
    assert [line for line in told.splitlines() if line.startswith("added to")] == [f"added to {path}" for path in added]
    _type("make test lint", here, variables, fails=False)
    assert "Nothing to write" in _scaffold(here)


def _type(text: str, here: Path, variables: dict[str, str], *, fails: bool) -> Path:
    """Run the lines of a block; return the folder that they end in."""
    script = f"set -e\n{text}\npwd > '{here}/.here'\n" if not fails else text
    begun = time.monotonic()
    done = subprocess.run(["sh", "-c", script], cwd=here, env=variables, check=False, capture_output=True, text=True)
    print(f"{time.monotonic() - begun:6.1f} s  {' ; '.join(text.splitlines())[:100]}")
    assert (done.returncode != 0) == fails, f"{text}\n{done.stdout}\n{done.stderr}"
    if fails:
        assert "1 failed, 1 passed" in done.stdout, done.stdout
        return here
    noted = here / ".here"
    folder = Path(noted.read_text().strip())
    noted.unlink()
    return folder


def _serves(words: list[str], here: Path, log: Path, variables: dict[str, str]) -> None:
    """Start the server, and use the new operations as the first admin."""
    with started(words, log, cwd=here, environment=variables) as url, httpx.Client(base_url=url) as client:
        body = {"email": "admin@example.com", "password": ADMIN["CHARTER_ADMIN_PASSWORD"]}
        tokens = client.post("/v1/auth/login", json=body).json()["data"]
        client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        me = client.get("/v1/users/me").json()["data"]["id"]
        made = client.post(f"/v1/users/{me}/projects", json={"name": "Engine", "archived": True})
        assert made.status_code == 201, made.text
        refused = client.patch(made.headers["location"], json={"name": "Other"})
        assert refused.json()["errors"][0]["code"] == "PROJECT_ARCHIVED", refused.text
        assert "create_project" in client.get("/openapi.json").text
