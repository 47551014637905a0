"""From the raw path to an operation's plan; nothing under our prefixes is ever handed on."""

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import unquote, unquote_to_bytes

P = TypeVar("P")

# What some servers strip from each segment, and match what is left (RFC 3986, 3.3).
_PATH_PARAMETERS = re.compile(";[^/]*")
_PREFIXES = ("/v1", "/health", "/.well-known")


@dataclass(frozen=True, slots=True)
class Route(Generic[P]):
    """One path of the document.

    Attributes:
        segments: literal text, or None where a parameter stands.
        names: the parameters in order.
        methods: plans by method, HEAD included.
        allow: the value of Allow.
    """

    segments: tuple[str | None, ...]
    names: tuple[str, ...]
    methods: Mapping[str, P]
    allow: str


class Router(Generic[P]):
    """Matches paths exactly: case, slashes and all. Literal segments win over parameters.

    Args:
        plans: (path template, method, plan) of every operation.

    Attributes:
        methods: every method that some path knows, as the value of Allow.
    """

    def __init__(self, plans: Iterable[tuple[str, str, P]]) -> None:
        methods: dict[str, dict[str, P]] = {}
        for template, method, plan in plans:
            methods.setdefault(template, {})[method.upper()] = plan
        routes = {template: _route(template, found) for template, found in methods.items()}
        self.methods = ", ".join(sorted({"OPTIONS"}.union(*(route.methods for route in routes.values()))))
        self._literal = {template: route for template, route in routes.items() if not route.names}
        self._by_length: dict[int, list[Route[P]]] = {}
        for route in sorted(routes.values(), key=lambda route: [segment is None for segment in route.segments]):
            self._by_length.setdefault(len(route.segments), []).append(route)

    def find(self, raw_path: str) -> tuple[Route[P], dict[str, str]] | None:
        """Return the route of a path with its decoded, unvalidated parameter values.

        Args:
            raw_path: as it came, percent-encoded, without the query.
        """
        if (route := self._literal.get(raw_path)) is not None:
            return route, {}
        segments = raw_path.split("/")[1:]
        if "%" in raw_path:
            segments = [unquote_to_bytes(segment).decode("utf-8", "replace") for segment in segments]
        for route in self._by_length.get(len(segments), ()):
            pairs = list(zip(route.segments, segments, strict=True))
            values = [given for literal, given in pairs if literal is None]
            if all(values) and all(literal in (None, given) for literal, given in pairs):
                return route, dict(zip(route.names, values, strict=True))
        return None


def is_ours(raw_path: str) -> bool:
    """Tell whether a path, or anything a server behind us could make of it, lies under our prefixes."""
    path, rounds = raw_path, 4
    while rounds and "%" in path:
        path, before, rounds = unquote(path, errors="replace"), path, rounds - 1
        if path == before:
            break
    path = "/" + path.replace("\\", "/").lower().replace("\t", "").strip()
    readings = (path, _PATH_PARAMETERS.sub("", path))
    return any(posixpath.normpath(reading).replace("//", "/").startswith(_PREFIXES) for reading in readings)


def _route(template: str, methods: dict[str, P]) -> Route[P]:
    segments = template.split("/")[1:]
    if "GET" in methods:
        methods = {**methods, "HEAD": methods["GET"]}
    return Route(
        segments=tuple(None if part.startswith("{") else part for part in segments),
        names=tuple(part[1:-1] for part in segments if part.startswith("{")),
        methods=methods,
        allow=", ".join(sorted({*methods, "OPTIONS"})),
    )
