"""Charter names each right that its role lacks, with the statement that grants it, and does not start without."""

import re
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from app.services import database_rights
from tests.command import PRODUCTION, ROOT, clean_environment, expect_refusal
from tests.integration.roles import TwoRoles, bound, execute, two_roles
from tests.servers import Servers


@pytest.fixture
def roles(servers: Servers) -> Iterator[TwoRoles]:
    """A migrated database of two roles, where the serving one has all it needs."""
    with two_roles(servers) as made:
        made.grant()
        yield made


REVOCATIONS = [
    ("REVOKE INSERT ON charter_audit_entries FROM {}", "GRANT INSERT ON TABLE public.charter_audit_entries TO {};"),
    ("REVOKE SELECT ON migratehistory FROM {}", "GRANT SELECT ON TABLE public.migratehistory TO {};"),
    ("REVOKE USAGE ON SCHEMA public FROM {}, PUBLIC", "GRANT USAGE ON SCHEMA public TO {};"),
    (
        "REVOKE EXECUTE ON FUNCTION make_audit_partitions FROM {}",
        "GRANT EXECUTE ON FUNCTION public.make_audit_partitions(moment timestamp with time zone) TO {};",
    ),
    ("REVOKE UPDATE, DELETE ON sessions FROM {}", "GRANT UPDATE, DELETE ON TABLE public.sessions TO {};"),
]


@pytest.mark.parametrize(("revocation", "grant"), REVOCATIONS)
def test_each_missing_right_is_named_with_the_statement_that_gives_it(
    roles: TwoRoles, revocation: str, grant: str
) -> None:
    server = roles.names[1]
    execute(roles.owner, revocation.format(server))

    with bound(roles.server):
        [found] = database_rights.missing_rights()
    assert found.grant == grant.format(server)

    execute(roles.owner, found.grant)
    with bound(roles.server):
        assert database_rights.missing_rights() == []


def refused_start(url: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", "serve"],
        cwd=ROOT,
        env=clean_environment(**PRODUCTION, DATABASE_URL=url, PORT="0"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_start_without_a_right_is_refused_with_the_statements_that_give_it(roles: TwoRoles) -> None:
    server = roles.names[1]
    execute(roles.owner, f"REVOKE INSERT ON charter_audit_entries FROM {server}", f"REVOKE ALL ON roles FROM {server}")

    done = refused_start(roles.server)

    expect_refusal(
        done,
        78,
        f"charter: the role {server} has no INSERT on table public.charter_audit_entries: "
        f"GRANT INSERT ON TABLE public.charter_audit_entries TO {server};",
        "no SELECT, INSERT, UPDATE, DELETE on table public.roles: GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE",
        f"charter db grants {server}",
        lines=3,
    )


def test_a_start_as_a_role_that_may_not_connect_is_refused_with_the_statement_that_lets_it(roles: TwoRoles) -> None:
    server, name = roles.names[1], urlsplit(roles.owner).path[1:]
    execute(roles.owner, f"REVOKE CONNECT ON DATABASE {name} FROM {server}, PUBLIC")

    done = refused_start(roles.server)

    expect_refusal(done, 78, "permission denied for database", "GRANT CONNECT")
    [grant] = re.findall("GRANT .*;", done.stderr)
    execute(roles.owner, grant)
    with bound(roles.server):
        assert database_rights.missing_rights() == []
