"""Lists: pages follow each other without a row skipped or doubled, and links, bounds and cursors are as documented."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from app.contract_kit.document import Operation
from app.contract_kit.exchange import Response
from app.contract_kit.kit import Kit
from app.contract_kit.person import Person
from app.contract_kit.prepared import Prepared

_ROWS = 6
_ATTEMPTS = 4
_MAX_PAGES = 60
_LARGEST_OFFSET = 10_000


def check(kit: Kit) -> None:
    """Walk through each list."""
    for operation in kit.operations():
        if operation.paginated == "offset":
            with kit.trying(operation.name, "pages"):
                _offset(kit, operation)
            if operation.by_cursor:
                with kit.trying(operation.name, "pages by cursor"):
                    _both(kit, operation)
        elif operation.paginated == "cursor":
            with kit.trying(operation.name, "pages"):
                _cursor(kit, operation)


def _list(kit: Kit, operation: Operation) -> Prepared:
    """Return a request for a list with rows of the run's own where it has an operation that makes them."""
    caller = None if operation.public else kit.people.worker()
    prepared = kit.values.prepare(operation, caller)
    creator = kit.document.at("POST", operation.path)
    if creator is not None and kit.values.creates(creator):
        for _ in range(_ROWS):
            kit.values.create(creator, kit.people.admin, holder=prepared.holder)
    elif operation.name == "list_sessions":
        for _ in range(_ROWS // 2):
            kit.people.another_session(prepared.holder)
    if operation.parameter("q", "query"):
        prepared.query["q"] = f"new-{kit.run}"
    return prepared


def _get(kit: Kit, prepared: Prepared, query: dict[str, Any], caller: Person | None = None) -> Response:
    whole = {**prepared.query, **query}
    return kit.call(prepared.operation, caller or prepared.caller, values=prepared.values, query=whole)


def _key(row: Any) -> str:
    return (
        str(row.get("id") or row.get("key") or row.get("name") or json.dumps(row))
        if isinstance(row, dict)
        else str(row)
    )


def _offset(kit: Kit, operation: Operation) -> None:
    prepared = _list(kit, operation)
    for attempt in range(_ATTEMPTS):
        whole = _get(kit, prepared, {"limit": 100})
        if not kit.expect_status(whole, 200):
            return
        expected = [_key(row) for row in whole.data][:_ROWS]
        walked, pages = _walk(kit, prepared, limit=2, most=_ROWS)
        total = whole.meta["pagination"]["total"]
        # The list has no page that begins after its largest offset.
        last = _get(kit, prepared, {"limit": 2, "offset": max(min(total, _LARGEST_OFFSET) - 1, 0)})
        odd = [page for page in (*pages, last) if page.meta["pagination"]["total"] != total]
        # Other people's rows may come between; then it is tried again.
        if (walked[:_ROWS] == expected and not odd) or attempt == _ATTEMPTS - 1:
            break
    kit.expect(walked[:_ROWS] == expected, f"pages of 2 show {walked[:_ROWS]} instead of {expected}", whole)
    shown = (odd or pages)[0].meta["pagination"]
    told = f"total is {shown['total']} on the page at {shown['offset']}, and {total} on that of 100"
    kit.expect(not odd, told, (odd or pages)[0])
    if len(expected) < 3:
        kit.gap(operation.name, "more than one page", "the list has fewer than 3 rows", accepted=True)
    _links(kit, pages)
    _bounds(kit, prepared, whole)
    _sorting(kit, prepared)


def _walk(kit: Kit, prepared: Prepared, *, limit: int, most: int) -> tuple[list[str], list[Response]]:
    found: list[str] = []
    pages: list[Response] = []
    query: dict[str, Any] | None = {"limit": limit, "offset": 0}
    while query is not None and len(found) < most and len(pages) < _MAX_PAGES:
        page = _get(kit, prepared, query)
        pages.append(page)
        found += [_key(row) for row in page.data]
        query = _query(page.meta["pagination"]["next"])
    return found, pages


def _query(link: str | None) -> dict[str, Any] | None:
    return {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()} if link else None


def _links(kit: Kit, pages: list[Response]) -> None:
    for number, page in enumerate(pages):
        told, header = page.meta["pagination"], page.header("link") or ""
        kit.expect(told["offset"] == number * 2, f"page {number + 1} has the offset {told['offset']}", page)
        kit.expect(len(page.data) <= 2, f"a page of 2 has {len(page.data)} rows", page)
        more = told["offset"] + len(page.data) < told["total"]
        kit.expect(bool(told["next"]) == more, f"next is {told['next']!r} at {told['offset']} of {told['total']}", page)
        kit.expect(
            bool(told["previous"]) == (number > 0), f"previous is {told['previous']!r} on page {number + 1}", page
        )
        for relation in ("next", "previous"):
            link = told[relation]
            # The registered name of the relation is prev.
            named = any(f'<{link}>; rel="{word}"' in header for word in (relation, relation[:4]))
            kit.expect(link is None or named, f"the Link header has no {relation}, as meta.pagination has", page)
        if told["previous"]:
            back = _query(told["previous"]) or {}
            kit.expect(back.get("offset", "0") == str((number - 1) * 2), f"previous is {told['previous']}", page)


def _bounds(kit: Kit, prepared: Prepared, whole: Response) -> None:
    for name in ("limit", "offset"):
        schema = kit.document.resolve((prepared.operation.parameter(name, "query") or {}).get("schema", {}))
        for bound, step in (("minimum", -1), ("maximum", 1)):
            if bound in schema:
                response = _get(kit, prepared, {name: schema[bound] + step})
                kit.expect_status(response, 400, code="VALIDATION_ERROR", why=f"{name} is beyond its {bound}")
                inside = _get(kit, prepared, {name: schema[bound]})
                kit.expect_status(inside, 200, why=f"{name} is its {bound}")
    total = whole.meta["pagination"]["total"]
    if total < _LARGEST_OFFSET:
        last = _get(kit, prepared, {"limit": 2, "offset": max(total - 1, 0)})
        kit.expect(last.meta["pagination"]["next"] is None or len(last.data) == 2, "the last page has a next one", last)
        kit.expect(len(whole.data) == min(total, 100), f"{len(whole.data)} rows are shown of {total}", whole)


def _sorting(kit: Kit, prepared: Prepared) -> None:
    parameter = prepared.operation.parameter("sort", "query")
    values = kit.document.resolve((parameter or {}).get("schema", {})).get("enum", ())
    for value in values:
        response = _get(kit, prepared, {"sort": value, "limit": 50})
        name, falling = str(value).removeprefix("-"), str(value).startswith("-")
        shown = [str(row[name]) for row in response.data if isinstance(row.get(name), str)]
        if len(shown) == len(response.data):
            kit.expect(shown == sorted(shown, reverse=falling), f"sort={value} is not sorted by {name}", response)


def _cursor(kit: Kit, operation: Operation) -> None:
    prepared = _list(kit, operation)
    peer = kit.people["peer"]
    if operation.parameter("actor", "query"):
        prepared.query["actor"] = peer.id
    for _ in range(_ROWS):
        _insert(kit, peer)
    before, _ = _through(kit, prepared, limit=100)
    walked, pages = _through(kit, prepared, limit=3, between=lambda: _insert(kit, peer), most=len(before) + 12)
    doubled = sorted({row for row in walked if walked.count(row) > 1})
    kit.expect(not doubled, f"{len(doubled)} rows are shown twice while others are written", pages[0])
    passed = _passed(before, walked, whole=pages[-1].meta["pagination"]["next_cursor"] is None)
    # Somebody may have removed rows meanwhile.
    still, _ = _through(kit, prepared, limit=100)
    kept = [row for row in passed if row in set(still)]
    skipped = [row for row in kept if row not in walked]
    kit.expect(not skipped, f"{len(skipped)} of {len(kept)} rows are skipped while others are written", pages[0])
    order = [row for row in walked if row in before]
    kit.expect(order == [row for row in before if row in order], "the rows come in another order", pages[0])
    cursor = pages[0].meta["pagination"]["next_cursor"]
    if cursor is None:
        kit.gap(operation.name, "cursors", "the list has one page", accepted=True)
        return
    again = _get(kit, prepared, {"limit": 3, "cursor": cursor})
    kit.expect([_key(row) for row in again.data] == [_key(row) for row in pages[1].data],
               "a cursor that is used again shows other rows", again)  # fmt: skip
    _bad_cursors(kit, prepared, cursor)


def _both(kit: Kit, operation: Operation) -> None:
    """Go through a list by cursor that can also be read by offset, while rows are added to it."""
    prepared = _list(kit, operation)
    creator = kit.document.at("POST", operation.path)
    makes = creator is not None and kit.values.creates(creator)

    def add() -> None:
        if creator is not None and makes:
            kit.values.create(creator, kit.people.admin, holder=prepared.holder)

    before, _ = _through(kit, prepared, limit=100)
    walked, pages = _through(kit, prepared, limit=2, between=add, most=_ROWS)
    doubled = sorted({row for row in walked if walked.count(row) > 1})
    kit.expect(not doubled, f"{len(doubled)} rows are shown twice while others are made", pages[0])
    passed = _passed(before, walked, whole=pages[-1].meta["pagination"]["next_cursor"] is None)
    still, _ = _through(kit, prepared, limit=100)
    skipped = [row for row in passed if row in still and row not in walked]
    kit.expect(not skipped, f"{len(skipped)} of {len(passed)} rows are skipped while others are made", pages[0])
    cursor = pages[0].meta["pagination"]["next_cursor"]
    if cursor is None:
        kit.gap(operation.name, "cursors", "the list has one page", accepted=True)
        return
    _bad_cursors(kit, prepared, cursor)
    doubtful = _get(kit, prepared, {"limit": 2, "cursor": cursor, "offset": 2})
    kit.expect_status(doubtful, 400, code="VALIDATION_ERROR", why="it has a cursor and an offset")


def _passed(before: list[str], walked: list[str], *, whole: bool) -> list[str]:
    """Return the rows from before a walk that it has passed: all of them if it reached the end."""
    last = max((before.index(row) for row in walked if row in before), default=-1)
    return before if whole else before[: last + 1]


def _through(
    kit: Kit, prepared: Prepared, *, limit: int, between: Any = None, most: int = 600
) -> tuple[list[str], Any]:
    found: list[str] = []
    pages: list[Response] = []
    query: dict[str, Any] = {"limit": limit}
    while len(found) < most and len(pages) < _MAX_PAGES:
        page = _get(kit, prepared, query)
        pages.append(page)
        found += [_key(row) for row in page.data]
        cursor = page.meta["pagination"]["next_cursor"]
        if cursor is None:
            break
        query = {"limit": limit, "cursor": cursor}
        if between:
            between()
    return found, pages


def _insert(kit: Kit, peer: Person) -> None:
    """Have a row written: each decision writes one."""
    kit.call("get_me", peer)


def _bad_cursors(kit: Kit, prepared: Prepared, cursor: str) -> None:
    other = _get(kit, prepared, {"limit": 3, "cursor": cursor}, kit.people["tailor"])
    kit.expect_status(other, 400, code="VALIDATION_ERROR", why="the cursor was given to another account")
    middle = len(cursor) // 2
    changed = cursor[:middle] + ("A" if cursor[middle] != "A" else "B") + cursor[middle + 1 :]
    forged = _get(kit, prepared, {"limit": 3, "cursor": changed})
    kit.expect_status(forged, 400, code="VALIDATION_ERROR", why="nobody was given this cursor")
    if prepared.operation.parameter("kind", "query"):
        filtered = _get(kit, prepared, {"limit": 3, "cursor": cursor, "kind": "decision"})
        kit.expect_status(filtered, 400, code="VALIDATION_ERROR", why="the cursor is of other filters")
