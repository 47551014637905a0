"""The packages of a project that leaves out operations of signing in: they are built, installed, and work."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.command import clean_environment
from tests.prove.interpreters import environment, run_pip
from tests.prove.proof import run
from tests.prove.quick_start import EMAIL, PASSWORD, development, started
from tests.prove.tools import fetch_node
from tests.prove.typescript import node
from tests.wheel import installed_wheel

SOME = "refresh, logout, register"
ALL = f"login, {SOME}"
_CONTENTS = """openapi: 3.0.3
info: {{title: Shop, version: 1.0.0}}
x-charter: {{omit: [{omitted}]}}
paths: {{}}
"""
# The access token is wrong, as one that has expired is; the refresh token is never sent.
_PYTHON = """
import sys
import httpx
from charter_client import Charter, InvalidToken, MemoryStore, Tokens

url, email, password, omitted = sys.argv[1:]
paths = []
http = httpx.Client(event_hooks={"request": [lambda request: paths.append(request.url.path)]})
if "login" in omitted:
    body = {"email": email, "password": password}
    token = httpx.post(f"{url}/v1/auth/login", json=body).json()["data"]["access_token"]
    client = Charter(url, access_token=token, http_client=http)
    assert not hasattr(client, "auth")
else:
    client = Charter(url, http_client=http)
    assert client.auth.login(email=email, password=password).access_token
    assert not hasattr(client.auth, "refresh")
assert client.me.get_me().role == "admin"
paths.clear()
expired = Charter(url, store=MemoryStore(Tokens("x.y.z", "never")), http_client=http)
try:
    expired.me.get_me()
except InvalidToken:
    pass
else:
    raise SystemExit("the token was accepted")
assert paths == ["/v1/users/me"], paths
"""
_NODE = """
import assert from "node:assert/strict";
import { Charter, InvalidToken, MemoryStore } from "charter-client";

const [url, email, password, omitted] = process.argv.slice(2);
const paths = [];
const noting = (given, init) => {
  paths.push(new URL(given.url ?? given).pathname);
  return fetch(given, init);
};
const options = { baseUrl: url, fetch: noting };
let client;
if (omitted.includes("login")) {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify({ email, password });
  const response = await fetch(`${url}/v1/auth/login`, { method: "POST", headers, body });
  client = new Charter({ ...options, accessToken: (await response.json()).data.access_token });
  assert.equal(client.auth, undefined);
} else {
  client = new Charter(options);
  await client.auth.login({ email, password });
  assert.equal(client.auth.refresh, undefined);
}
assert.equal((await client.me.getMe()).role, "admin");
paths.length = 0;
const expired = new Charter(options);
await expired.signInWith({ accessToken: "x.y.z", refreshToken: "never" });
await assert.rejects(expired.me.getMe(), InvalidToken);
assert.deepEqual(paths, ["/v1/users/me"]);
"""


def prove(place: Path) -> None:
    """Build the packages of two projects, and run them against a server that has the operations."""
    # A copy: the tests replace theirs when a file changes.
    wheel = str(shutil.copytree(installed_wheel(), place / "wheel"))
    with started(
        [sys.executable, "-P", "-m", "charter", "serve"], place / "server.log",
        cwd=place, environment={**development(place), "PYTHONPATH": wheel},
    ) as url:  # fmt: skip
        for name, omitted in (("some", SOME), ("all", ALL)):
            project = place / name
            (project / "openapi").mkdir(parents=True)
            (project / "pyproject.toml").write_text('[project]\nname = "shop"\n\n[tool.charter]\n')
            (project / "openapi" / "openapi.yaml").write_text(_CONTENTS.format(omitted=omitted))
            words = [sys.executable, "-P", "-m", "charter", "sdk", "build", "all"]
            variables = clean_environment(PYTHONPATH=wheel)
            done = subprocess.run(words, cwd=project, env=variables, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            python = environment(Path(sys.executable), project / "environment", None)
            run_pip(python, "install", "--quiet", str(next((project / "dist").glob("*.whl"))))
            run(str(python), "-I", "-c", _PYTHON, url, EMAIL, PASSWORD, omitted, cwd=project)
            fetch_node(project, archives=(project / "dist").glob("*.tgz"))
            (project / "node" / "main.mjs").write_text(_NODE)
            run(node(), "main.mjs", url, EMAIL, PASSWORD, omitted, cwd=project / "node")
            print(f"without {omitted}, the Python and the TypeScript package work")
