"""The embedded servers: they keep their data, are shared, recover after a kill, and stop."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis

from app.embedded import EmbeddedError, EmbeddedServer, start_postgres, start_valkey
from app.embedded.server import first_error

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def state() -> Iterator[Path]:
    """A state directory that every account can read, unlike pytest's tmp_path."""
    place = Path(tempfile.mkdtemp(prefix="charter-embedded-"))
    place.chmod(0o711)
    yield place / "state"
    away = place / "state" / "postgres"
    if away.is_symlink():
        shutil.rmtree(away.resolve())
    shutil.rmtree(place)


def ask(server: EmbeddedServer, sql: str) -> str:
    conn = psycopg2.connect(server.url)
    conn.autocommit = True
    try:
        with conn.cursor() as cursor:
            cursor.execute(sql)
            return str((cursor.fetchone() or ("",))[0]) if cursor.description else ""
    finally:
        conn.close()


def gone(server: EmbeddedServer) -> bool:
    try:
        ask(server, "SELECT 1")
    except psycopg2.OperationalError:
        return True
    return False


def test_data_are_found_again(state: Path) -> None:
    first = start_postgres(state)
    ask(first, "CREATE TABLE kept AS SELECT 'here' AS word")
    first.stop()
    first.stop()
    assert gone(first)
    second = start_postgres(state)
    assert ask(second, "SELECT word FROM kept") == "here"
    second.stop()


def test_it_keeps_what_is_committed_and_listens_to_nobody_else(state: Path) -> None:
    server = start_postgres(state)
    assert [ask(server, f"SHOW {name}") for name in ("fsync", "full_page_writes", "synchronous_commit")] == ["on"] * 3
    assert ask(server, "SHOW listen_addresses") == ""
    assert ask(server, "SHOW unix_socket_permissions") == "0700"
    assert ask(server, "SELECT lower('ÉLODIE')") == "élodie"
    sockets = Path(ask(server, "SHOW unix_socket_directories"))
    assert sockets.stat().st_mode & 0o777 == 0o700
    server.stop()


def test_a_second_start_shares_the_server_and_does_not_stop_it(state: Path) -> None:
    owner = start_postgres(state, durable=False)
    script = f"""
from pathlib import Path
from app.embedded import start_postgres, start_valkey
server = start_postgres(Path({str(state)!r}))
print(server.url)
server.stop()
"""
    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == owner.url
    here = start_postgres(state)
    here.stop()
    assert ask(owner, "SELECT 1") == "1"
    owner.stop()


def test_a_killed_owner_is_succeeded_by_the_next_start(state: Path) -> None:
    script = f"""
import os, signal
from pathlib import Path
from app.embedded import start_postgres, start_valkey
start_postgres(Path({str(state)!r}))
start_valkey(Path({str(state)!r}))
os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    server, cache = start_postgres(state), start_valkey(state)
    assert ask(server, "SELECT 1") == "1"
    if cache is not None:
        with redis.Redis.from_url(cache.url) as client:
            assert client.ping()
        cache.stop()
    server.stop()


@pytest.mark.parametrize("pid", ["this process", "no process"])
def test_a_stale_pid_file_is_not_in_the_way(state: Path, pid: str) -> None:
    first = start_postgres(state, durable=False)
    pid_file = state / "postgres" / "data" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    first.stop()
    lines[0] = str(os.getpid() if pid == "this process" else 4_194_000)
    pid_file.write_text("\n".join(lines) + "\n")
    second = start_postgres(state, durable=False)
    assert ask(second, "SELECT 1") == "1"
    second.stop()


def test_a_server_left_running_is_ended_and_replaced(state: Path) -> None:
    first = start_postgres(state, durable=False)
    pid = int((state / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
    first.stop()
    home = state / "postgres"
    # This is the state after an owner has died on a system that sends the server no signal (macOS).
    script = f"""
import sys
from pathlib import Path
from app.embedded import postgres, server
server.sys = type(sys)("sys"); server.sys.platform = "elsewhere"
print(postgres.start_postgres(Path({str(state)!r}), durable=False).url, flush=True)
import os; os._exit(9)
"""
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False, stdout=subprocess.DEVNULL)
    left = int((home / "data" / "postmaster.pid").read_text().split()[0])
    assert left != pid
    os.kill(left, 0)
    second = start_postgres(state, durable=False)
    assert int((home / "data" / "postmaster.pid").read_text().split()[0]) != left
    assert ask(second, "SELECT 1") == "1"
    second.stop()


def test_a_deep_path_gets_a_short_socket(state: Path) -> None:
    deep = state / ("d" * 60) / ("e" * 60)
    server, cache = start_postgres(deep, durable=False), start_valkey(deep)
    assert ask(server, "SELECT 1") == "1"
    sockets = Path(ask(server, "SHOW unix_socket_directories"))
    assert len(str(sockets / ".s.PGSQL.5432")) <= 103
    assert sockets.parent == Path("/tmp")
    server.stop()
    if cache is not None:
        cache.stop()
        (Path(cache.url.removeprefix("unix://").partition("?")[0]).parent).rmdir()
    sockets.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes accounts")
def test_root_in_a_place_that_nobody_else_reaches_keeps_the_data_elsewhere(state: Path) -> None:
    state.mkdir(parents=True)
    state.chmod(0o700)
    first = start_postgres(state, durable=False)
    assert (state / "postgres").is_symlink()
    ask(first, "CREATE TABLE kept AS SELECT 'here' AS word")
    first.stop()
    second = start_postgres(state, durable=False)
    assert ask(second, "SELECT word FROM kept") == "here"
    second.stop()


def test_a_start_that_cannot_succeed_says_why_in_one_line(state: Path) -> None:
    start_postgres(state, durable=False).stop()
    (state / "postgres" / "data" / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(EmbeddedError) as caught:
        start_postgres(state, durable=False)
    assert "incompatible" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('2026-11-23 02:34:04.123 UTC [71] FATAL:  lock file "a" already exists', 'lock file "a" already exists'),
        ("2026-11-23 02:34:04 CET [71] PANIC:  could not write", "could not write"),
        (
            "initdb: error: could not create directory: Permission denied",
            "could not create directory: Permission denied",
        ),
        (
            "2026-11-23 02:34:04.123 UTC [71] FATAL:  could not extend file: No space left on device",
            "could not extend file: No space left on device; free some space and try again",
        ),
        (
            '2026-11-23 02:34:04.123 UTC [71] FATAL:  could not extend "a": wrote only 4096 of 8192 bytes at block 1',
            'could not extend "a": wrote only 4096 of 8192 bytes at block 1; free some space and try again',
        ),
        (
            "initdb: error: could not look up effective user ID 7",
            "could not look up effective user ID 7; add that id to /etc/passwd, or set DATABASE_URL",
        ),
    ],
)
def test_a_servers_reason_is_told_without_its_clock_and_with_its_fix(line: str, told: str) -> None:
    assert first_error(["the data directory was made", line, "child process exited with exit code 1"]) == told


def test_a_reason_that_nobody_marked_is_the_first_line() -> None:
    assert first_error(["", " out of luck ", "goodbye"]) == "out of luck"
    assert first_error([]) == "no reason given"


def failed_start(state: Path, largest: int = 12_000_000) -> str:
    """Start with a maximum file size in bytes: the programs are up to 11 MB, a WAL segment 16 MB."""
    script = f"""
import resource
from pathlib import Path
from app.embedded import EmbeddedError, start_postgres
resource.setrlimit(resource.RLIMIT_FSIZE, ({largest}, {largest}))
try:
    start_postgres(Path({str(state)!r}), durable=False)
except EmbeddedError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout


def test_data_that_could_not_be_made_leave_nothing_behind(state: Path) -> None:
    assert re.fullmatch(r"PostgreSQL could not create \S+: could not .*\n", failed_start(state))
    assert not (state / "postgres" / "data.new").exists()
    server = start_postgres(state, durable=False)
    assert ask(server, "SELECT 1") == "1"
    server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes accounts")
def test_data_that_could_not_be_made_elsewhere_leave_nothing_there(state: Path) -> None:
    state.mkdir(parents=True)
    state.chmod(0o700)
    made_at = re.search(r"could not create (\S+)/data: ", failed_start(state))
    assert made_at
    assert made_at[1].startswith("/var/")
    assert not Path(made_at[1]).exists()
    assert not (state / "postgres").is_symlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes accounts")
def test_programs_that_could_not_be_copied_leave_nothing_behind(state: Path) -> None:
    state.mkdir(parents=True)
    state.chmod(0o700)
    copied_to = re.search(r"could not be copied to (/var/\S+)/pgsql: .*File too large", failed_start(state, 1_000_000))
    assert copied_to
    assert not Path(copied_to[1]).exists()
    assert not (state / "postgres").is_symlink()


def test_valkey_is_shared_keeps_nothing_and_has_no_port(state: Path) -> None:
    first = start_valkey(state)
    if first is None:
        pytest.skip("no Valkey on this machine")
    second = start_valkey(state)
    assert second is not None
    assert second.url == first.url
    with redis.Redis.from_url(first.url) as client:
        client.set("word", "here")
        assert client.config_get("port", "save") == {"port": "0", "save": ""}
    second.stop()
    first.stop()
    third = start_valkey(state)
    assert third is not None
    with redis.Redis.from_url(third.url) as client:
        assert client.get("word") is None
    third.stop()


def test_without_a_program_there_is_no_cache_and_no_error(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(state))
    assert start_valkey(state) is None
    with pytest.raises(EmbeddedError, match="set DATABASE_URL"):
        start_postgres(state)
