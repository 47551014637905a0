"""What holds for every response, whatever the request was: its status, its headers, its envelope, its schema."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from app.contract_kit.document import JSON, Document, Json, Operation
from app.contract_kit.exchange import Response
from app.contract_kit.rate import POLICY, STATE
from app.contract_kit.schemas import Schemas

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
# Both clocks may be wrong by this.
_MAX_SECONDS_APART = 60
_BODILESS = (204, 304)
# What `default` may stand for, beside failures.
_BY_DEFAULT = (413, 414, 415, 431)
_SECURITY_HEADERS = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}
_DEMANDED = {401: "www-authenticate", 405: "allow", 429: "retry-after", 503: "retry-after", 201: "location"}
_REFUSED_BEFORE_COUNTING = (401, 404, 405, 413, 414, 415, 431, 503)
# Refused before the headers were read: the response cannot have the id that the request has.
_REFUSED_BEFORE_READING = (414, 431)
_META = {"timestamp", "version", "request_id"}
# Nothing that looks like these is ever sent, except where a token is the result.
_JWT = r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\."
_SECRETS = re.compile(rf"\$2[aby]\$\d\d\$|password_hash|{_JWT}|Traceback \(most".encode())


class Inspection:
    """Compares responses with a document.

    Args:
        document: what the deployment serves.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._schemas = Schemas(document, response=True)

    def faults(self, response: Response) -> Iterator[tuple[str, str]]:
        """Yield (check, message) for everything that is wrong with a response."""
        request = response.request
        operation = self._document.operations.get(request.operation or "")
        path = request.target.partition("?")[0]
        if operation is not None:
            yield from self._documented(operation, response)
        if path.startswith("/v1/"):
            yield from _envelope(response)
            yield from _headers(response, operation)
        if _SECRETS.search(response.body) and not (operation and response.ok and _gives_tokens(operation)):
            yield "schema", "the body has something that looks like a secret or a trace"

    def _documented(self, operation: Operation, response: Response) -> Iterator[tuple[str, str]]:
        status = response.status
        described = operation.responses.get(str(status))
        if described is None:
            if "default" not in operation.responses or (200 <= status < 500 and status not in _BY_DEFAULT):
                yield "statuses", f"{status} is not documented"
                return
            described = operation.responses["default"]
        if status >= 500 and status != 503:
            yield "statuses", f"the server failed with {status}"
        for name, part in described.get("headers", {}).items():
            header = self._document.resolve(part)
            value = response.header(name)
            if value is None:
                if header.get("required"):
                    yield "headers", f"{name} is missing in a {status}"
            elif "schema" in header and (faults := self._schemas.faults(header["schema"], _read(header, value))):
                yield "headers", f"{name} of a {status} does not match its schema: {faults[0]}"
        yield from self._body(described, response)

    def _body(self, described: Json, response: Response) -> Iterator[tuple[str, str]]:
        content = described.get("content", {})
        kind = (response.header("content-type") or "").partition(";")[0].strip()
        if response.request.method == "HEAD" or response.status in _BODILESS or not content:
            if response.body:
                yield "schema", f"a {response.status} has a body"
            return
        if kind not in content:
            yield "schema", f"the content type of a {response.status} is {kind or 'missing'}, not {', '.join(content)}"
            return
        if kind == JSON and response.json is None:
            yield "schema", f"the body of a {response.status} is not JSON"
        elif kind == JSON:
            for fault in self._schemas.faults(content[kind]["schema"], response.json)[:3]:
                yield "schema", f"the body of a {response.status} does not match its schema: {fault}"


def _envelope(response: Response) -> Iterator[tuple[str, str]]:
    if response.request.method == "HEAD" or response.status in _BODILESS:
        return
    body = response.json
    if not isinstance(body, dict) or set(body) != {"data", "meta", "errors"}:
        yield "envelope", f"a {response.status} is not in the envelope"
        return
    meta = response.meta
    if set(meta) - {"pagination"} != _META:
        yield "envelope", f"meta of a {response.status} has {', '.join(sorted(meta)) or 'nothing'}"
        if not meta.keys() >= _META - {"version"}:
            return
    if response.status >= 400 and (body["data"] is not None or not response.errors):
        yield "envelope", f"a {response.status} must have errors and no data"
    if response.status < 400 and body["errors"] is not None:
        yield "envelope", f"a {response.status} must have no errors"
    # A repetition has the first body.
    if str(meta["request_id"]) != response.request_id and not response.header("idempotency-replayed"):
        yield "envelope", "meta.request_id is not the X-Request-Id of the response"
    if not _TIMESTAMP.fullmatch(str(meta["timestamp"])):
        yield "envelope", f"meta.timestamp is {meta['timestamp']!r}"
    else:
        apart = datetime.now(UTC) - datetime.fromisoformat(str(meta["timestamp"]))
        if abs(apart.total_seconds()) > _MAX_SECONDS_APART:
            yield "envelope", f"the clock of the server and of this machine differ by {apart.total_seconds():.0f} s"


def _headers(response: Response, operation: Operation | None) -> Iterator[tuple[str, str]]:
    status = response.status
    if not response.request_id:
        yield "headers", f"X-Request-Id is missing in a {status}"
    elif (
        (mine := response.request.headers.get("X-Request-Id"))
        and response.request_id != mine
        and status not in _REFUSED_BEFORE_READING
    ):
        yield "headers", f"X-Request-Id is {response.request_id!r}, but the request had {mine!r}"
    for name, value in _SECURITY_HEADERS.items():
        if response.header(name) != value:
            yield "headers", f"{name} of a {status} is {response.header(name)!r}, not {value!r}"
    if (demanded := _DEMANDED.get(status)) and not response.header(demanded):
        yield "headers", f"{demanded} is missing in a {status}"
    cached = operation is not None and operation.safe and response.header("etag") is not None
    if status >= 400 and "no-store" not in (response.header("cache-control") or ""):
        yield "headers", f"a {status} may be stored: Cache-Control is {response.header('cache-control')!r}"
    if status < 400 and not cached and response.header("cache-control") != "no-store":
        yield "headers", f"Cache-Control is {response.header('cache-control')!r}, not no-store"
    if operation is None or operation.bucket is None or status in _REFUSED_BEFORE_COUNTING:
        return
    policy = POLICY.fullmatch(response.header("ratelimit-policy") or "")
    state = STATE.fullmatch(response.header("ratelimit") or "")
    if not policy or not state:
        yield "limits", f"RateLimit or RateLimit-Policy is missing in a {status}"
    elif {policy[1], state[1]} != {operation.bucket}:
        yield "limits", f"the request counted in the bucket {state[1]}, not {operation.bucket}"
    elif int(state[2]) > int(policy[2]):
        yield "limits", f"RateLimit says {state[2]} requests are left of {policy[2]}"


def _gives_tokens(operation: Operation) -> bool:
    for response in operation.responses.values():
        for media in response.get("content", {}).values():
            data = operation.properties(media.get("schema", {})).get("data", {})
            if {"access_token", "refresh_token"} & set(operation.properties(data)):
                return True
    return False


def _read(header: Json, value: str) -> object:
    schema = header.get("schema")
    if isinstance(schema, dict) and schema.get("type") == "integer" and value.isdigit():
        return int(value)
    return value
