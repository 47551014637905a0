"""From what a handler returned to the response: status, headers, envelope, and 304 where the client has it already."""

from collections.abc import Mapping
from typing import Any

import orjson

from app.entity_tags import is_unchanged
from app.pipeline.envelope import JSON, envelope
from app.pipeline.pagination import cursor_pagination, offset_pagination, sample_metas
from app.pipeline.request_context import RequestContext
from app.pipeline.response import Response
from app.pipeline.response_checks import ResponseChecks
from app.results import CursorListing, Listing, Result
from app.security.cursors import Cursors
from app.spec.policy import Policy


class ResponseRenderer:
    """Renders the successes of one operation.

    Args:
        bundle: the document.
        operation: its operation object.

    Attributes:
        statuses: every status that the document names.

    Raises:
        UnusableResponsesError, InvalidResponseSchemaError: as ResponseChecks.
    """

    def __init__(self, bundle: Mapping[str, Any], operation: Mapping[str, Any], policy: Policy) -> None:
        self._policy = policy
        self._enveloped = policy.path.startswith("/v1/")
        self._checks = ResponseChecks(bundle, operation, policy, sample_metas(policy))
        self.statuses = self._checks.statuses

    def __call__(self, context: RequestContext, result: Any, *, cursors: Cursors, prefix: str = "") -> Response:
        """Return the response.

        Args:
            result: data, or one of `app.results`.
            cursors: makes those of the next page.
            prefix: path of the deployment, before the paths of the document.

        Raises:
            Internal: the document does not describe the data, the status or a header.
        """
        headers: list[tuple[bytes, bytes]] = []
        status, more_meta, link = self._checks.status, b"", b""
        data = result
        if isinstance(result, Result):
            data, status = result.data, result.status or status
            if result.version is not None:
                headers.append((b"etag", b'"%b"' % str(result.version).encode()))
            if result.location is not None:
                headers.append((b"location", (prefix + result.location).encode()))
        elif isinstance(result, Listing):
            data = list(result.items)
            more_meta, link = offset_pagination(context, result, self._policy.path, prefix, cursors)
        elif isinstance(result, CursorListing):
            data = list(result.items)
            more_meta, link = cursor_pagination(context, result, prefix + self._policy.path, cursors)
        if link:
            headers.append((b"link", link))
        if status == 503:
            headers.append((b"retry-after", b"1"))
        self._checks.check(status, data, headers)
        if self._policy.safe and headers and _is_not_modified(context, headers):
            return Response(304, headers, b"")
        if data is None and self._checks.is_empty(status):
            return Response(status, headers, b"")
        text = orjson.dumps(data)
        headers.append(JSON)
        if self._enveloped:
            text = envelope(text, context.request_id, context.received_at, more_meta=more_meta)
        return Response(status, headers, text)

    def check_stored(self, response: Response) -> None:
        """Check a response that was stored: the document may have changed since.

        Raises:
            Internal: as for a new one.
        """
        data = orjson.loads(response.body) if response.body else None
        if self._enveloped and data is not None:
            data = data["data"]
        self._checks.check(response.status, data, [header for header in response.headers if header != JSON])


def _is_not_modified(context: RequestContext, headers: list[tuple[bytes, bytes]]) -> bool:
    tag = dict(headers).get(b"etag")
    return tag is not None and is_unchanged(context.headers.get("if-none-match"), tag[1:-1].decode())
