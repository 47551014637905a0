"""The keyword arguments of a handler, taken from the request as the handler's signature asks."""

import inspect
from collections.abc import Callable, Mapping, Sequence, Set
from difflib import get_close_matches
from typing import Any

from app.context.context import Context
from app.context.dependencies import Dependencies
from app.pipeline.request_context import RequestContext
from app.results import CursorPage, Page
from app.security.actors import ANONYMOUS

_FROM_REQUEST: Mapping[str, Callable[[RequestContext], Any]] = {
    "body": lambda context: context.body,
    "principal": lambda context: context.principal,
    "target_user": lambda context: context.target_user,
}
# The account that the path names, and the parameter that names it: a handler takes one or the other.
_TARGET_USER, _ITS_ID = "target_user", "user_id"
# The first argument of services that act for somebody; made from the request and the dependencies.
_CONTEXT = "context"
# What the factory makes, by the name of a handler's parameter.
OBJECT_NAMES = frozenset({"dependencies", "probes"})
_PAGE = frozenset({"offset", "limit", "sort"})
_PAGE_OF_BOTH = _PAGE | {"cursor"}
_CURSOR_PAGE = frozenset({"cursor", "limit"})
# Read by the steps, not by handlers.
_HEADERS = frozenset({"if_match", "if_none_match", "idempotency_key"})


class SignatureMismatch(Exception):
    """A handler whose parameters are not those of its operation.

    Attributes:
        problem: what the handler has or lacks.
        about_operation: what is so of its operation, which is named between the two.
        fix: what to write instead, a sentence.
    """

    def __init__(self, problem: str, about_operation: str, fix: str) -> None:
        self.problem, self.about_operation, self.fix = problem, about_operation, fix
        super().__init__(f"{problem}, which the operation {about_operation}. {fix}")


def check_signature(
    handler: Callable[..., Any],
    *,
    parameters: frozenset[str],
    has_body: bool,
    cached: bool = False,
    safe: bool = True,
    has_user: bool = False,
) -> None:
    """Reject a handler that does not match its operation.

    Args:
        handler: a plain function.
        parameters: argument names of the operation's parameters.
        has_body: whether the operation takes a body.
        cached: whether its responses are cached, and must be the same for everybody who may call it.
        safe: whether it changes nothing.
        has_user: whether its path names an account by `user_id`.

    Raises:
        SignatureMismatch: the function has a parameter that the operation does not have or must not see, or it lacks a
            parameter or the body.
    """
    names = set(inspect.signature(handler).parameters)
    paging = _page_parameters(parameters)
    paged = "page" in names and paging <= parameters | {"sort"}
    takes_user = takes_target_user(handler, parameters)
    absent = {name for name, is_there in (("body", has_body), (_TARGET_USER, has_user)) if not is_there}
    available = (set(_FROM_REQUEST) - absent) | OBJECT_NAMES | {_CONTEXT} | parameters
    elsewhere = (paging if paged else set()) | ({_ITS_ID} if takes_user else set())
    expected = (parameters - _HEADERS - elsewhere) | ({"body"} if has_body else set())
    if takes_user and not safe:
        fix = f"Take `{_ITS_ID}`, and lock the account before you change it."
        raise SignatureMismatch(f"has {_listed([_TARGET_USER])}", "must lock", fix)
    if unknown := sorted(names - available - ({"page"} if paged else set())):
        offered = {_CONTEXT, "page"} if paging <= parameters else {_CONTEXT}
        raise SignatureMismatch(
            f"has {_listed(unknown)}", "does not have", _correction(unknown, expected - names, offered - names)
        )
    if cached and (personal := sorted(names & {*_FROM_REQUEST, _CONTEXT})):
        raise SignatureMismatch(f"has {_listed(personal)}", "caches for everybody", "Remove it, or x-cache.")
    if missing := sorted(expected - names):
        kind = CursorPage if paging is _CURSOR_PAGE else Page
        instead = paging <= parameters | {"sort"} and paging & set(missing)
        added = sorted(set(missing) - paging) if instead else missing
        fix = f"Add {', '.join([*added, *([f'page: {kind.__name__}'] if instead else [])])} to the parameters."
        raise SignatureMismatch(f"lacks {_listed(missing)}", "has", fix)


def takes_target_user(handler: Callable[..., Any], parameters: frozenset[str]) -> bool:
    """Return whether a handler takes the account that the path names, and no parameter of that name.

    Args:
        parameters: argument names of the operation's parameters.
    """
    return _TARGET_USER in inspect.signature(handler).parameters and _TARGET_USER not in parameters


def bind_handler(
    handler: Callable[..., Any], *, parameters: frozenset[str], objects: Mapping[str, object]
) -> Callable[[RequestContext], Any]:
    """Return the function that runs a handler for a request.

    Args:
        handler: one whose signature was checked.
        parameters: argument names of the operation's parameters.
        objects: those in OBJECT_NAMES, by name.
    """
    names = set(inspect.signature(handler).parameters)
    paged, by_offset, by_cursor = "page" in names, "offset" in parameters, "cursor" in parameters
    constants = {name: objects[name] for name in names & OBJECT_NAMES}
    from_request = tuple((name, _FROM_REQUEST[name]) for name in sorted(names & set(_FROM_REQUEST)))
    make_context = _context_maker(objects["dependencies"]) if _CONTEXT in names else None
    from_parameters = tuple(sorted(names & parameters))

    def run(context: RequestContext) -> Any:
        arguments = dict(constants)
        for name, read in from_request:
            arguments[name] = read(context)
        if make_context is not None:
            arguments[_CONTEXT] = make_context(context)
        values = context.arguments
        assert values is not None
        for name in from_parameters:
            arguments[name] = values[name]
        if paged and by_offset:
            after = values["cursor"] if by_cursor else None
            arguments["page"] = Page(values["offset"], values["limit"], values.get("sort") or "", after)
        elif paged:
            arguments["page"] = CursorPage(values["cursor"], values["limit"])
        return handler(**arguments)

    return run


def _context_maker(dependencies: Any) -> Callable[[RequestContext], Context]:
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


def _page_parameters(parameters: frozenset[str]) -> frozenset[str]:
    if "cursor" not in parameters:
        return _PAGE
    return _PAGE_OF_BOTH if "offset" in parameters else _CURSOR_PAGE


def _correction(unknown: Sequence[str], missing: Set[str], offered: Set[str]) -> str:
    """Return what to write instead of the parameters that an operation does not have.

    Args:
        missing: the names that the handler must have.
        offered: those that it may have, too.
    """
    meant = [found for name in unknown if (found := _similar(name, sorted(missing | offered)))]
    if meant:
        return f"Did you mean {' and '.join(f'`{name}`' for name in meant)}?"
    if missing:
        return f"Write {', '.join(f'`{name}`' for name in sorted(missing))} instead, or change the document."
    return "Remove it, or add it to the document."


def _similar(name: str, wanted: Sequence[str]) -> str | None:
    ends = [each for each in wanted if each.endswith(f"_{name}")]  # `id` for `project_id`
    return next(iter([*get_close_matches(name, wanted, n=1, cutoff=0.6), *ends[: len(ends) == 1]]), None)


def _listed(names: Sequence[str]) -> str:
    return f"the parameter{'s' * (len(names) > 1)} {', '.join(f'`{name}`' for name in names)}"
