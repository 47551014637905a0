"""Law 2: a response that the document does not describe is never sent; what was written for it is rolled back."""

import re

import pytest

from app.database import run
from app.errors import Internal
from tests import leaks
from tests.integration.wire.conftest import DOCUMENT, HANDLERS
from tests.service import Service, config_for
from tests.service import running as serving
from tests.wire import Event, data, events, refused

_METRICS_TOKEN = "5f0c3b1d7a924e68b0d1c2e3f4a59687c0d1e2f3"
MISMATCHES = (
    "wrong_type",
    "missing_property",
    "unknown_property",
    "not_a_number",
    "no_data",
    "undocumented_status",
    "undocumented_header",
    "wrong_header",
)


def guest_description() -> str:
    return str(run("SELECT description FROM roles WHERE name = 'guest'")[0][0])


def counted(service: Service) -> float:
    with service.client() as client:
        text = client.get("/metrics").text
    found = re.search(r"^charter_response_mismatches_total (\S+)$", text, re.MULTILINE)
    assert found, text
    return float(found[1])


def test_an_answer_that_fits_the_document_is_sent_and_its_write_kept(probes: Service) -> None:
    with probes.client() as client:
        response = client.post("/v1/answers", json={"how": "right"})

    assert data(response) == {"word": "right"}
    assert response.headers["etag"] == '"1"'
    assert guest_description() == "written by a test"
    assert events(response.headers["x-request-id"]) == [Event(action="write_and_answer", outcome="succeeded")]


@pytest.mark.parametrize("how", [*MISMATCHES, "undocumented_refusal"])
def test_an_answer_that_does_not_fit_is_a_500_rolled_back_counted_and_recorded(probes: Service, how: str) -> None:
    before = guest_description()
    earlier = counted(probes)

    with probes.client() as client:
        response = client.post("/v1/answers", json={"how": how})

    refused(response, 500, "INTERNAL_ERROR")
    assert not {"etag", "location"} & set(response.headers)
    assert guest_description() == before
    assert counted(probes) == earlier + 1
    [row] = events(response.headers["x-request-id"])
    assert (row.action, row.outcome) == ("write_and_answer", "failed")


@pytest.mark.parametrize("how", MISMATCHES)
def test_a_read_is_held_to_the_document_too(probe_door: Service, how: str) -> None:
    with probe_door.client() as client:
        refused(client.get("/v1/answers", params={"how": how}), 500, "INTERNAL_ERROR")
        head = client.head("/v1/answers", params={"how": how})

    assert (head.status_code, head.content) == (500, b"")


def test_a_documented_refusal_is_no_mismatch_and_rolls_back(probes: Service) -> None:
    before = guest_description()
    earlier = counted(probes)

    with probes.client() as client:
        refused(client.post("/v1/answers", json={"how": "documented_refusal"}), 409, "ROLE_IN_USE")

    assert (guest_description(), counted(probes)) == (before, earlier)


@pytest.mark.parametrize("how", ["crash", "not_json"])
def test_a_handler_that_breaks_is_a_500_that_tells_nothing(probes: Service, how: str) -> None:
    before = guest_description()

    with probes.client() as client:
        response = client.post("/v1/answers", json={"how": how})

    [error] = refused(response, 500, "INTERNAL_ERROR")
    assert "secret" not in response.text
    assert (set(error), error["field"]) == ({"code", "message", "field"}, None)
    assert guest_description() == before
    [row] = events(response.headers["x-request-id"])
    assert (row.outcome, row.reason) == ("failed", "internal_error")


def test_a_mismatch_is_logged_with_its_place_and_request_id(probes: Service) -> None:
    leaks.logged()
    with probes.client() as client:
        response = client.get("/v1/answers", params={"how": "wrong_type"})

    logged = leaks.logged()
    assert "response_mismatch" in logged
    assert response.headers["x-request-id"] in logged
    assert "paths/answers.yaml" in logged


@pytest.mark.parametrize("env", ["development", "production"])
def test_only_development_tells_the_client_what_does_not_match(gateway: str, database_url: str, env: str) -> None:
    variables = {"CHARTER_ENV": env, "METRICS_TOKEN": _METRICS_TOKEN, "BCRYPT_COST": "10"}
    config = config_for(DATABASE_URL=database_url, CHARTER_GATEWAY=gateway, **variables)
    with serving(config, document=DOCUMENT, handlers_package=HANDLERS) as service, service.client() as client:
        told = {
            how: refused(client.post("/v1/answers", json={"how": how}), 500, "INTERNAL_ERROR")[0]["message"]
            for how in ("wrong_type", "undocumented_status", "undocumented_refusal", "missing_column", "crash")
        }

    assert told["crash"] == Internal.default_message
    if env == "production":
        assert set(told.values()) == {Internal.default_message}
        return
    place = r"\(.*paths/answers\.yaml:\d+\)"
    assert re.fullmatch(rf".*write_and_answer: the data of status 200 .* word: .*{place}", told["wrong_type"])
    assert re.fullmatch(rf".*write_and_answer: status \d+ is not documented {place}", told["undocumented_status"])
    fix = rf"documents no response with status (\d+)\. Add \"\1\" to its responses {place}\."
    assert re.search(fix, told["undocumented_refusal"])
    migrate = (
        "Write a migration with charter db new NAME, then run CHARTER_ENV=development charter db migrate "
        "(in a project: make migrate)."
    )
    assert told["missing_column"] == f'column "color" does not exist. {migrate}'
