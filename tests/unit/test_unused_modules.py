"""The server starts without the HTTP clients that Connexion asks for."""

import subprocess
import sys

import pytest

from app.gateway.unused_modules import left_out

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
    with pytest.raises(NotImplementedError, match="without its HTTP clients"):
        get("http://localhost")
    with pytest.raises(ModuleNotFoundError):
        __import__("a_client_that_nobody_has")


def test_what_was_imported_before_stays() -> None:
    with left_out("json"):
        import json
    assert json.loads("1") == 1
