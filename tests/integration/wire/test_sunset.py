"""An operation that will go says so in every response, whatever the response."""

import httpx
import pytest

from tests.service import Service
from tests.wire import refused

LONG = ("@1796083200", "Wed, 30 Jun 2027 00:00:00 GMT", "<https://docs.example.com/moving-on?from=relics#how>")
SHORT = ("@0", "Wed, 30 Jun 2027 00:00:00 GMT", "</docs#/probes/bury_relic>")


def told(response: httpx.Response) -> tuple[str, str, str]:
    [link] = [link for link in response.headers.get_list("link") if link.endswith('; rel="deprecation"')]
    return response.headers["deprecation"], response.headers["sunset"], link.partition(";")[0]


@pytest.mark.parametrize(
    ("method", "query", "status"),
    [("GET", "", 200), ("HEAD", "", 200), ("GET", "?offset=1", 200), ("GET", "?limit=0", 400), ("GET", "?x=1", 400)],
)
def test_every_answer_tells_the_end_and_the_way_on(probe_door: Service, method: str, query: str, status: int) -> None:
    with probe_door.client() as client:
        response = client.request(method, f"/v1/relics{query}")

    assert response.status_code == status
    assert told(response) == LONG


def test_the_neighbours_of_a_page_stay_linked(probe_door: Service) -> None:
    with probe_door.client() as client:
        response = client.get("/v1/relics")

    assert response.json()["meta"]["pagination"]["next"] == "/v1/relics?offset=1&limit=1"
    assert response.links["next"]["url"] == "/v1/relics?offset=1&limit=1"
    assert response.links["deprecation"]["url"] == "https://docs.example.com/moving-on?from=relics#how"


def test_refusals_of_the_gateway_and_of_the_body_tell_it_too(probe_door: Service) -> None:
    with probe_door.client() as client:
        unknown = client.post("/v1/relics", json={"how": "right"})
        plain = client.post("/v1/relics", content=b"right", headers={"Content-Type": "text/plain"})
        large = client.post("/v1/relics", json={"how": "x" * probe_door.config.body_limit})

    refused(unknown, 401, "UNAUTHENTICATED")
    refused(plain, 415, "UNSUPPORTED_MEDIA_TYPE")
    refused(large, 413, "PAYLOAD_TOO_LARGE")
    assert [told(response) for response in (unknown, plain, large)] == [SHORT] * 3


def test_what_is_deprecated_without_an_end_and_what_stays_tell_nothing(probe_door: Service) -> None:
    with probe_door.client() as client:
        responses = [client.put("/v1/relics", json={"how": "right"}), client.get("/v1/answers?how=right")]
        responses += [client.delete("/v1/relics"), client.get("/v1/nowhere"), client.options("/v1/relics")]

    assert [response.status_code for response in responses] == [200, 200, 405, 404, 204]
    for response in responses:
        assert not {"deprecation", "sunset", "link"} & set(response.headers)
