"""What every answer of an operation must have, however it ends."""

import httpx

from tests.integration.every_operation.surface import Described, Ending
from tests.wire import refused


def ending_of(described: Described, answer: httpx.Response) -> Ending:
    """Return how an answer ended, after checking that the document knows this ending and what it promises of it."""
    asked = f"{described.name} answered {answer.status_code} to {answer.request.method} {answer.request.url.path}"
    assert answer.status_code in described.responses, f"{asked}, which is not documented: {answer.text}"
    for name, reference in described.responses[answer.status_code].get("headers", {}).items():
        required = described.operation.resolved(reference).get("required")
        assert not required or name in answer.headers, f"{asked}, without {name}"
    documented = described.codes(answer.status_code)
    if not documented:
        assert bool(answer.content) == ("content" in described.responses[answer.status_code]), asked
        return Ending(answer.status_code, None)
    code = answer.json()["errors"][0]["code"]
    assert code in documented, f"{asked} with {code}, which no example of this status shows"
    refused(answer, answer.status_code, code)
    return Ending(answer.status_code, code)
