"""`charter serve` with two workers: what is reported about one that dies, and how they stop together."""

import os
import re
import signal
import socket
import threading
from pathlib import Path

import httpx

from tests.command import LONGEST_START_SECONDS, Server, figures, two_workers
from tests.waiting import until

REQUEST = b"GET /health/live HTTP/1.1\r\nHost: charter\r\n\r\n"


def test_a_worker_that_dies_is_replaced_told_of_and_counted_and_its_figures_go_on(servers, database_url, tmp_path):
    server = Server("serve", **two_workers(database_url, servers.empty_redis(), METRICS_DIR=str(tmp_path)))
    address = server.address()
    for _ in range(20):
        assert httpx.get(f"{address}/health").status_code == 200
    (folder,) = tmp_path.iterdir()
    # A worker that somebody stops by itself leaves the port, and its health, to the others.
    lone = int(server.wait_for(r'"worker_started",.*?"pid":(\d+)')[1])
    until(lambda: _handles(lone, signal.SIGTERM))
    os.kill(lone, signal.SIGTERM)
    server.wait_for(rf'"worker_died","slot":0,"pid":{lone},"reason":"exited","exit_code":0')
    assert httpx.get(f"{address}/health").status_code == 200
    server.wait_for(r'(?s)(?:"worker_started".*){3}')
    slots = {path.name.rpartition("_")[2] for path in folder.iterdir()}
    pids = {int(found) for found in re.findall(r'"worker_started",.*?"pid":(\d+)', server.printed)} - {lone}
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    server.wait_for(r'(?s)(?:"worker_died".*){3}')
    told = server.wait_for(r'\{[^}]*"worker_died"[^}]*"killed"[^}]*\}')[0]
    assert '"reason":"killed"' in told
    assert '"signal":"SIGKILL"' in told
    # Connections wait for the next process.
    text = until(lambda: text if "charter_workers 2.0" in (text := _figures_if_any(address)) else "")
    assert 'charter_worker_restarts_total{reason="killed"} 2.0' in text
    assert 'charter_requests_total{operation="get_health",status="200"} 21.0' in text
    assert {path.name.rpartition("_")[2] for path in folder.iterdir()} == slots, "a new process has its slot's files"
    assert server.end(signal.SIGTERM) == 0
    assert list(tmp_path.iterdir()) == []


def _handles(pid: int, number: signal.Signals) -> bool:
    """Tell whether a process has come so far in its start that this signal does not simply end it."""
    caught = re.search(r"^SigCgt:\s*(\w+)$", Path(f"/proc/{pid}/status").read_text("utf-8"), re.MULTILINE)
    return bool(caught and int(caught[1], 16) >> (number - 1) & 1)


def _figures_if_any(address: str) -> str:
    try:
        return figures(address)
    except httpx.TransportError:
        return ""


def test_every_connection_made_while_the_server_drains_and_stops_is_answered(servers, database_url):
    server = Server("serve", **two_workers(database_url, servers.empty_redis(), DRAIN_SECONDS="1"))
    address = server.address()
    place = ("127.0.0.1", int(address.rpartition(":")[2]))
    unanswered: list[bytes] = []
    answered: list[bytes] = []
    stopped = threading.Event()

    def knock() -> None:
        while not stopped.is_set():
            with socket.socket() as client:
                client.settimeout(LONGEST_START_SECONDS)
                if client.connect_ex(place):
                    return
                try:
                    client.sendall(REQUEST)
                    read = client.recv(65536)
                except OSError as error:
                    read = repr(error).encode()
                (answered if read.startswith(b"HTTP/1.1 200 ") else unanswered).append(read)

    clients = [threading.Thread(target=knock) for _ in range(8)]
    for client in clients:
        client.start()
    server.process.send_signal(signal.SIGTERM)
    states = set()
    with httpx.Client(base_url=address) as watcher:
        while not stopped.is_set():
            try:
                health = watcher.get("/health")
            except httpx.TransportError:
                break
            states.add((health.status_code, health.json()["status"], health.headers.get("connection")))
    assert server.process.wait(LONGEST_START_SECONDS) == 0
    stopped.set()
    for thread in clients:
        thread.join()
    assert unanswered == []
    assert answered
    assert (503, "error", "close") in states
    assert "Traceback" not in server.printed
