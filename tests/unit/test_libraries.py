"""A server imports its libraries without what it never uses, and a process that serves imports nothing else."""

import platform
import subprocess
import sys

import pytest

from app.libraries import left_out

STARTED = """
import secrets, sys
from app.config import Config
from app.factory import create_app
create_app(Config.from_environment({
    "CHARTER_ENV": "test", "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "JWT_SECRET": secrets.token_hex(), "REFRESH_KEYS": "k1:" + secrets.token_hex(),
}))
assert "connexion" in sys.modules
assert not {"httpx", "requests", "starlette.testclient"} & sys.modules.keys(), "an HTTP client was imported"
import requests, httpx
assert requests.get and httpx.Client.get
"""


def test_a_server_starts_without_http_clients_and_others_may_still_import_them() -> None:
    done = subprocess.run([sys.executable, "-c", STARTED], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_is_left_out_says_so_when_it_is_used() -> None:
    with left_out("a_client_that_nobody_has"):
        from a_client_that_nobody_has import get  # type: ignore[import-not-found]
    with pytest.raises(NotImplementedError, match="without what no server uses"):
        get("http://localhost")
    with pytest.raises(ModuleNotFoundError):
        __import__("a_client_that_nobody_has")


# What a worker has no use for, and what took its place or its time when it was imported.
NOT_IN_A_WORKER = {
    *("http.server", "httpx", "jinja2", "jwt.jwks_client", "requests", "sqlite3", "starlette.testclient"),
    *("multiprocessing", "pygments", "rich", "unittest", "uvicorn.supervisors", "watchfiles", "wsgiref.simple_server"),
    *("a2wsgi.asgi", "configparser", "html", "itsdangerous", "logging.config", "urllib.request"),
    *("connexion.apps.asynchronous", "connexion.middleware.swagger_ui", "werkzeug.serving", "werkzeug.test"),
    *("redis.asyncio", "redis.asyncio.client", "redis.cluster", "redis.keyspace_notifications", "redis.sentinel"),
    *("app.cli.reloading", "app.contract_kit", "app.database.migrator", "peewee_migrate"),
    *("app.pipeline.contract_for_clients", "app.spec.checks.examples", "app.spec.journeys"),
}
BEGUN = """
import os, secrets, sys
from app.cli.starting import begin_worker
begin_worker()
import app.cli.startup, app.cli.worker
os.environ |= {
    "CHARTER_ENV": "test", "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "JWT_SECRET": secrets.token_hex(), "REFRESH_KEYS": "k1:" + secrets.token_hex(),
    "REDIS_URL": "redis://127.0.0.1:1/0",
}
app.cli.worker.create()
assert "redis" in sys.modules
print(*sys.modules)
"""
# Its help is all of a server that a test needs here.
SERVING = """
import sys
sys.argv = ["charter", "serve", "--help"]
from app.cli.__main__ import run
try:
    run()
except SystemExit as end:
    assert end.code == 0
print(*(name for name in sys.modules if name.startswith("app.cli.")), file=sys.stderr)
"""
THREADS = """
import ctypes, threading
from app.cli import starting
starting.begin()
library = ctypes.CDLL(None)
for _ in range(4):
    thread = threading.Thread(target=lambda: [library.malloc(1000) for _ in range(100)])
    thread.start()
    thread.join()
library.malloc_stats()
"""


def test_a_worker_imports_nothing_that_it_does_not_use() -> None:
    done = subprocess.run([sys.executable, "-c", BEGUN], capture_output=True, text=True, check=True)
    assert not NOT_IN_A_WORKER & set(done.stdout.split()), (
        "import it where it is used, or leave it out (app/libraries.py)"
    )


def test_a_process_that_serves_imports_no_other_command() -> None:
    done = subprocess.run([sys.executable, "-c", SERVING], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Usage: charter serve")
    others = {f"app.cli.{name}" for name in ("command", "contract", "db", "doctor", "mock", "spec", "users")}
    assert not others & set(done.stderr.split())


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only the GNU library has arenas")
def test_all_threads_of_a_server_share_one_arena() -> None:
    done = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, check=True)
    assert "Arena 0:" in done.stderr
    assert "Arena 1:" not in done.stderr


def test_what_is_missing_is_not_found_for_a_while() -> None:
    with left_out(missing=("a_library_of_colours", "json")):
        with pytest.raises(ModuleNotFoundError):
            __import__("a_library_of_colours")
        assert __import__("json").loads("1") == 1
    assert "a_library_of_colours" not in sys.modules


def test_what_was_imported_before_stays() -> None:
    with left_out("json"):
        import json
    assert json.loads("1") == 1
