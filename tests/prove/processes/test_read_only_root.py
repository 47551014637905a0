"""A file system that cannot be written to: where workers count, and what is told when they cannot."""

import shutil
import signal
import subprocess

import httpx
import pytest

from tests.command import LONGEST_START_SECONDS, Server, figures, two_workers


def _read_only(*, memory: bool) -> list[str]:
    """Return the words before a command that make every file system read-only for it, memory's too or not."""
    programs = all(shutil.which(program) for program in ("unshare", "mount", "awk"))
    if not programs or subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode:
        pytest.skip("NOT PROVEN: a read-only root file system needs root, and unshare and mount of util-linux")
    which = "1" if memory else '$2 != "/dev/shm"'
    close = f"for place in $(awk '{which} {{print $2}}' /proc/self/mounts); do mount -o remount,bind,ro $place; done"
    return ["unshare", "--mount", "sh", "-c", f'({close}) 2>/dev/null; touch /tmp/x 2>/dev/null || exec "$@"', "sh"]


def test_nothing_is_written_to_disk_where_there_is_memory_to_count_in(servers, database_url):
    variables = two_workers(database_url, servers.empty_redis())
    server = Server("serve", prefix=_read_only(memory=False), **variables)
    address = server.address()
    for _ in range(5):
        assert httpx.get(f"{address}/health").status_code == 200
    assert 'charter_requests_total{operation="get_health",status="200"} 5.0' in figures(address)
    assert server.end(signal.SIGTERM) == 0
    assert "Traceback" not in server.printed


def test_a_read_only_root_without_memory_is_refused_in_one_line_that_names_the_setting(servers, database_url):
    server = Server("serve", prefix=_read_only(memory=True), **two_workers(database_url, servers.empty_redis()))
    assert server.process.wait(LONGEST_START_SECONDS) == 78
    server.end(signal.SIGTERM)
    (line,) = server.lines
    assert line.startswith("charter: ")
    assert "set METRICS_DIR to another folder, or set WORKERS=1" in line


def test_a_read_only_root_is_enough_for_one_worker(servers, database_url):
    variables = two_workers(database_url, servers.empty_redis(), WORKERS="1")
    server = Server("serve", prefix=_read_only(memory=True), **variables)
    assert httpx.get(f"{server.address()}/health").status_code == 200
    assert server.end(signal.SIGTERM) == 0
