"""The tree of errors: its arguments and defaults, and which group catches which."""

import pytest

from app import errors
from app.errors import AppError, Violation
from tests.house.errors import error_classes

CATALOGUE = [
    (400, "VALIDATION_ERROR"),
    (400, "MALFORMED_BODY"),
    (401, "UNAUTHENTICATED"),
    (401, "INVALID_TOKEN"),
    (401, "SESSION_ENDED"),
    (401, "INVALID_CREDENTIALS"),
    (401, "INVALID_REFRESH_TOKEN"),
    (403, "FORBIDDEN"),
    (403, "STEP_UP_REQUIRED"),
    (404, "NOT_FOUND"),
    (405, "METHOD_NOT_ALLOWED"),
    (409, "EMAIL_TAKEN"),
    (409, "ROLE_TAKEN"),
    (409, "ROLE_IN_USE"),
    (409, "ROLE_BUILT_IN"),
    (409, "LAST_ADMIN"),
    (409, "IDEMPOTENCY_IN_PROGRESS"),
    (412, "PRECONDITION_FAILED"),
    (413, "PAYLOAD_TOO_LARGE"),
    (414, "URI_TOO_LONG"),
    (415, "UNSUPPORTED_MEDIA_TYPE"),
    (422, "IDEMPOTENCY_KEY_REUSED"),
    (428, "PRECONDITION_REQUIRED"),
    (429, "RATE_LIMITED"),
    (431, "HEADERS_TOO_LARGE"),
    (500, "INTERNAL_ERROR"),
    (503, "UNAVAILABLE"),
]

STATUSES_OF_GROUPS: dict[type[AppError], set[int]] = {
    errors.BadRequest: {400},
    errors.AuthenticationError: {401},
    errors.PermissionDenied: {403},
    errors.Conflict: {409},
    errors.PreconditionError: {412, 428},
}


def test_the_catalogue_of_codes_is_what_clients_know() -> None:
    assert [(item.status, item.code) for item in error_classes()] == CATALOGUE


@pytest.mark.parametrize("group", STATUSES_OF_GROUPS, ids=lambda group: group.__name__)
def test_a_group_catches_all_errors_of_its_status_and_no_others(group: type[AppError]) -> None:
    for item in error_classes():
        caught = None
        try:
            raise item
        except group as error:
            caught = error
        except AppError:
            pass
        assert (caught is not None) == (item.status in STATUSES_OF_GROUPS[group]), item


def test_an_error_takes_message_status_and_details() -> None:
    details = [Violation("is not a number", "age")]
    error = AppError("The age is not right.", 418, details, code="TEAPOT")
    assert (str(error), error.status, error.details) == ("The age is not right.", 418, tuple(details))
    assert (error.code, error.reason) == ("TEAPOT", "teapot")
    assert (AppError().status, AppError().code) == (500, "INTERNAL_ERROR")


@pytest.mark.parametrize("group", STATUSES_OF_GROUPS, ids=lambda group: group.__name__)
def test_a_group_cannot_be_raised_as_it_is(group: type[AppError]) -> None:
    with pytest.raises(TypeError, match=f"{group.__name__} .* has no code"):
        raise group("A client could not tell what this is.")
    assert group("This one has a code.", code="OF_ITS_OWN").code == "OF_ITS_OWN"


def test_a_subclass_without_a_code_and_a_status_without_one_cannot_be_raised() -> None:
    class Unnamed(errors.Conflict):
        """Somebody forgot the code."""

    for make in (Unnamed, lambda: AppError("The age is not right.", 400), lambda: errors.Internal(status=409)):
        with pytest.raises(TypeError, match="has no code"):
            make()


def test_a_class_has_defaults_for_all_that_is_not_said() -> None:
    error = errors.Unavailable()
    assert (error.status, error.code, error.reason) == (503, "UNAVAILABLE", "unavailable")
    assert error.details == (Violation(error.message),)
    assert error.headers == {"Retry-After": "1"}


def test_headers_go_beside_the_default_ones_and_before_them() -> None:
    assert errors.Unavailable(headers={"X-More": "2"}).headers == {"Retry-After": "1", "X-More": "2"}
    assert errors.Unavailable(headers={"Retry-After": "9"}).headers == {"Retry-After": "9"}


def test_an_author_adds_an_error_to_a_group() -> None:
    class ProjectArchived(errors.Conflict):
        """The project is archived."""

        code = "PROJECT_ARCHIVED"
        default_message = "This project is archived."

    with pytest.raises(errors.Conflict) as caught:
        raise ProjectArchived
    assert (caught.value.status, caught.value.code, caught.value.reason) == (
        409,
        "PROJECT_ARCHIVED",
        "project_archived",
    )
