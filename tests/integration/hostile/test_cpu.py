"""API4:2023 unrestricted resource consumption: no request costs more time of the processor than its bytes are worth.

Every operation of the document is tried, with each of its fields, parameters and headers; `make prove PART=cpu` tries
more, and one at a time.
"""

import os
from collections.abc import Iterable
from itertools import islice

import pytest

from tests.integration.hostile.cpu import BODY, HEAD, TARGET, Attack, Attacks, seconds
from tests.integration.hostile.worst_inputs import NAMES, READ
from tests.people import People
from tests.service import Service

pytestmark = pytest.mark.measured
# Set by `make prove PART=cpu`, which has more time.
ALL = os.environ.get("CHARTER_TEST_COSTS") == "all"
SEED = 20_261_130


def refuse_costly(service: Service, attacks: Iterable[Attack], *, every: int = 1) -> None:
    """Assert that each request stays within its bound; of the stock stack, which reads bodies as we do, some are tried.

    Args:
        every: which part of the requests: 1 is all.
    """
    tried, costly = 0, []
    compiled = service.config.gateway == "compiled"
    step = (1 if compiled else 4) if ALL else every if compiled else 11
    for attack in islice(attacks, 0, None, step):
        tried += 1
        used = seconds(service, attack)
        if used > attack.most_seconds:
            costly.append(f"{attack.name}: {used * 1000:.0f} ms for {len(attack.raw)} bytes")
    assert tried
    assert costly == []


def test_no_body_costs_more_than_its_bytes_are_worth(service: Service, people: People) -> None:
    """Marks to be put in order, lists of errors, numbers that collide, depth and width, in every operation's fields."""
    attacks = Attacks(people)
    refuse_costly(service, [attacks.sign_in()])
    refuse_costly(service, attacks.bodies(BODY), every=3)
    if ALL:
        refuse_costly(service, attacks.fields(BODY))
        refuse_costly(service, attacks.mixed(2_000, BODY, seed=SEED))


def test_no_parameter_costs_more_than_its_bytes_are_worth(service: Service, people: People) -> None:
    """Whatever stands in a path or a query: it is as long as a target may be."""
    refuse_costly(service, Attacks(people).parameters(TARGET), every=3)


def test_no_header_costs_more_than_its_bytes_are_worth(service: Service, people: People) -> None:
    """Each header that anything looks at, one long one or many."""
    refuse_costly(service, Attacks(people).headers(HEAD, NAMES if ALL else READ), every=3)


def test_no_target_costs_more_than_its_bytes_are_worth(service: Service, people: People) -> None:
    """Escapes, slashes and parameters without end, to operations and to pages."""
    refuse_costly(service, Attacks(people).targets(TARGET))
