"""`charter serve` from start to end: what it prints, how it stops, and what is left when it is killed."""

import contextlib
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg2
import pytest

from app.cli.errors import CommandError
from app.cli.state import stored_secrets
from tests.command import LONGEST_START_SECONDS, PRODUCTION, ROOT, Server, clean_environment, expect_refusal
from tests.servers import Servers
from tests.waiting import until

METRICS_TOKEN = "Gk4Wz7Qd2Xn9Rb5Tv8Lm3Hs6Jc1Yp0Fa"


@pytest.fixture
def state() -> Iterator[Path]:
    """A state folder that the account which PostgreSQL runs as can reach, under a path short enough for sockets."""
    place = Path(tempfile.mkdtemp(prefix="charter-state-"))
    place.chmod(0o711)
    yield place
    shutil.rmtree(place)


def _postgres_pid(state: Path) -> int:
    return int((state / "postgres" / "data" / "postmaster.pid").read_text().split()[0])


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that nobody has reaped yet is not running either.
    return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()


def _sign_in(address: str, body: str) -> httpx.Response:
    headers = {"Content-Type": "application/json"}
    return httpx.post(f"{address}/v1/auth/login", content=body, headers=headers, timeout=30)


def test_development_needs_nothing_and_keeps_its_data_through_a_stop_and_a_kill(state):
    variables = {"CHARTER_ENV": "development", "CHARTER_STATE": str(state)}
    first = Server("serve", **variables, SLOW_QUERY_MS="1")
    address = first.address()
    shown = first.wait_for(r"first admin: admin@example\.com, password (\S+) \(shown this once\)")
    for page in ("/docs", "/openapi.json"):
        assert f"{address}{page}" in first.printed
        assert httpx.get(address + page, follow_redirects=True).status_code == 200
    # The migrations, the checks of the start and maintenance took longer.
    assert "slow_query" not in first.printed
    curl = shlex.split(first.wait_for(r"\n  (curl .*/v1/auth/login .*)\n")[1])
    assert _sign_in(address, curl[curl.index("-d") + 1]).status_code == 200

    second = subprocess.run(
        [sys.executable, "-m", "app.cli", "serve"],
        cwd=ROOT, env=clean_environment(**variables), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    expect_refusal(second, 75, "already runs", str(state))
    postgres = _postgres_pid(state)
    assert first.end(signal.SIGINT) == 0
    assert first.printed.endswith("stopped\n")
    assert not _is_running(postgres)

    killed = Server("serve", **variables)
    body = f'{{"email": "admin@example.com", "password": "{shown[1]}"}}'
    assert _sign_in(killed.address(), body).status_code == 200
    assert "first admin" not in killed.printed
    postgres = _postgres_pid(state)
    killed.end(signal.SIGKILL)
    until(lambda: not _is_running(postgres))

    again = Server("serve", **variables)
    assert _sign_in(again.address(), body).status_code == 200
    assert again.end(signal.SIGTERM) == 0


def _production(servers: Servers, url: str) -> dict[str, str]:
    return {**PRODUCTION, "DATABASE_URL": url, "REDIS_URL": servers.empty_redis(), "LOG_FORMAT": "json"}


def test_a_request_under_way_is_answered_before_the_server_stops(servers, database_url):
    server = Server("serve", **_production(servers, database_url))
    address = server.address()
    body = b'{"email": "nobody@example.com", "password": "none of your business"}'
    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=30) as client:
        client.sendall(
            b"POST /v1/auth/login HTTP/1.1\r\nHost: charter\r\nContent-Type: application/json\r\n"
            b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        # From here on the server is waiting for the body.
        assert client.recv(1000).startswith(b"HTTP/1.1 100 ")
        server.process.send_signal(signal.SIGTERM)
        until(lambda: _refuses(int(address.rpartition(":")[2])))
        client.sendall(body)
        assert client.recv(1000).startswith(b"HTTP/1.1 401 ")
    assert server.process.wait(LONGEST_START_SECONDS) == 0


def test_a_misspelt_variable_is_told_at_start_without_its_value(servers, database_url):
    server = Server("serve", **_production(servers, database_url), LIMIT_WRTIE="7777/60", JWT_SERCET="of no use")
    server.address()
    assert server.end(signal.SIGTERM) == 0
    told = [line for line in server.lines if "unknown variable" in line]
    assert [("LIMIT_WRTIE" in line, "did you mean LIMIT_WRITE?" in line) for line in told] == [
        (False, False),
        (True, True),
    ]
    assert "did you mean JWT_SECRET?" in told[0]
    assert "7777" not in server.printed
    assert "of no use" not in server.printed


@pytest.mark.parametrize("gateway", ["compiled", "connexion"])
def test_a_thread_that_is_stuck_does_not_keep_the_process(servers, database_url, gateway):
    variables = {**_production(servers, database_url), "CHARTER_GATEWAY": gateway, "REQUEST_SECONDS": "60"}
    server = Server("serve", **variables)
    port = int(server.address().rpartition(":")[2])
    body = b'{"email": "nobody@example.com", "password": "none of your business"}'
    locked = psycopg2.connect(database_url)
    locked.cursor().execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
    with contextlib.closing(locked), socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(
            b"POST /v1/auth/login HTTP/1.1\r\nHost: charter\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        until(lambda: run_in(database_url, waiting) > 0)
        server.process.send_signal(signal.SIGINT)
        until(lambda: _refuses(port))
        # The second one cuts the grace short.
        server.process.send_signal(signal.SIGINT)
        server.process.wait(10)


def test_workers_share_the_port_and_their_figures_and_end_with_their_parent(servers, database_url, tmp_path):
    variables = {**_production(servers, database_url), "METRICS_TOKEN": METRICS_TOKEN, "TMPDIR": str(tmp_path)}
    server = Server("serve", "--workers", "2", **variables)
    address = server.address()
    for _ in range(20):
        assert httpx.get(f"{address}/health").status_code == 200
    figures = httpx.get(f"{address}/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"}).text
    assert 'charter_requests_total{operation="get_health",status="200"} 20.0' in figures
    server.end(signal.SIGKILL)
    port = int(address.rpartition(":")[2])
    until(lambda: _refuses(port))


def run_in(url: str, sql: str) -> int:
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        (found,) = cursor.fetchone() or (-1,)
        return int(found)


def _refuses(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0


def test_workers_stop_in_good_order(servers, database_url):
    server = Server("serve", "--workers", "2", **_production(servers, database_url))
    server.address()
    assert server.end(signal.SIGTERM) == 0
    assert "Traceback" not in server.printed


def test_a_port_that_is_taken_is_one_line(servers, database_url):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = Server("serve", "--port", str(port), **_production(servers, database_url))
        assert server.process.wait(LONGEST_START_SECONDS) == 69
    server.end(signal.SIGTERM)
    fix = "stop what listens there, or set PORT or --port"
    assert server.lines == [f"charter: port {port} on 127.0.0.1 is taken: {fix}\n"]


def test_a_host_that_is_not_ours_is_one_line(servers, database_url):
    server = Server("serve", "--host", "192.0.2.1", **_production(servers, database_url))
    assert server.process.wait(LONGEST_START_SECONDS) == 78
    server.end(signal.SIGTERM)
    assert server.lines == ["charter: HOST 192.0.2.1 is not an address of this machine: set it to one that is\n"]


def test_dev_starts_again_when_the_code_changes(servers, database_url, tmp_path):
    for folder in ("app", "charter", "handlers", "models", "openapi", "migrations"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    variables = {**_production(servers, database_url), "CHARTER_ENV": "development", "CHARTER_STATE": str(tmp_path)}
    server = Server("dev", root=tmp_path, **variables)
    address = server.address()
    source = tmp_path / "openapi" / "openapi.yaml"
    source.write_text(re.sub(r"(?m)^  title: .*$", "  title: Changed by hand", source.read_text("utf-8")), "utf-8")
    until(lambda: _title(address) == "Changed by hand")
    assert server.end(signal.SIGINT) == 0


def _title(address: str) -> str | None:
    """Return the title of the document that is served; None while the process behind the port is replaced."""
    try:
        return str(httpx.get(f"{address}/openapi.json", timeout=30).json()["info"]["title"])
    except httpx.TransportError:
        return None


def test_dev_is_not_for_production(servers, database_url):
    server = Server("dev", **_production(servers, database_url))
    assert server.process.wait(LONGEST_START_SECONDS) == 1
    server.end(signal.SIGTERM)
    assert server.lines == ["charter: charter dev is not for production: use charter serve\n"]


def test_secrets_are_made_once_and_only_their_owner_can_read_them(tmp_path):
    made = stored_secrets(tmp_path / "state")
    assert stored_secrets(tmp_path / "state") == made
    assert (tmp_path / "state" / "secrets").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["secrets"]


def test_damaged_secrets_are_refused_rather_than_replaced(tmp_path):
    (tmp_path / "secrets").write_text("JWT_SECRET=\n")
    with pytest.raises(CommandError, match="damaged") as refused:
        stored_secrets(tmp_path)
    assert refused.value.exit_code == 78
