"""The requests that the growth of the trail is measured with: each user goes on with what they got."""

import json

from tests.bench import growth


def test_a_person_reads_changes_and_refreshes_with_the_token_just_received() -> None:
    sent = [0]
    script = growth._counted(growth._person("access", "first"), sent)
    found = [next(script)]
    answers = {b"/v1/users/me": {"id": "42"}, b"/v1/auth/refresh": {"refresh_token": "second"}}
    for _ in range(20):
        path = found[-1].split()[1]
        found.append(script.send(json.dumps({"data": answers.get(path, {})}).encode()))

    lines = [request.split(b" HTTP", 1)[0].decode() for request in found]
    reads = ["/v1/users/me", "/v1/users/42/profile", "/v1/users/42", "/v1/users/42/sessions"]
    once = [f"GET {path}" for path in (*reads, *reads[:2])] + ["PATCH /v1/users/me", "POST /v1/auth/refresh"]
    assert lines == ["GET /v1/users/me", *once, *once, *once[:4]]
    tokens = [json.loads(request.split(b"\r\n\r\n")[1])["refresh_token"] for request in found if b"refresh " in request]
    assert tokens == ["first", "second"]
    assert sent == [20]
