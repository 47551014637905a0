"""What an attacker reads in the document: every operation, how to call it well, and what must not be sent with it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx

from app.database import run
from app.pipeline.contract import Contract, read_contract
from app.security.permissions import EVERYBODY
from app.spec.document import resolve
from app.spec.policy import Policy
from tests.service import config_for

# What is written beside the work itself: trails and counters. Everything else must stand as it stood.
_BESIDE = (
    "audit_",
    "charter_audit_",
    "sign_in_attempts",
    "idempotency_keys",
    "pending_invalidations",
    "migratehistory",
)


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation as somebody sees it who looks for a way in.

    Attributes:
        parameters: of its path, in order.
        schema: of its body, resolved; empty without one.
        example: a body that it takes; None without one.
        answer: schema of its success, resolved; empty where that has no body.
    """

    policy: Policy
    parameters: tuple[str, ...]
    schema: Mapping[str, Any]
    example: Any
    response: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.policy.operation_id

    @property
    def guarded(self) -> bool:
        """Whether it asks for a right that not everybody has."""
        return not EVERYBODY.issuperset(self.policy.permissions)

    def call(self, client: httpx.Client, *ids: object, body: Any = ..., **more: Any) -> httpx.Response:
        """Call it with these values in its path, and its own example unless another body is given."""
        path = self.policy.path
        for name, value in zip(self.parameters, ids, strict=True):
            path = path.replace(f"{{{name}}}", str(value))
        given = self.example if body is ... else body
        headers = {"If-Match": "*", **more.pop("headers", {})}
        return client.request(self.policy.method.upper(), path, json=given, headers=headers, **more)


@cache
def contract() -> Contract:
    """Return the document as it is served, with everything that was found in it."""
    return read_contract(config_for(DATABASE_URL="postgresql://nowhere/charter"))


@cache
def attackable() -> tuple[Operation, ...]:
    """Return every operation of the document."""
    return tuple(_read(policy) for policy in contract().policies.values())


def _read(policy: Policy) -> Operation:
    bundle = contract().document.bundle
    operation = bundle["paths"][policy.path][policy.method]
    media = resolve(bundle, operation.get("requestBody", {})).get("content", {}).get("application/json", {})
    schema = resolve(bundle, media.get("schema", {}))
    examples = [resolve(bundle, example)["value"] for example in media.get("examples", {}).values()]
    success = next(status for status in operation["responses"] if status.startswith("2"))
    response = resolve(bundle, operation["responses"][success]).get("content", {}).get("application/json", {})
    return Operation(
        policy=policy,
        parameters=tuple(part[1:-1] for part in policy.path.split("/") if part.startswith("{")),
        schema=schema,
        example=(examples or [schema.get("example")])[0],
        response=resolve(bundle, response.get("schema", {})),
    )


def part_of(schema: Any) -> Mapping[str, Any]:
    """Return what a schema in a schema stands for."""
    found: Mapping[str, Any] = resolve(contract().document.bundle, schema)
    return found


def answered_names() -> frozenset[str]:
    """Return the name of every property that any schema of the document has."""

    def names(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            yield from node.get("properties", {})
        for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            yield from names(child)

    return frozenset(names(contract().document.bundle["components"]["schemas"]))


def stored_names() -> frozenset[str]:
    """Return the name of every column of the database."""
    rows = run("SELECT DISTINCT column_name FROM information_schema.columns WHERE table_schema = 'public'")
    return frozenset(name for (name,) in rows)


def everything() -> dict[str, str]:
    """Return all that is stored, trails and counters apart, to be compared with what it is later."""
    tables = run("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    return {
        table: str(run(f'SELECT t::text FROM "{table}" t ORDER BY 1')) for (table,) in tables if not _is_beside(table)
    }


def _is_beside(table: str) -> bool:
    return table.startswith(_BESIDE)


def seen(response: httpx.Response) -> tuple[int, str, dict[str, str]]:
    """Return what somebody can compare between two answers: status, errors or data, headers but for the moment's."""
    passing = {"x-request-id", "ratelimit", "date"}
    headers = {name: value for name, value in response.headers.items() if name not in passing}
    body = response.json() if response.content else {}
    return response.status_code, json.dumps([body.get("data"), body.get("errors")]), headers
