"""What bad access tokens get: a 401 with its challenge, before the database is asked, and never anonymity."""

import base64
import hmac
import json
from typing import Any
from uuid import uuid4

import jwt
import pytest

from app.database import run
from tests.people import People
from tests.raw import ask, bearer
from tests.service import SECRET, Service
from tests.wire import Decision, data, decisions, refused

ME = "/v1/users/me"
OTHER_SECRET = "another-secret-of-a-good-length-0123456789"


def segment(content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def claims(service: Service, **changes: Any) -> dict[str, Any]:
    """Good claims of nobody; a change to None takes the claim out."""
    now = int(service.clock().timestamp())
    made = {
        "iss": "charter",
        "aud": "charter",
        "sub": str(uuid4()),
        "sid": str(uuid4()),
        "jti": "x",
        "iat": now,
        "exp": now + 900,
    }
    return {name: value for name, value in {**made, **changes}.items() if value is not None}


def key_id(service: Service) -> str:
    """The id of the key that the service signs with."""
    token = service_tokens(service).issue(uuid4(), uuid4())
    return str(jwt.get_unverified_header(token)["kid"])


def service_tokens(service: Service) -> Any:
    from app.factory import build_dependencies

    return build_dependencies(service.config, {}, clock=service.clock).access_tokens


def forged(service: Service, *, secret: str = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    """A token signed with the service's own secret, unless the forger says otherwise; `header` replaces its parts."""
    header = {"typ": "at+jwt", "kid": key_id(service), **changes.pop("header", {})}
    now = int(service.clock().timestamp())
    changes = {name: now + value if isinstance(value, Ahead) else value for name, value in changes.items()}
    return jwt.encode(
        claims(service, **changes), secret, algorithm, headers={k: v for k, v in header.items() if v is not None}
    )


class Ahead(int):
    """Seconds from the present of the service."""


FORGERIES: dict[str, dict[str, Any]] = {
    "a foreign key": {"secret": OTHER_SECRET},
    "a foreign key with an unknown id": {"secret": OTHER_SECRET, "header": {"kid": "0123456789ab"}},
    "another algorithm": {"algorithm": "HS512"},
    "a third algorithm": {"algorithm": "HS384"},
    "a plain type": {"header": {"typ": "JWT"}},
    "an id token": {"header": {"typ": "id+jwt"}},
    "no key id": {"header": {"kid": None}},
    "an empty key id": {"header": {"kid": ""}},
    "a key id that is a path": {"header": {"kid": "../../dev/null"}},
    "a key id that is SQL": {"header": {"kid": "x' UNION SELECT 'k"}},
    "a key address": {"header": {"jku": "https://evil.example/keys"}},
    "a key of its own": {"header": {"jwk": {"kty": "oct", "k": "AAAA"}}},
    "a certificate": {"header": {"x5u": "https://evil.example/c"}},
    "a critical extension": {"header": {"crit": ["exp"]}},
    "a foreign issuer": {"iss": "elsewhere"},
    "no issuer": {"iss": None},
    "a foreign audience": {"aud": "elsewhere"},
    "a list of audiences": {"aud": ["charter", "elsewhere"]},
    "no audience": {"aud": None},
    "no subject": {"sub": None},
    "a subject that is not valid": {"sub": "admin"},
    "no session": {"sid": None},
    "a session that is not valid": {"sid": "1"},
    "no time of issue": {"iat": None},
    "no expiry": {"exp": None},
    "an expiry in the past": {"iat": Ahead(-2000), "exp": Ahead(-1100)},
    "an expiry far away": {"exp": Ahead(10**9)},
    "an issue in the future": {"iat": Ahead(600), "exp": Ahead(1200)},
    "an empty token id": {"jti": ""},
}


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")  # the forger's key is ours
@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_token_is_invalid(door: Service, forgery: dict[str, Any]) -> None:
    response = ask(door, "GET", ME, [bearer(forged(door, **forgery))])

    refused(response, 401, "INVALID_TOKEN")
    assert response.headers["www-authenticate"] == 'Bearer realm="charter", error="invalid_token"'
    assert decisions(response.headers["x-request-id"]) == []


def test_a_forger_with_the_secret_and_nothing_wrong_gets_past_the_signature(door: Service) -> None:
    refused(ask(door, "GET", ME, [bearer(forged(door))]), 401, "SESSION_ENDED")


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
def test_a_token_without_a_signature_is_invalid(door: Service, algorithm: str) -> None:
    header = segment({"alg": algorithm, "typ": "at+jwt", "kid": key_id(door)})

    for signature in ("", "AA", "A" * 43):
        refused(ask(door, "GET", ME, [bearer(f"{header}.{segment(claims(door))}.{signature}")]), 401, "INVALID_TOKEN")


@pytest.mark.parametrize("algorithm", ["none", "HS512", "RS256", "EdDSA", ""])
def test_a_good_signature_under_another_name_is_invalid(door: Service, algorithm: str) -> None:
    signed = f"{segment({'alg': algorithm, 'typ': 'at+jwt', 'kid': key_id(door)})}.{segment(claims(door))}"
    signature = base64.urlsafe_b64encode(hmac.digest(SECRET.encode(), signed.encode(), "sha256")).rstrip(b"=")

    refused(ask(door, "GET", ME, [bearer(f"{signed}.{signature.decode()}")]), 401, "INVALID_TOKEN")


def test_a_good_token_changed_anywhere_is_invalid(people: People, service: Service) -> None:
    good = people.alice.sign_in()["access_token"]
    header, payload, signature = good.split(".")
    theirs = json.loads(base64.urlsafe_b64decode(payload + "=="))
    changed = (
        f"{header}.{segment({**theirs, 'sub': str(people.ada.id)})}.{signature}",
        f"{header}.{payload}.{signature[::-1]}",
        f"{header}.{payload}.{signature}A",
        f"{header}.{payload}.{signature[:-1]}",
        f"{header}.{payload}A.{signature}",
        f"{header}..{signature}",
        f"{payload}.{header}.{signature}",
    )

    for token in changed:
        response = ask(service, "GET", ME, [bearer(token)])
        assert response.status_code == 401, token
    assert data(ask(service, "GET", ME, [bearer(good)]))["id"] == str(people.alice.id)


@pytest.mark.parametrize(
    "header",
    [
        "", "Bearer", "Bearer ", "Bearer null", "Bearer ..", "Bearer a.b", "Bearer a.b.c.d", "Bearer a b c",
        "Bearer \xe9.b.c", "Bearer a.b.c, Bearer a.b.c", 'Bearer token="a.b.c"', "Basic YWRhOnB3",
        "Digest username=ada", "Token a.b.c", "a.b.c",
    ],
)  # fmt: skip
def test_a_garbled_header_is_no_token(door: Service, header: str) -> None:
    response = ask(door, "GET", ME, [("Authorization", header)])

    refused(response, 401, "UNAUTHENTICATED")
    assert response.headers["www-authenticate"] == 'Bearer realm="charter"'


def test_the_scheme_is_read_in_any_case(people: People, service: Service) -> None:
    token = people.alice.sign_in()["access_token"]

    for scheme in ("Bearer", "bearer", "BEARER", "BeArEr"):
        assert data(ask(service, "GET", ME, [("authorization", f"{scheme} {token}")]))["id"] == str(people.alice.id)


def test_a_token_counts_in_its_header_only(people: People, service: Service) -> None:
    token = people.alice.sign_in()["access_token"]
    elsewhere = [
        ("Cookie", f"access_token={token}"),
        ("X-Access-Token", token),
        ("Proxy-Authorization", f"Bearer {token}"),
    ]

    refused(ask(service, "GET", f"{ME}?access_token={token}", elsewhere), 401, "UNAUTHENTICATED")


def test_a_token_expires_to_the_second(people: People, service: Service) -> None:
    token = people.alice.sign_in()["access_token"]

    service.clock.advance(seconds=service.config.access_token_seconds - 30)
    assert data(ask(service, "GET", ME, [bearer(token)]))["id"] == str(people.alice.id)
    service.clock.advance(seconds=31)
    refused(ask(service, "GET", ME, [bearer(token)]), 401, "INVALID_TOKEN")


def test_a_session_of_somebody_else_is_no_session(people: People, service: Service) -> None:
    people.alice.sign_in()
    people.bob.sign_in()
    [(session,)] = run("SELECT id FROM sessions WHERE user_id = %s", (people.bob.id,))

    response = ask(service, "GET", ME, [bearer(forged(service, sub=str(people.alice.id), sid=str(session)))])

    refused(response, 401, "SESSION_ENDED")
    assert decisions(response.headers["x-request-id"]) == [Decision(outcome="denied", reason="session_unknown")]


def test_a_bad_token_is_never_anonymity(door: Service) -> None:
    for method, target in (("GET", ME), ("GET", "/v1/users"), ("DELETE", f"/v1/users/{uuid4()}")):
        refused(ask(door, method, target, [bearer(forged(door, secret=OTHER_SECRET))]), 401, "INVALID_TOKEN")


def test_the_token_is_read_before_the_parameters(door: Service) -> None:
    refused(ask(door, "GET", "/v1/users/none?unknown=1&limit=x"), 401, "UNAUTHENTICATED")


def test_a_public_operation_reads_no_token(door: Service) -> None:
    for token in ("a.b.c", forged(door, secret=OTHER_SECRET)):
        assert ask(door, "GET", "/health/live", [bearer(token)]).status_code == 200
