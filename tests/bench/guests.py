"""Rivals that are not among the locked packages: each is installed when it is needed, with a database of its own.

They are kept in .charter/bench, so only the first run waits for the package index. What cannot be installed is left
out, and the reason is shown. Their accounts have fewer tables than Charter's: no role, no profile.
"""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg2

from tests.bench.driver import HOST, LoadError
from tests.bench.processes import LOAD_CORE, ROOT, SERVER_CORE, Server, free_port, on_core
from tests.bench.traffic import ADMIN_EMAIL, EMAIL, NAME, PASSWORD, Request, get
from tests.bench.world import World
from tests.prove import pins
from tests.prove.proof import Skipped
from tests.prove.tools import fetch_node, fetch_python

KEPT = ROOT / ".charter" / "bench"
RIVALS = Path(__file__).parent / "rivals"
_HEALTH = Request("/health").raw


@dataclass(slots=True)
class Guests:
    """The installed rivals that run.

    Attributes:
        servers: by name.
        requests: by work and name.
        left_out: why each of the others does not run, by name.
    """

    servers: dict[str, Server] = field(default_factory=dict)
    requests: dict[tuple[str, str], Request] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


@contextlib.contextmanager
def guests(names: Iterable[str], world: World, folder: Path, tell: Callable[[str], None]) -> Iterator[Guests]:
    """Install, start and prepare these rivals, and stop them in the end.

    Args:
        names: keys of `_GUESTS`.
        folder: for their logs.
        tell: is told what is installed, and what is left out.
    """
    found = Guests()
    with contextlib.ExitStack() as stack:
        for name in names:
            try:
                _start(name, world, folder, found, stack, tell)
            except (Skipped, LoadError, httpx.HTTPError, subprocess.CalledProcessError) as reason:
                found.left_out[name] = " ".join(str(reason).split())[:400]
                found.servers.pop(name, None)
                tell(f"!! {name} is left out: {found.left_out[name]}")
        yield found


def _start(
    name: str, world: World, folder: Path, found: Guests, stack: contextlib.ExitStack, tell: Callable[[str], None]
) -> None:
    place = KEPT / name
    if not place.exists():
        tell(f"installing {name} into {place.relative_to(ROOT)}")
    place.mkdir(parents=True, exist_ok=True)
    install, sign_up = _GUESTS[name]
    try:
        command, before = install(place)
    except Skipped:
        shutil.rmtree(place, ignore_errors=True)
        raise
    environ = _environ(name, world)
    with on_core(SERVER_CORE):
        for words in before:
            subprocess.run(words, cwd=ROOT, env={**os.environ, **environ}, check=True, capture_output=True)
        port = free_port()
        words = [word.format(port=port) for word in command]
        server = Server(name, words, port, folder / f"{name}.log", environ)
    stack.callback(server.stop)
    server.wait_until_ready(_HEALTH)
    with on_core(LOAD_CORE), httpx.Client(base_url=f"http://{HOST}:{port}", timeout=30) as client:
        found.requests |= {(work, name): request for work, request in sign_up(client, environ["DATABASE_URL"]).items()}
    found.servers[name] = server


def _environ(name: str, world: World) -> dict[str, str]:
    """Return the environment of a rival, with a new database."""
    database = f"rival_{name.replace('-', '_')}"
    with world.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {database}")
    url = urlunsplit(urlsplit(world.database_url)._replace(path=f"/{database}"))
    # With an environment of their own, they import the modules of this tree by this path.
    return {**world.environ, "DATABASE_URL": url, "PYTHONPATH": str(ROOT), "NODE_ENV": "production"}


Installed = tuple[list[str], list[list[str]]]
"""The command that serves, with {port}; and the commands before it."""


def _install_fastapi_users(place: Path) -> Installed:
    programs = fetch_python(
        place,
        pins.FASTAPI_USERS,
        pins.FASTAPI_USERS_SQLALCHEMY,
        pins.ASYNCPG,
        pins.UVICORN,
        pins.UVLOOP,
        pins.HTTPTOOLS,
    )
    options = ["--host", HOST, "--port", "{port}", "--loop", "uvloop", "--http", "httptools", "--no-access-log"]
    return [str(programs / "uvicorn"), "tests.bench.rivals.fastapi_users_app:app", *options], []


def _install_allauth(place: Path) -> Installed:
    programs = fetch_python(place, pins.DJANGO_ALLAUTH, pins.GUNICORN, pins.PSYCOPG, pins.PSYCOPG_BINARY)
    options = ["--bind", f"{HOST}:{{port}}", "--workers", "1", "--threads", "8"]
    serve = [str(programs / "gunicorn"), "tests.bench.rivals.allauth_app:application", *options]
    return serve, [[str(programs / "python"), "-m", "tests.bench.rivals.allauth_app"]]


def _install_better_auth(place: Path) -> Installed:
    programs = fetch_node(place, pins.BETTER_AUTH, pins.NODE_POSTGRES)
    # Node looks for packages beside the file.
    program = programs.parents[1] / "better_auth.mjs"
    shutil.copy(RIVALS / "better_auth.mjs", program)
    return ["node", str(program), "{port}"], []


def _sign_up_fastapi_users(client: httpx.Client, database_url: str) -> dict[str, Request]:
    ids = {}
    for email in (EMAIL, ADMIN_EMAIL):
        account = {"email": email, "password": PASSWORD}
        ids[email] = client.post("/auth/register", json=account).raise_for_status().json()["id"]
    with contextlib.closing(psycopg2.connect(database_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute('UPDATE "user" SET is_superuser = true WHERE id = %s', (ids[ADMIN_EMAIL],))
    tokens = {}
    for email in ids:
        form = {"username": email, "password": PASSWORD}
        tokens[email] = client.post("/auth/login", data=form).raise_for_status().json()["access_token"]
    return {"me": get("/users/me", tokens[EMAIL]), "user": get(f"/users/{ids[EMAIL]}", tokens[ADMIN_EMAIL])}


def _sign_up_allauth(client: httpx.Client, _: str) -> dict[str, Request]:
    given = {"email": EMAIL, "password": PASSWORD}
    token = client.post("/_allauth/app/v1/auth/signup", json=given).raise_for_status().json()["meta"]["session_token"]
    return {"me": Request("/_allauth/app/v1/auth/session", headers={"X-Session-Token": token})}


def _sign_up_better_auth(client: httpx.Client, _: str) -> dict[str, Request]:
    given = {"email": EMAIL, "password": PASSWORD, "name": NAME}
    client.post("/api/auth/sign-up/email", json=given).raise_for_status()
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    return {"me": Request("/api/auth/get-session", headers={"Cookie": cookies})}


_GUESTS: Mapping[str, tuple[Callable[[Path], Installed], Callable[[httpx.Client, str], dict[str, Request]]]] = {
    "fastapi-users": (_install_fastapi_users, _sign_up_fastapi_users),
    "django-allauth": (_install_allauth, _sign_up_allauth),
    "better-auth": (_install_better_auth, _sign_up_better_auth),
}
