"""The tables of the audit trail: nobody can change their rows, and the coming months have a partition."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from peewee import fn

from app.cli.doctor.deployment import Deployment
from app.cli.doctor.findings import Verdict, counted, failed, ok, warning
from app.database import fetch_value, run
from models import SignInAttempt

_MONTHS = 4
_MAX_COUNTED = 1000
# Maintenance runs daily and at each start, and deletes counters that are a day old.
_STALE = timedelta(days=3)

_EVENTS = {
    "audit_no_change": "BEFORE UPDATE OR DELETE ON {} FOR EACH ROW",
    "audit_no_truncate": "BEFORE TRUNCATE ON {} FOR EACH STATEMENT",
}

# The tables and every partition should have both triggers, each ALWAYS enabled (A) and with our function.
_TRIGGERS = """
SELECT log.oid::regclass::text, log.is_parent, wanted.name,
       t.tgenabled = 'A', t.tgfoid = to_regproc('refuse_audit_change')
FROM (SELECT to_regclass(name)::oid AS oid, true AS is_parent
      FROM unnest(ARRAY['charter_audit_entries', 'charter_audit_labels', 'charter_audit_roles']) AS name
      UNION ALL SELECT inhrelid, false FROM pg_inherits WHERE inhparent = to_regclass('charter_audit_entries')) log
CROSS JOIN unnest(%s::text[]) wanted (name)
LEFT JOIN pg_trigger t ON t.tgrelid = log.oid AND t.tgname = wanted.name
ORDER BY log.is_parent DESC, 1, 3
"""

_PARTITIONS = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = to_regclass('charter_audit_entries')
"""

_STRAY = "SELECT count(*) FROM (SELECT FROM charter_audit_entries_default LIMIT %s) AS found"


def append_only(_: Deployment) -> Iterator[Verdict]:
    """Check the triggers that reject every change and deletion, in the log and in each partition (law 4)."""
    rows = run(_TRIGGERS, (list(_EVENTS),))
    missing_on_parent = {name for table, _, name, _, ours in rows if table == "charter_audit_entries" and not ours}
    faults, fixes = [], []
    for table, is_parent, name, always, ours in rows:
        # The row trigger of a partition is its parent's: creating it there again creates it here, too.
        inherited = not is_parent and name == "audit_no_change" and name in missing_on_parent
        if (ours and always) or inherited:
            continue
        faults.append(f"{name} on {table} is {'not always enabled' if ours else 'missing'}")
        if not ours:
            wanted = _EVENTS[name].format(table)
            fixes.append(f"CREATE OR REPLACE TRIGGER {name} {wanted} EXECUTE FUNCTION refuse_audit_change();")
        fixes.append(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name};")
    if faults:
        yield failed(
            f"rows of the audit trail can be changed: {', '.join(faults)}",
            f"find out who changed this; then run as the owner of the tables: {' '.join(fixes)}",
        )
    else:
        yield ok(
            f"{counted(len(rows), 'trigger')} on {counted(len(rows) // len(_EVENTS), 'table')} reject every change"
        )


def ahead(_: Deployment) -> Iterator[Verdict]:
    """Check that this month and the next three have a partition."""
    now = datetime.now(UTC)
    months = [divmod(now.year * 12 + now.month - 1 + further, 12) for further in range(_MONTHS)]
    names = [f"charter_audit_entries_{year}_{month + 1:02}" for year, month in months]
    existing = {name for (name,) in run(_PARTITIONS)}
    missing = [name for name in names if name not in existing]
    if not missing:
        yield ok(f"{names[0]} to {names[-1]} exist")
        return
    verdict = failed if names[0] in missing else warning
    yield verdict(
        f"missing: {', '.join(missing)}; rows of these months go to charter_audit_entries_default and stay there",
        "charter db migrate, which also creates partitions",
    )


def default(_: Deployment) -> Iterator[Verdict]:
    """Check that the default partition is empty: its rows are in no month's partition, and never will be."""
    stray = run(_STRAY, (_MAX_COUNTED + 1,))[0][0]
    if not stray:
        yield ok("charter_audit_entries_default is empty")
        return
    number = counted(stray, "row") if stray <= _MAX_COUNTED else f"more than {_MAX_COUNTED} rows"
    yield warning(
        f"{number} in charter_audit_entries_default: a partition was missing, or a clock was wrong",
        "fix the clock and the partitions if this report names them; the rows are safe, every query finds them, and "
        "they stay there",
    )


def maintenance(_: Deployment) -> Iterator[Verdict]:
    """Check that the daily maintenance has deleted old counters."""
    before = datetime.now(UTC) - _STALE
    unblocked = SignInAttempt.blocked_until.is_null() | (SignInAttempt.blocked_until < before)
    oldest = SignInAttempt.select(fn.min(SignInAttempt.updated_at))
    stale = fetch_value(oldest.where((SignInAttempt.updated_at < before) & unblocked))
    if stale is None:
        yield ok("maintenance has deleted all old counters")
    else:
        days = (datetime.now(UTC) - stale).days
        yield warning(
            f"a counter of {counted(days, 'day')} ago still exists: maintenance has not run lately",
            "start the server: it runs maintenance when it starts and every day; if it is running, look for "
            "MAINTENANCE in its log",
        )
