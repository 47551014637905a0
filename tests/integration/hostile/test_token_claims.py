"""Access tokens that were not meant: wrong claims, other deployments, other places; ASVS 5.0 V9.2, RFC 8725, RFC 6750.

The forgers here have the secret, as a sibling service with the same one would: what they made differs in one thing.
"""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from app.database import run
from app.security.access_tokens import AccessTokens
from tests.integration.hostile.forger import GONE, Forger, encode
from tests.integration.hostile.thief import Thief, everything
from tests.integration.operations.conftest import Variant
from tests.people import People
from tests.service import SECRET, Service
from tests.wire import Decision, data, decisions, refused

PREVIOUS = "a1c5e9f3b7d2460813579bdf2468ace013579bdf"


def changed_claims(now: int) -> list[dict[str, Any]]:
    """Claims that no token of ours has; GONE takes one out."""
    never = (now, now - 1, 0, -1, -(10**30), 10**10, 10**30)
    wrong: dict[str, list[Any]] = {
        "iss": [GONE, None, "", "charter ", "CHARTER", "https://evil.example", ["charter"], {"charter": 1}],
        "aud": [GONE, None, "", "others", ["charter"], ["charter", "others"], [], {"charter": 1}],
        "exp": [*(GONE, None, "", str(now + 600), now + 600.5, float("nan"), float("inf"), True, [now + 600]), *never],
        "iat": [GONE, None, str(now), now + 0.5, float("nan"), True, now + 60, -1, 10**30],
        "nbf": [now + 60, str(now), "soon", float("inf"), None, True],
        "sub": [GONE, None, 1, "", "admin", "*", [], {"$ne": None}, "00000000", f"urn:uuid:{uuid4()}", uuid4().hex],
        "sid": [GONE, None, 1, "", "1", [], True, "' OR 1=1 --", uuid4().hex],
        "jti": [GONE, None, "", 1, []],
    }
    return [{name: value} for name, values in wrong.items() for value in values]


def test_claims_are_ours_in_value_and_in_kind(service: Service, thief: Thief, forger: Forger) -> None:
    """ASVS 9.2.1, 9.2.3, 9.2.4; RFC 8725, 3.8 to 3.10. The forger has the secret: these differ in a claim alone."""
    service.clock.stop()
    now = int(service.clock().timestamp())
    parts: list[Any] = ["", "{", "[]", "null", "1", b"\xff", "[" * 900, {**forger.claims, "iat": now, "exp": now}]

    thief.check_tokens({str(claims): forger.signed({}, claims) for claims in changed_claims(now)})
    thief.check_tokens({f"{part!r} for claims": forger.signed({}, part) for part in parts if part != ""})
    thief.check_tokens({f"{part!r} for header": forger.signed(part) for part in parts if part != ""})


def test_of_claims_written_twice_the_last_one_counts_for_all_of_us(
    people: People, thief: Thief, forger: Forger, anonymous: httpx.Client
) -> None:
    """RFC 7515, 4 and RFC 7519, 4: no reader may see another name than the one that was checked."""
    mallory = Forger(people.mallory.sign_in()["access_token"])
    header, claims = json.dumps(forger.header), json.dumps(mallory.claims)
    ada = f'"sub": "{forger.claims["sub"]}", "sid": "{forger.claims["sid"]}"'
    twice = forger.signed({}, f"{{{ada}, {claims[1:]}")

    thief.check_tokens(
        {
            "none, then ours": forger.unsigned(f'{{"alg": "none", {header[1:]}') + ".",
            "ours, then none": forger.signed(header[:-1] + ', "alg": "none"}'),
            "two keys": forger.signed(header[:-1] + ', "kid": "0"}'),
            "somebody else in front": ".".join([encode(header), encode(f"{{{ada}, {claims[1:]}"), mallory.signature]),
            "somebody else behind": ".".join([encode(header), encode(f"{claims[:-1]}, {ada}}}"), mallory.signature]),
        }
    )
    shown = anonymous.get("/v1/users/me", headers={"Authorization": f"Bearer {twice}"})
    assert data(shown)["id"] == str(people.mallory.id)
    refused(thief.send(f"Bearer {twice}"), 403, "FORBIDDEN")


def test_no_account_rides_on_anothers_session(people: People, thief: Thief, forger: Forger) -> None:
    """ASVS 7.2.1; RFC 8725, 3.8: subject and session belong together, which the database alone can say."""
    people.mallory.sign_in()
    sessions = {name: run("SELECT id FROM sessions WHERE user_id = %s", (getattr(people, name).id,))[0][0]
                for name in ("ada", "mallory")}  # fmt: skip
    mixed = [
        {"sid": str(sessions["mallory"])},
        {"sid": str(uuid4())},
        {"sub": str(people.mallory.id)},
        {"sub": str(uuid4())},
    ]
    before = everything()[:-1]

    for claims in mixed:
        response = thief.send(f"Bearer {forger.signed({}, claims)}")
        refused(response, 401, "SESSION_ENDED")
        assert decisions(response.headers["x-request-id"]) == [Decision(outcome="denied", reason="session_unknown")]
    assert everything()[:-1] == before


def test_the_token_of_an_ended_session_is_good_for_nothing(people: People, thief: Thief) -> None:
    """ASVS 7.4.1: well signed and not expired, and refused with a decision of its own."""
    olga = people.make("olga", "admin")
    ended = olga.sign_in()["access_token"]
    assert olga.api.post("/v1/auth/logout").status_code == 204
    before = everything()[:-1]

    response = thief.send(f"Bearer {ended}")

    refused(response, 401, "SESSION_ENDED")
    assert response.headers["www-authenticate"] == 'Bearer realm="charter", error="invalid_token"'
    assert decisions(response.headers["x-request-id"]) == [Decision(outcome="denied", reason="session_ended")]
    assert everything()[:-1] == before


def test_a_deployment_reads_its_own_tokens_only(service: Service, thief: Thief, forger: Forger) -> None:
    """ASVS 9.2.3 and 9.2.4; RFC 8725, 3.8 and 3.9: anybody who shares the secret has another name."""
    who = (UUID(forger.claims["sub"]), UUID(forger.claims["sid"]))
    siblings = [("staging", "charter"), ("charter", "staging"), ("Charter", "charter"), ("charter", "https://charter")]

    thief.check_tokens(
        {str(names): AccessTokens(SECRET, None, *names, 900, service.clock).issue(*who) for names in siblings}
        | {"a longer life": AccessTokens(SECRET, None, "charter", "charter", 901, service.clock).issue(*who)}
    )


def test_a_previous_secret_counts_as_long_as_it_is_set(
    service: Service, variant: Variant, thief: Thief, forger: Forger
) -> None:
    """ASVS 9.1.3: not before, not after, and never under the id of the present one."""
    who = (UUID(forger.claims["sub"]), UUID(forger.claims["sid"]))
    old = AccessTokens(PREVIOUS, None, "charter", "charter", 900, service.clock).issue(*who)
    crossed = {
        "the present id": forger.signed(key=PREVIOUS),
        "the previous id": forger.signed({"kid": Forger(old).header["kid"]}),
    }

    with variant(JWT_SECRET_PREVIOUS=PREVIOUS) as rolling, rolling.client(old) as client:
        assert data(client.get("/v1/users/me"))["id"] == forger.claims["sub"]
        for token in crossed.values():
            refused(client.get("/v1/users/me", headers={"Authorization": f"Bearer {token}"}), 401, "INVALID_TOKEN")
    thief.check_tokens({"removed": old, **crossed})


def test_a_token_counts_in_its_one_header_only(thief: Thief, forger: Forger, anonymous: httpx.Client) -> None:
    """ASVS 14.2.1; RFC 6750, 2.2 and 2.3 are not offered; RFC 9110, 11.6.2: one header, one scheme."""
    token, before = forger.genuine, everything()
    elsewhere = [
        {"Cookie": f"access_token={token}; Authorization=Bearer {token}; session={token}"},
        {"Proxy-Authorization": f"Bearer {token}", "X-Authorization": f"Bearer {token}", "X-Access-Token": token},
        {"Authorization-Token": token, "X-Forwarded-Authorization": f"Bearer {token}", "Sec-WebSocket-Protocol": token},
    ]
    responses = [
        thief.send(query=f"?access_token={token}"),
        thief.send(query=f"?Authorization=Bearer%20{token}"),
        thief.send(access_token=token, authorization=f"Bearer {token}"),
        thief.send(f"Bearer {token}", f"Bearer {token}"),
        thief.send(f"Bearer {token}", "Bearer a.b.c"),
        thief.send("Basic YWRhOnB3", f"Bearer {token}"),
        *(anonymous.get("/v1/users/me", headers=headers) for headers in elsewhere),
    ]
    for response in responses:
        refused(response, 401, "UNAUTHENTICATED")
    refused(thief.send(f"Bearer {token}", query=f"?access_token={token}"), 400, "VALIDATION_ERROR", "access_token")
    refused(thief.send(f"Bearer {token}", access_token=token), 400, "VALIDATION_ERROR", "access_token")
    form = anonymous.post("/v1/auth/logout", data={"access_token": token})
    refused(form, 415, "UNSUPPORTED_MEDIA_TYPE")
    assert everything()[:-1] == before[:-1]

    joined = [f"Bearer {token},", f"Bearer {token}, Bearer {token}", f",Bearer {token}", f"Basic eA==, Bearer {token}"]
    shaped = [
        token,
        f"Bearer{token}",
        f"Bearer\t{token}",
        f"Bearer:{token}",
        f"Bearer={token}",
        f'Bearer token="{token}"',
    ]
    others = [
        f"Token {token}",
        f"JWT {token}",
        f"DPoP {token}",
        f"Basic {encode(':' + token)}",
        f"Bearer Bearer {token}",
    ]
    thief.check_refused({text.replace(token, "…"): text for text in joined + shaped + others}, "UNAUTHENTICATED")


def test_no_token_stands_in_for_one_of_another_kind(
    service: Service, people: People, thief: Thief, anonymous: httpx.Client
) -> None:
    """ASVS 9.2.2; RFC 8725, 3.12: a refresh token opens nothing, an access token renews nothing."""
    service.clock.stop()
    tokens = people.ada.sign_in()
    text = tokens["refresh_token"]

    thief.check_tokens({"as it is": text, "with a part in front": f".{text}"}, "UNAUTHENTICATED")
    thief.check_tokens({"with a signature": f"{text}.{text[3:46]}", "with an empty one": f"{text}."})
    claims = Forger(tokens["access_token"])
    for access in (tokens["access_token"], claims.signed({"typ": "rt+jwt"}), claims.signed({"kid": "k1"})):
        refused(anonymous.post("/v1/auth/refresh", json={"refresh_token": access}), 401, "INVALID_REFRESH_TOKEN")
    assert run("SELECT DISTINCT generation, ended_at FROM sessions") == [(1, None)]


def test_a_token_ends_at_its_second_however_often_it_is_shown(service: Service, thief: Thief, people: People) -> None:
    """ASVS 9.2.1: use does not lengthen it."""
    service.clock.stop()
    late = Forger(people.ada.sign_in()["access_token"])
    lifetime = timedelta(seconds=service.config.access_token_seconds)

    for seconds in (1, 600, lifetime.total_seconds() - 602):
        service.clock.advance(seconds=seconds)
        data(thief.send(f"Bearer {late.genuine}"))
    service.clock.advance(seconds=2)

    thief.check_tokens({"late": late.genuine})
    service.clock.reset()
