"""A document of a team: that of Charter, with resources of their own, as one file that no other file is beside."""

import copy
import json
from pathlib import Path
from typing import Any

from tests.document import DOCUMENT

SECURED: list[dict[str, list[str]]] = [{"bearer": []}]
BOOK_ID = "019c13ec-9e00-7b00-8c2d-3e4f5a6b7c8d"
BOOK = {
    "id": BOOK_ID,
    "title": "The Analytical Engine",
    "author": "Ada Lovelace",
    "pages": 66,
    "created_at": "2026-01-31T12:00:00.000Z",
    "updated_at": "2026-01-31T12:00:00.000Z",
}
_META = {"timestamp": "2026-01-31T12:00:00.000Z", "version": "1.0", "request_id": "r"}
_TEXT = {"description": "A text.", "type": "string", "minLength": 1, "maxLength": 100, "example": "A text"}
_TIME = {"description": "A time.", "type": "string", "format": "date-time", "example": BOOK["created_at"]}
_NUMBER = {"description": "A number.", "type": "integer", "format": "int32", "minimum": 1, "example": 7}
_LOAN = {
    "description": "A loan.",
    "type": "object",
    "required": ["id", "title"],
    "properties": {"id": {"type": "string", "format": "uuid"}, "title": _TEXT},
}
_BOOK = {
    "description": "A book.",
    "type": "object",
    "additionalProperties": False,
    "required": list(BOOK),
    "properties": {
        "id": {"description": "Its id.", "type": "string", "format": "uuid", "example": BOOK_ID},
        "title": _TEXT,
        "author": _TEXT,
        "pages": {"description": "How many.", "type": "integer", "format": "int32", "minimum": 1, "example": 66},
        "created_at": _TIME,
        "updated_at": _TIME,
    },
}
# No part of it has an example.
_REPORT = {
    "description": "A report.",
    "type": "object",
    "additionalProperties": False,
    "required": ["code", "name", "owner", "amounts", "ratio", "tags", "state", "nested", "extra", "either"],
    "properties": {
        "code": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{4,6}(-x|-y)?$"},
        "name": {"type": "string", "minLength": 20, "maxLength": 24},
        "owner": {"type": "string", "format": "uuid"},
        "amounts": {"type": "array", "minItems": 3, "items": {"type": "integer", "minimum": 10, "multipleOf": 5}},
        "ratio": {"type": "number", "minimum": 0, "maximum": 1},
        "tags": {"type": "array", "uniqueItems": True, "items": {"type": "string", "enum": ["a", "b"]}},
        "state": {"type": "string", "enum": ["open", "shut"]},
        "nested": {"allOf": [{"$ref": "#/components/schemas/Part"}, {"type": "object", "properties": {"zone": _TEXT}}]},
        "extra": {"type": "object", "minProperties": 2, "additionalProperties": {"type": "boolean"}},
        "either": {"oneOf": [{"type": "integer"}, {"type": "string", "format": "email"}]},
        "secret": {"type": "string", "writeOnly": True},
        "when": {"type": "string", "format": "date", "nullable": True},
    },
}
_PART = {
    "description": "A part.",
    "type": "object",
    "required": ["place"],
    "properties": {
        "place": {"type": "string", "x-format": "time-zone"},
        "within": {"nullable": True, "allOf": [{"$ref": "#/components/schemas/Part"}]},
    },
}


def _envelope(data: Any, meta: str = "Meta") -> dict[str, Any]:
    return {
        "description": "An envelope.",
        "type": "object",
        "required": ["data", "meta", "errors"],
        "properties": {
            "data": data,
            "meta": {"$ref": f"#/components/schemas/{meta}"},
            "errors": {"type": "array", "nullable": True, "maxItems": 0, "items": {}},
        },
    }


def _success(schema: str, *headers: str, example: Any = None) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": {"$ref": f"#/components/schemas/{schema}"}}
    if example is not None:
        content["examples"] = {"one": {"value": {"data": example, "meta": _META, "errors": None}}}
    names = {"ETag": "EntityTag", "Location": "Location", "Link": "Link"}
    shown = {name: {"$ref": f"#/components/headers/{names[name]}"} for name in headers}
    return {"description": "Done.", "headers": shown, "content": {"application/json": content}}


def _operation(name: str, permission: str, success: dict[str, Any], **more: Any) -> dict[str, Any]:
    refusals = {
        status: {"$ref": f"#/components/responses/{name}"}
        for status, name in {
            "400": "InvalidBody", "401": "Unauthenticated", "403": "Forbidden", "404": "NotFound",
            "412": "PreconditionFailed", "413": "PayloadTooLarge", "414": "UriTooLong", "415": "UnsupportedMediaType",
            "429": "RateLimited", "431": "HeadersTooLarge", "500": "InternalError", "503": "Unavailable",
        }.items()
    }  # fmt: skip
    return {
        "operationId": name,
        "summary": name,
        "description": name,
        "tags": ["books"],
        "x-permission": permission,
        "security": SECURED,
        "responses": {**success, **refusals},
        **more,
    }


def _parameter(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/parameters/{name}"}


def library() -> dict[str, Any]:
    """Return the document."""
    bundle: dict[str, Any] = copy.deepcopy(DOCUMENT.bundle)
    bundle["tags"].append({"name": "books", "description": "Books."})
    schemas = bundle["components"]["schemas"]
    schemas["PermissionName"]["enum"] += ["books:read", "books:write"]
    schemas |= {"Book": _BOOK, "Report": _REPORT, "Part": _PART}
    schemas["BookEnvelope"] = _envelope({"$ref": "#/components/schemas/Book"})
    schemas["ReportEnvelope"] = _envelope({"$ref": "#/components/schemas/Report"})
    books = {"type": "array", "items": {"$ref": "#/components/schemas/Book"}}
    schemas["BooksEnvelope"] = _envelope(books, "ListMeta")
    shelf = {"type": "object", "required": ["number", "room"], "properties": {"number": _NUMBER, "room": _TEXT}}
    schemas |= {"Shelf": {"description": "A shelf.", **shelf}, "Loan": _LOAN}
    schemas["ShelfEnvelope"] = _envelope({"$ref": "#/components/schemas/Shelf"})
    schemas["ShelvesEnvelope"] = _envelope({"type": "array", "items": {"$ref": "#/components/schemas/Shelf"}})
    schemas["LoanEnvelope"] = _envelope({"$ref": "#/components/schemas/Loan"})
    schemas["LoansEnvelope"] = _envelope(
        {"type": "array", "items": {"$ref": "#/components/schemas/Loan"}}, "CursorMeta"
    )
    bundle["paths"] |= {**_books(), **_shelves(), **_loans()}
    return copy.deepcopy(bundle)


def _books() -> dict[str, Any]:
    book_id = _in_path("book_id", {"type": "string", "format": "uuid"})
    author = {"name": "author", "in": "query", "description": "x", "schema": {"type": "string"}}
    request = _request("title", "author", "pages")
    return {
        "/v1/books": {
            "get": _operation(
                "list_books",
                "books:read",
                {"200": _success("BooksEnvelope", "Link", example=[BOOK])},
                parameters=[_parameter("Offset"), _parameter("Limit"), author],
                **{"x-paginated": "offset"},
            ),
            "post": _operation(
                "create_book",
                "books:write",
                {"201": _success("BookEnvelope", "Location", example=BOOK)},
                requestBody=request,
            ),
        },
        "/v1/books/{book_id}": {
            "parameters": [book_id],
            "get": _operation(
                "get_book",
                "books:read",
                {"200": _success("BookEnvelope", "ETag"), "304": {"$ref": "#/components/responses/NotModified"}},
                parameters=[_parameter("IfNoneMatch")],
            ),
            "patch": _operation(
                "update_book",
                "books:write",
                {"200": _success("BookEnvelope", "ETag")},
                parameters=[_parameter("IfMatch")],
                requestBody=request,
                **{"x-precondition": "accepted", "x-audit": "book.updated"},
            ),
            "delete": _operation("delete_book", "books:write", {"204": {"description": "Done."}}),
        },
        "/v1/books/{book_id}/report": {
            "parameters": [book_id],
            "get": _operation("get_report", "books:read", {"200": _success("ReportEnvelope")}),
        },
    }


def _shelves() -> dict[str, Any]:
    return {
        "/v1/shelves": {
            "get": _operation("list_shelves", "books:read", {"200": _success("ShelvesEnvelope")}),
            "post": _operation(
                "create_shelf", "books:write", {"201": _success("ShelfEnvelope")}, requestBody=_request("title")
            ),
        },
        "/v1/shelves/{number}": {
            "parameters": [_in_path("number", {"type": "integer", "minimum": 1})],
            "get": _operation("get_shelf", "books:read", {"200": _success("ShelfEnvelope")}),
        },
    }


def _loans() -> dict[str, Any]:
    taken = {"409": {"$ref": "#/components/responses/RoleUnchanged"}}
    return {
        "/v1/loans": {
            "get": _operation(
                "list_loans",
                "books:read",
                {"200": _success("LoansEnvelope", "Link")},
                parameters=[_parameter("Cursor"), _parameter("Limit")],
                **{"x-paginated": "cursor"},
            ),
            "post": _operation(
                "create_loan",
                "account:read",
                {"201": _success("LoanEnvelope"), **taken},
                requestBody=_request("id", "title"),
            ),
        },
        "/v1/loans/{loan_id}": {
            "parameters": [_in_path("loan_id", {"type": "string", "format": "uuid"})],
            "get": _operation(
                "get_loan", "books:read", {"200": _success("LoanEnvelope")}, **{"x-owner": {"loan": "owner_id"}}
            ),
        },
    }


def _in_path(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "description": "Which one.", "schema": schema}


def _request(*names: str) -> dict[str, Any]:
    known: dict[str, Any] = {**_BOOK["properties"]}  # type: ignore[dict-item]
    body = {"type": "object", "additionalProperties": False, "properties": {name: known[name] for name in names}}
    return {"required": True, "content": {"application/json": {"schema": body}}}


def write_library(folder: Path) -> Path:
    """Write the document into a folder, and return its path."""
    path = folder / "openapi.json"
    path.write_text(json.dumps(library()), encoding="utf-8")
    return path
