"""An access token is accepted exactly when we made it, and no longer than we said."""

import base64
import hashlib
import hmac
import json
import string
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import InvalidToken
from app.security.access_tokens import AccessTokens

SECRET, PREVIOUS = "s" * 32, "p" * 32
ALICE = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
SESSION = UUID("01890a5d-ac96-774b-bcce-b302099a8058")
START = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Clock:
    now = START

    def __call__(self) -> datetime:
        return self.now


def make(
    secret: str = SECRET, previous: str | None = None, clock: Clock | None = None, lifetime: int = 900
) -> AccessTokens:
    return AccessTokens(secret, previous, "charter", "charter", lifetime, clock or Clock())


tokens = make()
GOOD = tokens.issue(ALICE, SESSION)
HEADER = jwt.get_unverified_header(GOOD)
CLAIMS = jwt.decode(GOOD, options={"verify_signature": False})
GONE = "(left out)"


def forge(header: dict[str, Any] | None = None, claims: dict[str, Any] | None = None, secret: str = SECRET) -> str:
    """Sign what we would never issue, with our own secret: parts replace ours, GONE takes one away."""
    return sign(changed(HEADER, header), changed(CLAIMS, claims), secret)


def changed(ours: dict[str, Any], theirs: dict[str, Any] | None) -> bytes:
    parts = {**ours, **(theirs or {})}
    return json.dumps({name: value for name, value in parts.items() if value is not GONE}).encode()


def sign(header: bytes, payload: bytes, secret: str = SECRET) -> str:
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in (header, payload))
    mac = hmac.digest(secret.encode(), text, hashlib.sha256)
    return (text + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()


def reason(token: str, reader: AccessTokens = tokens) -> str:
    with pytest.raises(InvalidToken) as refused:
        reader.read(token)
    assert len(token) < 5 or token not in refused.value.message + refused.value.reason
    return refused.value.reason


def test_a_token_says_who_signed_in_and_where_and_nothing_about_rights() -> None:
    claims = tokens.read(GOOD)
    assert claims == (ALICE, SESSION)
    assert CLAIMS.keys() == {"iss", "aud", "sub", "sid", "jti", "iat", "exp"}
    assert {"alg": "HS256", "typ": "at+jwt"}.items() <= HEADER.items()
    assert SECRET not in json.dumps(HEADER)


def test_each_token_has_an_id_of_its_own() -> None:
    assert tokens.issue(ALICE, SESSION) != GOOD


def test_a_token_ends_at_its_very_second() -> None:
    clock = Clock()
    reader = make(clock=clock)
    clock.now = START + timedelta(seconds=899, milliseconds=999)
    reader.read(GOOD)
    clock.now = START + timedelta(seconds=900)
    assert reason(GOOD, reader) == "expired_token"


def test_a_token_of_the_future_is_refused_but_for_a_clock_slightly_off() -> None:
    clock = Clock()
    reader = make(clock=clock)
    clock.now = START - timedelta(seconds=30)
    reader.read(GOOD)
    clock.now = START - timedelta(seconds=31)
    assert reason(GOOD, reader) == "not_yet_valid"


def test_the_previous_secret_still_reads_and_no_longer_signs() -> None:
    old = make(PREVIOUS)
    both = make(SECRET, PREVIOUS)
    assert both.read(old.issue(ALICE, SESSION)).user_id == ALICE
    assert tokens.read(both.issue(ALICE, SESSION)).user_id == ALICE
    assert reason(old.issue(ALICE, SESSION)) == "unknown_key"


def test_a_token_signed_with_another_key_than_it_names_is_refused() -> None:
    assert reason(forge(secret=PREVIOUS), make(SECRET, PREVIOUS)) == "wrong_signature"


@pytest.mark.parametrize("kind", ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"])
def test_the_type_may_be_spelt_as_the_rfc_allows(kind: str) -> None:
    assert tokens.read(forge({"typ": kind})).user_id == ALICE


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"}, {"alg": "None"}, {"alg": "HS512"}, {"alg": "RS256"}, {"alg": ["HS256"]}, {"alg": GONE},
        {"typ": "JWT"}, {"typ": "rt+jwt"}, {"typ": 1}, {"typ": GONE}, {"kid": "000000000000"}, {"kid": ""},
        {"kid": None}, {"kid": {"a": 1}}, {"kid": "../../dev/null"}, {"kid": GONE}, {"crit": ["exp"]}, {"crit": []},
        {"b64": False, "crit": ["b64"]}, {"jku": "https://evil.example/keys"}, {"jwk": {"kty": "oct", "k": "AAAA"}},
        {"x5u": "https://evil.example/cert"}, {"zip": "DEF"},
    ],
    ids=str,
)  # fmt: skip
def test_a_header_that_is_not_ours_is_refused_though_the_signature_fits(header: dict[str, Any]) -> None:
    assert reason(forge(header)) == "unknown_key"


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "somebody"},
        {"iss": GONE},
        {"aud": "others"},
        {"aud": ["charter"]},
        {"aud": GONE},
        {"sub": GONE},
        {"sub": 17},
        {"sub": None},
        {"sub": "alice"},
        {"sub": f"{{{ALICE}}}"},
        {"sub": "z" * 36},
        {"sid": GONE},
        {"sid": ALICE.hex},
        {"sid": [str(SESSION)]},
        {"jti": GONE},
        {"jti": ""},
        {"jti": 5},
        {"iat": GONE},
        {"iat": "1769860800"},
        {"iat": True},
        {"iat": float(CLAIMS["iat"])},
        {"iat": CLAIMS["iat"] + 3600, "exp": CLAIMS["iat"] + 3900},
        {"iat": -(10**30)},
        {"exp": GONE},
        {"exp": None},
        {"exp": str(CLAIMS["exp"])},
        {"exp": CLAIMS["exp"] + 1},
        {"exp": 10**30},
        {"exp": CLAIMS["iat"]},
        {"exp": CLAIMS["iat"] - 10},
        {"iat": CLAIMS["iat"] + 4, "exp": CLAIMS["iat"] + 2},
        {"iat": CLAIMS["iat"] - 900, "exp": CLAIMS["iat"]},
        {"nbf": CLAIMS["iat"] + 60},
        {"nbf": "now"},
    ],
    ids=str,
)
def test_claims_that_are_not_ours_are_refused_though_the_signature_fits(claims: dict[str, Any]) -> None:
    reason(forge(claims=claims))


@pytest.mark.parametrize(
    "payload",
    [b"", b"[]", b"null", b'"text"', b"{", b"\xff\xfe", b"[" * 2000, b"1" * 2000, b'{"exp": NaN}', b'{"exp": 1e400}'],
    ids=repr,
)
def test_a_payload_or_header_that_is_no_object_is_refused(payload: bytes) -> None:
    reason(sign(json.dumps(HEADER).encode(), payload))
    reason(sign(payload, json.dumps(CLAIMS).encode()))


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b.c",
        GOOD.rpartition(".")[0] + ".",
        GOOD.rpartition(".")[0],
        GOOD + ".",
        GOOD + "=",
        GOOD + "\n",
        " " + GOOD,
        GOOD.replace(".", ". "),
        GOOD.replace(".", ".."),
        GOOD + "é",
        GOOD[:-1] + "\ud800",
        GOOD + "\0",
        "A" * 100_000,
        "é" * 300,
    ],
    ids=map(str, range(17)),
)
def test_what_has_not_the_form_of_a_token_is_refused(token: str) -> None:
    assert reason(token) == "malformed_token"


def test_a_token_larger_than_any_of_ours_is_refused_unread() -> None:
    assert reason(forge(claims={"padding": "x" * 4096})) == "malformed_token"


def test_a_signature_has_one_spelling() -> None:
    twins = [GOOD[:-1] + letter for letter in string.ascii_letters + string.digits + "-_" if letter != GOOD[-1]]
    assert [reason(twin) for twin in twins] == ["wrong_signature"] * 63


@settings(max_examples=100)
@given(st.data())
def test_a_token_with_any_character_changed_is_refused(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(GOOD) - 1))
    letter = data.draw(st.sampled_from(string.printable).filter(lambda letter: letter != GOOD[place]))
    reason(GOOD[:place] + letter + GOOD[place + 1 :])


@settings(max_examples=100)
@given(
    st.dictionaries(
        st.sampled_from(["alg", "typ", "kid", "crit"]), st.sampled_from(["HS256", "at+jwt", "none", ["exp"], GONE])
    ),
    st.dictionaries(
        st.sampled_from(["iss", "aud", "sub", "iat", "exp", "nbf", "more"]),
        st.sampled_from(["charter", str(SESSION), GONE, CLAIMS["iat"], CLAIMS["iat"] + 800, True, None]),
    ),
)
def test_what_we_accept_pyjwt_accepts(header: dict[str, Any], claims: dict[str, Any]) -> None:
    token = forge(header, claims)
    try:
        tokens.read(token)
    except InvalidToken:
        return
    assert jwt.decode(
        token,
        SECRET,
        ["HS256"],
        audience="charter",
        issuer="charter",
        options={"require": ["exp", "iat", "sub"], "verify_exp": False, "verify_iat": False, "verify_nbf": False},
    )
