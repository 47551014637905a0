"""What people type to be found, and where they can be reached, in all the ways in which it can be typed."""

import httpx
import pytest

from app.database import run
from app.errors import NotFound
from app.services import inspection
from tests.people import PASSWORD, People
from tests.rows import store_setting
from tests.service import config_for
from tests.wire import data, refused


def emails(response: httpx.Response) -> list[str]:
    return [account["email"].removesuffix("@example.com") for account in data(response)]


def sign_in(client: httpx.Client, email: str) -> httpx.Response:
    return client.post("/v1/auth/login", json={"email": email, "password": PASSWORD})


# As people write a name, and as others search for it.
SPELLINGS = [
    ("Zoe\u0308 Quinn", ["Zoë", "ZOE\u0308", "zoë q", "ｚｏë"]),
    ("Zoë Quinn", ["zoe\u0308 QUINN", "Ｚｏë"]),
    ("Ａｄａ", ["ada", "ADA", "ａｄ"]),
    ("ﬁona ﬂynn", ["FIONA", "fi", "ﬁ"]),
    ("Fiona", ["ﬁona"]),
    ("ΟΔΥΣΣΕΥΣ", ["οδυσσευς", "οδυσσευσ", "Οδυσσεύς"[:3]]),
    ("Οδυσσευς", ["ΟΔΥΣΣΕΥΣ", "οδυσσευς"]),
    ("STRASSER", ["straße", "Straßer", "strass"]),
    ("İpek", ["i", "i\u0307p", "İP"]),
    ("ILSE", ["ilse", "il"]),
    ("가영", ["\u1100\u1161", "가"]),
    ("ｶﾞｽ", ["ガス"]),
    ("ǅemal", ["ǆ", "DŽ"]),
    ("Da\u00advid  J\u200bones", ["david jones", " David J", "david\u00a0j"]),
    ("50％ off_", ["50%", "50% off_", "50％"]),
    ("❤\ufe0f Love", ["❤"]),
    ("Ｏ＼Ｎeil", ["o\\n"]),
]
NOT_FOUND = [
    ("Zoë", "zoe"),
    ("Ada", "da"),
    ("50％", "5%"),
    ("Ａ＿", "ab"),
    ("Ada", "\u200b"),
    ("Ada", " "),
    ("Ada", "\u00ad\u3164"),
]


def test_q_finds_a_name_in_whatever_form_width_and_case_it_is_typed(people: People, subtests: pytest.Subtests) -> None:
    people.ada.sign_in()
    run("UPDATE users SET email = 'x@example.com'; UPDATE user_profiles SET display_name = NULL")
    for name, searches in [*SPELLINGS, *((name, [q]) for name, q in NOT_FOUND)]:
        with subtests.test(name):
            told = data(people.alice.api.patch("/v1/users/me", json={"display_name": name}))
            assert told["profile"]["display_name"] == name

            found = {q: emails(people.ada.api.get("/v1/users", params={"q": q})) for q in searches}

            assert found == {q: [] if (name, q) in NOT_FOUND else ["alice"] for q in searches}


def test_q_finds_an_address_in_whatever_spelling(people: People) -> None:
    people.ada.sign_in()
    run("UPDATE users SET email = 'crowd1@xn--bcher-kva.example' WHERE id = %s", (people.alice.id,))
    spellings = [
        "CROWD1@Bücher.example",
        " crowd1@bu\u0308cher.example\u00a0",
        "ｃｒｏｗｄ1＠xn--bch",
        "crowd1@xn--BCHER-kva",
    ]

    found = [people.ada.api.get("/v1/users", params={"q": q}) for q in spellings]

    assert [len(data(response)) for response in found] == [1] * len(spellings)


# Far more than any address, and what takes a normalisation longest: marks that have to be sorted.
LONGEST_TO_NORMALISE = "a" + "\u0315" * 15_900 + "\u0323" * 15_900


@pytest.mark.parametrize(
    "email", [LONGEST_TO_NORMALISE, f"a@{LONGEST_TO_NORMALISE}.example", f"{'ﷺ' * 20_000}@a.example"]
)
def test_the_length_of_an_address_is_checked_before_it_is_normalised(anonymous: httpx.Client, email: str) -> None:
    """To normalise one of these would take seconds: tests/unit/test_text.py and `make prove PART=cpu` measure it."""
    assert refused(sign_in(anonymous, email), 400, "VALIDATION_ERROR", "email")


@pytest.mark.parametrize("spelling", [" {}", "{}\n", "\u3000{}\u00a0\t", "{}".upper()])
def test_blanks_around_an_address_and_its_case_do_not_matter(
    anonymous: httpx.Client, people: People, spelling: str
) -> None:
    assert data(sign_in(anonymous, spelling.format(people.alice.email)))["user"]["email"] == people.alice.email


def test_an_internationalised_address_signs_in_as_it_is_typed_and_as_it_is_kept(
    anonymous: httpx.Client, people: People
) -> None:
    kept = "alice@xn--bcher-kva.example"
    run("UPDATE users SET email = %s WHERE id = %s", (kept, people.alice.id))

    for email in (kept, "alice@bücher.example", "Alice@BU\u0308CHER。example", "alice@Xn--Bcher-Kva.example"):
        assert data(sign_in(anonymous, email))["user"]["email"] == kept


@pytest.mark.parametrize("typed", [" Ann@Bücher.example\n", "ann@bu\u0308cher.example", "ann@xn--bcher-kva.example"])
def test_an_address_is_one_account_in_whatever_spelling_it_comes(people: People, typed: str) -> None:
    kept, password = "ann@xn--bcher-kva.example", "seven green bottles 9 falling"
    made = data(people.ada.api.post("/v1/users", json={"email": typed, "password": password}), 201)
    assert made["email"] == kept

    for again in (kept, "ANN@BÜCHER.example", "\u3000ann＠bücher。example"):
        twin = {"email": again, "password": password}
        refused(people.ada.api.post("/v1/users", json=twin), 409, "EMAIL_TAKEN")
        refused(people.ada.api.patch(f"/v1/users/{people.bob.id}", json={"email": again}), 409, "EMAIL_TAKEN")
        assert data(people.ada.api.post("/v1/auth/register", json=twin), 202) == {"status": "pending"}
    assert run("SELECT count(*) FROM users WHERE email = %s", (kept,)) == [(1,)]
    assert run("SELECT count(*) FROM users WHERE email ~ '[^!-~]|[A-Z]'") == [(0,)]


def test_an_address_is_changed_in_whatever_spelling_it_comes(people: People) -> None:
    path = f"/v1/users/{people.alice.id}"

    told = data(people.ada.api.patch(path, json={"email": "\tALICE@例え.テスト ", "email_verified": True}))

    assert (told["email"], told["email_verified"]) == ("alice@xn--r8jz45g.xn--zckzah", True)
    same = people.ada.api.patch(path, json={"email": "alice@例え。テスト"})
    assert data(same) == told  # nothing changed, so it is still verified


def test_an_allowed_domain_is_written_either_way(anonymous: httpx.Client) -> None:
    store_setting("registration.allowed_domains", ["Bücher.example", "xn--r8jz45g.xn--zckzah"])
    body = {"password": "seven green bottles 9 falling"}

    for domain in ("bücher.example", "XN--bcher-kva.example", "例え.テスト"):
        data(anonymous.post("/v1/auth/register", json={**body, "email": f"ann@{domain}"}), 202)
    other = anonymous.post("/v1/auth/register", json={**body, "email": "ann@xn--bcher-kvb.example"})
    refused(other, 400, "VALIDATION_ERROR", "email")


def test_the_operator_names_an_account_as_people_type_it(people: People) -> None:
    run("UPDATE users SET email = 'alice@xn--bcher-kva.example' WHERE id = %s", (people.alice.id,))

    for typed in ("alice@xn--bcher-kva.example", " Alice@Bücher.example ", "ALICE@BU\u0308CHER.EXAMPLE"):
        assert inspection.find(typed).id == people.alice.id
    for typed in ("a" * 100_000 + "@example.com", f"ada@{LONGEST_TO_NORMALISE}", "@", "ada@bücher"):
        with pytest.raises(NotFound):
            inspection.find(typed)


def test_the_first_admin_has_the_address_in_its_canonical_form() -> None:
    config = config_for(DATABASE_URL="postgresql://x/y", CHARTER_ADMIN_EMAIL="\u00a0Root@Bücher.example")
    assert config.admin_email == "root@xn--bcher-kva.example"
