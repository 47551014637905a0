"""Passwords that try to be others, to be nothing, or to be too much: ASVS 5.0 V6.2."""

import unicodedata
from functools import partial

import httpx
import pytest

from app.database import run
from tests.integration.conftest import Services
from tests.integration.hostile.crowd import in_turn
from tests.integration.operations.conftest import Variant
from tests.people import PASSWORD, People
from tests.service import Service
from tests.wire import data, refused

LOGIN, REGISTER, CHANGE = "/v1/auth/login", "/v1/auth/register", "/v1/users/me/password"
NEW = "velvet anchor 3 turnip"


@pytest.fixture(scope="session")
def running(services: Services) -> Service:
    """One way in: passwords are judged behind it."""
    return services["compiled"]


def register(client: httpx.Client, password: str, name: str = "eve") -> httpx.Response:
    return client.post(REGISTER, json={"email": f"{name}@example.com", "password": password})


def sign_in(client: httpx.Client, password: str, name: str = "eve") -> int:
    """Return the status of a sign-in."""
    return client.post(LOGIN, json={"email": f"{name}@example.com", "password": password}).status_code


def check_own(client: httpx.Client, password: str, others: list[str]) -> None:
    """Assert that a password is accepted, opens the account, and that none of the others does."""
    run("DELETE FROM users")
    assert register(client, password).status_code == 202
    assert [sign_in(client, other) for other in others] == [401] * len(others)
    run("DELETE FROM sign_in_attempts")
    assert sign_in(client, password) == 200


def test_a_password_is_checked_to_its_last_byte(anonymous: httpx.Client) -> None:
    """ASVS 6.2.8: bcrypt alone would read 72 bytes, and stop at a NUL."""
    start = "".join(chr(0x61 + n % 26) + str(n % 10) for n in range(36))
    assert len(start) == 72

    check_own(
        anonymous, f"{start} and then one", [start, f"{start} and then two", f"{start} and then one ", start[:71]]
    )
    wide = "æ" + "".join(chr(0x4E00 + n) for n in range(30))
    check_own(anonymous, f"{wide}x", [wide, f"{wide}y"])


def test_a_password_is_taken_as_it_was_typed(anonymous: httpx.Client) -> None:
    """ASVS 6.2.8: case, blanks at either end and inside, and accents all count."""
    typed = " Résumé of the Year "

    check_own(
        anonymous, typed, [typed.strip(), typed.lower(), typed.upper(), "Résumé  of the Year", " Resume of the Year "]
    )


def test_forms_of_unicode_that_look_the_same_are_the_same(anonymous: httpx.Client) -> None:
    """NIST SP 800-63B-4, 3.1.1.2: whatever the keyboard of the day sends for it."""
    typed = "Ünïcödé ﬁnds 12 ways"

    check_own(anonymous, typed, ["Unicode finds 12 ways"])
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert sign_in(anonymous, unicodedata.normalize(form, typed)) == 200


def test_no_password_has_a_nul_in_it(anonymous: httpx.Client, people: People) -> None:
    """ASVS 6.2.8: nothing after it is cut off: it is refused, wherever a password is read."""
    assert people.alice
    for text in (f"{PASSWORD}\0", f"\0{PASSWORD}", f"{PASSWORD}\0more"):
        for response in (
            register(anonymous, text),
            anonymous.post(LOGIN, json={"email": people.alice.email, "password": text}),
            people.alice.api.put(CHANGE, json={"current_password": text, "new_password": NEW}),
            people.alice.api.put(CHANGE, json={"current_password": PASSWORD, "new_password": text}),
        ):
            refused(response, 400, "MALFORMED_BODY")
    assert sign_in(anonymous, PASSWORD, "alice") == 200


def test_long_passwords_are_welcome_and_endless_ones_are_not(anonymous: httpx.Client) -> None:
    """ASVS 6.2.9: 64 at least; here 256, characters and not bytes."""
    for longest in ("".join(chr(0x4E00 + n) for n in range(256)), "".join(chr(0x1F400 + n % 200) for n in range(256))):
        check_own(anonymous, longest, [longest[:-1]])
        for client_path in (REGISTER, LOGIN):
            response = anonymous.post(client_path, json={"email": "mia@example.com", "password": f"{longest}x"})
            refused(response, 400, "VALIDATION_ERROR", "password")


def test_a_password_too_large_is_refused_before_anything_is_made_of_it(anonymous: httpx.Client, people: People) -> None:
    """ASVS 6.2.9, V2.4: a megabyte costs no hash, no count and no normalising, sent at once or in pieces."""
    megabyte = b'{"email": "alice@example.com", "password": "%b"}' % (b"a\xcc\x81" * 350_000)
    fitting = "a" + "\u0301\u0316" * 7_000
    json = {"Content-Type": "application/json"}
    assert people.alice

    for path in (LOGIN, REGISTER):
        for content in (megabyte, iter([megabyte[:500_000], megabyte[500_000:]])):
            refused(anonymous.post(path, content=content, headers=json), 413, "PAYLOAD_TOO_LARGE")
        response = anonymous.post(path, json={"email": "alice@example.com", "password": fitting})
        refused(response, 400, "VALIDATION_ERROR", "password")

    assert run("SELECT count(*) FROM sign_in_attempts") == [(0,)]


TRIED_FIRST = [
    "passwordpassword", "PasswordPassword", "ＰＡＳＳＷＯＲＤpassword", "qwertyuiopasdfgh", "QWERTYUIOPASDFGH",
    "password123456789", " " * 20, "\u3000" * 20, "~" * 15, "marmaladé " * 3, "eve@example.com", "EVE@EXAMPLE.COM",
    "moc.elpmaxe@eve", "eve.example.com", "eve_example_com_1", "ｅｖｅ@ｅｘａｍｐｌｅ.ｃｏｍ", "fourteen chars", "",
]  # fmt: skip


def test_a_password_that_is_tried_first_is_nobodys(anonymous: httpx.Client) -> None:
    """ASVS 6.2.1, 6.2.4, 6.2.11, 6.2.12: common ones in any case and width, one piece repeated, one's own address."""
    for password in TRIED_FIRST:
        response = register(anonymous, password)

        refused(response, 400, "VALIDATION_ERROR", "password")
        assert not password.strip() or password not in response.text
    assert run("SELECT count(*) FROM users") == [(0,)]


def test_nobody_is_told_which_characters_to_use(anonymous: httpx.Client) -> None:
    """ASVS 6.2.5."""
    for password in ("all small letters here", "ALL LARGE LETTERS HERE", "928374650192837", "!@#$%^&*()_+{}|"):
        check_own(anonymous, password, [])


def test_a_stolen_access_token_does_not_change_the_password(people: People, anonymous: httpx.Client) -> None:
    """ASVS 6.2.3, 7.5.1: by no operation, no method and no body that leaves the current one out."""
    thief, me = people.alice.api, f"/v1/users/{people.alice.id}"
    before = run("SELECT id, password_hash FROM users")
    bodies: list[dict[str, object]] = [
        {"new_password": NEW},
        {"current_password": None, "new_password": NEW},
        {"current_password": "", "new_password": NEW},
        {"current_password": [], "new_password": NEW},
        {"current_password": True, "new_password": NEW},
        {"current_password": {"$ne": ""}, "new_password": NEW},
    ]
    for body in bodies:
        refused(thief.put(CHANGE, json=body), 400, "VALIDATION_ERROR", "current_password")
    for name in ("password", "new_password", "password_hash"):
        refused(thief.patch("/v1/users/me", json={name: NEW}), 400, "VALIDATION_ERROR", name)
        refused(people.ada.api.patch(me, json={name: NEW}), 400, "VALIDATION_ERROR", name)
    for method, path, status in (("PATCH", CHANGE, 405), ("POST", CHANGE, 405), ("PUT", f"{me}/password", 404)):
        assert thief.request(method, path, json={"new_password": NEW}).status_code == status
    refused(anonymous.put(CHANGE, json={"current_password": PASSWORD, "new_password": NEW}), 401, "UNAUTHENTICATED")

    assert {*before} <= {*run("SELECT id, password_hash FROM users")}


def test_anybody_who_changes_the_password_is_alone_afterwards(service: Service, people: People) -> None:
    """ASVS 7.4.3: the thief that made the owner change it goes, with what they have refreshed meanwhile."""
    stolen = people.alice.sign_in()
    with service.client() as thief:
        renewed = data(thief.post("/v1/auth/refresh", json={"refresh_token": stolen["refresh_token"]}))
        people.alice.sign_in()

        changed = people.alice.api.put(CHANGE, json={"current_password": PASSWORD, "new_password": NEW})

        assert (changed.status_code, changed.content) == (204, b"")
        for tokens in (stolen, renewed):
            shown = thief.get("/v1/users/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
            refused(shown, 401, "SESSION_ENDED")
            again = thief.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
            refused(again, 401, "INVALID_REFRESH_TOKEN")
    data(people.alice.api.get("/v1/users/me"))


@pytest.mark.parametrize("order", [1, -1], ids=["upgrade first", "change first"])
def test_an_upgrade_of_the_hash_brings_no_old_password_back(
    variant: Variant, people: People, anonymous: httpx.Client, database_url: str, order: int
) -> None:
    """ASVS 11.4.2: the upgrade that a sign-in does never overwrites a change of password that it races."""
    token = people.alice.sign_in()["access_token"]
    lock = f"SELECT FROM users WHERE id = '{people.alice.id}' FOR UPDATE"
    body = {"email": people.alice.email, "password": PASSWORD}
    with variant(BCRYPT_COST="5") as costly, costly.client() as client, costly.client(token) as owner:
        change = partial(owner.put, CHANGE, json={"current_password": PASSWORD, "new_password": NEW})
        race = [partial(client.post, LOGIN, json=body), change]

        signed_in, changed = in_turn(database_url, lock, *race[::order])[::order]

    assert signed_in.status_code in {200, 401}
    [(stored,)] = run("SELECT password_hash FROM users")
    assert stored.startswith("v1$2b$05$")
    # An upgrade in between makes the change one of another hash, and the owner has to say it again.
    right = NEW if changed.status_code == 204 else PASSWORD
    assert [sign_in(anonymous, password, "alice") for password in (PASSWORD, NEW)].count(200) == 1
    assert sign_in(anonymous, right, "alice") == 200


def test_no_answer_shows_a_password_or_its_hash(people: People, anonymous: httpx.Client) -> None:
    """ASVS 11.4.2, 14.2.6: not to the owner, not to an admin, not in a refusal."""
    path = f"/v1/users/{people.alice.id}"
    ada, alice = people.ada.api, people.alice.api
    responses = [
        anonymous.post(LOGIN, json={"email": people.alice.email, "password": PASSWORD}),
        anonymous.post(LOGIN, json={"email": people.alice.email, "password": f"{PASSWORD}?"}),
        register(anonymous, "passwordpassword"),
        alice.get("/v1/users/me"),
        alice.put(CHANGE, json={"current_password": PASSWORD, "new_password": PASSWORD}),
        ada.get(path),
        ada.get("/v1/users?q=alice"),
        ada.patch(path, json={"email_verified": True}),
        ada.post("/v1/users", json={"email": "eve@example.com", "password": NEW}),
        ada.get("/v1/users?sort=password_hash"),
    ]
    for response in responses:
        assert response.status_code < 500
        told = (
            response.text.replace('"field":"password"', "").replace("current_password", "").replace("new_password", "")
        )
        for secret in ("$2b$", "v1$", PASSWORD, "passwordpassword", NEW, '"password'):
            assert secret not in told, told
