"""The list of checks, and how they run: none hides another, and one that cannot run says why."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import peewee

from app.cli.doctor import audit_trail, cache, config, database, document, keys, migrations, rights, server
from app.cli.doctor.deployment import Deployment
from app.cli.doctor.findings import Finding, Status, Verdict, failed, skipped
from app.cli.errors import FAILED, MISCONFIGURED, UNAVAILABLE
from app.database import explain_connection_error
from app.errors import Unavailable

_NO_PRIVILEGE = "42501"


class Check(NamedTuple):
    """One check.

    Attributes:
        run: returns its verdicts; it may note in `Deployment.missing` what later checks must do without.
        needs: what the check needs: database, tables, schema (every migration run), cache, keys.
        exit_code: the exit code of the command when this check fails.
    """

    group: str
    name: str
    run: Callable[[Deployment], Iterable[Verdict]]
    needs: tuple[str, ...] = ()
    exit_code: int = FAILED


_DATABASE = ("database",)
_TABLES = ("database", "tables")
_SCHEMA = ("database", "tables", "schema")

# In the order in which they are printed; a check comes after those that find out whether its needs are met.
CHECKS = (
    Check("config", "values", config.values, exit_code=MISCONFIGURED),
    Check("config", "names", config.names),
    Check("config", "servers", config.servers, exit_code=UNAVAILABLE),
    Check("config", "public_url", config.public_url),
    Check("config", "metrics_token", config.metrics_token),
    Check("config", "origins", config.origins),
    Check("config", "proxies", config.proxies),
    Check("config", "log_level", config.log_level),
    Check("config", "rotation", config.rotation),
    Check("database", "connection", database.connection, _DATABASE, UNAVAILABLE),
    Check("database", "version", database.version, _DATABASE),
    Check("database", "encoding", database.encoding, _DATABASE),
    Check("database", "durability", database.durability, _DATABASE),
    Check("database", "statement_log", database.statement_log, _DATABASE),
    Check("database", "autovacuum", server.autovacuum, _DATABASE),
    Check("database", "buffers", server.buffers, _DATABASE),
    Check("database", "jit", server.jit, _DATABASE),
    Check("database", "clock", database.clock, _DATABASE),
    Check("database", "connections", database.connections, _DATABASE),
    Check("database", "extensions", database.extensions, _DATABASE),
    Check("database", "role", rights.role, _DATABASE),
    Check("database", "rights", rights.rights, _TABLES),
    Check("database", "ownership", rights.ownership, _TABLES),
    Check("database", "append_only", audit_trail.append_only, _TABLES),
    Check("cache", "connection", cache.connection, (), UNAVAILABLE),
    Check("cache", "version", cache.version, ("cache",)),
    Check("cache", "memory", cache.memory, ("cache",)),
    Check("cache", "limiter", cache.limiter, ("cache",)),
    Check("cache", "rights", cache.rights, ("cache",)),
    Check("migrations", "applied", migrations.applied, _DATABASE),
    Check("migrations", "known", migrations.known, _DATABASE),
    Check("migrations", "drift", migrations.drift_of_models, _SCHEMA),
    Check("migrations", "built_in_roles", migrations.built_in_roles, _SCHEMA),
    Check("partitions", "ahead", audit_trail.ahead, _TABLES),
    Check("partitions", "default", audit_trail.default, _TABLES),
    Check("partitions", "maintenance", audit_trail.maintenance, _TABLES),
    Check("document", "operations", document.operations, exit_code=MISCONFIGURED),
    Check("document", "lint", document.lint, exit_code=MISCONFIGURED),
    Check("keys", "ring", keys.ring, (*_TABLES, "keys")),
    Check("keys", "unused", keys.unused, (*_TABLES, "keys")),
    Check("keys", "age", keys.age, (*_TABLES, "keys")),
    Check("keys", "token_secret", keys.token_secret),
)


def examine(deployment: Deployment) -> Iterator[Finding]:
    """Yield the findings of every check, in order."""
    for check in CHECKS:
        reason = next((deployment.missing[need] for need in check.needs if need in deployment.missing), None)
        verdicts = [skipped(reason)] if reason else _verdicts(check, deployment)
        for status, found, fix in verdicts:
            yield Finding(
                check.group,
                check.name,
                status,
                deployment.masked(found),
                None if fix is None else deployment.masked(fix),
                check.exit_code if status is Status.FAILED else 0,
            )


def _verdicts(check: Check, deployment: Deployment) -> list[Verdict]:
    try:
        return list(check.run(deployment))
    except Unavailable as error:
        deployment.missing["database"] = "the database does not respond"
        found, _, fix = explain_connection_error(error).rpartition("; ")
        return [failed(found, fix)]
    except peewee.DatabaseError as error:
        if getattr(error.__cause__, "pgcode", None) == _NO_PRIVILEGE:
            return [skipped(f"the role lacks the right to check this: {_first_line(error)}")]
        return [_broken(error)]
    except Exception as error:  # noqa: BLE001  # one check that breaks must not hide the others
        return [_broken(error)]


def _broken(error: Exception) -> Verdict:
    return failed(
        f"the check itself failed: {type(error).__name__}: {_first_line(error)}",
        "fix the cause that the message names; if it is not in your deployment, report it as a fault of Charter",
    )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:300]
