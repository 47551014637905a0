"""A project with data in it is upgraded to the present tree, as the page says: all is there, and still works."""

import io
import os
import re
import secrets
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import httpx

from app.scaffold.project import project_files
from tests.prove.proof import ROOT
from tests.prove.quick_start import ADMIN, PASSWORD, sign_in, started
from tests.prove.stores import stores
from tests.wheel import build

# The tag of the release before. There has been no release yet: the present tree stands in for it, with a lower version,
# and the tree that it is upgraded to has one more migration.
PREVIOUS: str | None = None
STAND_IN_VERSION = "0.0.1"
FURTHER = "2026-12-31-23-00-after-the-release-before"
_FURTHER = '''"""What a release after this one may bring."""


def migrate(migrator, database, **kwargs):
    """Say what a table has; a table without a model would be a difference."""
    database.execute_sql("COMMENT ON TABLE users IS 'accounts'")


def rollback(migrator, database, **kwargs):
    """Say nothing of it."""
    database.execute_sql("COMMENT ON TABLE users IS NULL")
'''
# Written after the upgrade, with a date before all others.
LATE = "2026-01-01-00-00-colors"
_LATE = '''"""Colors of projects."""


def migrate(migrator, database, **kwargs):
    """Add the column."""
    database.execute_sql("ALTER TABLE projects ADD color text")


def rollback(migrator, database, **kwargs):
    """Forget the colors."""
    database.execute_sql("ALTER TABLE projects DROP color")
'''


_STEPS = re.compile(r"^```console\n(make install\n.*?)^```$", re.MULTILINE | re.DOTALL)
PAGE = ROOT / "docs" / "upgrading.md"


class Shop:
    """The sample project in what `charter new` makes, with the command of whatever release is installed in it."""

    def __init__(self, place: Path, stores: dict[str, str]) -> None:
        self.root = place / "shop"
        for path, text in project_files("shop", "").items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text, encoding="utf-8")
        without = shutil.ignore_patterns("__pycache__", "pyproject.toml")
        shutil.copytree(ROOT / "tests" / "sample_project", self.root, ignore=without, dirs_exist_ok=True)
        self._charter, self._place = str(self.root / ".venv" / "bin" / "charter"), place
        keys = {"JWT_SECRET": secrets.token_urlsafe(48), "REFRESH_KEYS": f"k1:{secrets.token_urlsafe(48)}"}
        home = {"PATH": os.environ["PATH"], "HOME": str(place), "NO_COLOR": "1"}
        self.variables = {**home, **ADMIN, **stores, **keys, "METRICS_TOKEN": secrets.token_urlsafe(48)}

    def put(self, wheel: Path) -> None:
        """Replace the wheel of the project."""
        shutil.rmtree(self.root / "wheels", ignore_errors=True)
        (self.root / "wheels").mkdir()
        shutil.copy(wheel, self.root / "wheels")

    def type(self, words: str) -> str:
        """Run a command of the page in the folder of the project, and return what it prints."""
        print(words, flush=True)
        make = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHONPATH")
        around = {name: value for name, value in os.environ.items() if name not in make}
        # pip may need what is configured for this account.
        variables = {**around, **self.variables, "HOME": os.environ.get("HOME", "")}
        done = subprocess.run(
            words.split(), cwd=self.root, env=variables, capture_output=True, text=True, timeout=900, check=False
        )
        told = done.stdout + done.stderr
        assert done.returncode == 0, f"{words} ended with {done.returncode}: {told}"
        return told

    def says(self, words: str, code: int = 0) -> str:
        """Run a command, and return what it prints."""
        done = subprocess.run(
            [self._charter, *words.split()],
            cwd=self.root,
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        told = done.stdout + done.stderr
        assert done.returncode == code, f"charter {words} ended with {done.returncode}: {told}"
        return told

    def served(self, log: str) -> Any:
        """Serve the project for the length of a block."""
        return started([self._charter, "serve"], self._place / log, cwd=self.root, environment=self.variables)


def prove(place: Path) -> None:
    """Install the release before, use it, put the wheel of the present tree in its place, and use that."""
    former, present = _wheel(place / "former", former=True), _wheel(place / "present", former=False)
    (steps,) = _STEPS.findall(PAGE.read_text(encoding="utf-8"))
    install, *others = steps.splitlines()
    with stores(place / "stores") as given:
        shop = Shop(place, given)
        print(f"{former.name}: install, migrate, serve, create", flush=True)
        shop.put(former)
        shop.type(install)
        told = shop.says("db migrate")
        assert "migrating shop:2026-11-30-12-00-projects" in told, told
        with shop.served("former.log") as url:
            tokens = _use(url)
        print(f"{present.name}: in its place", flush=True)
        shop.put(present)
        shop.type(install)
        behind = shop.says("serve", code=78)
        assert "behind: run charter db migrate" in behind, behind
        told = "".join(shop.type(line) for line in others)
        assert f"migrating {FURTHER}" in told or PREVIOUS, told
        assert "migrating shop:" not in told, told
        with shop.served("present.log") as url:
            _find(url, tokens)
        print("a migration of the project with an early date, and back behind the upgrade")
        (shop.root / "migrations" / f"{LATE}.py").write_text(_LATE)
        assert f"migrating shop:{LATE}" in shop.says("db migrate")
        undone = shop.says("db rollback --steps 2 --yes")
        assert undone.splitlines()[0] == f"rolling back shop:{LATE}", undone
        shop.says("db migrate")
        with shop.served("again.log") as url:
            _find(url, tokens)


def _use(url: str) -> dict[str, str]:
    """Create an account with projects, and return how to find them."""
    with _client(url, sign_in(url)) as admin:
        body = {"email": "alice@example.com", "password": PASSWORD, "role": "user", "email_verified": True}
        made = admin.post("/v1/users", json=body)
        assert made.status_code == 201, made.text
    with _client(url) as anyone:
        body = {"email": "alice@example.com", "password": PASSWORD}
        tokens = anyone.post("/v1/auth/login", json=body).json()["data"]
    path = f"/v1/users/{made.json()['data']['id']}/projects"
    with _client(url, tokens["access_token"]) as alice:
        project = alice.post(path, json={"name": "Analytical Engine"})
        assert project.status_code == 201, project.text
    found = {name: tokens[name] for name in ("access_token", "refresh_token")}
    return {**found, "path": path, "project": project.headers["location"]}


def _find(url: str, tokens: dict[str, str]) -> None:
    """Find everything, with the tokens from before, and go on working with it."""
    with _client(url, tokens["access_token"]) as alice:
        assert alice.get(tokens["project"]).json()["data"]["name"] == "Analytical Engine"
        assert alice.patch(tokens["project"], json={"name": "Analytical Engine"}).status_code == 200
        assert alice.post(tokens["path"], json={"name": "Difference Engine"}).status_code == 201
        refreshed = alice.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        assert refreshed.status_code == 200, refreshed.text
        tokens.update({name: refreshed.json()["data"][name] for name in ("access_token", "refresh_token")})
    with _client(url, sign_in(url)) as admin:
        trail = admin.get("/v1/audit-events", params={"action": "project.created"}).json()["data"]
        assert {event["outcome"] for event in trail} == {"succeeded"}
        assert admin.get("/health").json()["status"] == "ok"


def _client(url: str, token: str | None = None) -> httpx.Client:
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"} if token else {}, timeout=30)


def _wheel(place: Path, *, former: bool) -> Path:
    """Return the wheel of the release before, or of the present tree."""
    tree, made = place / "tree", place / "wheel"
    tree.mkdir(parents=True)
    made.mkdir()
    tag = PREVIOUS if former else None
    packed = subprocess.run(["git", "archive", tag or "HEAD"], cwd=ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(tree, filter="data")
    if PREVIOUS is None and former:
        project = tree / "pyproject.toml"
        text = project.read_text()
        project.write_text(text.replace('\nversion = "', f'\nversion = "{STAND_IN_VERSION}"  # "', 1))
    elif PREVIOUS is None:
        (tree / "migrations" / f"{FURTHER}.py").write_text(_FURTHER)
    build(tree, made)
    return next(made.glob("*.whl"))
