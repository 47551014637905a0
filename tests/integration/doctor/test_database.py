"""The doctor reports a database that cannot keep what Charter promises, with the fix."""

from urllib.parse import urlsplit

import pytest

from app.database import Database, run
from tests.integration.doctor.deployments import ROLE, SERVER, Durable, doctor, run_charter


def test_migrations_that_were_not_run_are_told_with_the_command_that_runs_them(durable: Durable) -> None:
    with durable.deployment("template0") as url:
        seen = doctor(DATABASE_URL=url, REDIS_URL="")

    assert seen.of("migrations.applied")["status"] == "failed"
    assert seen.of("migrations.applied")["fix"] == "charter db migrate"
    assert seen.of("keys.ring")["found"] == "the tables do not exist"
    assert seen.exit_code == 1


def test_built_in_roles_that_differ_from_the_catalogue_are_told_and_fixed_as_printed(
    url: str, durable: Durable
) -> None:
    durable.execute(url, "DELETE FROM role_permissions WHERE permission = 'profiles:read'")

    found = doctor(DATABASE_URL=url, REDIS_URL="").of("migrations.built_in_roles")

    assert (found["status"], found["fix"]) == ("failed", "charter db migrate")
    assert found["found"] == "they differ from openapi/permissions.yaml: user should hold profiles:read"
    assert run_charter(*found["fix"].split()[1:], DATABASE_URL=url).exit_code == 0
    assert doctor(DATABASE_URL=url, REDIS_URL="").of("migrations.built_in_roles")["status"] == "ok"


def test_a_database_newer_than_the_code_is_told(url: str, durable: Durable) -> None:
    durable.execute(url, "INSERT INTO migratehistory (name) VALUES ('2099-01-01-00-00-rockets')")

    seen = doctor(DATABASE_URL=url, REDIS_URL="")

    assert seen.of("migrations.known")["status"] == "failed"
    assert "2099-01-01-00-00-rockets" in seen.of("migrations.known")["found"]
    assert seen.of("migrations.drift")["status"] == "skipped"


@pytest.mark.parametrize(
    ("change", "status"),
    [("CREATE TABLE stray (id integer)", "warning"), ("ALTER TABLE users DROP COLUMN verified_at", "failed")],
)
def test_a_schema_changed_by_hand_is_told(url: str, durable: Durable, change: str, status: str) -> None:
    durable.execute(url, change)

    found = doctor(DATABASE_URL=url, REDIS_URL="").of("migrations.drift")

    assert found["status"] == status
    assert "stray" in found["found"] or "verified_at" in found["found"]


def test_a_role_without_rights_is_told_which_and_fixed_as_printed(url: str, durable: Durable) -> None:
    boss = durable.as_superuser(url)
    durable.execute(
        boss,
        "CREATE ROLE server LOGIN",
        "GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO server",
        "REVOKE EXECUTE ON FUNCTION rotate_refresh_token FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION rotate_refresh_token TO {ROLE}",
    )
    server = url.replace(f"{ROLE}@", "server@", 1)
    try:
        seen = doctor(DATABASE_URL=server, REDIS_URL="")
        found = seen.of("database.rights")
        assert found["status"] == "failed"
        assert "no UPDATE, DELETE on table public.users" in found["found"]
        assert "EXECUTE on function public.rotate_refresh_token" in found["found"]
        assert "on table public.charter_audit_entries;" not in found["found"]

        durable.execute(url, found["fix"].split("tables: ", 1)[1])

        assert doctor(DATABASE_URL=server, REDIS_URL="").of("database.rights")["status"] == "ok"
    finally:
        durable.execute(boss, "DROP OWNED BY server", "DROP ROLE server")


def test_one_role_that_owns_and_serves_is_told_with_what_it_could_do(url: str) -> None:
    found = doctor(DATABASE_URL=url, REDIS_URL="").of("database.ownership")

    assert (found["status"], found["found"].split(":")[0]) == ("warning", "one role owns and serves")
    assert "docs/database-roles.md" in found["fix"]


def test_two_roles_are_told_and_nothing_is_to_be_fixed(url: str, durable: Durable) -> None:
    seen = doctor(DATABASE_URL=durable.as_server(url), REDIS_URL="")

    assert seen.of("database.ownership")["found"] == (
        f"two roles: {SERVER} serves and owns nothing; {ROLE} owns the tables and migrates"
    )
    assert [name for name in seen.bad() if name.startswith(("database", "migrations", "partitions"))] == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (f"GRANT {ROLE} TO {SERVER}", "one role owns and serves"),
        (f"ALTER SCHEMA public OWNER TO {SERVER}", "owner of the schema public"),
        (f"ALTER DATABASE {{}} OWNER TO {SERVER}", "owner of the database"),
        (f"GRANT CREATE ON SCHEMA public TO {SERVER}", "may create tables and functions in the schema public"),
        (
            f"GRANT DELETE, TRIGGER ON charter_audit_entries TO {SERVER}",
            "has DELETE on charter_audit_entries, TRIGGER on charter_audit_entries",
        ),
    ],
    ids=["member of the owner", "owns the schema", "owns the database", "may create", "more rights on the trail"],
)
def test_a_serving_role_that_could_reach_the_trail_by_another_way_is_told(
    url: str, durable: Durable, change: str, told: str
) -> None:
    boss = durable.as_superuser(url)
    durable.execute(boss, change.format(urlsplit(url).path[1:]))
    try:
        found = doctor(DATABASE_URL=durable.as_server(url), REDIS_URL="").of("database.ownership")
    finally:
        durable.execute(boss, f"REVOKE {ROLE} FROM {SERVER}")

    assert (found["status"], told in found["found"]) == ("warning", True), found


def test_a_schema_of_another_name_is_no_drift(durable: Durable) -> None:
    with durable.deployment("template0") as url:
        durable.execute(
            durable.as_superuser(url),
            f'CREATE SCHEMA "The accounts" AUTHORIZATION {ROLE}',
            f'ALTER DATABASE {urlsplit(url).path[1:]} SET search_path = "The accounts"',
        )
        assert run_charter("db", "migrate", DATABASE_URL=url).exit_code == 0
        durable.execute(url, run_charter("db", "grants", SERVER, DATABASE_URL=url).stdout)

        for role in (url, durable.as_server(url)):
            seen = doctor(DATABASE_URL=role, REDIS_URL="")
            assert seen.of("migrations.drift")["found"] == "the tables match the models"
            told = {name: status for name, status in seen.bad().items() if name != "database.extensions"}
            assert told == (
                {"database.ownership": "warning", "cache.connection": "warning"}
                if role == url
                else {"cache.connection": "warning"}
            )


def test_a_superuser_a_server_that_forgets_and_statements_nobody_counts_are_told(
    database: Database, valkey_url: str
) -> None:
    [(fsync,)] = run("SHOW fsync")

    seen = doctor(DATABASE_URL=database.url, REDIS_URL=valkey_url)

    assert seen.of("database.role")["status"] == "warning"
    # The server of `make test` forgets; one of a distribution does not.
    assert seen.of("database.durability")["status"] == ("ok" if fsync == "on" else "failed")
    assert "fsync" in seen.of("database.durability")["found"]
    assert seen.of("database.extensions")["status"] == "warning"


def test_more_connections_than_the_server_allows_are_told(url: str) -> None:
    seen = doctor(DATABASE_URL=url, REDIS_URL="", WORKERS="16")

    assert seen.of("database.connections")["status"] == "warning"


def shadow(durable: Durable, url: str, name: str, kind: str, body: str) -> None:
    """Have one of the server's functions answer something else in this database."""
    database = url.rsplit("?", 1)[0].rsplit("/", 1)[1]
    durable.execute(
        url,
        "CREATE SCHEMA shadow",
        f"CREATE FUNCTION shadow.{name} RETURNS {kind} LANGUAGE sql AS $$ SELECT {body} $$",
        f"ALTER DATABASE {database} SET search_path = shadow, pg_catalog, public",
    )


OLD = "CASE $1 WHEN 'server_version_num' THEN '140010' ELSE pg_catalog.current_setting($1) END"


@pytest.mark.parametrize(
    ("check", "status", "name", "kind", "body"),
    [
        ("clock", "warning", "clock_timestamp()", "timestamptz", "pg_catalog.clock_timestamp() + interval '7 seconds'"),
        ("clock", "failed", "clock_timestamp()", "timestamptz", "pg_catalog.clock_timestamp() - interval '40 seconds'"),
        ("connection", "failed", "pg_is_in_recovery()", "boolean", "true"),
        ("version", "failed", "current_setting(text)", "text", OLD),
    ],
    ids=["ahead", "far behind", "standby", "too old"],
)
def test_a_server_with_a_wrong_clock_too_old_or_on_standby_is_told(
    url: str, durable: Durable, check: str, status: str, name: str, kind: str, body: str
) -> None:
    shadow(durable, url, name, kind, body)

    assert doctor(DATABASE_URL=url, REDIS_URL="").of(f"database.{check}")["status"] == status


def test_a_pooler_in_front_is_told(url: str, durable: Durable) -> None:
    shadow(durable, url, "pg_backend_pid()", "integer", "1")

    assert "a pooler is in front" in doctor(DATABASE_URL=url, REDIS_URL="").of("database.connections")["found"]


def test_an_encoding_that_cannot_hold_every_name_is_told(durable: Durable) -> None:
    with durable.deployment("template0", "ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C'") as url:
        found = doctor(DATABASE_URL=url, REDIS_URL="").of("database.encoding")
        refused = [run_charter(*words, DATABASE_URL=url) for words in (("db", "migrate"), ("serve", "--port", "0"))]

    assert (found["status"], "SQL_ASCII" in found["found"]) == ("failed", True)
    assert [(response.exit_code, "SQL_ASCII" in response.stderr) for response in refused] == [(78, True), (78, True)]


def test_a_server_that_logs_the_values_of_statements_is_told_and_fixed_as_printed(url: str, durable: Durable) -> None:
    boss = durable.as_superuser(url)
    durable.execute(boss, f"ALTER ROLE {ROLE} SET log_min_error_statement = 'error'")
    try:
        found = doctor(DATABASE_URL=url, REDIS_URL="").of("database.statement_log")
        assert found["status"] == "warning"

        durable.execute(boss, found["fix"].split(": ", 1)[1])

        assert doctor(DATABASE_URL=url, REDIS_URL="").of("database.statement_log")["status"] == "ok"
    finally:
        durable.execute(boss, f"ALTER ROLE {ROLE} RESET ALL")


def test_an_error_that_repeats_the_row_in_the_log_is_told_and_fixed_as_printed(url: str, durable: Durable) -> None:
    boss = durable.as_superuser(url)
    durable.execute(boss, f"ALTER ROLE {ROLE} SET log_error_verbosity = 'default'")
    try:
        found = doctor(DATABASE_URL=url, REDIS_URL="").of("database.statement_log")
        assert found["status"] == "warning"

        durable.execute(boss, found["fix"].removeprefix("run as a superuser: "))

        assert doctor(DATABASE_URL=url, REDIS_URL="").of("database.statement_log")["status"] == "ok"
    finally:
        durable.execute(boss, f"ALTER ROLE {ROLE} RESET ALL")


def test_a_server_with_little_memory_is_told(url: str, durable: Durable) -> None:
    small = "CASE $1 WHEN 'shared_buffers' THEN '64MB' ELSE pg_catalog.current_setting($1) END"
    shadow(durable, url, "current_setting(text)", "text", small)

    seen = doctor(DATABASE_URL=url, REDIS_URL="")

    assert seen.of("database.buffers")["found"] == "shared_buffers is 64 MB"
    assert seen.of("database.buffers")["status"] == "warning"
    assert seen.of("database.autovacuum")["status"] == "ok"
    assert seen.of("database.jit")["status"] == "ok"
