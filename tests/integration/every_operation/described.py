"""The operations as the document has them: what each is called with, and every way in which it says it may end."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from app.config import Config
from app.pipeline.contract import OPENAPI
from app.spec.document import load
from app.spec.events import load_events
from app.spec.operation import Operation, operations
from app.spec.permissions import Permission, load_permissions
from app.spec.policies import read_policies
from app.spec.policy import Policy


class Ending(NamedTuple):
    """A way in which an operation may end.

    Attributes:
        code: of the errors in the envelope; None for a success, and wherever there is no envelope.
    """

    status: int
    code: str | None

    def __str__(self) -> str:
        return f"{self.status}-{self.code}" if self.code else str(self.status)


@dataclass(frozen=True, eq=False)
class Described:
    """An operation with its policy.

    Attributes:
        permissions: all there are, by name.
    """

    operation: Operation
    policy: Policy
    permissions: Mapping[str, Permission]

    @property
    def name(self) -> str:
        return self.policy.operation_id

    @cached_property
    def responses(self) -> dict[int, dict[str, Any]]:
        """The documented responses by status; `default` is no promise that anything happens."""
        listed = self.operation.body["responses"].items()
        return {int(status): self.operation.resolved(response) for status, response in listed if status != "default"}

    @property
    def success(self) -> int:
        return next(status for status in self.responses if 200 <= status < 300)

    def codes(self, status: int) -> set[str]:
        """Return the codes that the examples of a response show; none where it is not a refusal in the envelope."""
        found = set()
        for media in self.responses[status].get("content", {}).values():
            for example in media.get("examples", {}).values():
                value = self.operation.resolved(example)["value"]
                found |= {error["code"] for error in value.get("errors") or ()}
        return found

    @property
    def endings(self) -> list[Ending]:
        """Every documented status, once for each code that its examples show."""
        coded = {status: sorted(self.codes(status)) for status in self.responses}
        return [Ending(status, code) for status, codes in coded.items() for code in codes or (None,)]

    @cached_property
    def body(self) -> Any:
        """The first example of the request body; None where there is no body."""
        if "requestBody" not in self.operation.body:
            return None
        media = self.operation.resolved(self.operation.body["requestBody"])["content"]["application/json"]
        examples = list(media.get("examples", {}).values())
        assert examples, f"{self.name}: its request body needs an example, of which the first one succeeds"
        return self.operation.resolved(examples[0])["value"]

    def property_example(self, path: tuple[str, ...]) -> Any:
        """Return the example of a property of the body."""
        media = self.operation.resolved(self.operation.body["requestBody"])["content"]["application/json"]
        schema = self.operation.resolved(media["schema"])
        for step in path:
            schema = self.operation.resolved(schema["properties"][step])
        return schema["example"]


def read_operations(openapi: Path = OPENAPI) -> list[Described]:
    """Return the operations of the document in a folder, in its order."""
    document, config = load(openapi / "openapi.yaml"), Config()
    permissions, events = load_permissions(openapi / "permissions.yaml"), load_events(openapi / "events.yaml")
    found, _ = read_policies(
        document,
        permissions=permissions,
        events=events,
        buckets=config.buckets,
        recencies=config.recencies,
        lifetimes=config.lifetimes,
    )
    return [
        Described(operation, found[operation.body["operationId"]], permissions) for operation in operations(document)
    ]


OPERATIONS = read_operations()
