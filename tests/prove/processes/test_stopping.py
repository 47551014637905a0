"""`charter serve` is told to stop: in each phase before it serves, as the first process of a container, and when
nobody reads what it prints.

A phase is reached for certain: an audit hook of Python in the server's process, told of an import, a program started
or a socket bound, stops there until the test lets it go on.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.command import LONGEST_START_SECONDS, PRODUCTION, ROOT, Server, clean_environment
from tests.servers import Servers
from tests.waiting import until

# PAUSE is an audit event and a text of its arguments, PAUSE_IN a text of the command; GO a file that ends the pause.
HOOK = """
import os, sys, time
event, _, text = os.environ.get("PAUSE", "").partition(":")
def pause(name, args, paused=[]):
    if name != event or paused or text not in repr(args):
        return
    paused.append(True)
    os.write(2, b"PAUSED\\n")
    while not os.path.exists(os.environ["GO"]):
        time.sleep(0.02)
if event and os.environ.get("PAUSE_IN", "app.cli") in " ".join(sys.orig_argv):
    sys.addaudithook(pause)
"""
DEVELOPMENT = "development"


@pytest.fixture
def state() -> Iterator[Path]:
    """A state folder that the account which PostgreSQL runs as can reach, under a path short enough for sockets."""
    place = Path(tempfile.mkdtemp(prefix="charter-state-"))
    place.chmod(0o711)
    yield place
    shutil.rmtree(place)


@pytest.fixture
def hook(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "sitecustomize.py").write_text(HOOK)
    return {"PYTHONPATH": str(tmp_path), "GO": str(tmp_path / "go")}


def _nothing_is_left(state: Path) -> bool:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            shown = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(state) in shown and process.name != str(os.getpid()):
            return False
    return True


@pytest.mark.parametrize(
    ("pause", "number"),
    [
        ("import:'click'", signal.SIGTERM),
        ("import:'connexion'", signal.SIGINT),
        ("subprocess.Popen:valkey-server", signal.SIGHUP),
        ("subprocess.Popen:initdb", signal.SIGINT),
        ("subprocess.Popen:listen_addresses", signal.SIGTERM),
        ("compile:def migrate(", signal.SIGTERM),
    ],
)
def test_a_signal_in_any_phase_before_it_serves_ends_it_and_all_it_started(state, hook, pause, number):
    server = Server("serve", CHARTER_ENV=DEVELOPMENT, CHARTER_STATE=str(state), PAUSE=pause, **hook)
    server.wait_for("PAUSED")
    assert server.end(number) == 0, server.printed
    assert server.lines[-1] == "stopped\n"
    assert "Traceback" not in server.printed
    until(lambda: _nothing_is_left(state))
    if (state / "serving").exists():
        with (state / "serving").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_signal_before_the_port_is_bound_ends_it(servers, database_url, hook):
    variables = _production(servers, database_url, PAUSE="socket.bind:('127.0.0.1', 0)")
    server = Server("serve", **variables, **hook)
    server.wait_for("PAUSED")
    assert server.end(signal.SIGQUIT) == 0
    assert server.printed == "PAUSED\nstopped\n"


def _production(servers: Servers, url: str, **more: str) -> dict[str, str]:
    return {**PRODUCTION, "DATABASE_URL": url, "REDIS_URL": servers.empty_redis(), "LOG_FORMAT": "json", **more}


def test_a_signal_while_workers_import_ends_them_all(servers, database_url, hook):
    variables = _production(servers, database_url, WORKERS="2", PAUSE="import:'connexion'", PAUSE_IN="app.cli.worker")
    server = Server("serve", **variables, **hook)
    server.wait_for("(?s)PAUSED.*PAUSED")
    assert server.end(signal.SIGTERM) == 0
    assert "Traceback" not in server.printed
    assert '"serving"' not in server.printed


@pytest.mark.parametrize(("workers", "last"), [("1", signal.SIGINT), ("2", signal.SIGINT), ("1", signal.SIGQUIT)])
def test_a_second_interrupt_ends_a_drain(servers, database_url, workers, last):
    server = Server("serve", **_production(servers, database_url, DRAIN_SECONDS="600", WORKERS=workers, HOST="[::1]"))
    address = server.address()
    assert address.startswith("http://[::1]:")
    server.process.send_signal(signal.SIGINT)
    until(lambda: httpx.get(f"{address}/health").status_code == 503)
    assert httpx.get(f"{address}/health/live").status_code == 200
    server.process.send_signal(signal.SIGTERM)
    assert httpx.get(f"{address}/health/live").status_code == 200
    assert server.end(last) == 0
    assert server.lines[-1] == "stopped\n"
    assert "Traceback" not in server.printed


def test_a_client_that_does_not_read_leaves_no_trace_when_the_grace_is_over(servers, database_url):
    server = Server("serve", **_production(servers, database_url, GRACE_SECONDS="1"))
    port = int(server.address().rpartition(":")[2])
    request = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", port))
        client.settimeout(1)
        # Until the server takes no more of them: it waits for its responses to be read.
        with contextlib.suppress(TimeoutError):
            for _ in range(2000):
                client.sendall(request * 100)
        assert server.end(signal.SIGTERM) == 0
    assert '"grace_over"' in server.printed
    assert "Traceback" not in server.printed
    assert '"exception"' not in server.printed
    assert "stopped\n" in server.lines


def test_a_database_that_never_answers_does_not_keep_it():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://charter@127.0.0.1:{silent.getsockname()[1]}/charter"
        server = Server("serve", **PRODUCTION, DATABASE_URL=url, DATABASE_CONNECT_SECONDS="60")
        silent.settimeout(LONGEST_START_SECONDS)
        connection, _ = silent.accept()
        with connection:
            assert server.end(signal.SIGTERM) == 0
            assert server.lines[-1] == "stopped\n"


def test_the_first_process_of_a_container_heeds_signals(servers, database_url, hook):
    alone = ["unshare", "--pid", "--fork", "--kill-child"]
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], check=False, capture_output=True).returncode:
        pytest.skip("NOT PROVEN: to be process 1 needs root, and unshare of util-linux")
    variables = _production(servers, database_url, PAUSE="import:'click'")
    server = Server("serve", prefix=alone, **variables, **hook)
    server.wait_for("PAUSED")
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGTERM)
    assert server.process.wait(LONGEST_START_SECONDS) == 0
    server.end(signal.SIGTERM)
    assert server.printed == "PAUSED\nstopped\n"


def test_nobody_has_to_read_what_it_prints(servers, database_url, state):
    reader, writer = os.pipe()
    os.close(reader)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    variables = {
        "CHARTER_ENV": DEVELOPMENT,
        "CHARTER_STATE": str(state),
        "PORT": str(port),
        "DATABASE_URL": database_url,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "serve"],
        cwd=ROOT,
        env=clean_environment(**variables),
        stdin=subprocess.DEVNULL,
        stdout=writer,
        stderr=writer,
        start_new_session=True,
    )
    os.close(writer)
    until(lambda: _answers(port))
    process.send_signal(signal.SIGTERM)
    assert process.wait(LONGEST_START_SECONDS) == 0


def test_closed_descriptors_do_not_have_it_log_into_a_connection(servers, database_url):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    command = f"exec {sys.executable} -m app.cli serve <&- >&- 2>&-"
    variables = _production(servers, database_url, PORT=str(port), DRAIN_SECONDS="0")
    process = subprocess.Popen(
        ["sh", "-c", command], cwd=ROOT, env=clean_environment(**variables), start_new_session=True
    )
    until(lambda: _answers(port))
    body = {"email": "nobody@example.com", "password": "none of your business"}
    assert httpx.post(f"http://127.0.0.1:{port}/v1/auth/login", json=body).status_code == 401
    assert {str(Path(f"/proc/{process.pid}/fd/{number}").readlink()) for number in (0, 1, 2)} == {os.devnull}
    process.send_signal(signal.SIGTERM)
    assert process.wait(LONGEST_START_SECONDS) == 0


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health/live").status_code == 200
    except httpx.TransportError:
        return False
