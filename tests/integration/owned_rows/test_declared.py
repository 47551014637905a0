"""Codes and numbers of a team's own: declared beside the document, and used as those of Charter are."""

from pathlib import Path

from app.sdk.error_codes import error_codes
from app.spec.document import load
from tests import leaks
from tests.integration.owned_rows.conftest import Make, Somebody
from tests.rows import event
from tests.wire import refused


def test_a_service_raises_a_code_of_errors_yaml(alice: Somebody, garden: Make) -> None:
    mine = f"/v1/gardens/{garden(alice)}"
    response = alice.api.patch(mine, json={"name": "archived"})
    [error] = refused(response, 409, "GARDEN_ARCHIVED", "name")
    assert error["message"] == "This garden is archived. Restore it first."
    event(response).check(outcome="failed", reason="garden_archived")
    [error] = refused(alice.api.patch(mine, json={"name": "taken"}), 409, "GARDEN_ARCHIVED")
    assert error["message"] == "Another garden has this name."


def test_a_status_that_the_operation_does_not_document_is_a_500(alice: Somebody, garden: Make) -> None:
    response = alice.api.patch(f"/v1/gardens/{garden(alice)}", json={"name": "cold"})
    refused(response, 500, "INTERNAL_ERROR")
    said = "rename_garden raised GARDEN_COLD, but documents no response with status 422."
    assert said in leaks.logged()


def test_the_document_and_the_sdks_have_the_codes(document: Path) -> None:
    bundle = load(document).bundle
    assert bundle["components"]["schemas"]["ProblemCode"]["enum"][-2:] == ["GARDEN_ARCHIVED", "GARDEN_COLD"]
    row = "| 409 | `GARDEN_ARCHIVED` | the garden is archived; restore it |"
    assert row in bundle["info"]["description"]
    [code] = [code for code in error_codes(bundle) if code.code == "GARDEN_ARCHIVED"]
    assert (code.name, code.status, code.about) == ("GardenArchived", 409, "The garden is archived; restore it.")


def test_a_rate_limit_of_policies_yaml_counts(alice: Somebody, garden: Make) -> None:
    response = alice.api.patch(f"/v1/gardens/{garden(alice)}", json={"name": "Loom"})
    assert response.headers["ratelimit-policy"] == '"renames";q=1000;w=60'
