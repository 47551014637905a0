"""The wheel, built from the source archive, does the README's quick start from an empty folder.

The folders of a project with packages of the same names as Charter's are on its path all the time.
"""

import contextlib
import secrets
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg2

from tests.command import clean_environment
from tests.prove.interpreters import environment, run_pip
from tests.prove.proof import clone, run
from tests.prove.quick_start import ADMIN, development, sign_in, started, walk
from tests.prove.stores import stores

# What a command says, by its words: each works from a wheel, or says what it needs.
COMMANDS = {
    "--version": "charter, version",
    "spec routes": "/v1/users/me",
    "spec policy": "account:read",
    "spec bundle": '"openapi":',
    "spec show get_me": '"401"',
    "spec keys x-owner": "needs no permission",
    "spec fix": "works in a project or a checkout only",
    "spec lint": "needs openapi-spec-validator",
    "sdk build python": "needs openapi-python-client",
    "db status": "RUN AT",
    "users list": "admin@example.com",
    "settings list": "registration.open",
    "doctor": "each with a policy and a handler",
    "dev": "needs a project or a checkout",
}
# The same, with the tools that it asks for.
WITH_TOOLS = {"spec lint": "operations, no faults", "sdk build python --output {place}": "charter_client-"}
OWN_PACKAGES = ("app", "handlers", "migrations", "models", "openapi", "services")


def prove(place: Path) -> None:
    """Build both, install the wheel beside the locked requirements, and use it."""
    cloned, empty = clone(place / "clone"), place / "empty"
    run("make", "--silent", "dist", cwd=cloned)
    python = environment(Path(sys.executable), place / "environment", None)
    locked = ["--only-binary", ":all:", "--no-deps", "--require-hashes", "--requirement"]
    run_pip(python, "install", "--quiet", *locked, str(cloned / "requirements" / "runtime.txt"))
    run_pip(python, "install", "--quiet", "--no-deps", "--no-index", *map(str, (cloned / "dist").glob("*.whl")))
    run_pip(python, "check")
    charter = str(python.with_name("charter"))
    _check_builds(cloned, place)
    project = _project(place / "project")
    base = clean_environment(HOME=str(place), PYTHONPATH=str(project), **ADMIN)
    with stores(place / "stores") as given:
        print("the walk in development, with servers that are there already")
        local = {**base, **given, "CHARTER_ENV": "development"}
        with started([charter, "serve"], place / "given.log", cwd=_made(empty), environment=local) as url:
            walk(url, cwd=empty)
        assert [path.name for path in empty.iterdir()] == [".charter"]
        for words, expected in COMMANDS.items():
            _says(charter, words, expected, cwd=empty, environment=local)
        print("production")
        with _database(given["DATABASE_URL"]) as database:
            keys = {"JWT_SECRET": secrets.token_urlsafe(48), "REFRESH_KEYS": f"k1:{secrets.token_urlsafe(48)}"}
            production = {**base, **given, **keys, "DATABASE_URL": database, "WORKERS": "2"}
            subprocess.run([charter, "db", "migrate"], cwd=_made(place / "bare"), env=production, check=True)
            with started([charter, "serve"], place / "bare.log", cwd=place / "bare", environment=production) as url:
                sign_in(url)
            assert list((place / "bare").iterdir()) == []
    print("the walk in development, with the servers that come as wheels")
    run_pip(python, "install", "--quiet", *locked, str(cloned / "requirements" / "run.txt"))
    run_pip(python, "check")
    local = development(place, PYTHONPATH=str(project))
    with started([charter, "serve"], place / "own.log", cwd=_made(place / "own"), environment=local) as url:
        walk(url, cwd=place / "own")
    print("the mock, from the folder of the project")
    local = {**base, "CHARTER_STATE": str(place / "state")}
    with started([charter, "mock", "--port", "0"], place / "mock.log", cwd=project, environment=local) as url:
        assert httpx.get(f"{url}/health").json()["status"] == "ok"
    print("the tools")
    run_pip(python, "install", "--quiet", *locked, str(cloned / "requirements" / "dev.txt"))
    run_pip(python, "check")
    for words, expected in WITH_TOOLS.items():
        _says(charter, words.format(place=place / "sdk"), expected, cwd=project, environment=local)
    assert sorted(path.name for path in project.iterdir()) == sorted(OWN_PACKAGES)


def _check_builds(cloned: Path, place: Path) -> None:
    """Build the wheel from the checkout, where an earlier build has left files, and compare it with the other."""
    stale = cloned / "build" / "lib" / "app" / "stale.py"
    stale.parent.mkdir(parents=True)
    stale.touch()
    code = f"from setuptools import build_meta; build_meta.build_wheel({str(place / 'direct')!r})"
    _made(place / "direct")
    run(sys.executable, "-I", "-W", "ignore", "-c", code, cwd=cloned)
    built = [next(folder.glob("*.whl")) for folder in (cloned / "dist", place / "direct")]
    contents = []
    for path in built:
        with zipfile.ZipFile(path) as wheel:
            contents.append({name: wheel.read(name) for name in wheel.namelist()})
    assert contents[0] == contents[1]
    assert {name.partition("/")[0] for name in contents[0] if ".dist-info/" not in name} == {"charter"}


def _project(folder: Path) -> Path:
    for name in OWN_PACKAGES:
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text("", encoding="utf-8")
    return folder


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _says(charter: str, words: str, expected: str, *, cwd: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        [charter, *words.split()], cwd=cwd, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    told = done.stdout + done.stderr
    assert expected in told, f"charter {words}: {told}"
    assert "Traceback" not in told, f"charter {words}: {told}"


@contextlib.contextmanager
def _database(url: str) -> Iterator[str]:
    """Make an empty database beside another and give its URL."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE production")
    yield urlsplit(url)._replace(path="/production").geturl()
