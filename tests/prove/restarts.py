"""Two production servers on one database, a proxy in front of them as docs/proxies.md sets it up, and clients."""

import contextlib
import http.client
import json
import re
import signal
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar, Self

from tests.command import PRODUCTION, Server
from tests.limits import WIDE_LIMITS
from tests.prove.proof import CHARTER, ROOT, free_port, run, until_reached
from tests.prove.quick_start import EMAIL, PASSWORD
from tests.prove.stores import stores

PAGE = ROOT / "docs" / "proxies.md"
CLIENTS = 6
# More than a restart of each server takes; clients stop by themselves after it.
MAX_SECONDS = 240
START_SECONDS = 60
# After a server answers again: what the page says that the proxy needs to notice, and a bit more.
NOTICE_SECONDS = 6
# A client from here is told apart from the proxy, which comes from 127.0.0.1.
CLIENT = "127.0.0.2"


class Proxy(ABC):
    """A proxy that runs what the page says, with ports and addresses of this machine in place.

    Attributes:
        language: of the page's snippets.
        port: where it listens.
    """

    language: ClassVar[str]

    def __init__(self, place: Path, program: str, servers: list[int]) -> None:
        self.port = free_port()
        self._place = place / self.language
        self._place.mkdir()
        page = PAGE.read_text(encoding="utf-8")
        whole, under_a_path = re.findall(rf"^```{self.language}\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
        told = whole.replace("10.0.0.11:8080", f"127.0.0.1:{servers[0]}")
        told = told.replace("10.0.0.12:8080", f"127.0.0.1:{servers[1]}")
        assert "10.0.0." not in told
        self._log = self._place / "log"
        configuration = self._place / "configuration"
        configuration.write_text(self._complete(told, under_a_path))
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [program, *self._arguments(configuration)], stdout=log, stderr=log, start_new_session=True
            )

    @abstractmethod
    def _complete(self, told: str, under_a_path: str) -> str:
        """Return a whole configuration around the two snippets of the page."""

    @abstractmethod
    def _arguments(self, configuration: Path) -> list[str]:
        """Return what the program is called with."""

    def __enter__(self) -> Self:
        refused = (OSError, http.client.HTTPException, AssertionError)
        until_reached(self._process, self._check_health, refused, self._log.read_text)
        return self

    def _check_health(self) -> None:
        assert ask(self.port, "GET", "/health")[0] == 200

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()


class Nginx(Proxy):
    language = "nginx"

    def _complete(self, told: str, under_a_path: str) -> str:
        told = told.replace("listen 80;", f"listen 127.0.0.1:{self.port};")
        told = told.replace("    location / {", f"    {under_a_path}\n    location / {{")
        folders = "".join(
            f"{kind}_temp_path {self._place}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        return (
            f"daemon off; worker_processes 1; pid {self._place}/pid; error_log stderr warn;\n"
            f"events {{ worker_connections 512; }}\nhttp {{ access_log off; {folders}\n{told}\n}}\n"
        )

    def _arguments(self, configuration: Path) -> list[str]:
        return ["-p", str(self._place), "-e", "stderr", "-c", str(configuration)]


class HAProxy(Proxy):
    language = "haproxy"

    def _complete(self, told: str, under_a_path: str) -> str:
        told = told.replace("bind :80", f"bind 127.0.0.1:{self.port}")
        return told.replace("    default_backend", f"    {under_a_path.strip()}\n    default_backend")

    def _arguments(self, configuration: Path) -> list[str]:
        return ["-db", "-f", str(configuration)]


def ask(
    port: int, method: str, path: str, body: Any = None, source: str = "127.0.0.1", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Send one request on a connection of its own; return status, headers in small letters, and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS, source_address=(source, 0))
    with contextlib.closing(connection):
        return _send(connection, method, path, body, headers)


def _send(
    connection: http.client.HTTPConnection, method: str, path: str, body: Any, headers: dict[str, str]
) -> tuple[int, dict[str, str], bytes]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        named["Content-Type"] = "application/json"
    connection.request(method, path, None if body is None else json.dumps(body), named)
    response = connection.getresponse()
    return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()


class Deployment:
    """Two servers with two workers each, on a database and a cache of their own.

    Attributes:
        ports: where they listen.
    """

    def __init__(self, place: Path) -> None:
        self._stack = contextlib.ExitStack()
        self._variables = {
            **PRODUCTION,
            **WIDE_LIMITS,
            **self._stack.enter_context(stores(place / "stores")),
            "CHARTER_ADMIN_EMAIL": EMAIL,
            "CHARTER_ADMIN_PASSWORD": PASSWORD,
            "TRUSTED_PROXIES": "127.0.0.1/32",
            "WORKERS": "2",
            "LOG_FORMAT": "json",
            "DRAIN_SECONDS": "auto",
        }
        self.ports = [free_port(), free_port()]
        self._servers: list[Server] = []

    def __enter__(self) -> Self:
        with self._stack:
            run(*CHARTER, "db", "migrate", **self._variables)
            for port in self.ports:
                self._servers.append(self._started(port))
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        with self._stack:
            for server in self._servers:
                server.end(signal.SIGTERM)

    def _started(self, port: int) -> Server:
        server = Server("serve", **self._variables, PORT=str(port))
        server.address()
        return server

    def restart_each_under_load(self, proxy: Proxy) -> None:
        """Restart both servers in turn while clients read and write through the proxy; no request may fail."""
        token = self._token(proxy)
        with Clients(proxy.port, token) as clients:
            clients.wait_for_more()
            for index, port in enumerate(self.ports):
                code = self._servers[index].end(signal.SIGTERM)
                assert code == 0, self._servers[index].printed
                clients.wait_for_more()
                self._servers[index] = self._started(port)
                time.sleep(NOTICE_SECONDS)
                clients.wait_for_more()
        print(f"{proxy.language}: {dict(clients.seen)}, {len(clients.failures)} failed")
        assert clients.failures == [], (
            f"{len(clients.failures)} failed through {proxy.language}: {clients.failures[:5]}"
        )

    def walk(self, proxy: Proxy) -> None:
        """Check what the page says of single requests."""
        port = proxy.port
        # An offer to upgrade does not reach Charter, and the body is read.
        upgrade = {
            "Connection": "Upgrade, HTTP2-Settings",
            "Upgrade": "h2c",
            "HTTP2_Settings": "AAMAAABkAARAAAAAAAIAAAAA",
        }
        status, _, body = ask(port, "POST", "/v1/auth/refresh", {"refresh_token": "x" * 60}, **upgrade)
        assert status == 401, (proxy.language, status, body)
        # What is too large is refused by Charter, in the envelope.
        status, _, body = ask(port, "POST", "/v1/auth/refresh", {"refresh_token": "x" * 100_000})
        assert (status, json.loads(body)["errors"][0]["code"]) == (413, "PAYLOAD_TOO_LARGE"), body[:200]
        status, _, body = ask(port, "GET", "/health", None, **{"X-Long": "x" * 20_000})
        assert (status, json.loads(body)["errors"][0]["code"]) == (431, "HEADERS_TOO_LARGE"), body[:200]
        # A request id goes there and back.
        assert ask(port, "GET", "/health", X_Request_Id="a-name-of-mine")[1]["x-request-id"] == "a-name-of-mine"
        # The client is who connected to the proxy, whatever it says of itself.
        login = {"email": EMAIL, "password": PASSWORD}
        status, _, body = ask(port, "POST", "/v1/auth/login", login, CLIENT, X_Forwarded_For="203.0.113.9")
        assert status == 200, body
        signed_in = json.loads(body)["data"]
        path = f"/v1/users/{signed_in['user']['id']}/sessions"
        _, _, body = ask(port, "GET", path, Authorization=f"Bearer {signed_in['access_token']}")
        assert CLIENT in {session["address"] for session in json.loads(body)["data"]}, body
        # A path in front is taken off.
        assert ask(port, "GET", "/accounts/health")[0] == 200

    def _token(self, proxy: Proxy) -> str:
        _, _, body = ask(proxy.port, "POST", "/v1/auth/login", {"email": EMAIL, "password": PASSWORD})
        return str(json.loads(body)["data"]["access_token"])


class Clients:
    """Clients that read and write in turn, each on a connection that it keeps, until told to stop.

    Attributes:
        seen: how many answers by method and status.
        failures: what went otherwise.
    """

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._headers = {"Authorization": f"Bearer {token}"}
        self._over = threading.Event()
        self._end = time.monotonic() + MAX_SECONDS
        self.seen: Counter[str] = Counter()
        self.failures: list[str] = []
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(CLIENTS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def wait_for_more(self) -> None:
        """Wait until a hundred more requests were answered."""
        wanted = sum(self.seen.values()) + 100
        while sum(self.seen.values()) < wanted:
            assert not self.failures, self.failures[:5]
            assert time.monotonic() < self._end, "the clients are too slow"
            time.sleep(0.05)

    def _run(self, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        turn = 0
        while not self._over.is_set() and time.monotonic() < self._end:
            turn += 1
            method, path, body = (
                ("PATCH", "/v1/users/me", {"display_name": f"Name {number} {turn}"})
                if turn % 2
                else ("GET", "/v1/users/me", None)
            )
            try:
                status, _, read = _send(connection, method, path, body, self._headers)
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"{method}: {error!r}")
                connection.close()
                continue
            self.seen[f"{method} {status}"] += 1
            if status != 200:
                self.failures.append(f"{method}: {status} {read[:200]!r}")
            if turn % 50 == 0:
                connection.close()
