"""register: an account for oneself, as a guest, and nobody learns which addresses have one."""

from typing import Any

import httpx
import pytest

from app.database import run
from app.security.passwords import Passwords
from tests import leaks
from tests.hashes import counted_hashes
from tests.integration.operations.bounds import check_bodies, check_limited, check_unavailable
from tests.integration.operations.conftest import Away, Variant
from tests.people import PASSWORD, People
from tests.rows import event, eventless, number_of_accounts, store_setting, stored_settings
from tests.service import Service
from tests.wire import data, decisions, refused

PATH = "/v1/auth/register"
ACCOUNTS = "SELECT u.*, p.* FROM users u JOIN user_profiles p ON p.user_id = u.id ORDER BY u.id"


def body(**values: Any) -> dict[str, Any]:
    return {"email": "nora@example.com", "password": PASSWORD, **values}


def test_it_makes_a_guest_whose_address_is_not_verified(anonymous: httpx.Client) -> None:
    response = anonymous.post(PATH, json=body(display_name="Nora Batty"))

    assert data(response, 202) == {"status": "pending"}
    made = run(
        """
        SELECT u.email, r.name, u.status, u.verified_at, u.version, p.display_name, p.bio
        FROM users u JOIN roles r ON r.id = u.role_id JOIN user_profiles p ON p.user_id = u.id
        """
    )
    assert made == [("nora@example.com", "guest", "active", None, 1, "Nora Batty", None)]
    assert run("SELECT count(*) FROM sessions") == [(0,)]
    assert "location" not in response.headers


def test_the_password_is_stored_as_a_hash_that_names_its_scheme(anonymous: httpx.Client) -> None:
    data(anonymous.post(PATH, json=body()), 202)

    [(stored,)] = run("SELECT password_hash FROM users")
    assert stored.startswith("v1$2b$04$")
    assert Passwords(15, 256, 4).verify(PASSWORD, stored)


def test_it_leaves_an_event_and_no_decision(anonymous: httpx.Client) -> None:
    response = anonymous.post(PATH, json=body())

    row = event(response)
    assert (row.action, row.outcome, row.reason, row.actor) == ("user.registered", "succeeded", None, None)
    assert row.details == {"user_id": str(run("SELECT id FROM users")[0][0])}
    assert decisions(response.headers["x-request-id"]) == []


def test_the_new_account_can_sign_in(anonymous: httpx.Client) -> None:
    data(anonymous.post(PATH, json=body()), 202)

    user = data(anonymous.post("/v1/auth/login", json=body()))["user"]

    assert (user["role"], user["email_verified"]) == ("guest", False)


@pytest.mark.parametrize("email", ["alice@example.com", "ALICE@Example.COM"])
def test_a_known_address_gets_the_same_answer_and_nothing_changes(
    anonymous: httpx.Client, people: People, email: str
) -> None:
    assert people.alice.id
    before = run(ACCOUNTS)

    known = anonymous.post(PATH, json=body(email=email, password="velvet anchor 3 turnip", display_name="Eve"))

    assert data(known, 202) == {"status": "pending"}
    assert run(ACCOUNTS) == before
    assert (event(known).outcome, event(known).details) == ("succeeded", {"address": "known"})


def test_the_answers_for_a_known_and_an_unknown_address_differ_in_nothing(
    anonymous: httpx.Client, people: People
) -> None:
    assert people.alice.id
    responses = [anonymous.post(PATH, json=body(email=email)) for email in ("alice@example.com", "nora@example.com")]

    known, unknown = responses
    assert known.status_code == unknown.status_code == 202
    assert known.json()["data"] == unknown.json()["data"]
    assert set(known.json()["meta"]) == set(unknown.json()["meta"])
    assert list(known.headers) == list(unknown.headers)
    assert known.headers["content-length"] == unknown.headers["content-length"]


def test_a_known_address_takes_the_time_of_a_hash(people: People, variant: Variant) -> None:
    assert people.alice.id

    with variant(BCRYPT_COST="10") as other, other.client() as client, counted_hashes() as costs:
        for email in ("alice@example.com", "new@example.com"):
            data(client.post(PATH, json=body(email=email)), 202)

    assert costs == [10, 10]


@pytest.mark.parametrize(
    "password", ["only 14 chars.", "passwordpassword", "nora@example.com", "aronmoc.elpmaxe@aron", "abcabcabcabcabcabc"]
)
def test_a_weak_password_is_refused_with_its_field_and_nothing_is_made(anonymous: httpx.Client, password: str) -> None:
    response = anonymous.post(PATH, json=body(password=password))

    refused(response, 400, "VALIDATION_ERROR", "password")
    assert password not in response.text
    assert number_of_accounts() == 0
    assert (event(response).outcome, event(response).reason) == ("failed", "validation_error")


def test_a_known_address_with_a_weak_password_is_refused_like_any_other(
    anonymous: httpx.Client, people: People
) -> None:
    known, unknown = (
        anonymous.post(PATH, json=body(email=email, password="passwordpassword"))
        for email in (people.alice.email, "nora@example.com")
    )

    assert refused(known, 400, "VALIDATION_ERROR") == refused(unknown, 400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"email": "nobody"}, {"email"}),
        ({"email": "a@" + "b" * 260}, {"email"}),
        ({"email": "nora@exam\u2048ple.com x"}, {"email"}),
        ({"email": None, "password": None}, {"email", "password"}),
        ({"email": 7, "password": "short", "role": "admin", "email_verified": True},
         {"email", "password", "role", "email_verified"}),
        ({"password": "x" * 257}, {"password"}),
        ({"display_name": ""}, {"display_name"}),
        ({"display_name": "x" * 101}, {"display_name"}),
    ],
)  # fmt: skip
def test_every_violation_is_listed_with_its_field(
    anonymous: httpx.Client, values: dict[str, Any], fields: set[str]
) -> None:
    refused(anonymous.post(PATH, json=body(**values)), 400, "VALIDATION_ERROR", *fields)

    assert number_of_accounts() == 0


def test_what_is_missing_is_named(anonymous: httpx.Client) -> None:
    refused(anonymous.post(PATH, json={}), 400, "VALIDATION_ERROR", "email", "password")


def test_a_query_parameter_is_refused(anonymous: httpx.Client) -> None:
    response = anonymous.post(f"{PATH}?invite=7", json=body())

    refused(response, 400, "VALIDATION_ERROR", "invite")
    assert eventless(response)


def test_a_body_that_is_none_is_refused_and_nothing_is_made(anonymous: httpx.Client) -> None:
    check_bodies(anonymous, "POST", PATH)

    assert number_of_accounts() == 0


def test_other_methods_are_refused_with_what_is_allowed(anonymous: httpx.Client) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        response = anonymous.request(method, PATH)
        assert (response.status_code, response.headers["allow"]) == (405, "OPTIONS, POST")


def test_a_client_over_the_limit_waits_and_makes_nothing(variant: Variant) -> None:
    with variant(LIMIT_REGISTER="1/60") as strict, strict.client() as client:
        first = client.post(PATH, json=body())
        second = client.post(PATH, json=body(email="other@example.com"))

    assert data(first, 202)
    assert first.headers["ratelimit-policy"] == '"register";q=1;w=60'
    assert first.headers["ratelimit"] == '"register";r=0;t=60'
    check_limited(second, "register")
    assert number_of_accounts() == 1


def test_without_the_database_it_says_so_and_recovers(anonymous: httpx.Client, database_away: Away) -> None:
    with database_away():
        check_unavailable(anonymous.post(PATH, json=body()))

    data(anonymous.post(PATH, json=body()), 202)


def test_a_registration_that_breaks_is_rolled_back_and_recorded(service: Service, anonymous: httpx.Client) -> None:
    run("ALTER TABLE user_profiles ADD CHECK (display_name <> 'Nora')")

    response = anonymous.post(PATH, json=body(display_name="Nora"))

    refused(response, 500, "INTERNAL_ERROR")
    assert number_of_accounts() == 0
    assert (event(response).outcome, event(response).reason) == ("failed", "internal_error")


def test_closed_it_refuses_everybody_alike_and_makes_nothing(anonymous: httpx.Client, people: People) -> None:
    store_setting("registration.open", False)
    before = people.alice and number_of_accounts()

    responses = [anonymous.post(PATH, json=body(email=email)) for email in ("nora@example.com", people.alice.email)]

    for response in responses:
        [error] = refused(response, 403, "FORBIDDEN")
        assert error == {"code": "FORBIDDEN", "message": "Registration is closed.", "field": None}
        event(response).check(action="user.registered", outcome="failed", reason="registration_closed")
        assert decisions(response.headers["x-request-id"]) == []
    assert number_of_accounts() == before
    assert data(people.ada.api.post("/v1/users", json=body()), 201)["email"] == "nora@example.com"


def test_only_addresses_of_the_allowed_domains_register(anonymous: httpx.Client) -> None:
    store_setting("registration.allowed_domains", ["Example.com", "example.org"])

    for email in ("nora@EXAMPLE.com", "nora@example.org"):
        data(anonymous.post(PATH, json=body(email=email)), 202)
    for email in ("nora@example.net", "nora@mail.example.com", "nora@notexample.com", "example.com@example.net"):
        response = anonymous.post(PATH, json=body(email=email))
        refused(response, 400, "VALIDATION_ERROR", "email")
        assert event(response).reason == "domain_not_allowed"
    assert number_of_accounts() == 2


CODE = "six geese a-laying"


def test_only_who_has_the_invitation_code_registers(anonymous: httpx.Client) -> None:
    leaks.note(CODE)
    store_setting("registration.invitation_code", CODE)

    for code in ({}, {"invitation_code": ""}, {"invitation_code": CODE.upper()}, {"invitation_code": "ünïcödé" * 3}):
        response = anonymous.post(PATH, json=body(**code))
        refused(response, 403, "FORBIDDEN", "invitation_code")
        event(response).check(outcome="failed", reason="invitation_code_wrong")
        assert event(response).details is None
    assert number_of_accounts() == 0
    data(anonymous.post(PATH, json=body(invitation_code=CODE)), 202)
    assert stored_settings() == {"registration.invitation_code": CODE}


def test_a_code_that_nobody_asks_for_is_no_fault_unless_it_is_too_long(anonymous: httpx.Client) -> None:
    data(anonymous.post(PATH, json=body(invitation_code="whatever")), 202)
    for code in ("x" * 201, 5, None):
        response = anonymous.post(PATH, json=body(invitation_code=code))
        refused(response, 400, "VALIDATION_ERROR", "invitation_code")


def test_a_setting_that_cannot_be_read_is_the_default_and_not_a_500(anonymous: httpx.Client) -> None:
    store_setting("registration.open", "of course")
    store_setting("registration.allowed_domains", {"a": 1})
    store_setting("registration.invitation_code", 5)

    data(anonymous.post(PATH, json=body()), 202)
