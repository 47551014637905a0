"""Sends requests over HTTP, one connection for each thread, within the limits that the responses tell."""

import http.client
import re
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.contract_kit import rate
from app.contract_kit.exchange import Request, Response

_TIMEOUT_SECONDS = 30
# A request that is refused for its rate is sent again, so often.
_ATTEMPTS = 4


class UnreachableError(Exception):
    """No response comes; the text says why."""


class StoppedError(BaseException):
    """The run is to stop. No check may treat it as its own failure."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the deployment is.

    Attributes:
        prefix: the path before every path, without a slash at the end.
        ca_file: a file of certificates that are trusted in place of the system's; empty: those of the system.
    """

    secure: bool
    host: str
    port: int
    prefix: str
    ca_file: str = ""

    @classmethod
    def of(cls, url: str, *, ca_file: str = "") -> "Address":
        """Read a URL.

        Raises:
            ValueError: it is no http or https URL; the text says what is wrong.
        """
        problem = f"must be an http or https URL, such as https://staging.example.com, not {url!r}"
        try:
            parts = urlsplit(url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError as error:
            raise ValueError(problem) from error
        if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"[\s\0-\x1f]", url):
            raise ValueError(problem)
        if parts.query or parts.fragment or parts.username:
            raise ValueError(f"must have no user name, query or fragment: {url!r}")
        return cls(parts.scheme == "https", parts.hostname, port, parts.path.rstrip("/"), ca_file)

    @property
    def url(self) -> str:
        """The URL, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = self.port == (443 if self.secure else 80)
        return f"http{'s' * self.secure}://{host}{'' if usual else f':{self.port}'}{self.prefix}"

    def trust(self) -> ssl.SSLContext:
        """Return what certificates are checked with.

        Raises:
            OSError: the file cannot be read, or has no certificates.
        """
        return ssl.create_default_context(cafile=self.ca_file or None)


class Client:
    """Sends requests.

    Args:
        address: where to.
        run: the name of the run; request ids begin with it.
        waiting: told how many seconds it waits for a limit.
        sent: told how many requests were sent.
    """

    def __init__(
        self,
        address: Address,
        run: str,
        *,
        waiting: Callable[[float], object] = float,
        sent: Callable[[int], object] = int,
    ) -> None:
        self.address = address
        self.pace = rate.Pace()
        self.sent = 0
        self.waited = 0.0
        self.stopping = False
        self.cleaning = False
        self._run = run
        self._waiting, self._told = waiting, sent
        self._lock = threading.Lock()
        self._local = threading.local()
        self._context = address.trust() if address.secure else None

    def send(self, request: Request, *, key: str, refused_for_rate: bool = False) -> Response:
        """Send a request and return the response.

        Args:
            key: whose limit it counts in.
            refused_for_rate: whether a 429 is what is wanted; else the request waits and is sent again.

        Raises:
            UnreachableError: no response comes.
            StoppedError: the run is to stop.
        """
        for attempt in range(_ATTEMPTS):
            if not refused_for_rate:
                self._wait(self.pace.seconds_to_wait(key, request.operation))
            response = self._send_once(request)
            self.pace.learn(key, request.operation, response)
            if response.status != 429 or refused_for_rate or attempt == _ATTEMPTS - 1:
                return response
            self._wait(float(response.header("retry-after") or 1))
        raise AssertionError("unreachable")

    def wait(self, seconds: float) -> None:
        """Wait, unless the run is to stop.

        Raises:
            StoppedError: it is.
        """
        end = time.monotonic() + seconds
        while True:
            self._check()
            left = end - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, 0.1))

    def _wait(self, seconds: float) -> None:
        if seconds > 0:
            self.waited += seconds
            self._waiting(seconds)
        self.wait(seconds)

    def _check(self) -> None:
        if self.stopping and not self.cleaning:
            raise StoppedError

    def _send_once(self, request: Request) -> Response:
        with self._lock:
            self.sent += 1
            number = self.sent
            self._told(number)
        # Of one length, so that responses can be compared by theirs.
        headers = {"X-Request-Id": f"{self._run}.{number:07}", "User-Agent": f"charter-contract {self._run}"}
        headers |= request.headers
        # The response must have this id; see inspection.
        request = request.but(headers={"X-Request-Id": headers["X-Request-Id"]})
        if request.token is not None:
            headers["Authorization"] = f"Bearer {request.token}"
        for last in (False, True):
            connection, is_new = self._connection()
            try:
                return self._exchange(connection, request, headers)
            except (OSError, http.client.HTTPException) as error:
                self._drop()
                # The server may have closed an idle connection. A fresh one that fails says more.
                if last or is_new:
                    raise UnreachableError(f"{self.address.url} does not respond: {_reason(error)}") from error
        raise AssertionError("unreachable")

    def _exchange(self, connection: http.client.HTTPConnection, request: Request, headers: dict[str, str]) -> Response:
        began = time.perf_counter()
        connection.putrequest(request.method, self.address.prefix + request.target, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if request.body is not None and "Transfer-Encoding" not in headers:
            connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body)
        received = connection.getresponse()
        body = received.read()
        seconds = time.perf_counter() - began
        if received.will_close:
            self._drop()
        found = tuple((name.lower(), value) for name, value in received.getheaders())
        return Response(request, received.status, found, body, seconds)

    def _connection(self) -> tuple[http.client.HTTPConnection, bool]:
        found: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if found is not None:
            return found, False
        host, port = self.address.host, self.address.port
        if self._context is not None:
            found = http.client.HTTPSConnection(host, port, timeout=_TIMEOUT_SECONDS, context=self._context)
        else:
            found = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)
        self._local.connection = found
        return found, True

    def _drop(self) -> None:
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message}); --ca-file names a file of those to trust"
    if isinstance(error, ssl.SSLError):
        return f"it does not speak TLS, or not a version that this machine speaks ({error.reason or error})"
    if isinstance(error, http.client.HTTPException):
        return f"what comes is no HTTP response ({type(error).__name__})"
    return str(getattr(error, "strerror", None) or error) or type(error).__name__
