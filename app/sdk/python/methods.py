"""The methods of the resources, as the templates need them."""

import re
import textwrap
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.sdk.document import GenerationError, has_envelope, operations, resolve, statuses_with_result
from app.sdk.methods import removal_date
from app.sdk.python.generator import Endpoint, ListProperty, ModelProperty, Property
from app.spec.page_kinds import page_kinds

_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a method.

    Attributes:
        name: in Python.
        wire: in the request.
        type: without what stands for "not given".
        required: whether it must be given.
        about: its description, on one line.
    """

    name: str
    wire: str
    type: str
    required: bool
    about: str


@dataclass(frozen=True, slots=True)
class Method:
    """An operation as a method.

    Attributes:
        name: the operationId.
        result: the type of the result.
        decode: the expression that makes the result of `data` and `meta`.
        item: the type of an item of a page; empty if it returns no page.
        values: statuses beside 2xx whose body is a result.
        body: None if the operation takes none.
        if_match: None, accepted or required.
        deprecated: what a caller is warned of; empty if the operation stays.
    """

    name: str
    tag: str
    verb: str
    path: str
    summary: str
    description: str
    result: str
    decode: str
    item: str
    pages: str | None
    public: bool
    has_envelope: bool
    accepts_key: bool
    values: Sequence[int]
    conditional: bool
    if_match: str | None
    deprecated: str
    path_arguments: Sequence[Argument]
    query: Sequence[Argument]
    body: Sequence[Argument] | None
    body_model: str

    @property
    def arguments(self) -> list[Argument]:
        """All arguments of the document."""
        return [*self.path_arguments, *self.query, *(self.body or ())]

    @property
    def has_both_positions(self) -> bool:
        """Whether it is a list by offset or cursor: an iterator begins with the one, and goes on with the other."""
        return self.pages == "offset" and any(argument.wire == "cursor" for argument in self.query)

    @property
    def takes_body(self) -> bool:
        """Whether the request has a body."""
        return self.body is not None

    @property
    def constant(self) -> str:
        """The name of the operation in the module."""
        return f"_{self.name.upper()}"


def read_methods(
    bundle: dict[str, Any], endpoints: Mapping[str, Endpoint], enums: Collection[str]
) -> dict[str, list[Method]]:
    """Return the methods by tag, in the order of the document.

    Args:
        enums: the names of the enums; an argument also takes the texts of their values.

    Raises:
        GenerationError: an operation cannot be a method.
    """
    tags: dict[str, list[Method]] = {tag["name"]: [] for tag in bundle.get("tags", [])}
    for path, verb, operation in operations(bundle):
        name = operation["operationId"]
        if name not in endpoints:
            raise GenerationError(f"{name} was left out by the generator.")
        method = _method(bundle, path, verb, operation, endpoints[name], enums)
        tags.setdefault(method.tag, []).append(method)
    return {tag: methods for tag, methods in tags.items() if methods}


def _method(
    bundle: dict[str, Any],
    path: str,
    verb: str,
    operation: dict[str, Any],
    endpoint: Endpoint,
    enums: Collection[str],
) -> Method:
    name = operation["operationId"]
    pages = next(iter(page_kinds(operation)), None)
    result, decode, item = _result(endpoint, name, pages)
    body = endpoint.bodies[0].prop if endpoint.bodies else None
    if body is not None and not isinstance(body, ModelProperty):
        raise GenerationError(f"The body of {name} is not an object with a name.")
    properties = [*(body.required_properties or []), *(body.optional_properties or [])] if body else []
    parameters = [resolve(bundle, parameter) for parameter in operation.get("parameters", [])]
    headers = {parameter["name"] for parameter in parameters if parameter["in"] == "header"}
    about = {parameter["name"]: parameter.get("description", "") for parameter in parameters}
    return Method(
        name=name,
        tag=operation["tags"][0],
        verb=verb.upper(),
        path=path,
        summary=operation["summary"].strip(),
        description=operation.get("description", "").strip(),
        result=result,
        decode=decode,
        item=item,
        pages=pages,
        public=bool(operation.get("x-public")),
        has_envelope=has_envelope(bundle, operation),
        accepts_key="x-idempotency" in operation,
        values=statuses_with_result(bundle, operation),
        conditional="If-None-Match" in headers,
        if_match=operation.get("x-precondition"),
        deprecated=_deprecation(operation),
        path_arguments=[_argument(item, enums, about) for item in endpoint.path_parameters],
        query=[_argument(item, enums, about) for item in endpoint.query_parameters],
        body=[_argument(item, enums) for item in properties] if body else None,
        body_model=body.class_info.name if body else "",
    )


def _deprecation(operation: dict[str, Any]) -> str:
    if not operation.get("deprecated"):
        return ""
    text = f"{operation['operationId']} is deprecated"
    on = removal_date(operation)
    return f"{text}: the server may remove it on {on}." if on else f"{text}."


def _result(endpoint: Endpoint, name: str, pages: str | None) -> tuple[str, str, str]:
    """Return the type of a result, the expression that makes it, and the type of an item of a page."""
    prop = endpoint.responses.patterns[0].prop
    if endpoint.responses.patterns[0].source["return_type"] == "None":
        return "None", "None", ""
    if isinstance(prop, ModelProperty):
        return prop.class_info.name, f"models.{prop.class_info.name}.from_dict(data)", ""
    if isinstance(prop, ListProperty) and isinstance(prop.inner_property, ModelProperty):
        item = prop.inner_property.class_info.name
        if pages is None:
            return f"list[{item}]", f"[models.{item}.from_dict(item) for item in data]", ""
        page, read = ("Page", "read_page") if pages == "offset" else ("CursorPage", "read_cursor_page")
        return f"{page}[{item}]", f"{read}(models.{item}.from_dict, data, meta)", item
    raise GenerationError(f"The result of {name} is neither an object with a name nor a list of such objects.")


def _argument(prop: Property, enums: Collection[str], described: Mapping[str, str] | None = None) -> Argument:
    kind = prop.get_type_string(no_optional=True).as_unembedded_code()
    kind = re.sub(r"\bUUID\b", "UUID | str", kind)
    kind = re.sub(r"\blist\[", "Sequence[", kind)
    if enums:
        kind = re.sub(rf"\b({'|'.join(sorted(enums))})\b", r"\1Like", kind)
    kind = re.sub(r"\bAny\b", "object", kind)
    kind = re.sub(r"^None \| (.+)$", r"\1 | None", kind)
    wire = prop.name.get_untrusted_value()
    about = (described or {}).get(wire) or (prop.description.get_untrusted_value() if prop.description else "")
    return Argument(str(prop.python_name), wire, kind, prop.required, " ".join(about.split()))


def docstring(method: Method, extra: Sequence[tuple[str, str]] = (), indent: int = 8) -> str:
    """Return the docstring of a method, with its quotes."""
    pad = " " * indent
    parts = [_wrapped(f"{method.summary}.", pad, pad)]
    if method.deprecated:
        parts.append(_wrapped(f"Deprecated: {method.deprecated}", pad, pad))
    if method.description:
        parts.append(_wrapped(method.description, pad, pad))
    arguments = [(argument.name, argument.about) for argument in method.arguments] + list(extra)
    if method.if_match:
        arguments.append(
            ("if_match", "The etag of the version to change; if there is another by now, nothing changes.")
        )
    if method.accepts_key:
        arguments.append(
            ("idempotency_key", "Yours, to repeat the call after a restart; by default each call has one.")
        )
    arguments.append(("timeout", "Seconds for each attempt; by default that of the client."))
    if arguments:
        lines = [_wrapped(f"{name}: {about}", f"{pad}    ", f"{pad}        ") for name, about in arguments]
        parts.append("\n".join([f"{pad}Args:", *lines]))
    text = "\n\n".join(parts).strip()
    return f'"""{_quoted(text)}\n{pad}"""' if "\n" in text else f'"""{_quoted(text)}"""'


def _wrapped(text: str, first: str, rest: str) -> str:
    return textwrap.fill(
        " ".join(text.split()), _WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
