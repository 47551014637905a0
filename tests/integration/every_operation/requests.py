"""A request for any operation, made from the document and a prepared world: the one that succeeds, or changed a little.

Path parameters and properties of bodies stand for things of the world by their names; the rest are the examples.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from app.identifiers import new_id
from app.spec.policy import Policy
from tests.integration.every_operation.described import Described
from tests.integration.every_operation.world import World


@dataclass(frozen=True)
class Request:
    """A request before it is sent.

    Attributes:
        body: JSON-ready, or bytes as they are; None for none.
        token: access token; None for nobody's.
    """

    method: str
    template: str
    values: Mapping[str, str]
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    token: str | None = None

    @property
    def path(self) -> str:
        return self.template.format(**{name: quote(value, safe="") for name, value in self.values.items()})

    def but(self, **changes: Any) -> "Request":
        """Return it with other attributes; mappings, and bodies that are objects, are added to what is there."""
        for name, value in changes.items():
            if isinstance(value, Mapping) and isinstance(before := getattr(self, name), Mapping):
                changes[name] = {**before, **value}
        return replace(self, **changes)

    def send(self, client: httpx.Client) -> httpx.Response:
        headers = dict(self.headers)
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        target = f"{self.path}?{urlencode(self.query)}" if self.query else self.path
        if isinstance(self.body, bytes):
            headers = {"Content-Type": "application/json", **headers}
            return client.request(self.method, target, content=self.body, headers=headers)
        return client.request(self.method, target, json=self.body, headers=headers)


# What these properties must say to succeed, no matter who calls.
PROPERTIES: Mapping[str, Callable[[World], Any]] = {
    # Nobody grants permissions that they lack (law 11), and everybody holds this one.
    "role": lambda world: "guest",
    "permissions": lambda world: ["account:read"],
    # Verified, a guest would be a user, who holds more.
    "email_verified": lambda world: False,
    "refresh_token": lambda world: world.refresh_tokens["owner"],
}

# What is put into the first example of an operation for want of a way to say it there, and why.
FIXED: Mapping[str, Callable[[World], Mapping[str, Any]]] = {
    # The examples' address belongs to nobody, so that the operations that make accounts succeed.
    "login": lambda world: {"email": world.people["owner"].email}
}


def request_for(described: Described, world: World) -> Request:
    """Return the request to an operation that succeeds when its caller may, with nobody calling yet.

    Raises:
        AssertionError: the document does not say enough to make one.
    """
    policy, body = described.policy, deepcopy(described.body)
    if isinstance(body, dict):
        body |= {name: make(world) for name, make in PROPERTIES.items() if name in body}
        body |= FIXED[described.name](world) if described.name in FIXED else {}
    return Request(
        method=policy.method.upper(),
        template=policy.path,
        values={name: str(world.names[name]) for name in described.operation.path_parameters},
        query={name: _example(described, name) for name in _required_in_query(described)},
        headers=_demanded(policy),
        body=body,
    )


def _demanded(policy: Policy) -> dict[str, str]:
    headers = {"If-Match": "*"} if policy.precondition else {}
    return headers | ({"Idempotency-Key": str(new_id())} if policy.idempotency == "required" else {})


def _required_in_query(described: Described) -> list[str]:
    parameters = described.operation.parameters
    return [parameter["name"] for parameter in parameters if parameter["in"] == "query" and parameter.get("required")]


def _example(described: Described, name: str) -> str:
    parameter = described.operation.parameter(name, "query")
    assert parameter is not None
    assert "example" in parameter, f"{described.name}: the query parameter {name} needs an example."
    return str(parameter["example"])
