"""From the raw path to an operation; nothing under our prefixes is ever handed on to the pages."""

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import unquote, unquote_to_bytes

T = TypeVar("T")

# Some servers strip these from each segment and match the rest (RFC 3986, 3.3).
_PATH_PARAMETERS = re.compile(";[^/]*")
_PREFIXES = ("/v1", "/health", "/.well-known")


@dataclass(frozen=True, slots=True)
class Route(Generic[T]):
    """One path of the document.

    Attributes:
        segments: literal text, or None for a parameter.
        names: the parameters in order.
        methods: operations by method, HEAD included.
        allow: the value of Allow.
    """

    segments: tuple[str | None, ...]
    names: tuple[str, ...]
    methods: Mapping[str, T]
    allow: str


class Router(Generic[T]):
    """Matches paths exactly, with case and slashes. Literal segments take precedence over parameters.

    Args:
        operations: (path template, method, operation) of each.

    Attributes:
        methods: every method that some path knows, as the value of Allow.
    """

    def __init__(self, operations: Iterable[tuple[str, str, T]]) -> None:
        methods: dict[str, dict[str, T]] = {}
        for template, method, operation in operations:
            methods.setdefault(template, {})[method.upper()] = operation
        routes = {template: _route(template, by_method) for template, by_method in methods.items()}
        self.methods = ", ".join(sorted({"OPTIONS"}.union(*(route.methods for route in routes.values()))))
        self._literal = {template: route for template, route in routes.items() if not route.names}
        # For each number of segments: which of them are parameters, and the routes by the segments with None for these.
        self._by_length: dict[int, dict[tuple[int, ...], dict[tuple[str | None, ...], Route[T]]]] = {}
        for route in sorted(routes.values(), key=lambda route: [segment is None for segment in route.segments]):
            positions = tuple(number for number, segment in enumerate(route.segments) if segment is None)
            by_positions = self._by_length.setdefault(len(route.segments), {})
            by_positions.setdefault(positions, {}).setdefault(route.segments, route)

    def find(self, raw_path: str) -> tuple[Route[T], dict[str, str]] | None:
        """Return the route of a path with its decoded, unvalidated parameter values.

        Args:
            raw_path: as it came, percent-encoded, without the query.
        """
        if (route := self._literal.get(raw_path)) is not None:
            return route, {}
        segments = raw_path.split("/")[1:]
        if "%" in raw_path:
            segments = [unquote_to_bytes(segment).decode("utf-8", "replace") for segment in segments]
        for positions, routes in self._by_length.get(len(segments), {}).items():
            literals: list[str | None] = [*segments]
            values = []
            for position in positions:
                values.append(segments[position])
                literals[position] = None
            route = routes.get(tuple(literals))
            if route is not None and all(values):
                return route, dict(zip(route.names, values, strict=True))
        return None


def is_ours(raw_path: str) -> bool:
    """Return whether a path, in any form that a server behind us could make of it, is under one of our prefixes."""
    path, rounds = raw_path, 4
    while rounds and "%" in path:
        path, before, rounds = unquote(path, errors="replace"), path, rounds - 1
        if path == before:
            break
    path = "/" + path.replace("\\", "/").lower().replace("\t", "").strip()
    forms = (path, _PATH_PARAMETERS.sub("", path))
    return any(posixpath.normpath(form).replace("//", "/").startswith(_PREFIXES) for form in forms)


def _route(template: str, methods: dict[str, T]) -> Route[T]:
    segments = template.split("/")[1:]
    if "GET" in methods:
        methods = {**methods, "HEAD": methods["GET"]}
    return Route(
        segments=tuple(None if part.startswith("{") else part for part in segments),
        names=tuple(part[1:-1] for part in segments if part.startswith("{")),
        methods=methods,
        allow=", ".join(sorted({*methods, "OPTIONS"})),
    )
