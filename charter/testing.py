"""The kit for the tests of a project; the extra `testing` of Charter's wheel installs what it needs.

`pytest_plugins = ["charter.testing"]` in `tests/conftest.py` gives these fixtures:

- `people`: accounts in each role, made when first named; `people.alice.api` is a client that is signed in as Alice.
- `api`: a client that is not signed in.
- `clock`: the time of the server and the database, which a test can stop and move.
- `database`: a migrated database of the test's own. With it, a test may also call services and `charter.fetch`.
- `charter_settings`: override it to return environment variables of the server.

`from charter.testing import test_document, test_permissions, test_tables` tests what the document says of a project.
"""

from app.testing.checks import test_document, test_permissions, test_tables
from app.testing.people import PASSWORD, People, Person
from app.testing.plugin import (
    api,
    charter_password_hash,
    charter_project,
    charter_servers,
    charter_service,
    charter_settings,
    clock,
    database,
    people,
    pytest_generate_tests,
)
from app.testing.responses import data, refusal
from app.testing.service import Clock

__all__ = [
    "PASSWORD",
    "Clock",
    "People",
    "Person",
    "api",
    "charter_password_hash",
    "charter_project",
    "charter_servers",
    "charter_service",
    "charter_settings",
    "clock",
    "data",
    "database",
    "people",
    "pytest_generate_tests",
    "refusal",
    "test_document",
    "test_permissions",
    "test_tables",
]
