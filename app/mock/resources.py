"""Handlers for operations that only the document describes: resources that keep what is written, else examples.

A collection is a path such as /v1/books with an item path /v1/books/{book_id} below it. Its operations list, create,
read, change and delete items in memory. The first items are those of the document's examples.
"""

import copy
import inspect
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from jsonschema_rs import Draft202012Validator

from app import entity_tags
from app.clock import rfc3339
from app.errors import AppError, NotFound, Violation
from app.identifiers import new_id
from app.mock.dependencies import MockDependencies
from app.mock.examples import NoExampleError, ResponseExamples
from app.mock.listing import page_of
from app.mock.shapes import Shape
from app.mock.tables import Item, Tables
from app.pipeline.operation import Handler
from app.results import CursorListing, Listing, Page, Position, Result
from app.security.actors import Principal

_TIMES = {"create": ("created_at", "updated_at"), "update": ("updated_at",)}
_PAGING = frozenset({"offset", "limit", "sort", "cursor", "q"})


def first_items(shape: Shape, body: Any, path_examples: Mapping[str, Any]) -> dict[tuple[str, str], Item]:
    """Return the items that an example of a list, or of one item, shows.

    Args:
        path_examples: say which collection is meant, where a collection belongs to something.
    """
    if shape.role not in ("list", "get") or not shape.path_arguments - {shape.parameter} <= path_examples.keys():
        return {}
    data = _data_of(shape, body)
    path = shape.collection_path(path_examples)
    rows = data if isinstance(data, list) else [data]
    return {
        (path, str(row[shape.id_property])): Item(row, 1)
        for row in rows
        if isinstance(row, dict) and shape.id_property in row
    }


class Resource:
    """One operation on a collection or an item.

    Args:
        shape: what the document says about it.
        examples: of its responses.
        is_valid: tells whether data is what its success describes.
    """

    def __init__(self, shape: Shape, examples: ResponseExamples, validator: Draft202012Validator | None) -> None:
        self._shape = shape
        self._examples = examples
        self._is_valid: Callable[[Any], bool] = validator.is_valid if validator else lambda _: True

    @property
    def handler(self) -> Handler:
        """The handler, with the signature that the operation demands."""
        run = {
            "list": self._list,
            "create": self._create,
            "get": self._get,
            "update": self._update,
            "delete": self._delete,
            "example": self._example,
        }[self._shape.role]
        # A response that is cached for everybody must not depend on the caller.
        first = "dependencies" if self._shape.cached else "context"

        def handler(**arguments: Any) -> Any:
            return run(arguments)

        names = [first, *self._shape.arguments, *(["body"] if self._shape.has_body else [])]
        keyword = inspect.Parameter.KEYWORD_ONLY
        handler.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [inspect.Parameter(name, keyword) for name in names]
        )
        return handler

    def _example(self, arguments: Mapping[str, Any]) -> Any:
        example = self._examples.find()
        data = copy.deepcopy(_data_of(self._shape, example.body))
        if isinstance(data, dict) and self._shape.parameter is not None:
            # What the path names is what the client asks about.
            named = {self._shape.id_property: _plain(arguments[self._shape.parameter])}
            data = self._overlaid(data, {name: value for name, value in named.items() if name in data})
        version = 1 if "etag" in example.headers else None
        if self._shape.paginated and isinstance(data, list):
            return self._page(data, arguments)
        return Result(data, version, example.headers.get("location"), example.status)

    def _list(self, arguments: Mapping[str, Any]) -> Any:
        tables, collection = _tables(arguments), self._shape.collection_path(arguments)
        rows = [item.data for (path, _), item in tables.items.items() if path == collection]
        filters = {name: _plain(arguments[name]) for name in self._shape.arguments if name not in _PAGING}
        for name, wanted in filters.items():
            if wanted is not None and name not in self._shape.path_arguments:
                rows = [row for row in rows if not isinstance(row, dict) or row.get(name, wanted) == wanted]
        return self._page(rows, arguments)

    def _page(self, rows: list[Any], arguments: Mapping[str, Any]) -> Any:
        if self._shape.paginated == "offset":
            numbered = list(enumerate(rows))
            page = Page(arguments["offset"], arguments["limit"], "", arguments.get("cursor"))
            position = (lambda row: Position("", UUID(int=row[0]))) if self._shape.by_cursor else None
            return page_of(numbered, page, position).map(lambda row: row[1])
        if self._shape.paginated != "cursor":
            return rows if self._shape.paginated is None else Listing(rows, len(rows), True)
        return self._cursor_page(rows, arguments)

    def _cursor_page(self, rows: list[Any], arguments: Mapping[str, Any]) -> CursorListing:
        """Return a page, newest first; rows whose ids are no UUIDs are on one page."""
        after, limit = arguments["cursor"], arguments["limit"]
        try:
            by_id = sorted(((UUID(str(row[self._shape.id_property])), row) for row in rows), reverse=True)
        except (KeyError, TypeError, ValueError):
            return CursorListing(rows[:limit], None)
        left = [(row_id, row) for row_id, row in by_id if after is None or row_id < after]
        shown = left[:limit]
        return CursorListing([row for _, row in shown], shown[-1][0] if len(left) > limit else None)

    def _create(self, arguments: Mapping[str, Any]) -> Result:
        dependencies, body = _dependencies(arguments), arguments["body"] or {}
        collection = self._shape.collection_path(arguments)
        data = copy.deepcopy(_data_of(self._shape, self._examples.find().body))
        data = self._overlaid(data, body)
        given = isinstance(body, dict) and self._shape.id_property in body
        if not given and isinstance(data, dict) and self._shape.id_property in data:
            data = self._overlaid(data, {self._shape.id_property: self._next_id(dependencies.state.tables, collection)})
        data = self._overlaid(data, self._times("create", dependencies))
        item_id = str(data.get(self._shape.id_property)) if isinstance(data, dict) else str(new_id())
        tables = dependencies.state.tables
        if (collection, item_id) in tables.items:
            self._refuse(409)
        owner = actor.user.id if isinstance(actor := arguments["context"].actor, Principal) else None
        dependencies.state.add(tables.items, (collection, item_id), Item(data, 1, owner))
        location = f"{collection}/{item_id}" if self._shape.has_location else None
        return Result(data, 1 if self._shape.has_tag else None, location)

    def _get(self, arguments: Mapping[str, Any]) -> Result:
        _, item = self._find(arguments)
        return Result(item.data, item.version if self._shape.has_tag else None)

    def _update(self, arguments: Mapping[str, Any]) -> Result:
        key, item = self._find(arguments)
        entity_tags.check_if_match(arguments["context"].expected_version, str(item.version))
        data = self._overlaid(item.data, arguments.get("body") or {})
        if data != item.data:
            data = self._overlaid(data, self._times("update", _dependencies(arguments)))
            item = Item(data, item.version + 1, item.owner)
            _tables(arguments).items[key] = item
        return Result(item.data, item.version if self._shape.has_tag else None)

    def _delete(self, arguments: Mapping[str, Any]) -> None:
        key, item = self._find(arguments)
        entity_tags.check_if_match(arguments["context"].expected_version, str(item.version))
        del _tables(arguments).items[key]

    def _find(self, arguments: Mapping[str, Any]) -> tuple[tuple[str, str], Item]:
        assert self._shape.parameter is not None
        key = (self._shape.collection_path(arguments), str(_plain(arguments[self._shape.parameter])))
        item = _tables(arguments).items.get(key)
        if item is None:
            raise NotFound
        return key, item

    def _overlaid(self, data: Any, values: Any) -> Any:
        """Return data with those of the values that it has properties for, as far as the result is valid."""
        if not isinstance(data, dict) or not isinstance(values, dict):
            return data
        changed = {**data, **{name: value for name, value in values.items() if name in data}}
        if self._is_valid(changed):
            return changed
        for name, value in values.items():
            candidate = {**data, name: value}
            if name in data and self._is_valid(candidate):
                data = candidate
        return data

    def _times(self, role: str, dependencies: MockDependencies) -> dict[str, str]:
        return dict.fromkeys(_TIMES[role], rfc3339(dependencies.clock()))

    def _next_id(self, tables: Tables, collection: str) -> Any:
        taken = [item_id for path, item_id in tables.items if path == collection]
        if self._shape.numbered:
            return max((int(item_id) for item_id in taken if item_id.isdigit()), default=0) + 1
        return str(new_id())

    def _refuse(self, status: int) -> None:
        """Raise the error that the document has an example of."""
        try:
            example = self._examples.find(status)
        except NoExampleError:
            return
        first = example.body["errors"][0]
        raise AppError(status=status, code=first["code"], details=[Violation(first["message"], first.get("field"))])


def _dependencies(arguments: Mapping[str, Any]) -> MockDependencies:
    holder = arguments.get("context")
    found = arguments["dependencies"] if holder is None else holder.dependencies
    assert isinstance(found, MockDependencies)
    return found


def _tables(arguments: Mapping[str, Any]) -> Tables:
    return _dependencies(arguments).state.tables


def _data_of(shape: Shape, body: Any) -> Any:
    return body["data"] if shape.enveloped and isinstance(body, dict) else body


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value
