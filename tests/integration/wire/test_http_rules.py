"""RFC 9112 and RFC 9110: every rule of docs/http.md, over bare sockets, whole and in pieces, by both ways in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.wire.pieces import exchange, responses
from tests.integration.wire.rules import RULES
from tests.integration.wire.rules.rule import HIDDEN, NEXT, Case, Rule
from tests.service import Service

PAGE = Path(__file__).parents[3] / "docs" / "http.md"


def pieces_of(case: Case, *, everywhere: bool) -> Iterator[tuple[bytes, ...]]:
    """Yield the pieces in which a case is sent: one; one for each byte; two, split at every byte."""
    sent = case.sent
    own = len(sent.removesuffix(HIDDEN).removesuffix(NEXT))
    yield (sent,)
    if case.is_long:
        yield from ((sent[:place], sent[place:]) for place in range(1, own, own // 5))
        return
    yield tuple(sent[place : place + 1] for place in range(len(sent)))
    if everywhere:
        yield from ((sent[:place], sent[place:]) for place in range(1, own + 2) if place < len(sent))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.section}: {rule.text}")
def test_a_rule_of_http_is_kept_however_the_bytes_arrive(probe_door: Service, rule: Rule) -> None:
    """The first case is split at every byte; tests/unit/test_request_reader.py does so with all of them."""
    tries = [(case, pieces) for case in rule.cases for pieces in pieces_of(case, everywhere=case is rule.cases[0])]

    for (case, pieces), received in zip(tries, exchange(probe_door, [pieces for _, pieces in tries]), strict=True):
        found = responses(received)
        shown = (case.sent[:300], [len(piece) for piece in pieces][:3], received[:2000])
        assert tuple(status for status, _ in found) == case.statuses, shown
        assert case.said in received, shown


def test_the_page_shows_these_rules() -> None:
    rows = [f"| {rule.section} | {rule.text} | {rule.response} |" for rule in RULES]

    assert [line for line in PAGE.read_text("utf-8").splitlines() if line[:3] == "| R" or line[2:3].isdigit()] == rows
