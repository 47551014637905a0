"""What code generators and other tools cannot use: they refuse such a document, or make code that nobody wants."""

from collections.abc import Iterator

from app.spec.document import Document, Fault, Node, nodes

# Formats of the OpenAPI registry and of JSON Schema. Charter's own are values of x-format.
_FORMATS = {
    "integer": "int32 int64",
    "number": "double float",
    "string": "binary byte date date-time duration email hostname ipv4 ipv6 password regex time uri uri-reference uuid",
}
_Findings = Iterator[tuple[tuple[str, ...], str, str]]
"""Keys below the node, message and fix."""


def check_generators(document: Document) -> Iterator[Fault]:
    """Yield a fault for each part of a document that a common generator cannot use."""
    yield from _repeated_names(document)
    for node in nodes(document.bundle):
        for key, message, fix in (*_format(node), *_integer(node), *_enum(node), *_link(node)):
            yield Fault(document.where((*node.pointer, *key)), message, fix)


def _repeated_names(document: Document) -> Iterator[Fault]:
    """Generators make types of all kinds of components, in one namespace. Examples are not types."""
    kinds: dict[str, str] = {}
    for kind, components in document.bundle.get("components", {}).items():
        for name in components if kind != "examples" else ():
            if name in kinds:
                message = f"The name {name} is used in {kinds[name]} and in {kind}."
                yield Fault(document.where(("components", kind, name)), message, "Rename one of the two.")
            kinds[name] = kind


def _format(node: Node) -> _Findings:
    kind, form = node.mapping.get("type"), node.mapping.get("format")
    if isinstance(kind, str) and isinstance(form, str):
        known = _FORMATS.get(kind, "").split()
        if form not in known:
            fix = f"Use {', '.join(known)}, or x-format for a format of Charter." if known else "Remove it."
            yield ("format",), f"The format {form} of a schema with type {kind} is not registered.", fix


def _integer(node: Node) -> _Findings:
    if node.mapping.get("type") == "integer" and not {"format", "minimum", "maximum"} <= node.mapping.keys():
        message = "An integer has no format, minimum or maximum, so typed languages guess its size."
        yield (), message, "Add `format: int32` or `format: int64`, a minimum and a maximum."


def _enum(node: Node) -> _Findings:
    values = node.mapping.get("enum")
    if not isinstance(values, list) or not isinstance(node.mapping.get("type"), str):
        return
    if values == [None]:
        fix = "Use nullable, with maxItems: 0 or maxProperties: 0."
        yield ("enum",), "The only value of an enum is null, and generators make no type of it.", fix
    elif node.pointer[:2] != ("components", "schemas") or len(node.pointer) != 3:
        yield ("enum",), "An enum has no name.", "Move its schema to components/schemas, and refer to it."


def _link(node: Node) -> _Findings:
    if node.kind == "links" and "requestBody" in node.mapping and not isinstance(node.mapping["requestBody"], str):
        fix = "Remove it, and describe in words what to send."
        yield ("requestBody",), "The requestBody of a link is not a string, and tools refuse it.", fix
