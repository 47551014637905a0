"""Binding: what a handler gets is decided once, from its signature, and a handler that does not fit stops the start."""

from collections.abc import Callable
from typing import Any

import pytest

from app.clock import system_clock
from app.context.context import Context
from app.factory import build_dependencies
from app.identifiers import new_id
from app.pipeline.arguments import SignatureMismatch, bind_handler, check_signature, takes_target_user
from app.results import CursorPage, Page, Position
from app.security.actors import ANONYMOUS
from models import User
from tests.service import config_for
from tests.unit.made import make_context

NOTHING: frozenset[str] = frozenset()


def test_a_handler_gets_its_parameters_by_name() -> None:
    def handler(user_id: str, q: str | None) -> Any:
        return user_id, q

    run = bind_handler(handler, parameters=frozenset({"user_id", "q"}), objects={})

    assert run(make_context(arguments={"user_id": "7", "q": None})) == ("7", None)


def test_a_handler_gets_of_the_call_what_it_names() -> None:
    def handler(body: Any, principal: Any) -> Any:
        return body, principal

    run = bind_handler(handler, parameters=NOTHING, objects={})

    assert run(make_context(body={"a": 1})) == ({"a": 1}, None)


def test_the_context_of_a_service_has_the_actor_the_client_the_event_and_the_version() -> None:
    def handler(context: Context) -> Context:
        return context

    config = config_for(DATABASE_URL="postgresql:///")
    dependencies = build_dependencies(config, {}, clock=system_clock)
    made = make_context(expected_version=(3,), decision_id=new_id())
    context = bind_handler(handler, parameters=NOTHING, objects={"dependencies": dependencies})(made)

    assert context == Context(dependencies, ANONYMOUS, made.client, made.event, (3,), made.decision_id)


def test_a_handler_gets_what_the_factory_gives() -> None:
    dependencies = object()

    def handler(dependencies: object) -> object:
        return dependencies

    assert (
        bind_handler(handler, parameters=NOTHING, objects={"dependencies": dependencies, "probes": 1})(make_context())
        is dependencies
    )


def test_a_page_is_made_of_its_parameters() -> None:
    def handler(page: Page, q: str | None) -> Any:
        return page, q

    run = bind_handler(handler, parameters=frozenset({"offset", "limit", "sort", "q"}), objects={})

    arguments = {"offset": 20, "limit": 10, "sort": "-email", "q": "a"}
    assert run(make_context(arguments=arguments)) == (Page(20, 10, "-email"), "a")


def test_a_page_of_a_cursor_list_is_made_of_cursor_and_limit() -> None:
    def handler(page: CursorPage, q: str | None) -> Any:
        return page, q

    run = bind_handler(handler, parameters=frozenset({"cursor", "limit", "q"}), objects={})
    after = new_id()

    made = make_context(arguments={"cursor": after, "limit": 10, "q": "a"})
    assert run(made) == (CursorPage(after, 10), "a")
    made.arguments = {"cursor": None, "limit": 10, "q": None}
    assert run(made) == (CursorPage(None, 10), None)


def test_a_page_of_a_list_with_both_is_made_of_offset_and_position() -> None:
    def handler(page: Page) -> Any:
        return page

    parameters = frozenset({"offset", "cursor", "limit", "sort"})
    check_signature(handler, parameters=parameters, has_body=False)
    run = bind_handler(handler, parameters=parameters, objects={})
    after = Position("ada@example.com", new_id())

    made = make_context(arguments={"offset": 0, "cursor": after, "limit": 10, "sort": "email"})
    assert run(made) == Page(0, 10, "email", after)
    made.arguments = {"offset": 20, "cursor": None, "limit": 10, "sort": None}
    assert run(made) == Page(20, 10, "")


def test_headers_that_the_steps_read_need_not_be_taken() -> None:
    run = bind_handler(lambda: 1, parameters=frozenset({"if_match", "if_none_match"}), objects={})

    assert run(make_context()) == 1


def test_keyword_only_parameters_and_objects_that_can_be_called_are_handlers_too() -> None:
    class Handler:
        def __call__(self, *, user_id: str) -> str:
            return user_id

    run = bind_handler(Handler(), parameters=frozenset({"user_id"}), objects={})

    assert run(make_context(arguments={"user_id": "7"})) == "7"


def test_a_handler_may_take_the_account_that_the_path_names_in_place_of_its_id() -> None:
    user = User(email="ada@example.com")
    parameters = frozenset({"user_id", "if_none_match"})
    check_signature(_target, parameters=parameters, has_body=False, has_user=True)

    assert bind_handler(_target, parameters=parameters, objects={})(make_context(target_user=user)) is user


def test_a_parameter_of_this_name_is_a_parameter() -> None:
    parameters = frozenset({"target_user", "user_id"})

    assert not takes_target_user(_both, parameters)
    check_signature(_both, parameters=parameters, has_body=False, safe=False)
    with pytest.raises(SignatureMismatch, match="lacks the parameter `user_id`"):
        check_signature(_target, parameters=parameters, has_body=False)
    run = bind_handler(_both, parameters=parameters, objects={})
    assert run(make_context(arguments={"target_user": "ada", "user_id": "7"})) == ("ada", "7")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"has_user": False}, "has the parameter `target_user`, which the operation does not have"),
        ({"cached": True}, "has the parameter `target_user`, which the operation caches for everybody"),
        ({"safe": False}, "has the parameter `target_user`, which the operation must lock"),
    ],
)
def test_the_account_that_the_path_names_is_for_reads_that_have_it_and_are_not_cached(
    changes: dict[str, Any], told: str
) -> None:
    plain: dict[str, Any] = {"parameters": frozenset({"user_id"}), "has_body": False, "has_user": True}
    with pytest.raises(SignatureMismatch, match=told):
        check_signature(_target, **{**plain, **changes})


def _both(target_user: str, user_id: str) -> tuple[str, str]:
    return target_user, user_id


def _target(target_user: User) -> User:
    return target_user


def _body(body: Any) -> None: ...
def _user(user_id: str) -> None: ...
def _page(page: Page) -> None: ...
def _unknown(request: Any) -> None: ...
def _nothing() -> None: ...


@pytest.mark.parametrize(
    ("handler", "parameters", "has_body", "told"),
    [
        (_nothing, {"user_id"}, False, "lacks the parameter `user_id`"),
        (_nothing, {"b", "a"}, False, "lacks the parameters `a`, `b`"),
        (_nothing, set(), True, "lacks the parameter `body`"),
        (_body, set(), False, "has the parameter `body`, which"),
        (_user, set(), False, "has the parameter `user_id`, which"),
        (_user, {"user_id", "q"}, False, "lacks the parameter `q`"),
        (_unknown, set(), False, "has the parameter `request`, which"),
        (_page, {"offset", "limit", "q"}, False, "lacks the parameter `q`"),
        (_page, {"cursor", "limit", "sort"}, False, "lacks the parameter `sort`"),
        (_nothing, {"cursor", "limit"}, False, "lacks the parameters `cursor`, `limit`"),
        (_page, set(), False, "has the parameter `page`, which"),
        (_page, {"limit"}, False, "has the parameter `page`, which"),
        (_page, {"cursor"}, False, "has the parameter `page`, which"),
    ],
)
def test_a_handler_that_does_not_fit_its_operation_is_refused(
    handler: Callable[..., Any], parameters: set[str], told: str, *, has_body: bool
) -> None:
    with pytest.raises(SignatureMismatch, match=told):
        check_signature(handler, parameters=frozenset(parameters), has_body=has_body)
