"""Schemathesis, operation by operation, what is answered is what the document says, no matter who asks.

Its operations come from the same bundle that the service serves: test_document.py holds the two to be one. Here are
its examples, coverage and fuzzing; test_scenarios.py has what takes several requests or several people.
"""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from schemathesis.config import SchemathesisConfig

from tests.contract.command import EXCUSES
from tests.contract.fixing import fix
from tests.contract.formats import use_formats
from tests.contract.stage import BUNDLE, Stage
from tests.gateways import BOTH
from tests.people import PASSWORD
from tests.service import Service
from tests.wire import data


def _document(*phases: str) -> Any:
    """Return the document for Schemathesis, to be tried in these phases."""
    config = SchemathesisConfig.from_path(EXCUSES)
    config.projects.default.phases.update(phases=list(phases))
    # The tests sign in themselves: where Charter listens is not known yet.
    config.projects.default.auth.wfc = None
    return schemathesis.openapi.from_dict(use_formats(copy.deepcopy(BUNDLE)), config=config)


def _asks_for_a_token(context: Any) -> bool:
    return not _is_public(context)


def _is_public(context: Any) -> bool:
    return "x-public" in context.operation.definition.raw


# The requests are made when a test runs, by one process: made when tests are collected, each process would make them.
everything = schemathesis.pytest.from_fixture("whole_document")
for_others = schemathesis.pytest.from_fixture("document_for_others")


@pytest.fixture(autouse=True)
def node_id(request: pytest.FixtureRequest) -> None:
    """Schemathesis 4.32 reads and sets an attribute that pytest 9.2 has no longer."""
    request.node._nodeid = request.node.nodeid


@pytest.fixture(scope="session")
def whole_document() -> Any:
    """What breaks the document in each possible way is tried by `charter contract` and `make prove PART=gateways`."""
    return _document("examples", "coverage", "fuzzing") if BOTH else _document("examples", "fuzzing")


@pytest.fixture(scope="session")
def document_for_others() -> Any:
    """What breaks the document is refused before anybody asks who it is, and `charter contract` tries it both ways."""
    return _document("examples", "fuzzing")


class Caller:
    """Somebody signed in on a stage of their own, again whenever it was put back."""

    def __init__(self, service: Service, stage: Stage) -> None:
        self.service = service
        self.stage = stage
        self.tokens: dict[str, Any] = {}
        self.connections = requests.Session()

    def ready_for(self, operation_id: str) -> None:
        if self.stage.set_for(operation_id):
            credentials = {"email": self.stage.email, "password": PASSWORD}
            with self.service.client() as client:
                self.tokens = data(client.post("/v1/auth/login", json=credentials))


@pytest.fixture(scope="module")
def caller(running: Service, stage: Stage) -> Iterator[Caller]:
    made = Caller(running, stage)
    with made.connections:
        yield made


@everything.exclude(_asks_for_a_token).parametrize()
@pytest.mark.usefixtures("caller")
@pytest.mark.parametrize("stage", ["user"], indirect=True, scope="module")
def test_what_anybody_may_call_answers_as_the_document_says(case, caller: Caller) -> None:
    assert answers_as_documented(case, caller)


@everything.exclude(_is_public).parametrize()
@pytest.mark.usefixtures("caller")
@pytest.mark.parametrize("gateway", ["compiled"], indirect=True, scope="session")
@pytest.mark.parametrize("stage", ["admin"], indirect=True, scope="module")
def test_an_admin_is_answered_as_the_document_says(case, caller: Caller) -> None:
    assert answers_as_documented(case, caller)


@for_others.exclude(_is_public).parametrize()
@pytest.mark.usefixtures("caller")
@pytest.mark.parametrize("gateway", ["connexion"], indirect=True, scope="session")
@pytest.mark.parametrize("stage", ["admin"], indirect=True, scope="module")
def test_an_admin_is_answered_so_by_the_stock_stack_too(case, caller: Caller) -> None:
    assert answers_as_documented(case, caller)


@for_others.exclude(_is_public).parametrize()
@pytest.mark.usefixtures("caller")
@pytest.mark.parametrize("stage", ["user"], indirect=True, scope="module")
def test_a_user_is_answered_as_the_document_says(case, caller: Caller) -> None:
    assert answers_as_documented(case, caller)


def answers_as_documented(case: Any, caller: Caller) -> bool:
    """Send a request with the stage set for it, and run every check on the response, which raise what is wrong."""
    caller.ready_for(case.operation.definition.raw["operationId"])
    fix(case, caller.stage.email, lambda: caller.tokens["refresh_token"])
    headers = {"Authorization": f"Bearer {caller.tokens['access_token']}"}
    response = case.call(session=caller.connections, headers=headers, base_url=caller.service.url)
    if case.method not in ("GET", "OPTIONS") and response.status_code in (200, 201, 202, 204, 401):
        caller.stage.moved()
    sent_with = {"headers": headers, "base_url": caller.service.url}
    case.validate_response(response, headers=headers, transport_kwargs=sent_with)
    return True
