"""Which rows the audit trail must have in the end, and whether it has them."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.contract_kit.document import Operation
from app.contract_kit.exchange import Response
from app.contract_kit.people import People
from app.contract_kit.person import Person

# The clock of the server may be behind.
_EARLIER = timedelta(minutes=2)
_MAX_PAGES = 100


@dataclass(frozen=True, slots=True)
class Expected:
    """The rows of one request.

    Attributes:
        decision: the outcome of its one decision; None if there must be none.
        event: (name, outcome) of its one event; None if there must be none.
    """

    response: Response
    operation: Operation
    person: Person
    decision: str | None
    event: tuple[str, str] | None


class Trail:
    """Collects what is to be in the trail.

    Args:
        people: of the run.
    """

    def __init__(self, people: People) -> None:
        self._kit, self._people = people.sender, people
        self._since = datetime.now(UTC) - _EARLIER
        self.expected: list[Expected] = []

    def note(
        self, response: Response, operation: Operation, person: Person, *, decision: str | None, event: str | None
    ) -> None:
        """Note what a request must leave in the trail.

        Args:
            decision: allowed or denied; None if it leaves none.
            event: succeeded or failed; None if it leaves none.
        """
        named = (operation.event, event) if event else None
        self.expected.append(Expected(response, operation, person, decision, named))

    def rows(self, person: Person) -> list[dict[str, Any]] | None:
        """Return what the trail has of a person since the run began; None if it cannot be read."""
        kit = self._kit
        found: list[dict[str, Any]] = []
        query: dict[str, Any] = {"actor": person.id, "since": self._since.isoformat(), "limit": 100}
        for _ in range(_MAX_PAGES):
            response = kit.call("list_audit_events", self._people.admin, query=query)
            if not response.ok:
                return None
            found += response.data
            cursor = response.meta["pagination"]["next_cursor"]
            if cursor is None:
                return found
            query["cursor"] = cursor
        return found

    def compare(self) -> None:
        """Compare the trail with what must be in it."""
        by_person: dict[str, list[Expected]] = defaultdict(list)
        for expected in self.expected:
            by_person[expected.person.id].append(expected)
        for several in by_person.values():
            rows = self.rows(several[0].person)
            if rows is None:
                self._kit.gap("list_audit_events", "the rows of a person", "the trail cannot be read")
                continue
            by_request = defaultdict(list)
            for row in rows:
                by_request[row["request_id"]].append(row)
            for expected in several:
                self._compare_one(expected, by_request[expected.response.request_id])

    def _compare_one(self, expected: Expected, rows: list[dict[str, Any]]) -> None:
        kit, name = self._kit, expected.operation.name
        decisions = [row for row in rows if row["kind"] == "decision"]
        outcomes = [row["outcome"] for row in decisions]
        wanted = [expected.decision] if expected.decision else []
        kit.expect(
            outcomes == wanted, f"the trail has the decisions {outcomes or 'none'} instead of {wanted or 'none'}",
            expected.response,
        )  # fmt: skip
        for row in decisions:
            told = (row["action"], row["permission"])
            meant = (name, " ".join(expected.operation.permissions))
            kit.expect(told == meant, f"the trail has the decision {told} instead of {meant}", expected.response)
        events = [(row["action"], row["outcome"]) for row in rows if row["kind"] == "event"]
        meant_events = [expected.event] if expected.event else []
        kit.expect(
            events == meant_events,
            f"the trail has the events {events or 'none'} instead of {meant_events or 'none'}",
            expected.response,
        )
