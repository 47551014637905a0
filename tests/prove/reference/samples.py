"""The samples of the reference: every curl command runs, and every TypeScript sample compiles."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import httpx

from app.pages.reference.samples import ADDRESS, ETAG
from tests.prove import pins
from tests.prove.proof import CHARTER, ROOT, Skipped, run
from tests.prove.quick_start import PASSWORD, sign_in
from tests.prove.tools import fetch_node, told

# They end what the others need.
LAST = ("logout", "change_password")


def samples_of(url: str, language: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the samples of a language as a server shows them, each with its operation."""
    document = httpx.get(f"{url}/docs/reference.json", timeout=30).json()
    found = [operation for item in document["paths"].values() for operation in item.values()]
    found.sort(key=lambda operation: operation["operationId"] in LAST)
    return {
        operation["operationId"]: (
            next(sample["source"] for sample in operation["x-codeSamples"] if sample["label"] == language),
            operation,
        )
        for operation in found
    }


def run_curl(url: str, place: Path) -> None:
    """Run every curl command in a shell, against a server with its first admin alone.

    Raises:
        AssertionError: a response is not a success.
    """
    with httpx.Client(base_url=url, timeout=30) as api:
        for name, (sample, operation) in samples_of(url, "curl").items():
            api.headers["Authorization"] = f"Bearer {sign_in(url)}"
            command = _with_real_values(name, sample, api, url).replace(
                "curl ", "curl -sS -o body -w '%{http_code}' ", 1
            )
            environment = {"PATH": os.environ["PATH"], "TOKEN": api.headers["Authorization"].removeprefix("Bearer ")}
            done = subprocess.run(
                ["bash", "-c", command], cwd=place, env=environment, capture_output=True, text=True, check=False
            )
            expected = {status for status in operation["responses"] if status.startswith("2")}
            assert done.stdout in expected, f"{name}: {command}\n{done.stdout} {done.stderr} {_body(place)}"
    print(f"{len(samples_of(url, 'curl'))} curl commands run")


def _body(place: Path) -> str:
    body = place / "body"
    return body.read_text(encoding="utf-8") if body.exists() else ""


def _with_real_values(name: str, sample: str, api: httpx.Client, url: str) -> str:
    """Return a sample with things that exist in the place of its examples."""
    account = {"email": f"{name.replace('_', '-')}@example.com", "password": PASSWORD}
    user = _made(api, "/v1/users", account)["id"]
    sample = sample.replace(ADDRESS, url)
    sample = sample.replace("019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d", user)
    if "/sessions/" in sample:
        httpx.post(f"{url}/v1/auth/login", json=account, timeout=30)
        session = api.get(f"/v1/users/{user}/sessions").json()["data"][0]["id"]
        sample = sample.replace("019c13ec-9e00-7c4d-8e5f-6a7b8c9d0e1f", session)
    if "/v1/roles/librarian" in sample and api.get("/v1/roles/librarian").status_code == 404:
        _made(api, "/v1/roles", {"name": "librarian", "description": "Made by a proof.", "permissions": []})
    if ETAG in sample:
        sample = sample.replace(ETAG, api.get(f"/v1/users/{user}/profile").headers["etag"])
    if name == "refresh":
        tokens = httpx.post(f"{url}/v1/auth/login", json=account, timeout=30).json()["data"]
        sample = sample.replace("an-opaque-refresh-token", tokens["refresh_token"])
    if name in ("login", "create_user", "register"):
        sample = sample.replace("ada@example.com", account["email"] if name == "login" else f"new-{account['email']}")
    if name in ("login", "change_password"):
        sample = sample.replace("marmalade lantern 7 quarry", PASSWORD)
    return sample


def _made(api: httpx.Client, path: str, body: dict[str, Any]) -> Any:
    response = api.post(path, json=body)
    assert response.status_code == 201, response.text
    return response.json()["data"]


def compile_typescript(url: str, place: Path) -> None:
    """Have the compiler read every TypeScript sample beside the built package, under strict options.

    Raises:
        AssertionError: a sample does not compile.
        Skipped: the package cannot be built here.
    """
    if not (ROOT / "sdk" / "typescript").is_dir():
        raise Skipped("there is no TypeScript package in this checkout")
    built = place / "built"
    run(*CHARTER, "sdk", "build", "typescript", "--output", str(built))
    programs = fetch_node(place, pins.TYPESCRIPT, archives=built.glob("*.tgz"))
    folder = place / "node" / "samples"
    folder.mkdir()
    samples = samples_of(url, "TypeScript")
    for name, (sample, _) in samples.items():
        (folder / f"{name}.ts").write_text(sample, encoding="utf-8")
    options = {
        "strict": True,
        "noEmit": True,
        "module": "nodenext",
        "target": "es2022",
        "types": [],
        "lib": ["es2022", "dom"],
    }
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "include": ["*.ts"]}))
    (folder / "package.json").write_text(json.dumps({"type": "module"}))
    done = told([programs / "tsc", "--project", folder], folder)
    assert done.returncode == 0, done.stdout
    print(f"{len(samples)} TypeScript samples compile")
