"""Variables whose name is almost one of Charter's are found; those of other programs are left alone."""

import pytest

from app.config_names import misspelt_variables


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("LIMIT_WRTIE", "LIMIT_WRITE"),
        ("LIMIT_LOGINS", "LIMIT_LOGIN"),
        ("LIMTI_REGISTER", "LIMIT_REGISTER"),
        ("CACHE_PROFLIE", "CACHE_PROFILE"),
        ("STEP_UP_ACCOUNT_DELETE", "STEP_UP_ACCOUNT_DELETION"),
        ("STEP_UP_ACOUNT_DELETION", "STEP_UP_ACCOUNT_DELETION"),
        ("CHARTER_PROJCET", "CHARTER_PROJECT"),
        ("CHARTER_STAT", "CHARTER_STATE"),
        ("JTW_SECRET", "JWT_SECRET"),
        ("jwt_secret", "JWT_SECRET"),
        ("DATABASE_URI", "DATABASE_URL"),
        ("REDIS_ULR", "REDIS_URL"),
        ("BCRYPT_COSTS", "BCRYPT_COST"),
        ("TRUSTED_PROXY", None),
        ("METRICS_TOKE", "METRICS_TOKEN"),
    ],
)
def test_a_name_that_is_almost_known_is_found_with_the_one_that_was_meant(name: str, meant: str | None) -> None:
    assert dict(misspelt_variables({name: "1"})) == ({name: meant} if meant else {})


@pytest.mark.parametrize(
    "name",
    [
        "LIMIT_WRITE",
        "CHARTER_PROJECT",
        "HOSTNAME",
        "PORTS",
        "LOGNAME",
        "DATABASE_USER",
        "DATABASE_HOST",
        "DATABASE_URL_TEST",
        "JWT_SECRET_KEY",
        "REDIS_HOST",
        "REDIS_PORT",
        "CHARTER_PORT",
        "CHARTER_SERVICE_HOST",
        "CHARTER_TEST_DATABASE_URL",
        "LC_ALL",
        "LIMIT_",
        "_",
        "",
    ],
)
def test_what_another_program_may_read_is_left_alone(name: str) -> None:
    assert list(misspelt_variables({name: "1"})) == []


def test_an_empty_variable_is_ignored() -> None:
    assert list(misspelt_variables({"LIMIT_WRTIE": " "})) == []


def test_the_numbers_of_a_project_count() -> None:
    known = ["LIMIT_WRITE", "LIMIT_IMPORT"]
    assert dict(misspelt_variables({"LIMIT_IMPROT": "1/1"}, known)) == {"LIMIT_IMPROT": "LIMIT_IMPORT"}
