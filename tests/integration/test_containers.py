"""What a container does to a process: no home, a working directory of its own, places that cannot be written to.

`make prove PART=container` tries the same on a read-only root file system, as a user id without a name.
"""

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx
import pytest

from app.embedded import EmbeddedError, start_postgres
from tests.command import LONGEST_START_SECONDS, PRODUCTION, Server, clean_environment, expect_refusal

PASSWORD = "a container's long password"

# Python imports it at its start; it tells of each file that is opened to be written, made, moved or removed.
WATCH = """
import os, sys
CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod",
           "os.chown", "tempfile.mkstemp", "tempfile.mkdtemp", "shutil.copyfile", "shutil.move"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
def tell(event, given):
    if event in CHANGES or (event == "open" and isinstance(given[0], (str, bytes)) and given[2] & WRITING):
        if given[0] != os.devnull:
            os.write(2, f"WROTE {event} {given[0]!r}\\n".encode())
sys.addaudithook(tell)
"""


@pytest.fixture
def watched(tmp_path: Path) -> dict[str, str]:
    """Variables that have a process tell of each file it changes, as a process of an image that has no home."""
    (tmp_path / "sitecustomize.py").write_text(WATCH)
    return {
        "PYTHONPATH": str(tmp_path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": "/nonexistent",
        "TMPDIR": "/nonexistent",
    }


def test_one_worker_in_production_writes_to_no_file(servers, database_url, watched):
    variables = {**PRODUCTION, "DATABASE_URL": database_url, "REDIS_URL": servers.empty_redis(), "LOG_FORMAT": "json"}
    server = Server("serve", root="/", CHARTER_ADMIN_PASSWORD=PASSWORD, **variables, **watched)
    with httpx.Client(base_url=server.address(), timeout=30) as client:
        signed_in = client.post("/v1/auth/login", json={"email": "admin@example.com", "password": PASSWORD})
        client.headers["Authorization"] = f"Bearer {signed_in.json()['data']['access_token']}"
        for path in ("/v1/users/me", "/v1/users", "/v1/stats/users", "/docs", "/openapi.json", "/health"):
            assert client.get(path).status_code == 200, path
        assert client.get("/v1/nowhere").status_code == 404
    assert server.end(signal.SIGTERM) == 0
    assert [line for line in server.lines if line.startswith("WROTE")] == []


@pytest.mark.parametrize("words", [("db", "migrate"), ("users", "list"), ("doctor",)], ids=" ".join)
def test_no_command_of_production_writes_to_a_file(words, database_url, watched):
    environment = clean_environment(**{**PRODUCTION, "DATABASE_URL": database_url, **watched})
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", *words],
        cwd="/", env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr  # doctor has something to say of a test's settings
    assert "WROTE" not in done.stderr
    assert "Traceback" not in done.stderr


def test_what_watches_tells_of_a_file_that_is_written(tmp_path, watched):
    script = f"open({str(tmp_path / 'kept')!r}, 'w'); open({str(tmp_path / 'kept')!r})"
    done = subprocess.run(
        [sys.executable, "-c", script], env=clean_environment(**watched), capture_output=True, text=True, check=True
    )
    assert done.stderr == f"WROTE open '{tmp_path / 'kept'}'\n"


def serve(root: Path | str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", "serve"],
        cwd=root, env=clean_environment(CHARTER_ENV="development", PORT="0", **variables),
        capture_output=True, text=True, timeout=LONGEST_START_SECONDS, check=False,
    )  # fmt: skip


def test_development_names_the_one_folder_it_writes_to():
    # Nobody, not even root, makes a folder in /proc.
    expect_refusal(serve("/proc"), 1, "the folder /proc/.charter cannot be made", "set CHARTER_STATE to a folder")


@pytest.mark.skipif(
    os.geteuid() == 0, reason="root may write everywhere: make prove PART=container tries it as another"
)
def test_development_names_a_folder_that_may_not_be_written(tmp_path):
    tmp_path.chmod(0o555)
    expect_refusal(serve(tmp_path), 1, f"{tmp_path}/.charter", "set CHARTER_STATE")


def test_a_tilde_without_a_home_is_one_line():
    done = serve("/", CHARTER_STATE="~no-such-account/state")
    expect_refusal(done, 78, "CHARTER_STATE must be a whole path, because ~ has no home folder here")
    assert not Path("/~no-such-account").exists()


def test_a_working_directory_that_is_gone_is_one_line(tmp_path):
    script = f"cd {tmp_path} && rmdir {tmp_path} && exec {Path(sys.executable).with_name('charter')} spec routes"
    done = subprocess.run(
        ["sh", "-c", script], env=clean_environment(), capture_output=True, text=True, timeout=60, check=False
    )
    expect_refusal(done, 1, "the working directory is gone")


def test_a_socket_that_finds_no_place_names_the_folder_to_change(tmp_path):
    place = Path(tempfile.mkdtemp(prefix="charter-deep-"))
    place.chmod(0o711)
    deep = place / ("d" * 60) / ("e" * 60)
    digest = hashlib.sha256(os.fsencode(deep.resolve() / "postgres" / "run")).hexdigest()[:12]
    in_the_way = Path(f"/tmp/charter-{os.geteuid()}-{digest}")
    in_the_way.write_text("")
    try:
        with pytest.raises(
            EmbeddedError, match=r"too long for a socket; set CHARTER_STATE to a shorter path"
        ) as caught:
            start_postgres(deep, durable=False)
    finally:
        in_the_way.unlink()
    assert str(in_the_way) in str(caught.value)
    assert not list((deep / "postgres").iterdir())
