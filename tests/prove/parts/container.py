"""On a read-only root file system, as a user id without a name, without a home: what a container does to a process."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import httpx

from tests.prove.interpreters import environment, interpreters, run_pip
from tests.prove.proof import Skipped, clone, needed, run
from tests.prove.quick_start import ADMIN, sign_in, started
from tests.prove.stores import stores

NAMELESS, NOBODY, ROOT_USER = 12345, 65534, 0

# Everything is read-only but one folder, if one is named; then another account, no variables but those given, and /.
CONTAINER = """
id=$1 writable=$2
shift 2
mount -o bind,remount,ro / 2>/dev/null || { mount --bind / / && mount -o bind,remount,ro /; }
for place in /tmp /var/tmp /dev/shm; do ! mountpoint -q $place || mount -o bind,remount,ro $place; done
[ -z "$writable" ] || mount -t tmpfs -o mode=0777 tmpfs "$writable"
cd /
exec setpriv --reuid=$id --regid=$id --clear-groups env -i PATH=/usr/bin:/bin "$@"
"""


def prove(place: Path) -> None:
    """Serve in production without a place to write, and in development with one."""
    for program in ("unshare", "setpriv", "mount"):
        needed(program, package="util-linux", purpose="have a read-only root file system")
    if os.geteuid() != 0 or subprocess.run(["unshare", "--mount", "true"], check=False).returncode:
        raise Skipped("only root may mount, and some containers forbid it: run it as root elsewhere")
    python = _install(place)
    charter = str(python.with_name("charter"))
    state = place / "state"
    state.mkdir()
    with stores(place / "stores") as given:
        print("production, nothing to write to")
        keys = {"JWT_SECRET": secrets.token_urlsafe(48), "REFRESH_KEYS": f"k1:{secrets.token_urlsafe(48)}"}
        production = {**ADMIN, **given, **keys, "METRICS_TOKEN": secrets.token_urlsafe(48)}
        subprocess.run(_contained(NAMELESS, production, charter, "db", "migrate"), check=True)
        with started(_contained(NAMELESS, production, charter, "serve"), place / "one.log", cwd="/") as url:
            _use(url, production["METRICS_TOKEN"])
        told = _refused(_contained(NAMELESS, {**production, "DATABASE_URL": "postgresql:///x"}, charter, "serve"))
        assert "name a user in DATABASE_URL" in told, told
    print("development, nothing to write to")
    local = {**ADMIN, "CHARTER_ENV": "development"}
    told = _refused(_contained(NAMELESS, local, charter, "serve"))
    assert "the folder /.charter cannot be made" in told, told
    assert "set CHARTER_STATE to a folder" in told, told
    print("development, one folder to write to")
    local["CHARTER_STATE"] = str(state / "charter")
    told = _refused(_contained(NAMELESS, local, charter, "serve", writable=state))
    assert "/etc/passwd, or set DATABASE_URL" in told, told
    for number, account in enumerate((NOBODY, ROOT_USER)):
        words = _contained(account, local, charter, "serve", writable=state)
        with started(words, place / f"development{number}.log", cwd="/") as url:
            sign_in(url)


def _contained(account: int, variables: dict[str, str], *words: str, writable: Path | None = None) -> list[str]:
    given = [f"{name}={value}" for name, value in variables.items()]
    into = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", CONTAINER, "sh"]
    return [*into, str(account), str(writable or ""), *given, *words]


def _refused(words: list[str]) -> str:
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in (1, 69, 78), done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr


def _use(url: str, metrics_token: str) -> None:
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {sign_in(url)}"}, timeout=30) as client:
        me = client.get("/v1/users/me").json()["data"]["id"]
        profile = client.get(f"/v1/users/{me}/profile")
        body = {"display_name": "Ada", "locale": "en-GB", "time_zone": "Europe/London", "avatar_url": None, "bio": None}
        tag = {"If-Match": profile.headers["ETag"]}
        assert client.put(f"/v1/users/{me}/profile", json=body, headers=tag).status_code == 200
        for path in ("/v1/users", "/v1/audit-events", "/v1/stats/users", "/docs", "/openapi.json", "/health"):
            assert client.get(path).status_code == 200, path
        measured = client.get("/metrics", headers={"Authorization": f"Bearer {metrics_token}"})
        assert measured.status_code == 200


def _install(place: Path) -> Path:
    """Return the Python of an environment that every account reaches, with the wheel and the servers."""
    reachable = [python for _, python in interpreters() if _is_reachable(python)]
    if not reachable:
        raise Skipped("no Python that other accounts reach: install one (Debian: apt-get install python3-venv)")
    cloned = clone(place / "clone")
    python = environment(reachable[0], place / "environment", None)
    install = ("install", "--quiet", "--no-deps")
    lock = str(cloned / "requirements" / "run.txt")
    run_pip(python, *install, "--only-binary", ":all:", "--require-hashes", "--requirement", lock)
    build = [sys.executable, "-I", "-W", "ignore", "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    run(*build, "--no-index", "--wheel-dir", str(place / "dist"), str(cloned))
    run_pip(python, *install, "--no-index", *map(str, (place / "dist").glob("*.whl")))
    return python


def _is_reachable(python: Path) -> bool:
    words = [
        "setpriv",
        f"--reuid={NAMELESS}",
        f"--regid={NAMELESS}",
        "--clear-groups",
        "test",
        "-x",
        str(python.resolve()),
    ]
    return not subprocess.run(words, check=False, capture_output=True, cwd="/").returncode
