"""From a call to a handler's keyword arguments, decided once from the handler's signature."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from app.policy.call import Call
from app.policy.results import CursorPage, Page

_FROM_CALL: Mapping[str, Callable[[Call], Any]] = {
    "body": lambda call: call.document,
    "principal": lambda call: call.principal,
    "client": lambda call: call.client,
    "decision_id": lambda call: call.decision_id,
    "event": lambda call: call.event,
    "expected_version": lambda call: call.expected_version,
}
# What the factory makes, by the name under which a handler may ask for it.
GIVEN = frozenset({"tools", "probes"})
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
    offered = (set(_FROM_CALL) - ({"body"} if not has_body else set())) | GIVEN | parameters
    expected = (parameters - _HEADERS - (window if paged else set())) | ({"body"} if has_body else set())
    if unknown := sorted(wanted - offered - ({"page"} if paged else set())):
        raise SignatureMismatch(f"asks for {', '.join(unknown)}, which the operation does not have")
    if cached and (seen := sorted(wanted & set(_FROM_CALL))):
        raise SignatureMismatch(f"asks for {', '.join(seen)}, and its answers are cached for everybody")
    if missing := sorted(expected - wanted):
        raise SignatureMismatch(f"leaves out {', '.join(missing)}")


def bind(
    handler: Callable[..., Any], *, parameters: frozenset[str], given: Mapping[str, object]
) -> Callable[[Call], Any]:
    """Return the function that runs a handler for a call.

    Args:
        handler: one whose signature was checked.
        parameters: argument names of the operation's parameters.
        given: the objects by the names in GIVEN.
    """
    wanted = set(inspect.signature(handler).parameters)
    paged, by_cursor = "page" in wanted, "cursor" in parameters
    fixed = {name: given[name] for name in wanted & GIVEN}
    from_call = tuple((name, _FROM_CALL[name]) for name in sorted(wanted & set(_FROM_CALL)))
    from_arguments = tuple(sorted(wanted & parameters))

    def run(call: Call) -> Any:
        arguments = dict(fixed)
        for name, take in from_call:
            arguments[name] = take(call)
        values = call.arguments
        assert values is not None
        for name in from_arguments:
            arguments[name] = values[name]
        if paged and by_cursor:
            arguments["page"] = CursorPage(values["cursor"], values["limit"])
        elif paged:
            arguments["page"] = Page(values["offset"], values["limit"], values.get("sort") or "")
        return handler(**arguments)

    return run


def _window(parameters: frozenset[str]) -> frozenset[str]:
    return _CURSOR_PAGE if "cursor" in parameters else _PAGE
