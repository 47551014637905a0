"""Access tokens forged by their header and their signature: ASVS 5.0 V9.1, RFC 8725.

Whatever is forged asks for the same thing: to make Mallory an admin in Ada's name. Each list goes over one connection.
"""

import json
import string
from typing import Any

import httpx

from tests.integration.hostile.forger import GONE, Forger, encode
from tests.integration.hostile.thief import Thief, everything
from tests.people import People
from tests.service import REFRESH_KEYS, SECRET
from tests.wire import data, refused

OWN_KEY = "an attacker's own key of a good length 0123456789"


def test_no_spelling_of_none_switches_the_signature_off(thief: Thief, forger: Forger) -> None:
    """ASVS 9.1.2; RFC 8725, 2.1 and 3.1."""
    spellings = ["none", "None", "NONE", "nOnE", " none", "none\0", "", None, 0, [], ["none", "HS256"], GONE, "HS256"]

    thief.check_tokens(
        {
            f"{spelling!r}, signed {ending!r}": f"{forger.unsigned({'alg': spelling})}.{ending}"
            for spelling in spellings
            for ending in ("", "AA", "A" * 43)
        }
    )
    thief.check_tokens({"two parts": forger.unsigned({"alg": "none"}), "one": encode(forger.claims)}, "UNAUTHENTICATED")


def test_another_algorithm_than_ours_is_none_though_the_key_be_ours(thief: Thief, forger: Forger) -> None:
    """ASVS 9.1.2; RFC 8725, 3.1: the algorithm belongs to the key, and the token does not choose it."""
    names = ["HS384", "HS512", "RS256", "PS256", "ES256", "EdDSA", "hs256", "HS256 ", "dir", "A256KW", ["HS256"]]

    thief.check_tokens(
        {
            f"{name} by {digest}": forger.signed({"alg": name}, digest=digest)
            for name in names
            for digest in ("sha256", "sha384", "sha512")
        }
    )
    thief.check_tokens({digest: forger.signed(digest=digest) for digest in ("sha1", "sha384", "sha512")})


def test_what_everybody_can_read_is_no_key(thief: Thief, forger: Forger, anonymous: httpx.Client) -> None:
    """ASVS 9.1.1; RFC 8725, 2.1 (a public key taken for a MAC secret), 3.5 (keys that can be guessed)."""
    published = anonymous.get("/.well-known/jwks.json").content
    guesses: list[str | bytes] = ["", "\0", "secret", "null", "undefined", "{}", published, published.strip(), OWN_KEY]
    guesses += [forger.header["kid"], bytes.fromhex(forger.header["kid"]), forger.claims["sub"], "charter"]
    near = [SECRET[:-1], SECRET + "\n", SECRET.upper(), bytes.fromhex(SECRET), REFRESH_KEYS, REFRESH_KEYS[3:]]

    thief.check_tokens({repr(key): forger.signed(key=key) for key in [*guesses, *near]})


BROUGHT: dict[str, dict[str, Any]] = {
    "an address of keys": {"jku": "https://evil.example/keys.json"},
    "our own address of keys": {"jku": "/.well-known/jwks.json"},
    "a key": {"jwk": {"kty": "oct", "alg": "HS256", "k": encode(OWN_KEY)}},
    "the address of a certificate": {"x5u": "https://evil.example/chain.pem"},
    "a certificate": {"x5c": ["MIIB"]},
    "a thumbprint": {"x5t": "AAAA", "x5t#S256": "AAAA"},
    "a key id of another key": {"kid": "000000000000"},
    "a key id that is a path": {"kid": "../../../../dev/null"},
    "a key id that is SQL": {"kid": "' UNION SELECT 'k' --"},
    "a key id that is a command": {"kid": "|cat /etc/passwd"},
    "a key id that is a number": {"kid": 0},
    "a key id that is a map": {"kid": {"$ne": ""}},
    "a key id with NUL": {"kid": "\0"},
    "no key id": {"kid": GONE},
}


def test_a_token_brings_no_key_along(thief: Thief, forger: Forger) -> None:
    """ASVS 9.1.3; RFC 8725, 3.10: nothing in the header is fetched, opened, queried or trusted."""
    keys = {"own": OWN_KEY, "our": SECRET, "empty": ""}

    thief.check_tokens(
        {
            f"{name}, signed with {whose} key": forger.signed(header, key=key)
            for name, header in BROUGHT.items()
            for whose, key in keys.items()
        }
    )


def test_what_the_header_demands_and_we_do_not_do_is_refused(thief: Thief, forger: Forger) -> None:
    """RFC 7515, 4.1.11 (crit); RFC 7797, 6 (b64); RFC 8725, 3.6 (compression)."""
    demands: list[dict[str, Any]] = [
        {"crit": ["exp"]}, {"crit": ["b64"], "b64": False}, {"b64": False}, {"crit": []}, {"crit": None},
        {"crit": ["charter"], "charter": 1}, {"zip": "DEF"}, {"enc": "A128GCM"}, {"cty": "JWT"}, {"epk": {}},
    ]  # fmt: skip

    thief.check_tokens({str(demand): forger.signed(demand) for demand in demands})


def test_only_an_access_token_is_one(thief: Thief, forger: Forger, anonymous: httpx.Client) -> None:
    """ASVS 9.2.2; RFC 8725, 3.11; RFC 9068, 4: at+jwt, with or without application/, in any case, and nothing else."""
    kinds = [
        "JWT", "jwt", "id+jwt", "rt+jwt", "dpop+jwt", "at", "at+jwt ", "at+jwt;v=1", "text/at+jwt", "", None, 1, GONE,
    ]  # fmt: skip

    thief.check_tokens({repr(kind): forger.signed({"typ": kind}) for kind in kinds})
    for kind in ("AT+JWT", "application/at+jwt"):
        token = {"Authorization": f"Bearer {forger.signed({'typ': kind})}"}
        assert data(anonymous.get("/v1/users/me", headers=token))["id"] == forger.claims["sub"]


def test_a_token_inside_a_token_and_an_encrypted_one_are_none(thief: Thief, forger: Forger) -> None:
    """RFC 8725, 3.3: what cannot be checked in full is not read at all; RFC 7515, 7.2: nor in JSON."""
    protected, payload, signature = forger.genuine.split(".")
    five = {"direct": "eyJhbGciOiJkaXIifQ..AAAA.AAAA.AAAA", "padded": forger.genuine + ".A.A"}
    flattened = json.dumps({"protected": protected, "payload": payload, "signature": signature})

    thief.check_tokens(
        {"nested": forger.signed({"cty": "JWT"}, forger.genuine), "bare": forger.signed({}, forger.genuine)}
    )
    thief.check_tokens({**five, "flattened": flattened, "wrapped": f'"{forger.genuine}"'}, "UNAUTHENTICATED")


def test_parts_of_good_tokens_make_no_other(people: People, thief: Thief, forger: Forger) -> None:
    """ASVS 9.1.1; RFC 8725, 3.3: the signature is of this header and these claims."""
    mallory = Forger(people.mallory.sign_in()["access_token"])
    header, theirs, _ = mallory.genuine.split(".")
    adas = forger.genuine.split(".")[1]

    thief.check_tokens(
        {
            "ada's claims, mallory's signature": f"{header}.{adas}.{mallory.signature}",
            "mallory's claims, ada's signature": f"{header}.{theirs}.{forger.signature}",
            "ada's name": f"{mallory.unsigned({}, {'sub': forger.claims['sub']})}.{mallory.signature}",
            "ada's session": f"{mallory.unsigned({}, {'sid': forger.claims['sid']})}.{mallory.signature}",
            "the order turned": f"{theirs}.{header}.{mallory.signature}",
            "the header twice": f"{header}.{header}.{mallory.signature}",
            "a role": f"{mallory.unsigned({}, {'role': 'admin', 'permissions': ['*']})}.{mallory.signature}",
        }
    )
    for claims in ({}, {"role": "admin", "scope": "roles:assign", "permissions": ["roles:assign"]}):
        refused(thief.send(f"Bearer {mallory.signed({}, claims)}"), 403, "FORBIDDEN")


def test_a_good_token_has_one_spelling(thief: Thief, forger: Forger) -> None:
    """RFC 8725, 3.3; RFC 4648, 3.5 and 3.2: bits that carry nothing, padding and other alphabets are no way round."""
    header, claims, signature = forger.genuine.split(".")
    letters = string.ascii_letters + string.digits + "-_"
    last = letters.translate(str.maketrans(letters, string.ascii_uppercase + string.ascii_lowercase + letters[52:]))
    place = last.index(signature[-1])
    twins = {f"bits {bit}": f"{header}.{claims}.{signature[:-1]}{last[place ^ bit]}" for bit in (1, 2, 3)}
    shaped = {
        "short of a character": forger.genuine[:-1],
        "a character more": f"{forger.genuine}A",
        "another header's end": f"{header}A.{claims}.{signature}",
        "claims with more bits": f"{header}.{claims}A.{signature}",
        "no header": f"AA.{claims}.{signature}",
    }
    garbled = {
        "padded": f"{forger.genuine}=",
        "padded inside": f"{header}.{claims}==.{signature}",
        "standard alphabet": f"{header}.{claims}.{signature[:-1]}+",
        "a dot more": f"{forger.genuine}.",
        "a dot in front": f".{forger.genuine}",
        "a blank inside": f"{header}. {claims}.{signature}",
        "a tab inside": f"{header}\t.{claims}.{signature}",
        "escaped": forger.genuine.replace(".", "%2E"),
        "quoted": f'"{forger.genuine}"',
    }

    thief.check_tokens({**twins, **shaped})
    thief.check_tokens(garbled, "UNAUTHENTICATED")


def test_a_token_is_ascii(thief: Thief, forger: Forger) -> None:
    """RFC 8725, 3.7; RFC 7515, 3.1: letters that only look alike are others, in whatever encoding they come."""
    wide = forger.genuine.translate({ord("A"): "Ａ", ord("e"): "е"})
    bent = [wide.encode(), f"{forger.genuine}é".encode("latin-1")]
    bent += [forger.genuine.replace(".", "．").encode(), forger.genuine.encode() + b"\xff\xfe"]

    thief.check_refused({repr(raw[-9:]): b"Bearer " + raw for raw in bent}, "UNAUTHENTICATED")


def test_a_token_of_a_megabyte_is_refused_by_its_size(thief: Thief, forger: Forger) -> None:
    """RFC 6585, 5: and a smaller one that is still too large for ours is not read."""
    before = everything()
    for size in (1_000_000, 100_000):
        refused(thief.send(f"Bearer {forger.signed({}, {'more': 'x' * size})}"), 431, "HEADERS_TOO_LARGE")
    assert everything() == before

    thief.check_tokens({"small": forger.signed({}, {"more": "x" * 6000}), "no token": "A" * 9000 + ".A.A"})
