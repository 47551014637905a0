"""A password of the wrong length is told the length that this deployment demands, and its document says it, too."""

from typing import Any

import orjson
import pytest

from app.config import Config
from app.mock.application import create_mock
from app.mock.configuration import MockOptions, read_config
from app.pipeline.contract import read_contract
from app.spec.document import load
from tests.document import DOCUMENT
from tests.integration.mock.mocked import MockService
from tests.service import config_for
from tests.service import running as serving
from tests.wire import refused

LENGTHS = [({}, 15, 256), ({"PASSWORD_MIN": "8"}, 8, 256), ({"PASSWORD_MIN": "20", "PASSWORD_MAX": "64"}, 20, 64)]
NAMES = ["default", "shortest", "other"]


def _schema(document: dict[str, Any]) -> tuple[int, int]:
    schema = document["components"]["schemas"]["NewPassword"]
    return schema["minLength"], schema["maxLength"]


def _passwords(minimum: int, maximum: int) -> list[tuple[str, str]]:
    short, long = f"Must have at least {minimum} characters.", f"Must have at most {maximum} characters."
    return [("a", short), ("kq3!x", short), ("kq3!x7pw vzr9 mdho 2ufe"[: minimum - 1], short), ("k7" * maximum, long)]


def _check(client: Any, minimum: int, maximum: int) -> None:
    for password, message in _passwords(minimum, maximum):
        body = {"email": "new@example.com", "password": password}
        [error] = refused(client.post("/v1/auth/register", json=body), 400, "VALIDATION_ERROR", "password")
        assert error["message"] == message
    enough = "kq3!x7pw vzr9 mdho 2ufe"[:minimum]
    assert len(enough) == minimum
    accepted = client.post("/v1/auth/register", json={"email": "new@example.com", "password": enough})
    assert accepted.status_code == 202, accepted.text
    assert _schema(client.get("/openapi.json").json()) == (minimum, maximum)


@pytest.mark.parametrize("gateway", ["compiled", "connexion"])
@pytest.mark.parametrize(("variables", "minimum", "maximum"), LENGTHS, ids=NAMES)
def test_the_server_tells_its_lengths_at_once(
    database_url: str, gateway: str, variables: dict[str, str], minimum: int, maximum: int
) -> None:
    config = config_for(DATABASE_URL=database_url, CHARTER_GATEWAY=gateway, **variables)
    with serving(config) as service, service.client() as client:
        _check(client, minimum, maximum)


@pytest.mark.parametrize(("variables", "minimum", "maximum"), LENGTHS, ids=NAMES)
def test_the_mock_tells_its_lengths_at_once(variables: dict[str, str], minimum: int, maximum: int) -> None:
    service = MockService(variables=variables)
    try:
        with service.client() as client:
            _check(client, minimum, maximum)
    finally:
        service.close()


def test_the_mock_demands_what_a_downloaded_document_demands(tmp_path: Any) -> None:
    strict = config_for(DATABASE_URL="postgresql://nowhere/charter", PASSWORD_MIN="30")
    path = tmp_path / "openapi.json"
    path.write_bytes(orjson.dumps(read_contract(strict, served=True).document.bundle))
    made = create_mock(read_config({}, host="127.0.0.1", port=0), MockOptions(accounts=3), document=path)
    assert made.operations
    assert _schema(load(path).bundle) == (30, 256)


def test_the_files_keep_the_widest_lengths() -> None:
    assert _schema(DOCUMENT.bundle) == (8, 256)
    assert _schema(read_contract(Config()).document.bundle) == (8, 256)
    passwords = (("RegisterRequest", "password"), ("CreateUserRequest", "password"))
    for schema, name in (*passwords, ("ChangePasswordRequest", "new_password")):
        reference = DOCUMENT.bundle["components"]["schemas"][schema]["properties"][name]
        assert reference == {"$ref": "#/components/schemas/NewPassword"}
