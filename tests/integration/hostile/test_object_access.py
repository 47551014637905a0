"""API1:2023 broken object level authorization; ASVS 5.0 V8.2.2, V8.4.1: nobody reaches another's things by their ids.

The operations come from the document: one that is added tomorrow is attacked tomorrow.
"""

import itertools
from typing import Any

import pytest

from app.database import run
from app.identifiers import new_id
from tests.integration.conftest import Services
from tests.integration.hostile.attack_surface import Operation, attackable, contract, everything, seen
from tests.people import People, make_role
from tests.rows import decision, eventless
from tests.service import Service
from tests.standins import TABLE, Values, session_of
from tests.wire import refused

NAMED = [operation for operation in attackable() if operation.parameters]
# Spellings of an id that some parser takes for it; this one takes none of them.
MISSPELLINGS = (
    "{%s}", "%%7B%s%%7D", "urn:uuid:%s", "%s%%00", "%%20%s", "%s%%0a", "%s,%s", "%s.json", "\uff10%s", "'%s'",
)  # fmt: skip


@pytest.fixture(scope="session")
def running(services: Services) -> Service:
    """One way in: what an id names is looked up behind it."""
    return services["compiled"]


class Things:
    """What stands behind the ids: Bob's, and such as nobody has, or nobody has any more.

    Attributes:
        there: what a path parameter may name, by its name.
        gone: what it names, though it does not exist.
    """

    def __init__(self, people: People) -> None:
        bob, fern = people.bob, people.make("fern", "user")
        bobs, buried = Values(bob), session_of(fern)
        assert people.ada.api.delete(f"/v1/users/{fern.id}").status_code == 204
        self.there = {name: [bobs[name]] for name in TABLE}
        self.there["user_id"].append(str(bob.id).upper())
        self.there["role_name"].append("guest")
        self.there["key"].append("registration.invitation_code")
        self.gone = {name: list(line.gone) for name, line in TABLE.items()}
        # Deleted with its owner, or of another kind.
        self.gone["user_id"] += [fern.id, bobs["session_id"]]
        self.gone["session_id"] += [buried, bob.id]

    def combinations(self, operation: Operation) -> list[tuple[Any, ...]]:
        """Return the ids of a call: all that are there first, then every mixture with those that are not."""
        choices = [[*self.there[name], *self.gone[name]] for name in operation.parameters]
        return list(itertools.product(*choices))

    def missing(self, operation: Operation) -> list[tuple[Any, ...]]:
        """Return ids of which the last is not there, and the others are."""
        *outer, last = operation.parameters
        return [(*(self.there[name][0] for name in outer), gone) for gone in self.gone[last]]


@pytest.fixture
def things(people: People) -> Things:
    return Things(people)


def held_by(role: str) -> set[str]:
    rows = run("SELECT permission FROM role_permissions p JOIN roles r ON r.id = p.role_id WHERE r.name = %s", (role,))
    return {permission for (permission,) in rows}


def test_the_document_has_operations_that_name_a_thing() -> None:
    """API1:2023: what follows would prove nothing on an empty list."""
    assert {"get_user", "delete_user", "set_user_role"} <= {operation.name for operation in NAMED}


@pytest.mark.parametrize("role", ["guest", "user"])
def test_who_has_no_right_gets_the_same_answer_for_things_that_are_there_and_not(
    people: People, things: Things, role: str
) -> None:
    """API1:2023, ASVS V8.2.2: ids guessed, swapped, of another kind or deleted tell nothing and change nothing."""
    caller = people.mallory if role == "user" else people.gus
    client, before = caller.api, everything()
    for operation in NAMED:
        if set(operation.policy.permissions) <= held_by(role):
            continue
        responses = [operation.call(client, *ids) for ids in things.combinations(operation)]

        assert refused(responses[0], 403, "FORBIDDEN"), operation.name
        assert [seen(response) for response in responses] == [seen(responses[0])] * len(responses), operation.name
        for response in responses:
            assert (decision(response).action, decision(response).outcome) == (operation.name, "denied")
            assert eventless(response)
    assert everything() == before


def test_every_right_but_the_one_that_is_asked_opens_nothing(people: People, things: Things) -> None:
    """API1:2023, ASVS V8.2.1: the strongest of those who have no right is as much in the dark as the weakest."""
    catalogue = set(contract().permissions)
    for number, operation in enumerate(NAMED):
        make_role(f"almost-{number}", *(catalogue - set(operation.policy.permissions)))
        caller = people.make(f"almost{number}", f"almost-{number}")
        client, before = caller.api, everything()

        responses = [operation.call(client, *ids) for ids in things.combinations(operation)]

        assert refused(responses[0], 403, "FORBIDDEN"), operation.name
        assert {str(seen(response)) for response in responses} == {str(seen(responses[0]))}, operation.name
        assert everything() == before


def test_nobody_learns_anything_without_a_token(people: People, things: Things, service: Service) -> None:
    """API1:2023: somebody who is nobody cannot tell an id that exists from one that does not."""
    before = everything()
    with service.client() as client:
        for operation in NAMED:
            responses = [operation.call(client, *ids) for ids in things.combinations(operation)]
            assert {str(seen(response)) for response in responses} == {str(seen(responses[0]))}, operation.name
            assert refused(responses[0], 401, "UNAUTHENTICATED")
    assert everything() == before


def test_an_id_that_names_nothing_or_another_kind_of_thing_is_a_404_for_those_who_may(
    people: People, things: Things
) -> None:
    """API1:2023: a session's id is no account's, a deleted account's nobody's, and nil and max are nothing special."""
    client, before = people.ada.api, everything()
    for operation in NAMED:
        if "key" in operation.parameters:
            continue
        for ids in things.missing(operation):
            refused(operation.call(client, *ids), 404, "NOT_FOUND")
    assert everything() == before


def test_another_spelling_of_an_id_is_no_id_no_matter_who_has_it(people: People, things: Things) -> None:
    """API1:2023: braces, URNs, NULs and full-width digits are refused alike for ids that are there and not."""
    clients, before = (people.ada.api, people.mallory.api), everything()
    for operation in NAMED:
        if not operation.parameters[-1].endswith("_id"):
            continue
        *outer, last = operation.parameters
        first = [things.there[name][0] for name in outer]
        for spelling, client in itertools.product(MISSPELLINGS, clients):
            real, made_up = (
                operation.call(client, *first, spelling.replace("%s", str(id_)).replace("%%", "%"))
                for id_ in (things.there[last][0], new_id())
            )
            assert refused(real, 400, "VALIDATION_ERROR", last)
            assert seen(real) == seen(made_up)
    assert everything() == before


def test_an_owner_reaches_nothing_of_another_through_their_own_id(people: People, things: Things) -> None:
    """API1:2023: own id in front, another's behind it: the thing is looked for among one's own only."""
    own = [operation for operation in NAMED if operation.policy.owner and len(operation.parameters) > 1]
    client, before = people.mallory.api, everything()
    for operation in own:
        *_, last = operation.parameters
        responses = [
            operation.call(client, people.mallory.id, id_) for id_ in (*things.there[last], *things.gone[last])
        ]
        assert refused(responses[0], 404, "NOT_FOUND"), operation.name
        assert {str(seen(response)) for response in responses} == {str(seen(responses[0]))}, operation.name
    assert everything() == before


def test_an_owner_named_outside_the_path_counts_for_nothing(people: People, things: Things) -> None:
    """API1:2023, HTTP parameter pollution: who owns is read in the path, never in the query, a header or the body."""
    client, before = people.mallory.api, everything()
    own, bob = str(people.mallory.id), str(people.bob.id)
    for operation in [one for one in NAMED if one.policy.owner and len(one.parameters) == 1]:
        for query in ({"user_id": own}, {"user_id": bob}, {"owner": own}, {"id": own}):
            for id_ in (own, bob):
                refused(operation.call(client, id_, params=query), 400, "VALIDATION_ERROR", *query)
        if not set(operation.policy.permissions) <= held_by("user"):
            for header in ("X-User-Id", "X-Owner", "X-Forwarded-User", "X-Remote-User", "User-Id"):
                refused(operation.call(client, bob, headers={header: own}), 403, "FORBIDDEN")
    assert everything() == before
