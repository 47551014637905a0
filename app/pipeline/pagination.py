"""What a page of a list says about its neighbours: `meta.pagination` and the Link header."""

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode
from uuid import UUID

import orjson

from app.pipeline.request_context import RequestContext
from app.results import MAX_COUNTED, CursorListing, Listing, Position
from app.security.cursors import Cursors
from app.spec.policy import Policy

# Cursors of no list, in the form of every cursor.
_SAMPLE_CURSOR = Cursors(["no secret"]).make(UUID(int=0), b"")
_SAMPLE_POSITION = Cursors(["no secret"]).make_position(Position("", UUID(int=0)), b"")


class Pagination(NamedTuple):
    """Where the list continues.

    Attributes:
        meta: JSON members for `meta`, beginning with a comma.
        link: the value of Link; empty: none is sent.
    """

    meta: bytes
    link: bytes


def sample_metas(policy: Policy) -> list[bytes]:
    """Return an example of each kind of `meta` that an operation's pages have; one empty one where it has no pages."""
    if policy.paginated == "offset" and policy.by_cursor:
        empty = Listing([], 0, True)
        return [_offset_meta(empty, 0, 1, None, None, {"next_cursor": each}) for each in (None, _SAMPLE_POSITION)]
    if policy.paginated == "offset":
        return [_offset_meta(Listing([], 0, True), 0, 1, None, None)]
    if policy.paginated == "cursor":
        return [_cursor_meta(1, None), _cursor_meta(1, _SAMPLE_CURSOR)]
    return [b""]


def offset_pagination(
    context: RequestContext, listing: Listing, path: str, prefix: str, cursors: Cursors
) -> Pagination:
    """Return where an offset list goes on, with the filters of the request.

    A page that was asked for by cursor is followed by another such page. Every page of a list that can be read by
    cursor has the cursor of the next page.

    Args:
        path: the operation's path template.
        prefix: path of the deployment, before the paths of the document.
        cursors: makes the cursor of the next page.
    """
    query = {name: value for name, value in (context.arguments or {}).items() if value is not None}
    path = prefix + re.sub(r"\{([^{}]*)\}", lambda name: quote(str(query.pop(name[1])), safe=""), path)
    offset, limit = query.pop("offset"), query.pop("limit")
    by_cursor = query.pop("cursor", None) is not None
    cursor = None
    if listing.next is not None:
        assert context.list_scope is not None
        cursor = cursors.make_position(listing.next, context.list_scope)

    def url(start: int) -> str:
        return _url(path, {**query, "offset": start, "limit": limit})

    if by_cursor:
        following = _url(path, {**query, "cursor": cursor, "limit": limit}) if cursor else None
    else:
        more = offset + limit < listing.total or (not listing.total_is_exact and len(listing.items) == limit)
        following = url(offset + limit) if more and offset + limit <= MAX_COUNTED else None
    previous = url(max(0, offset - limit)) if offset > 0 else None
    links = [f'<{target}>; rel="{name}"' for target, name in ((following, "next"), (previous, "prev")) if target]
    more_facts = {} if context.list_scope is None else {"next_cursor": cursor}
    meta = _offset_meta(listing, offset, limit, following, previous, more_facts)
    return Pagination(meta, ", ".join(links).encode())


def cursor_pagination(context: RequestContext, listing: CursorListing, path: str, cursors: Cursors) -> Pagination:
    """Return where a cursor list goes on, with the filters of the request.

    Args:
        path: of the operation, with the deployment's prefix.
    """
    arguments = context.arguments or {}
    if listing.next is None:
        return Pagination(_cursor_meta(arguments["limit"], None), b"")
    assert context.list_scope is not None
    cursor = cursors.make(listing.next, context.list_scope)
    query = {name: value for name, value in arguments.items() if value is not None}
    link = f'<{_url(path, {**query, "cursor": cursor})}>; rel="next"'
    return Pagination(_cursor_meta(arguments["limit"], cursor), link.encode())


def _offset_meta(
    listing: Listing,
    offset: int,
    limit: int,
    following: str | None,
    previous: str | None,
    more_facts: Mapping[str, str | None] = MappingProxyType({}),
) -> bytes:
    pagination = {
        "offset": offset,
        "limit": limit,
        "total": listing.total,
        "total_is_exact": listing.total_is_exact,
        "next": following,
        "previous": previous,
        **more_facts,
    }
    return b',"pagination":' + orjson.dumps(pagination)


def _cursor_meta(limit: int, next_cursor: str | None) -> bytes:
    return b',"pagination":' + orjson.dumps({"limit": limit, "next_cursor": next_cursor})


def _url(path: str, query: Mapping[str, Any]) -> str:
    texts = {
        name: value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
        for name, value in query.items()
    }
    return f"{path}?{urlencode(texts)}"
