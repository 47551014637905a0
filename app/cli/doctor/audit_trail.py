"""The audit trail's tables: nothing in them can be changed, and there is a partition for what comes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from app.cli.doctor.deployment import Deployment
from app.cli.doctor.findings import Verdict, counted, failed, ok, warning
from app.database import run

_MONTHS = 4
_MAX_COUNTED = 1000
# Upkeep runs daily, and at each start; what it drops is a day old by then.
_STALE = timedelta(days=3)

_EVENTS = {
    "audit_events_no_change": "BEFORE UPDATE OR DELETE ON {} FOR EACH ROW",
    "audit_events_no_truncate": "BEFORE TRUNCATE ON {} FOR EACH STATEMENT",
}

# The log and every partition should have both triggers, each ALWAYS enabled (A) and of our function.
_TRIGGERS = """
SELECT log.oid::regclass::text, log.is_parent, wanted.name,
       t.tgenabled = 'A', t.tgfoid = to_regproc('refuse_audit_change')
FROM (SELECT to_regclass('audit_events')::oid AS oid, true AS is_parent
      UNION ALL SELECT inhrelid, false FROM pg_inherits WHERE inhparent = to_regclass('audit_events')) log
CROSS JOIN unnest(%s::text[]) wanted (name)
LEFT JOIN pg_trigger t ON t.tgrelid = log.oid AND t.tgname = wanted.name
ORDER BY log.is_parent DESC, 1, 3
"""

_PARTITIONS = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = to_regclass('audit_events')
"""

_STRAY = "SELECT count(*) FROM (SELECT FROM audit_events_default LIMIT %s) AS found"

_OVERDUE = """
SELECT min(updated_at) FROM sign_in_attempts
WHERE updated_at < %(before)s AND (blocked_until IS NULL OR blocked_until < %(before)s)
"""


def append_only(_: Deployment) -> Iterator[Verdict]:
    """Triggers refuse to change or remove a row, in the log and in each of its partitions (law 4)."""
    rows = run(_TRIGGERS, (list(_EVENTS),))
    lost_on_parent = {name for _, is_parent, name, _, ours in rows if is_parent and not ours}
    found, fixes = [], []
    for table, is_parent, name, always, ours in rows:
        # The row trigger of a partition is its parent's: made anew there, it is made anew here.
        inherited = not is_parent and name == "audit_events_no_change" and name in lost_on_parent
        if (ours and always) or inherited:
            continue
        found.append(f"{name} on {table} is {'not always on' if ours else 'missing'}")
        if not ours:
            wanted = _EVENTS[name].format(table)
            fixes.append(f"CREATE OR REPLACE TRIGGER {name} {wanted} EXECUTE FUNCTION refuse_audit_change();")
        fixes.append(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name};")
    if found:
        yield failed(
            f"rows of the audit trail can be changed: {', '.join(found)}",
            f"find out who did this; then as the owner of the tables: {' '.join(fixes)}",
        )
    else:
        yield ok(
            f"{counted(len(rows), 'trigger')} on {counted(len(rows) // len(_EVENTS), 'table')} refuse every change"
        )


def ahead(_: Deployment) -> Iterator[Verdict]:
    """This month and the next three have a partition."""
    now = datetime.now(UTC)
    months = [divmod(now.year * 12 + now.month - 1 + further, 12) for further in range(_MONTHS)]
    names = [f"audit_events_{year}_{month + 1:02}" for year, month in months]
    there = {name for (name,) in run(_PARTITIONS)}
    missing = [name for name in names if name not in there]
    if not missing:
        yield ok(f"{names[0]} to {names[-1]} are there")
        return
    tell = failed if names[0] in missing else warning
    yield tell(
        f"missing: {', '.join(missing)}; rows of these months go to audit_events_default, for good",
        "charter db migrate, which also makes partitions",
    )


def default(_: Deployment) -> Iterator[Verdict]:
    """The default partition catches what no month does: rows that no partition will ever be made for."""
    stray = run(_STRAY, (_MAX_COUNTED + 1,))[0][0]
    if not stray:
        yield ok("audit_events_default is empty")
        return
    number = counted(stray, "row") if stray <= _MAX_COUNTED else f"more than {_MAX_COUNTED} rows"
    yield warning(
        f"{number} in audit_events_default: a partition was missing, or a clock was wrong",
        "mend the clock and the partitions, if they are told of here; the rows are safe, are found by every query, "
        "and stay where they are",
    )


def upkeep(_: Deployment) -> Iterator[Verdict]:
    """What upkeep drops every day must not be there days later."""
    oldest = run(_OVERDUE, {"before": datetime.now(UTC) - _STALE})[0][0]
    if oldest is None:
        yield ok("nothing is there that upkeep should have dropped")
    else:
        days = (datetime.now(UTC) - oldest).days
        yield warning(
            f"a counter of {counted(days, 'day')} ago is still there: upkeep has not run lately",
            "start the server, which does it at its start and every day; if it runs, look for MAINTENANCE in its log",
        )
