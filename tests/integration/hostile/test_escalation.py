"""API5:2023 broken function level authorization; ASVS 5.0 V8.2.1, V8.4.2, law 11: nobody climbs, alone or with help.

A deputy is somebody whose role holds every right but one. That one is enough: people who hold it are out of the
deputy's reach, and nothing that deputies do gets it for themselves or for anybody else.
"""

import itertools
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import pytest

from app.database import run
from tests.integration.conftest import Services
from tests.integration.hostile.attack_surface import Operation, attackable, contract, everything
from tests.people import PASSWORD, People, Person, make_role
from tests.rows import decision, event, number_of_accounts, stored
from tests.service import Service
from tests.standins import Values
from tests.wire import data, refused

CATALOGUE = sorted(contract().permissions)
UNSAFE = [operation for operation in attackable() if not operation.policy.safe]
EVERYONES = {"account:read", "account:update", "sessions:end"}
NEW = {"email": "puppet@example.com", "password": PASSWORD}


@pytest.fixture(scope="session")
def running(request: pytest.FixtureRequest, services: Services) -> Service:
    """One way in, unless a test asks for both: who may do what is decided behind it."""
    return services[getattr(request, "param", "compiled")]


def deputy(people: People, lacking: str) -> Person:
    name = lacking.replace(":", "-")
    make_role(f"no-{name}", *(set(CATALOGUE) - {lacking}))
    return people.make(f"deputy-{name}", f"no-{name}")


def greedy(operation: Operation) -> Any:
    """A body that asks for as much as there is, where it can ask for rights at all."""
    wishes = {"role": "admin", "permissions": CATALOGUE, "name": "puppets", "email_verified": True}
    body = dict(operation.example or {})
    known = operation.schema.get("properties", {})
    return {**body, **{name: value for name, value in wishes.items() if name in known}} if known else None


@pytest.mark.parametrize("lacking", [name for name in CATALOGUE if name not in EVERYONES])
def test_one_right_less_and_somebody_with_all_of_them_is_out_of_reach(people: People, lacking: str) -> None:
    """API5:2023, law 11: edit, take over, demote, suspend, restore, verify, delete, end a session of: 403 for each."""
    make_role("chief", *CATALOGUE)
    chief = people.make("carla", "chief")
    caller, named = deputy(people, lacking).api, Values(chief, role_name="chief")
    for status in ("active", "suspended"):
        run("UPDATE users SET status = %s WHERE id = %s", (status, chief.id))
        before = everything()
        for operation in UNSAFE:
            if operation.policy.owner is None and "user_id" not in operation.parameters:
                continue
            ids = [named[name] for name in operation.parameters]
            response = operation.call(caller, *ids, body=greedy(operation))

            refused(response, 403, "FORBIDDEN")
            if decision(response).outcome == "allowed":
                assert event(response).reason == "beyond_actor", operation.name
        assert everything() == before


@pytest.mark.parametrize("lacking", [name for name in CATALOGUE if name not in EVERYONES])
def test_one_right_less_is_never_got_by_asking_for_it(people: People, lacking: str) -> None:
    """API5:2023, law 11: not for oneself, not for a puppet new or old, and not by a role made or changed for it."""
    caller = deputy(people, lacking)
    make_role("chief", *CATALOGUE)
    make_role("holder", lacking)
    client, own_role = caller.api, f"no-{lacking.replace(':', '-')}"
    named = [Values(person, role_name=own_role) for person in (caller, people.gus)]
    before = everything()
    for operation in UNSAFE:
        known = operation.schema.get("properties", {})
        if operation.policy.public or not {"role", "permissions"} & set(known):
            continue
        for things in named:
            for wish in ("admin", "chief", "holder"):
                body = {**(operation.example or {}), **{name: wish for name in ("role",) if name in known}}
                if "permissions" in known:
                    body |= {"permissions": CATALOGUE if wish == "admin" else [lacking]}
                ids = [things[name] for name in operation.parameters]
                refused(operation.call(client, *ids, body=body), 403, "FORBIDDEN")
    assert everything() == before


def test_a_guest_is_made_a_user_by_nobody_who_is_less_than_a_user(people: People) -> None:
    """API5:2023: verifying an address gives the rights of a user: who has them not cannot give them that way."""
    make_role("registrar", "users:update", "users:create")
    rita, gus = people.make("rita", "registrar"), people.gus
    before = stored(gus.id)

    verified = rita.api.patch(f"/v1/users/{gus.id}", json={"email_verified": True})
    made = rita.api.post("/v1/users", json={**NEW, "email_verified": True})

    for response in (verified, made):
        refused(response, 403, "FORBIDDEN")
        assert event(response).reason == "beyond_actor"
    assert (stored(gus.id), number_of_accounts()) == (before, 2)
    assert data(rita.api.post("/v1/users", json=NEW), 201)["role"] == "guest"


def test_a_guest_does_not_verify_themselves(people: People, service: Service) -> None:
    """API5:2023, API3:2023: at registration, on their own account, on their profile and under another's id."""
    gus, before = people.gus, stored(people.gus.id)
    claim = {"email_verified": True}

    refused(gus.api.patch(f"/v1/users/{gus.id}", json=claim), 403, "FORBIDDEN", "email_verified")
    refused(gus.api.patch("/v1/users/me", json=claim), 400, "VALIDATION_ERROR", "email_verified")
    refused(gus.api.patch(f"/v1/users/{people.alice.id}", json=claim), 403, "FORBIDDEN")
    with service.client() as client:
        refused(client.post("/v1/auth/register", json={**NEW, **claim}), 400, "VALIDATION_ERROR", "email_verified")
    assert stored(gus.id) == before


def test_making_accounts_does_not_make_roles_assignable(people: People) -> None:
    """API5:2023: users:create names no role, not even the least; roles:assign alone makes no account."""
    make_role("maker", "users:create", "profiles:read")
    make_role("giver", "roles:assign", "profiles:read")
    maker, giver = people.make("mona", "maker"), people.make("gina", "giver")

    for role in ("guest", "user", "admin", "maker", "no-such-role"):
        refused(maker.api.post("/v1/users", json={**NEW, "role": role}), 403, "FORBIDDEN", "role")
        refused(giver.api.post("/v1/users", json={**NEW, "role": role}), 403, "FORBIDDEN")
    assert number_of_accounts() == 2


def test_two_who_hold_half_each_do_not_make_one_who_holds_all(people: People) -> None:
    """API5:2023 collusion: a role is given by who holds all of it; that its holders know one another counts nothing."""
    half = len(CATALOGUE) // 2
    make_role("left", "roles:assign", *CATALOGUE[:half])
    make_role("right", "roles:assign", *CATALOGUE[half:])
    lena, rosa = people.make("lena", "left"), people.make("rosa", "right")
    for actor, target, role in ((lena, rosa, "left"), (rosa, lena, "right"), (lena, people.gus, "right")):
        response = actor.api.put(f"/v1/users/{target.id}/role", json={"role": role})
        refused(response, 403, "FORBIDDEN")
    assert [account.role for account in map(stored, (lena.id, rosa.id, people.gus.id)) if account] == [
        "left",
        "right",
        "guest",
    ]


def test_an_address_is_no_way_into_another_s_account(people: People, service: Service) -> None:
    """API2:2023, API5:2023: who moves an admin's address to their own would ask for a new password next."""
    make_role("clerk", "users:update", "users:read", "users:list", "profiles:read", "profiles:update")
    clara = people.make("clara", "clerk")

    response = clara.api.patch(f"/v1/users/{people.ada.id}", json={"email": "clara+ada@example.com"})

    refused(response, 403, "FORBIDDEN")
    taken = clara.api.patch(f"/v1/users/{people.bob.id}", json={"email": people.ada.email.upper()})
    refused(taken, 409, "EMAIL_TAKEN")
    assert data(people.ada.api.get("/v1/users/me"))["email"] == people.ada.email


def test_an_owner_is_master_of_their_own_account_and_of_no_other(people: People) -> None:
    """API5:2023, x-owner: what they may do to themselves they may not do to somebody else, whatever body they send."""
    mallory, named, before = people.mallory.api, Values(people.bob), stored(people.bob.id)
    for operation in attackable():
        if operation.policy.owner and "profiles:read" not in operation.policy.permissions:
            ids = [named[name] for name in operation.parameters]
            refused(operation.call(mallory, *ids), 403, "FORBIDDEN")
    assert data(mallory.get(f"/v1/users/{people.mallory.id}"))["email"] == people.mallory.email
    assert stored(people.bob.id) == before


DEMOTE_OTHERS = """
UPDATE users SET role_id = (SELECT id FROM roles WHERE name = 'guest') WHERE NOT id = ANY(%s)
"""
ACTIVE_ADMINS = """
SELECT count(*) FROM users u JOIN roles r ON r.id = u.role_id WHERE r.name = 'admin' AND u.status = 'active'
"""
Attack = Callable[[Person, Person], httpx.Response]
ATTACKS: dict[str, Attack] = {
    "demote": lambda one, two: one.api.put(f"/v1/users/{two.id}/role", json={"role": "guest"}),
    "suspend": lambda one, two: one.api.post(f"/v1/users/{two.id}/suspend"),
    "delete": lambda one, two: one.api.delete(f"/v1/users/{two.id}"),
    "step down": lambda one, two: one.api.put(f"/v1/users/{one.id}/role", json={"role": "guest"}),
}


@pytest.mark.parametrize("running", ["compiled", "connexion"], indirect=True)
def test_admins_who_turn_on_each_other_leave_one(people: People) -> None:
    """ASVS V15.4.2 races of check and use, law 7: both at the same moment, over the wire, in every mixture."""
    for (first, attack), (second, counter) in itertools.product(ATTACKS.items(), repeat=2):
        one, two = (people.make(f"{name}-{first[:3]}-{second[:3]}", "admin") for name in ("one", "two"))
        run(DEMOTE_OTHERS, ([one.id, two.id],))
        assert all((one.api, two.api))

        responses = together(partial(attack, one, two), partial(counter, two, one))

        statuses = sorted(response.status_code for response in responses)
        assert run(ACTIVE_ADMINS) == [(1,)], (first, second, statuses)
        # Both succeed where both remove the same one: who steps down, and is removed besides.
        assert statuses[0] < 300, statuses
        assert statuses[1] in (200, 204, 401, 403, 404, 409), statuses


def together(*calls: Callable[[], httpx.Response]) -> list[httpx.Response]:
    """Make calls at the same moment, each from a thread of its own."""
    barrier = threading.Barrier(len(calls))
    responses: dict[int, httpx.Response] = {}

    def make(number: int) -> None:
        barrier.wait(10)
        responses[number] = calls[number]()

    threads = [threading.Thread(target=make, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return [responses[number] for number in range(len(calls))]
