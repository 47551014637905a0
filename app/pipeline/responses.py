"""From what a handler returned to an answer that the document describes; anything else becomes a 500.

What never changes is checked at start: that a success has the envelope, and that the envelope's own parts fit its
schema. Per request the data is checked, and each documented header that is sent.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import orjson
from jsonschema_rs import Draft202012Validator

from app.entity_tags import is_unchanged
from app.errors import Internal
from app.pipeline.context import RequestContext, Response
from app.pipeline.envelope import JSON, envelope
from app.results import MAX_COUNTED, CursorListing, Listing, Result
from app.security.cursors import Cursors
from app.spec.document import resolve
from app.spec.policy import Policy
from app.spec.validation import schemas
from app.spec.validation.violations import list_violations

Check = Callable[[Any], bool]
# A cursor of no list, in the form of every cursor.
_CURSOR = Cursors(["no secret"]).make(UUID(int=0), b"")
_MAX_TOLD = 5


class ResponseMismatch(Exception):
    """A handler's answer that the document does not describe; its text is for the log."""


class UnusableResponsesError(Exception):
    """Responses of an operation from which no answer can be made; its text is for the one who mends the document."""


class Responder:
    """Renders the successes of one operation.

    Args:
        bundle: the document.
        operation: its operation object.

    Raises:
        UnusableResponsesError: no success is described, or one that is neither JSON nor in the envelope.
    """

    def __init__(self, bundle: Mapping[str, Any], operation: Mapping[str, Any], policy: Policy) -> None:
        self._policy = policy
        self._enveloped = policy.path.startswith("/v1/")
        self._data_checks: dict[int, Draft202012Validator | None] = {}
        self._header_checks: dict[int, dict[bytes, Check]] = {}
        for status, reference in operation["responses"].items():
            if not str(status).isdigit():
                continue
            response = resolve(bundle, reference)
            report = int(status) >= 300 and not self._enveloped
            if int(status) < 300 or report:
                try:
                    self._data_checks[int(status)] = self._data_check(bundle, response)
                except UnusableResponsesError as error:
                    raise UnusableResponsesError(f"Its response {status} {error}.") from None
            self._header_checks[int(status)] = _header_checks(bundle, response)
        successes = [status for status in self._data_checks if 200 <= status < 300]
        if not successes:
            raise UnusableResponsesError("It describes no success: no response of 200 to 299 is named.")
        self._status = successes[0]
        self.statuses = frozenset(self._header_checks)

    def __call__(self, context: RequestContext, result: Any, *, cursors: Cursors, prefix: str = "") -> Response:
        """Return the answer.

        Args:
            cursors: makes those of a cursor list.
            prefix: path of the deployment, before the paths of the document.

        Raises:
            Internal: for data, a status or a header that the document does not describe.
        """
        headers: list[tuple[bytes, bytes]] = []
        status, more_meta = self._status, b""
        data = result
        if isinstance(result, Result):
            data, status = result.data, result.status or status
            if result.version is not None:
                headers.append((b"etag", b'"%b"' % str(result.version).encode()))
            if result.location is not None:
                headers.append((b"location", (prefix + result.location).encode()))
        elif isinstance(result, Listing):
            data = list(result.items)
            more_meta, link = _pagination(context, result, self._policy.path, prefix)
            if link:
                headers.append((b"link", link))
        elif isinstance(result, CursorListing):
            data = list(result.items)
            more_meta, link = _cursor_pagination(context, result, prefix + self._policy.path, cursors)
            if link:
                headers.append((b"link", link))
        if status == 503:
            headers.append((b"retry-after", b"1"))
        self._check(status, data, headers)
        if self._policy.safe and headers and _not_modified(context, headers):
            return Response(304, headers, b"")
        if data is None and self._data_checks[status] is None:
            return Response(status, headers, b"")
        text = orjson.dumps(data)
        headers.append(JSON)
        body = envelope(text, context.request_id, context.now, more_meta=more_meta) if self._enveloped else text
        return Response(status, headers, body)

    def recheck(self, response: Response) -> None:
        """Check an answer that was kept: the document may be another by now.

        Raises:
            Internal: as for a new one.
        """
        data = orjson.loads(response.body) if response.body else None
        if self._enveloped and data is not None:
            data = data["data"]
        self._check(response.status, data, [header for header in response.headers if header != JSON])

    def _data_check(self, bundle: Mapping[str, Any], response: Mapping[str, Any]) -> Draft202012Validator | None:
        content = response.get("content")
        if not content:
            return None
        if "schema" not in content.get("application/json", ()):
            raise UnusableResponsesError("has no schema for application/json")
        schema = resolve(bundle, content["application/json"]["schema"])
        if self._enveloped:
            parts = schema.get("properties", {})
            if "data" not in parts:
                raise UnusableResponsesError("is not in the envelope: its schema has no property data")
            around = {**schema, "properties": {**parts, "data": {"nullable": True}}}
            is_valid = schemas.compile(bundle, around, direction="response").is_valid
            if not all(map(is_valid, self._empty_envelopes())):
                raise UnusableResponsesError("describes another envelope than the one that is sent")
            schema = parts["data"]
        return schemas.compile(bundle, schema, direction="response")

    def _empty_envelopes(self) -> list[Any]:
        """Return the kinds of envelope that are sent, with null for the data."""
        if self._policy.paginated == "offset":
            kinds = [_pagination_meta(Listing([], 0, True), 0, 1, None, None)]
        elif self._policy.paginated == "cursor":
            kinds = [_cursor_meta(1, None), _cursor_meta(1, _CURSOR)]
        else:
            kinds = [b""]
        return [
            orjson.loads(envelope(b"null", str(UUID(int=0)), datetime.now(UTC), more_meta=more_meta))
            for more_meta in kinds
        ]

    def _check(self, status: int, data: Any, headers: list[tuple[bytes, bytes]]) -> None:
        if status not in self._data_checks:
            raise _mismatch(self._policy, f"status {status} is not documented")
        validator = self._data_checks[status]
        if validator is None:
            if data is not None:
                raise _mismatch(self._policy, f"status {status} has no body in the document, the handler gave one")
        elif not validator.is_valid(data):
            told = " ".join(
                f"{violation.field or 'the whole'}: {violation.message}"
                for violation in list_violations(validator, data)[:_MAX_TOLD]
            )
            raise _mismatch(self._policy, f"the data of status {status} does not fit its schema: {told}")
        known = self._header_checks[status]
        for name, value in headers:
            header_check = known.get(name)
            if header_check is None:
                raise _mismatch(self._policy, f"status {status} does not document the header {name.decode()}")
            if not header_check(value.decode("latin-1")):
                raise _mismatch(self._policy, f"the header {name.decode()} of status {status} does not fit its schema")


def _mismatch(policy: Policy, text: str) -> Internal:
    error = Internal(reason="response_mismatch")
    error.__cause__ = ResponseMismatch(f"{policy.operation_id}: {text} ({policy.place})")
    return error


def _header_checks(bundle: Mapping[str, Any], response: Mapping[str, Any]) -> dict[bytes, Check]:
    found: dict[bytes, Check] = {}
    for name, reference in response.get("headers", {}).items():
        schema = resolve(bundle, resolve(bundle, reference)["schema"])
        if schema.get("type") == "integer":
            found[name.lower().encode()] = _whole
        elif "pattern" in schema:
            found[name.lower().encode()] = _matches(schema["pattern"])
        else:
            found[name.lower().encode()] = schemas.compile(bundle, schema, direction="response").is_valid
    return found


def _whole(value: str) -> bool:
    return value.isdigit()


def _matches(pattern: str) -> Check:
    search = re.compile(pattern).search
    return lambda value: search(value) is not None


def _not_modified(context: RequestContext, headers: list[tuple[bytes, bytes]]) -> bool:
    tag = dict(headers).get(b"etag")
    return tag is not None and is_unchanged(context.headers.get("if-none-match"), tag[1:-1].decode())


def _pagination(context: RequestContext, listing: Listing, path: str, prefix: str) -> tuple[bytes, bytes]:
    given = {name: value for name, value in (context.arguments or {}).items() if value is not None}
    path = prefix + re.sub(r"\{([^{}]*)\}", lambda name: quote(str(given.pop(name[1])), safe=""), path)
    offset, limit = given.pop("offset"), given.pop("limit")

    def url(start: int) -> str:
        return _url(path, {**given, "offset": start, "limit": limit})

    more = offset + limit < listing.total or (not listing.total_is_exact and len(listing.items) == limit)
    following = url(offset + limit) if more and offset + limit <= MAX_COUNTED else None
    previous = url(max(0, offset - limit)) if offset > 0 else None
    links = [f'<{target}>; rel="{name}"' for target, name in ((following, "next"), (previous, "prev")) if target]
    return _pagination_meta(listing, offset, limit, following, previous), ", ".join(links).encode()


def _pagination_meta(listing: Listing, offset: int, limit: int, following: str | None, previous: str | None) -> bytes:
    pagination = {
        "offset": offset,
        "limit": limit,
        "total": listing.total,
        "total_is_exact": listing.total_is_exact,
        "next": following,
        "previous": previous,
    }
    return b',"pagination":' + orjson.dumps(pagination)


def _cursor_pagination(
    context: RequestContext, listing: CursorListing, path: str, cursors: Cursors
) -> tuple[bytes, bytes]:
    arguments = context.arguments or {}
    if listing.next is None:
        return _cursor_meta(arguments["limit"], None), b""
    assert context.list_scope is not None
    following = cursors.make(listing.next, context.list_scope)
    given = {name: value for name, value in arguments.items() if value is not None}
    link = f'<{_url(path, {**given, "cursor": following})}>; rel="next"'
    return _cursor_meta(arguments["limit"], following), link.encode()


def _cursor_meta(limit: int, following: str | None) -> bytes:
    return b',"pagination":' + orjson.dumps({"limit": limit, "next_cursor": following})


def _url(path: str, query: Mapping[str, Any]) -> str:
    texts = {
        name: value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
        for name, value in query.items()
    }
    return f"{path}?{urlencode(texts)}"
