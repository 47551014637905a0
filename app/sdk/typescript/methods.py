"""The operations of the document as methods."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.sdk.document import GenerationError, has_envelope, operations, resolve, statuses_with_result
from app.sdk.methods import removal_date
from app.sdk.names import camel, pascal
from app.sdk.typescript.types import comment, member, type_of
from app.spec.page_kinds import page_kinds

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Method:
    """An operation as a method.

    Attributes:
        name: the operationId in the way of TypeScript.
        path_arguments: name, wire name and description of each.
        query: the name of the type of the query; empty if there is none.
        members: the properties of the query.
        times: the names of those that are a moment.
        body: the name of the type of the body; empty if the operation takes none.
        result: the type of the result.
        item: the type of an item of a page; empty if it returns no page.
        decode: the function that makes a list or a page; empty for others.
        values: statuses beside 2xx whose body is a result.
        if_match: None, accepted or required.
        deprecated: what to say about it; None if it stays.
    """

    operation: str
    name: str
    tag: str
    verb: str
    path: str
    summary: str
    description: str
    path_arguments: Sequence[tuple[str, str, str]]
    query: str
    query_required: bool
    members: Sequence[str]
    times: Sequence[str]
    body: str
    body_required: bool
    body_properties: Sequence[str]
    result: str
    item: str
    decode: str
    pages: str | None
    has_both_positions: bool
    public: bool
    without_envelope: bool
    accepts_key: bool
    values: Sequence[int]
    conditional: bool
    if_match: str | None
    deprecated: str | None

    @property
    def takes_body(self) -> bool:
        """Whether the request has a body."""
        return bool(self.body)

    @property
    def constant(self) -> str:
        """The name of the operation in the module."""
        return self.operation.upper()

    @property
    def iterator(self) -> str:
        """The name of the method that goes through all pages."""
        return camel(self.operation.replace("list_", "iter_", 1))

    @property
    def options(self) -> str:
        """The type of the options."""
        parts = ["CallOptions"]
        if self.if_match:
            parts.append("IfMatchRequired" if self.if_match == "required" else "IfMatch")
        if self.accepts_key:
            parts.append("IdempotencyKey")
        return " & ".join(parts)

    @property
    def arguments(self) -> str:
        """The declared arguments before the options."""
        return self._declared(options_required=self.if_match == "required")

    @property
    def arguments_before_required_options(self) -> str:
        """The same where the options must be given; a required argument cannot follow an optional one."""
        return self._declared(options_required=True)

    def _declared(self, *, options_required: bool) -> str:
        declared = [f"{name}: string, " for name, _, _ in self.path_arguments]
        # From the last to the first.
        chosen = [("query", self.query, self.query_required), ("body", self.body, self.body_required)]
        last, later = [], options_required
        for name, kind, required in chosen:
            if kind:
                later = later or required
                mark, rest = ("", "" if required else " | undefined") if later else ("?", "")
                last.append(f"{name}{mark}: {kind}{rest}, ")
        return "".join(declared + last[::-1])

    @property
    def passed(self) -> str:
        """The names of the arguments before the options."""
        names = [name for name, _, _ in self.path_arguments]
        return "".join(
            f"{name}, " for name in [*names, *(["body"] if self.body else []), *(["query"] if self.query else [])]
        )

    @property
    def given(self) -> str:
        """The object with the arguments."""
        parts = []
        if self.path_arguments:
            parts.append("path: { " + ", ".join(f"{wire}: {name}" for name, wire, _ in self.path_arguments) + " }")
        parts += ["query"] if self.query else []
        parts += ["body"] if self.body else []
        return "{ " + ", ".join(parts) + " }" if parts else "{}"

    @property
    def comment(self) -> str:
        """What completion shows."""
        tags = [(f"param {name}", about) for name, _, about in self.path_arguments]
        return comment(f"{self.summary}.\n\n{self.description}".strip(), *tags, *self._deprecation)

    @property
    def iterator_comment(self) -> str:
        """What completion shows for the method that goes through all pages."""
        same = f"Yield the items of all pages of `{self.name}`, which has the same arguments."
        return comment(f"{same} Each page is fetched when it is needed.", *self._deprecation)

    @property
    def _deprecation(self) -> list[tuple[str, str]]:
        return [] if self.deprecated is None else [("deprecated", self.deprecated)]


def read_methods(bundle: Json, document: Json) -> dict[str, list[Method]]:
    """Return the methods by tag, in the order of the document.

    Args:
        document: what `client_document` made of the bundle.

    Raises:
        GenerationError: an operation cannot be a method.
    """
    tags: dict[str, list[Method]] = {tag["name"]: [] for tag in bundle.get("tags", [])}
    for path, verb, operation in operations(bundle):
        method = _method(bundle, document, path, verb)
        tags.setdefault(operation["tags"][0], []).append(method)
    return {tag: methods for tag, methods in tags.items() if methods}


def _method(bundle: Json, document: Json, path: str, verb: str) -> Method:
    operation, reduced = bundle["paths"][path][verb], document["paths"][path][verb]
    name = operation["operationId"]
    pages = next(iter(page_kinds(operation)), None)
    parameters = reduced["parameters"]
    headers = {resolve(bundle, part)["name"] for part in operation.get("parameters", [])}
    query = [part for part in parameters if part["in"] == "query"]
    body, body_required, properties = _body(document, reduced)
    result, item, decode = _result(document, reduced, pages)
    return Method(
        operation=name,
        name=camel(name),
        tag=operation["tags"][0],
        verb=verb.upper(),
        path=path,
        summary=operation["summary"].strip().rstrip("."),
        description=operation.get("description", "").strip(),
        path_arguments=[
            (camel(part["name"]), part["name"], part.get("description", ""))
            for part in parameters
            if part["in"] == "path"
        ],
        query=f"{pascal(name)}Query" if query else "",
        query_required=any(part.get("required") for part in query),
        members=[_query_member(document, part) for part in query],
        times=[part["name"] for part in query if _is_time(document, part)],
        body=body,
        body_required=body_required,
        body_properties=properties,
        result=result,
        item=item,
        decode=decode,
        pages=pages,
        has_both_positions=len(page_kinds(operation)) > 1,
        public=bool(operation.get("x-public")),
        without_envelope=not has_envelope(bundle, operation),
        accepts_key="x-idempotency" in operation,
        values=statuses_with_result(bundle, operation),
        conditional="If-None-Match" in headers,
        if_match=operation.get("x-precondition"),
        deprecated=_deprecation(operation),
    )


def _is_time(document: Json, parameter: Json) -> bool:
    return resolve(document, parameter["schema"]).get("format") == "date-time"


def _deprecation(operation: Json) -> str | None:
    if not operation.get("deprecated"):
        return None
    on = removal_date(operation)
    return f"It may be removed on {on}." if on else "It may be removed in a later version."


def _query_member(document: Json, parameter: Json) -> str:
    schema = parameter["schema"]
    rest = " | Date | undefined" if _is_time(document, parameter) else " | undefined"
    optional = not parameter.get("required")
    if parameter.get("deprecated"):
        schema = {**schema, "deprecated": True}
    about = parameter.get("description", "")
    return member(document, parameter["name"], schema, optional=optional, rest=rest if optional else "", about=about)


def _body(document: Json, operation: Json) -> tuple[str, bool, list[str]]:
    """Return the type of a body, whether it is required, and the names of its properties."""
    if "requestBody" not in operation:
        return "", False, []
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    target = resolve(document, schema)
    if "$ref" not in schema or "properties" not in target:
        raise GenerationError(f"The body of {operation['operationId']} is not an object with a name.")
    return type_of(document, schema), bool(operation["requestBody"].get("required")), list(target["properties"])


def _result(document: Json, operation: Json, pages: str | None) -> tuple[str, str, str]:
    """Return the type of a result, the type of an item of a page, and what makes a list or a page."""
    (response,) = operation["responses"].values()
    content: Mapping[str, Any] = response.get("content", {})
    if not content:
        return "void", "", ""
    schema = content["application/json"]["schema"]
    target = resolve(document, schema)
    if "$ref" in schema and target.get("type") == "object":
        return type_of(document, schema), "", ""
    if target.get("type") == "array" and "$ref" in target["items"]:
        item = type_of(document, target["items"])
        if pages is None:
            return f"{item}[]", "", f"readList<{item}>"
        kind = "Page" if pages == "offset" else "CursorPage"
        return f"{kind}<{item}>", item, f"read{kind}<{item}>"
    name = operation["operationId"]
    raise GenerationError(f"The result of {name} is neither an object with a name nor a list of such objects.")
