"""What every response of an operation must have, however it ends."""

import httpx

from tests.integration.every_operation.described import Described, Ending
from tests.wire import refused


def ending_of(described: Described, response: httpx.Response) -> Ending:
    """Return how a response ended, after checking that the document knows this ending and what it promises of it."""
    asked = f"{described.name} answered {response.status_code} to {response.request.method} {response.request.url.path}"
    assert response.status_code in described.responses, f"{asked}, which is not documented: {response.text}"
    for name, reference in described.responses[response.status_code].get("headers", {}).items():
        required = described.operation.resolved(reference).get("required")
        assert not required or name in response.headers, f"{asked}, without {name}"
    documented = described.codes(response.status_code)
    if not documented:
        assert bool(response.content) == ("content" in described.responses[response.status_code]), asked
        return Ending(response.status_code, None)
    code = response.json()["errors"][0]["code"]
    assert code in documented, f"{asked} with {code}, which no example of this status shows"
    refused(response, response.status_code, code)
    return Ending(response.status_code, code)
