"""Walk the tree of an OpenAPI document: the nodes whose keys are keywords, not names or literal values."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Pointer = tuple[str | int, ...]

METHODS = ("get", "post", "put", "patch", "delete")

# The keys of these mappings are names that the author chose, not keywords.
NAME_MAPS = frozenset(
    {
        "callbacks",
        "content",
        "encoding",
        "examples",
        "headers",
        "links",
        "parameters",
        "paths",
        "properties",
        "requestBodies",
        "responses",
        "schemas",
        "securitySchemes",
        "variables",
    }
)
# The values of these keys are data: nothing in them is a keyword.
_LITERALS = frozenset({"default", "enum", "example", "mapping", "scopes", "value"})


class Node(NamedTuple):
    """A mapping whose keys are keywords.

    Attributes:
        kind: the mapping of names that holds it (`properties`, `paths` …), `operation`, or None.
    """

    pointer: Pointer
    mapping: dict[str, Any]
    kind: str | None


def nodes(value: Any, *, pointer: Pointer = (), names: str | None = None) -> Iterator[Node]:
    """Yield every mapping of keywords in a tree, outermost first.

    Args:
        value: the tree; a part that is in several places is visited in each.
        pointer: where the tree is in the document.
        names: the mapping of names that `value` itself is; None if its keys are keywords.
    """
    stack: list[tuple[Pointer, Any, str | None, str | None]] = [(pointer, value, names, None)]
    while stack:
        at, here, naming, kind = stack.pop()
        if isinstance(here, list):
            stack.extend(((*at, index), item, None, None) for index, item in reversed(list(enumerate(here))))
        elif isinstance(here, dict) and naming:
            stack.extend(((*at, name), child, None, naming) for name, child in reversed(here.items()))
        elif isinstance(here, dict):
            yield Node(at, here, kind)
            for key, child in reversed(here.items()):
                if isinstance(child, (dict, list)) and key not in _LITERALS:
                    inner = key if key in NAME_MAPS and isinstance(child, dict) else None
                    operation = "operation" if kind == "paths" and key in METHODS else None
                    stack.append(((*at, key), child, inner, operation))


def operations_of(item: Any) -> dict[str, dict[str, Any]]:
    """Return the operations of a path item by method; what is not a mapping is left out."""
    found = ((method, item.get(method)) for method in METHODS) if isinstance(item, dict) else ()
    return {method: operation for method, operation in found if isinstance(operation, dict)}


def at(tree: Any, pointer: Pointer) -> Any:
    """Return the value at a pointer.

    Raises:
        LookupError: there is none.
    """
    for step in pointer:
        if isinstance(tree, list):
            tree = tree[int(step)] if str(step).isdigit() else tree[len(tree)]
        elif isinstance(tree, dict):
            tree = tree[step]
        else:
            raise KeyError(step)
    return tree


def parse_pointer(fragment: str) -> tuple[str, ...]:
    """Return the steps of a JSON pointer (RFC 6901) without its `#`."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in fragment.split("/")[1:])


def write_pointer(pointer: Pointer) -> str:
    """Return the fragment `#/…` for a pointer."""
    return "#" + "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in pointer)


def resolve(bundle: Mapping[str, Any], node: Any) -> Any:
    """Return the target of a `$ref`, also over several references; the node itself if it is no reference.

    Args:
        bundle: a bundled document, whose references all have targets.
        node: any value in it.
    """
    while isinstance(node, dict) and isinstance(node.get("$ref"), str):
        node = at(bundle, parse_pointer(node["$ref"][1:]))
    return node
