"""Every Python sample of the reference runs, as the page shows it, against a server."""

import contextlib
import io
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from app.pages.reference.samples import ADDRESS, ETAG, SIGN_IN, Sample, python
from app.spec.operation import Operation, operations
from tests import leaks
from tests.document import DOCUMENT
from tests.people import PASSWORD, People
from tests.service import Service
from tests.standins import Values

# They end the session, or change the password, of the caller.
LAST = ("logout", "change_password")


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(verify=False, event_hooks={"response": [leaks.learn]}) as client:
        yield client


def in_order() -> list[Operation]:
    return sorted(operations(DOCUMENT), key=lambda operation: operation.body["operationId"] in LAST)


def program(operation: Operation, people: People, service: Service) -> str:
    """Return the sample with what its examples stand for."""
    name = operation.body["operationId"]
    sample = Sample(operation, ADDRESS)
    text = python(sample)
    somebody = people.make(name.replace("_", "-"), "user")
    there = Values(somebody)
    values: dict[str, Any] = {str(example): str(there[key]) for key, example in sample.path.items()}
    if name == "create_user":
        values["ada@example.com"] = "new@example.com"
    values |= {SIGN_IN["email"]: people.ada.email, SIGN_IN["password"]: PASSWORD}
    if name == "refresh":
        values["an-opaque-refresh-token"] = somebody.sign_in()["refresh_token"]
    if sample.must_match:
        path = operation.path.format(**{key: str(value) for key, value in there.items()})
        text = text.replace(ETAG, people.ada.api.get(path).headers["etag"])
    for shown, real in values.items():
        assert json.dumps(shown) in text or sample.is_public, f"{name} no longer shows {shown}"
        text = text.replace(json.dumps(shown), json.dumps(real))
    made = f'client = Charter("{ADDRESS}")'
    assert text.count(made) == 1
    return text.replace(made, f'client = Charter("{service.url}", http_client=http)')


def test_every_sample_runs(
    sdk: Any, service: Service, people: People, http: httpx.Client, subtests: pytest.Subtests
) -> None:
    for operation in in_order():
        with subtests.test(operation.body["operationId"]):
            code = compile(program(operation, people, service), operation.body["operationId"], "exec")
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(code, {"http": http})
            has_result = Sample(operation, ADDRESS).result != ""
            assert bool(printed.getvalue()) == has_result or "x-paginated" in operation.body
