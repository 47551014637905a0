"""The keyword arguments of a handler, taken from the request as the handler's signature asks."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from app.context.context import Context
from app.context.dependencies import Dependencies
from app.pipeline.context import RequestContext
from app.results import CursorPage, Page
from app.security.principal import ANONYMOUS

_FROM_REQUEST: Mapping[str, Callable[[RequestContext], Any]] = {
    "body": lambda context: context.document,
    "principal": lambda context: context.principal,
    "client": lambda context: context.client,
    "decision_id": lambda context: context.decision_id,
    "event": lambda context: context.event,
    "expected_version": lambda context: context.expected_version,
}
# What a service takes as its first argument; made from the request and the dependencies.
_CONTEXT = "context"
# What the factory makes, by the name under which a handler may ask for it.
DEPENDENCY_NAMES = frozenset({"dependencies", "probes"})
_PAGE = frozenset({"offset", "limit", "sort"})
_CURSOR_PAGE = frozenset({"cursor", "limit"})
# Read by the steps, not by handlers.
_HEADERS = frozenset({"if_match", "if_none_match", "idempotency_key"})


class SignatureMismatch(Exception):
    """A handler whose parameters are not those of its operation."""


def check_signature(
    handler: Callable[..., Any], *, parameters: frozenset[str], has_body: bool, cached: bool = False
) -> None:
    """Refuse a handler that does not fit its operation.

    Args:
        handler: a plain function.
        parameters: argument names of the operation's parameters.
        has_body: whether the operation takes a body.
        cached: whether its answers are kept, and must be the same for everybody who may ask.

    Raises:
        SignatureMismatch: when the function asks for what the operation does not have or must not see, or leaves a
            parameter or the body out.
    """
    wanted = set(inspect.signature(handler).parameters)
    window = _window(parameters)
    paged = "page" in wanted and window <= parameters | {"sort"}
    offered = (set(_FROM_REQUEST) - ({"body"} if not has_body else set())) | DEPENDENCY_NAMES | {_CONTEXT} | parameters
    expected = (parameters - _HEADERS - (window if paged else set())) | ({"body"} if has_body else set())
    if unknown := sorted(wanted - offered - ({"page"} if paged else set())):
        raise SignatureMismatch(f"asks for {', '.join(unknown)}, which the operation does not have")
    if cached and (seen := sorted(wanted & {*_FROM_REQUEST, _CONTEXT})):
        raise SignatureMismatch(f"asks for {', '.join(seen)}, and its answers are cached for everybody")
    if missing := sorted(expected - wanted):
        raise SignatureMismatch(f"leaves out {', '.join(missing)}")


def bind(
    handler: Callable[..., Any], *, parameters: frozenset[str], given: Mapping[str, object]
) -> Callable[[RequestContext], Any]:
    """Return the function that runs a handler for a call.

    Args:
        handler: one whose signature was checked.
        parameters: argument names of the operation's parameters.
        given: the objects by the names in GIVEN.
    """
    wanted = set(inspect.signature(handler).parameters)
    paged, by_cursor = "page" in wanted, "cursor" in parameters
    fixed = {name: given[name] for name in wanted & DEPENDENCY_NAMES}
    from_call = tuple((name, _FROM_REQUEST[name]) for name in sorted(wanted & set(_FROM_REQUEST)))
    service_context = _context_of(given["dependencies"]) if _CONTEXT in wanted else None
    from_arguments = tuple(sorted(wanted & parameters))

    def run(context: RequestContext) -> Any:
        arguments = dict(fixed)
        for name, take in from_call:
            arguments[name] = take(context)
        if service_context is not None:
            arguments[_CONTEXT] = service_context(context)
        values = context.arguments
        assert values is not None
        for name in from_arguments:
            arguments[name] = values[name]
        if paged and by_cursor:
            arguments["page"] = CursorPage(values["cursor"], values["limit"])
        elif paged:
            arguments["page"] = Page(values["offset"], values["limit"], values.get("sort") or "")
        return handler(**arguments)

    return run


def _context_of(dependencies: Any) -> Callable[[RequestContext], Context]:
    assert isinstance(dependencies, Dependencies)

    def make(context: RequestContext) -> Context:
        return Context(
            dependencies,
            context.principal or ANONYMOUS,
            context.client,
            context.event,
            context.expected_version,
            context.decision_id,
        )

    return make


def _window(parameters: frozenset[str]) -> frozenset[str]:
    return _CURSOR_PAGE if "cursor" in parameters else _PAGE
