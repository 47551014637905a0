"""Schemathesis, against the running service in both modes: what it answers is what the document says, whoever asks.

Its operations come from the same bundle that the service serves: test_document.py holds the two to be one.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import strategies
from schemathesis.config import SchemathesisConfig

from app.factory import OPENAPI
from app.policy.document import load
from tests.contract.stage import EXAMPLE_VERSION, Stage

BUNDLE = load(OPENAPI / "openapi.yaml").bundle
EXAMPLE_REFRESH = {"refresh_token": "an-opaque-refresh-token"}

schemathesis.openapi.format("time-zone", strategies.sampled_from(["Europe/London", "Asia/Kolkata", "UTC"]))


def _document(*phases: str) -> Any:
    """Return the document for Schemathesis, to be tried in these phases."""
    config = SchemathesisConfig.from_path(Path(__file__).with_name("schemathesis.toml"))
    config.projects.default.phases.update(phases=list(phases))
    return schemathesis.openapi.from_dict(BUNDLE, config=config)


def _asks_for_a_token(context: Any) -> bool:
    return not _is_public(context)


def _is_public(context: Any) -> bool:
    return "x-public" in context.operation.definition.raw


everything = _document("examples", "coverage", "fuzzing")
# What breaks the document is refused before anybody asks who it is: once is enough for that.
for_others = _document("examples", "fuzzing")


@pytest.fixture(scope="module")
def connections() -> Iterator[requests.Session]:
    with requests.Session() as kept:
        yield kept


@everything.exclude(_asks_for_a_token).parametrize()
@pytest.mark.parametrize("stage", ["owner"], indirect=True, scope="module")
def test_what_anybody_may_call_answers_as_the_document_says(case, stage: Stage, connections: requests.Session) -> None:
    assert answers_as_documented(case, stage, connections)


@everything.exclude(_is_public).parametrize()
@pytest.mark.parametrize("stage", ["admin"], indirect=True, scope="module")
def test_an_admin_is_answered_as_the_document_says(case, stage: Stage, connections: requests.Session) -> None:
    assert answers_as_documented(case, stage, connections)


@for_others.exclude(_is_public).parametrize()
@pytest.mark.parametrize("stage", ["owner"], indirect=True, scope="module")
def test_a_user_is_answered_as_the_document_says(case, stage: Stage, connections: requests.Session) -> None:
    assert answers_as_documented(case, stage, connections)


def answers_as_documented(case: Any, stage: Stage, connections: requests.Session) -> bool:
    """Send a request with the stage set for it, and run every check on the answer, which raise what is wrong."""
    operation_id = case.operation.definition.raw["operationId"]
    stage.set_for(operation_id)
    _mend(case, stage)
    headers = {"Authorization": f"Bearer {stage.tokens['access_token']}"}
    answer = case.call(session=connections, headers=headers, base_url=stage.service.url)
    if case.method not in ("GET", "OPTIONS") and answer.status_code in (200, 201, 202, 204, 401):
        stage.moved()
    sent_with = {"headers": headers, "base_url": stage.service.url}
    case.validate_response(answer, headers=headers, transport_kwargs=sent_with)
    return True


def _mend(case: Any, stage: Stage) -> None:
    """Put in what the document cannot say, and what Schemathesis cannot make."""
    if case.body == EXAMPLE_REFRESH:
        case.body = {"refresh_token": stage.tokens["refresh_token"]}
    # The coverage phase makes no header with quotes in it: it sends 0 for a tag, and calls that valid.
    about_tags = getattr(case.meta.phase.data, "parameter", None) == "If-Match"
    if case.headers.get("If-Match") == "0" and not about_tags:
        case.headers["If-Match"] = f'"{EXAMPLE_VERSION}"'
