"""What tests ask of a response."""

from typing import Any

import httpx


def data(response: httpx.Response, status: int = 200) -> Any:
    """Return the data of a success.

    Raises:
        AssertionError: the response has another status.
    """
    assert response.status_code == status, f"{response.status_code}: {response.text}"
    return response.json()["data"]


def refusal(response: httpx.Response) -> tuple[int, str, str | None]:
    """Return the status of a response, and the code and the field of its first error.

    Raises:
        AssertionError: it is no refusal.
    """
    assert response.status_code >= 400, f"{response.status_code}: {response.text}"
    error = response.json()["errors"][0]
    return response.status_code, error["code"], error["field"]
