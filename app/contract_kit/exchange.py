"""A request and its response, and how a person repeats the request with curl."""

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

# Headers that curl sends by itself, or whose value is a secret.
_OMITTED = {"content-length", "host"}
_LONGEST_BODY = 2000


@dataclass(frozen=True)
class Request:
    """A request before it is sent.

    Attributes:
        target: path and query, as they go on the wire.
        body: the bytes; None for none.
        operation: the operationId that it is meant for; None for none.
        caller: who sends it, for the report.
        token: the access token; None for none.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    operation: str | None = None
    caller: str = "nobody"
    token: str | None = field(default=None, repr=False)

    def but(self, **changes: Any) -> "Request":
        """Return it with other attributes; headers are added to those that are there."""
        if "headers" in changes:
            changes["headers"] = {**self.headers, **changes["headers"]}
        return replace(self, **changes)

    def without(self, header: str) -> "Request":
        """Return it without a header."""
        return replace(self, headers={name: value for name, value in self.headers.items() if name != header})

    def curl(self, base_url: str) -> str:
        """Return a command that repeats it; the token is a variable."""
        # `-X HEAD` would wait for a body.
        how = {"HEAD": ["-I"], "GET": [] if self.body is None else ["-X", "GET"]}.get(self.method, ["-X", self.method])
        words = ["curl", "-i", *how, f"{base_url}{self.target}"]
        for name, value in self.headers.items():
            if name.lower() not in _OMITTED:
                words += ["-H", f"{name}: {value if len(value) < 500 else value[:500]}"]
        if self.body is not None:
            shown = self.body.decode("utf-8", "replace")
            words += ["--data-raw", shown if len(shown) <= _LONGEST_BODY else shown[:_LONGEST_BODY] + "..."]
        line = shlex.join(words)
        return f'{line} -H "Authorization: Bearer $TOKEN"' if self.token is not None else line


@dataclass(frozen=True)
class Response:
    """A response.

    Attributes:
        headers: (name in small letters, value), in the order of the wire.
        seconds: from sending the request to the last byte of the response.
    """

    request: Request
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    seconds: float

    def header(self, name: str) -> str | None:
        """Return the value of a header; None if it is not there."""
        wanted = name.lower()
        found = [value for known, value in self.headers if known == wanted]
        return ", ".join(found) if found else None

    def made(self, templates: Iterable[str]) -> tuple[str, str] | None:
        """Return what `Location` names: the template that its path fits, and the path; None if it fits none.

        What a proxy or PUBLIC_URL has put before the path is left out.
        """
        parts = urlsplit(self.header("location") or "").path.split("/")
        for template in templates:
            wanted = template.split("/")[1:]
            tail = parts[-len(wanted) :]
            fits = (
                left == right or (left.startswith("{") and right) for left, right in zip(wanted, tail, strict=False)
            )
            if len(parts) > len(wanted) and all(fits):
                return template, "/" + "/".join(tail)
        return None

    @cached_property
    def json(self) -> Any:
        """The body as JSON; None for any other body."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def data(self) -> Any:
        """The `data` of the envelope; the whole body where there is no envelope."""
        return self.json["data"] if isinstance(self.json, dict) and "data" in self.json else self.json

    @property
    def meta(self) -> dict[str, Any]:
        """The `meta` of the envelope."""
        found = self.json.get("meta") if isinstance(self.json, dict) else None
        return found if isinstance(found, dict) else {}

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The errors of the envelope."""
        found = self.json.get("errors") if isinstance(self.json, dict) else None
        return [error for error in found if isinstance(error, dict)] if isinstance(found, list) else []

    @property
    def refusal(self) -> tuple[object, ...]:
        """What a refusal tells: the status, and code, message and field of each error."""
        told = [(error.get("code"), error.get("message"), error.get("field")) for error in self.errors]
        return self.status, tuple(told)

    @property
    def code(self) -> str | None:
        """The code of the first error."""
        return str(self.errors[0].get("code")) if self.errors else None

    @property
    def ok(self) -> bool:
        """Whether it is a success."""
        return 200 <= self.status < 300

    @property
    def request_id(self) -> str:
        """The id of the request."""
        return self.header("x-request-id") or ""

    def told(self) -> str:
        """Return it in short."""
        return f"{self.status} {self.code}" if self.code else str(self.status)
