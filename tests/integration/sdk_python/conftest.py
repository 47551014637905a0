"""The built package, and clients of it."""

import fcntl
import importlib
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app import resources
from app.sdk.python import build_python
from tests import leaks, prism
from tests.document import DOCUMENT
from tests.people import PASSWORD, People
from tests.service import Service

LAYER = resources.SDK / "python"


def build(output: Path) -> list[Path]:
    return build_python(DOCUMENT.bundle, layer=LAYER, licence=resources.LICENSE, output=output)


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder with the wheel and the source archive, built once for all processes of the run."""
    place = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        place = place.parent
    output = place / "sdk-python"
    with (place / "sdk-python.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not output.exists():
            build(output)
    return output


@pytest.fixture(scope="session")
def package(archives: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the unpacked wheel."""
    folder = tmp_path_factory.mktemp("sdk")
    with zipfile.ZipFile(next(archives.glob("*.whl"))) as wheel:
        wheel.extractall(folder)
    return folder


@pytest.fixture(scope="session")
def sdk(package: Path) -> Iterator[Any]:
    """The package, imported."""
    sys.path.insert(0, str(package))
    yield importlib.import_module("charter_client")
    sys.path.remove(str(package))


class Requests:
    """The requests that the clients of a test have sent, as `METHOD /path`."""

    def __init__(self) -> None:
        self.sent: list[httpx.Request] = []

    def count(self, line: str) -> int:
        return sum(f"{request.method} {request.url.path}" == line for request in self.sent)

    def see(self, request: httpx.Request) -> None:
        self.sent.append(request)

    async def asee(self, request: httpx.Request) -> None:
        self.sent.append(request)


@pytest.fixture
def requests() -> Requests:
    return Requests()


async def _alearn(response: httpx.Response) -> None:
    await response.aread()
    leaks.learn(response)


@pytest.fixture
def connect(sdk: Any, service: Service, requests: Requests) -> Iterator[Callable[..., Any]]:
    """Make a client of the service.

    `transport` takes the place of the socket, `url` leads to the service in another way, the rest is as for Charter.
    """
    opened = []

    def make(*, transport: httpx.BaseTransport | None = None, url: str | None = None, **options: Any) -> Any:
        # No TLS, whose certificates take 50 ms to load, and as many connections as there are threads.
        http = httpx.Client(
            transport=transport or httpx.HTTPTransport(verify=False, limits=httpx.Limits(max_connections=250)),
            event_hooks={"request": [requests.see], "response": [leaks.learn]},
        )
        opened.append(http)
        return sdk.Charter(url or prism.address_of(service.url), http_client=http, **options)

    yield make
    for http in opened:
        http.close()


@pytest.fixture
def aconnect(sdk: Any, service: Service, requests: Requests) -> Callable[..., Any]:
    """Make an AsyncCharter, within the test's own event loop."""

    def make(*, url: str | None = None, **options: Any) -> Any:
        http = httpx.AsyncClient(
            verify=False,
            limits=httpx.Limits(max_connections=250),
            event_hooks={"request": [requests.asee], "response": [_alearn]},
        )
        client = sdk.AsyncCharter(url or prism.address_of(service.url), http_client=http, **options)
        client._owns = True
        return client

    return make


@pytest.fixture
def ada(connect: Callable[..., Any], people: People) -> Any:
    """A client that is signed in as the admin."""
    client = connect()
    client.auth.login(email=people.ada.email, password=PASSWORD)
    return client
