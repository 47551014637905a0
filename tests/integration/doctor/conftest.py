"""A deployment of each test's own."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.doctor.deployments import Durable


@contextmanager
def _open_place() -> Iterator[Path]:
    """Give a folder that the account of an embedded PostgreSQL reaches, which pytest's own are not."""
    made = Path(tempfile.mkdtemp(prefix="charter-tests-"))
    made.chmod(0o711)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder for servers of the test's own."""
    with _open_place() as made:
        yield made


@pytest.fixture(scope="package")
def durable() -> Iterator[Durable]:
    with _open_place() as made:
        server = Durable(made)
        yield server
        server.stop()


@pytest.fixture
def url(durable: Durable) -> Iterator[str]:
    """A database that lacks nothing, for the role that owns it."""
    with durable.deployment() as url:
        yield url
