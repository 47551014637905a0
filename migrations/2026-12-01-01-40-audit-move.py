"""The rows of the audit trail move into tables that take a third of the room, while servers write and read.

First everything that is written is led into the new tables, whoever writes it. Then the former rows are copied in the
order of their ids, some thousands in a transaction that also moves a mark. The views show a former row while it is
above the mark, so each row is shown once. A month that is copied is dropped. Back it works in the same way, but nothing
is dropped before the end. Run again after a failure half-way, it goes on where it stopped.
"""

import time

atomic = False

BATCH = 10_000
_LOCK_WAIT = "1s"
_ATTEMPTS = 60

_COLUMNS = """id, kind, occurred_at, request_id, actor_id, actor_role, action, permission, outcome, reason,
    target_type, target_id, details, client_id"""

IN_WORDS = """
SELECT e.id, CASE WHEN l.outcome IN ('allowed', 'denied') THEN 'decision' ELSE 'event' END AS kind, e.occurred_at,
       coalesce(e.request_id::text, e.request_name) AS request_id, e.actor_id, r.role AS actor_role, l.action,
       l.permission, l.outcome, l.reason, l.target_type, coalesce(e.target_id::text, e.target_name) AS target_id,
       e.details, e.client_id
FROM {entries} e
LEFT JOIN charter_audit_labels l ON l.id = e.label_id
LEFT JOIN charter_audit_roles r ON r.id = e.role_id
"""
OF_ENTRIES = IN_WORDS.format(entries="charter_audit_entries")
_ABOVE = "id > (SELECT upto FROM charter_audit_move)"
VIEW = "CREATE OR REPLACE VIEW audit_events AS "

MARK = """
CREATE TABLE IF NOT EXISTS charter_audit_move (upto uuid NOT NULL);
INSERT INTO charter_audit_move (upto)
SELECT '00000000-0000-0000-0000-000000000000' WHERE NOT EXISTS (SELECT FROM charter_audit_move)
"""

INSERT = """
CREATE OR REPLACE FUNCTION charter_insert_audit_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM charter_write_audit_entry(
        NEW.id, NEW.occurred_at, NEW.request_id, NEW.actor_id, NEW.actor_role, NEW.action, NEW.permission,
        NEW.outcome, NEW.reason, NEW.target_type, NEW.target_id, NEW.details, NEW.client_id
    );
    RETURN NEW;
END $$;
"""
FORMER_INSERT = """
CREATE OR REPLACE FUNCTION charter_insert_audit_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_events_former (
        id, kind, occurred_at, request_id, actor_id, actor_role, action, permission, outcome, reason,
        target_type, target_id, details, client_id
    )
    VALUES (
        NEW.id, NEW.kind, NEW.occurred_at, NEW.request_id, NEW.actor_id, NEW.actor_role, NEW.action, NEW.permission,
        NEW.outcome, NEW.reason, NEW.target_type, NEW.target_id, NEW.details, NEW.client_id
    )
    ON CONFLICT DO NOTHING;
    RETURN NEW;
END $$;
"""

# A statement that began before may insert into the table that is being emptied: its row goes the way of the others. The
# lock that this trigger needs waits for those that have already inserted.
REDIRECT = """
CREATE OR REPLACE FUNCTION charter_redirect_audit_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {instead};
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER audit_redirect BEFORE INSERT ON {table}
    FOR EACH ROW EXECUTE FUNCTION charter_redirect_audit_row()
"""
INTO_ENTRIES = """PERFORM charter_write_audit_entry(
        NEW.id, NEW.occurred_at, NEW.request_id, NEW.actor_id, NEW.actor_role, NEW.action, NEW.permission,
        NEW.outcome, NEW.reason, NEW.target_type, NEW.target_id, NEW.details, NEW.client_id
    )"""
INTO_FORMER = f"""INSERT INTO audit_events_former ({_COLUMNS})
    {IN_WORDS.format(entries="(SELECT NEW.*)")} ON CONFLICT DO NOTHING"""

LEARN = """
SELECT charter_learn_audit_label(action, permission, outcome, reason, target_type)
FROM (SELECT DISTINCT action, permission, outcome, reason, target_type FROM audit_events_former
      WHERE id > %(mark)s AND id <= %(upto)s ORDER BY 1, 2, 3, 4, 5) words
UNION ALL
SELECT charter_learn_audit_role(actor_role)
FROM (SELECT DISTINCT actor_role FROM audit_events_former
      WHERE id > %(mark)s AND id <= %(upto)s AND actor_role IS NOT NULL ORDER BY 1) words
"""
COPY = """
INSERT INTO charter_audit_entries (
    id, actor_id, request_id, client_id, target_id, occurred_at, tick, label_id, role_id, counted,
    request_name, target_name, details
)
SELECT e.id, e.actor_id, charter_canonical_uuid(e.request_id), e.client_id, charter_canonical_uuid(e.target_id),
       e.occurred_at, charter_audit_tick(e.id), l.id, r.id, charter_counted_as(e.action, e.outcome, e.details),
       CASE WHEN charter_canonical_uuid(e.request_id) IS NULL THEN e.request_id END,
       CASE WHEN charter_canonical_uuid(e.target_id) IS NULL THEN e.target_id END, e.details
FROM audit_events_former e
LEFT JOIN charter_audit_labels l ON l.action = e.action AND l.outcome = e.outcome
    AND l.permission IS NOT DISTINCT FROM e.permission AND l.reason IS NOT DISTINCT FROM e.reason
    AND l.target_type IS NOT DISTINCT FROM e.target_type
LEFT JOIN charter_audit_roles r ON r.role = e.actor_role
WHERE e.id > %(mark)s AND e.id <= %(upto)s
ON CONFLICT DO NOTHING
"""
COPY_BACK = f"""
INSERT INTO audit_events_former ({_COLUMNS}) {OF_ENTRIES}
WHERE e.id > %(mark)s AND e.id <= %(upto)s ON CONFLICT DO NOTHING
"""
UPTO = """
SELECT upto, coalesce((SELECT id FROM {source} WHERE id > upto ORDER BY id OFFSET %(skipped)s LIMIT 1),
                      (SELECT id FROM {source} WHERE id > upto ORDER BY id DESC LIMIT 1))
FROM charter_audit_move
"""
PARTITIONS = """
SELECT inhrelid::regclass::text FROM pg_inherits
WHERE inhparent = to_regclass(%s) AND inhrelid::regclass::text !~ '_default$' ORDER BY 1
"""
EXISTS = "SELECT to_regclass(%s) IS NOT NULL"

FORMER = """
CREATE TABLE IF NOT EXISTS audit_events_former (
    id uuid CONSTRAINT audit_events_pkey PRIMARY KEY,
    kind text NOT NULL CONSTRAINT audit_events_kind CHECK (kind IN ('decision', 'event')),
    occurred_at timestamptz NOT NULL,
    request_id text NOT NULL,
    actor_id uuid,
    actor_role text,
    action text NOT NULL,
    permission text,
    outcome text NOT NULL
        CONSTRAINT audit_events_outcome CHECK (outcome IN ('allowed', 'denied', 'succeeded', 'failed')),
    reason text,
    target_type text,
    target_id text,
    details jsonb,
    client_id uuid
) PARTITION BY RANGE (id)
"""
FORMER_INDEXES = (
    ("actor_id_id", "actor_id, id", ""),
    ("action_outcome_id", "action, outcome, id", ""),
    ("actor_id_action_outcome_id", "actor_id, action, outcome, id", ""),
    ("target_id_action", "target_type, target_id, id, action, actor_id", "WHERE target_id IS NOT NULL"),
    ("outcome_id", "outcome, id", "WHERE outcome IN ('denied', 'failed')"),
    ("actor_id_outcome_id", "actor_id, outcome, id", "WHERE outcome IN ('denied', 'failed')"),
    ("event_id", "id", "WHERE kind = 'event'"),
    ("actor_id_kind_id", "actor_id, kind, id", "WHERE kind = 'event'"),
    ("actor_role_id", "actor_role, id", "WHERE actor_id IS NULL AND actor_role = 'cli'"),
    ("registered", "occurred_at", "WHERE action = 'user.registered' AND outcome = 'succeeded' AND details ? 'user_id'"),
    ("sign_in", "outcome, occurred_at", "WHERE action = 'session.created'"),
)
ROW_REFUSAL = """
CREATE TRIGGER {name}_no_change BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}_no_change
"""
TABLE_REFUSAL = """
CREATE TRIGGER {name}_no_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}_no_truncate
"""
# Of the rights on the view, a table gets these, and nobody has others, whatever default privileges say: who could write
# the mark could have rows left out.
RIGHTS = """
DO $$
DECLARE
    given record;
BEGIN
    FOR given IN
        SELECT DISTINCT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END AS role
        FROM pg_class CROSS JOIN aclexplode(relacl) WHERE oid = '{table}'::regclass AND grantee <> relowner
    LOOP
        EXECUTE format('REVOKE ALL ON TABLE {table} FROM %s', given.role);
    END LOOP;
    FOR given IN
        SELECT privilege_type AS privilege, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END AS role
        FROM pg_class CROSS JOIN aclexplode(relacl)
        WHERE oid = 'audit_events'::regclass AND grantee <> relowner AND privilege_type = ANY (ARRAY[{rights}]::text[])
    LOOP
        EXECUTE format('GRANT %s ON TABLE {table} TO %s', given.privilege, given.role);
    END LOOP;
END $$
"""
MARK_RIGHTS = RIGHTS.format(table="charter_audit_move", rights="")
# Servers of the release before look whether this table is there. OFFSET: nothing can be written by way of the view.
DEFAULT_VIEW = "CREATE VIEW audit_events_default AS SELECT id FROM charter_audit_entries_default OFFSET 0"
BOUNDS = "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE oid = to_regclass(%s)"


def migrate(migrator, database, **kwargs):
    """Lead what is written into the new tables, copy the former rows, and drop the former table."""
    if not _exists(database, "audit_events_former"):
        return
    former_above = f"SELECT {_COLUMNS} FROM audit_events_former WHERE {_ABOVE}"
    _briefly(database, MARK, MARK_RIGHTS, f"{VIEW}{OF_ENTRIES} UNION ALL {former_above}", INSERT)
    _briefly(database, REDIRECT.format(instead=INTO_ENTRIES, table="audit_events_former"))
    while _copy_some(database, "audit_events_former", LEARN, COPY):
        _drop_copied_months(database)
    gone = "DROP TABLE audit_events_former; DROP TABLE charter_audit_move; DROP FUNCTION charter_redirect_audit_row"
    rights = RIGHTS.format(table="audit_events_default", rights="'SELECT'")
    _briefly(database, f"{VIEW}{OF_ENTRIES}", gone, DEFAULT_VIEW, rights)


def rollback(migrator, database, **kwargs):
    """Make the former table, lead what is written into it, copy the rows back, and empty the new tables."""
    if not _exists(database, "charter_audit_move"):
        _briefly(database, *_former_table(database))
    former = f"SELECT {_COLUMNS} FROM audit_events_former"
    _briefly(database, MARK, f"{VIEW}{former} UNION ALL {OF_ENTRIES} WHERE e.{_ABOVE}", FORMER_INSERT)
    _briefly(database, REDIRECT.format(instead=INTO_FORMER, table="charter_audit_entries"))
    while _copy_some(database, "charter_audit_entries", "", COPY_BACK):
        pass
    _briefly(
        database,
        f"{VIEW}{former}",
        "DROP TRIGGER audit_redirect ON charter_audit_entries; DROP FUNCTION charter_redirect_audit_row",
        "DROP TABLE charter_audit_move, charter_audit_entries_default",
        *[f"DROP TABLE {name}" for name in _partitions(database, "charter_audit_entries")],
        "CREATE TABLE charter_audit_entries_default PARTITION OF charter_audit_entries DEFAULT",
        TABLE_REFUSAL.format(name="audit", table="charter_audit_entries_default"),
        RIGHTS.format(table="charter_audit_entries_default", rights="'SELECT'"),
        "SELECT make_audit_partitions(now())",
    )


def _former_table(database):
    """Return the statements that make the former table with its indexes, triggers, partitions and rights."""
    indexes = [
        f"CREATE INDEX audit_events_{name} ON audit_events_former ({columns}) {rows}"
        for name, columns, rows in FORMER_INDEXES
    ]
    named = {"name": "audit_events"}
    made = [
        ROW_REFUSAL.format(table="audit_events_former", **named),
        TABLE_REFUSAL.format(table="audit_events_former", **named),
        RIGHTS.format(table="audit_events_former", rights="'SELECT', 'INSERT'"),
        "CREATE TABLE audit_events_default PARTITION OF audit_events_former DEFAULT",
        TABLE_REFUSAL.format(table="audit_events_default", **named),
        RIGHTS.format(table="audit_events_default", rights="'SELECT'"),
    ]
    for entries in _partitions(database, "charter_audit_entries"):
        name = f"audit_events_{entries[-7:]}"
        bounds = database.execute_sql(BOUNDS, (entries,)).fetchone()[0]
        made += [
            f"CREATE TABLE {name} PARTITION OF audit_events_former {bounds}",
            TABLE_REFUSAL.format(table=name, **named),
            RIGHTS.format(table=name, rights=""),
        ]
    return ["DROP VIEW audit_events_default", FORMER, *indexes, *made, MARK, MARK_RIGHTS]


def _copy_some(database, source, learn, copy):
    """Copy the next rows, and move the mark; return whether there were any."""
    mark, upto = database.execute_sql(UPTO.format(source=source), {"skipped": BATCH - 1}).fetchone()
    if upto is None:
        return False
    rows = {"mark": mark, "upto": upto}
    if learn:
        database.execute_sql(learn, rows)
    with database.transaction():
        database.execute_sql(copy, rows)
        database.execute_sql("UPDATE charter_audit_move SET upto = %s", (upto,))
    return True


def _drop_copied_months(database):
    for name in _partitions(database, "audit_events_former"):
        if database.execute_sql(f"SELECT EXISTS (SELECT FROM {name} WHERE {_ABOVE})").fetchone()[0]:
            break
        _briefly(database, f"DROP TABLE {name}")


def _partitions(database, table):
    return [name for (name,) in database.execute_sql(PARTITIONS, (table,)).fetchall()]


def _exists(database, table):
    return database.execute_sql(EXISTS, (table,)).fetchone()[0]


def _briefly(database, *statements):
    """Run statements in a transaction that waits for locks a short time only, again and again."""
    for attempt in range(_ATTEMPTS):
        try:
            with database.transaction():
                database.execute_sql(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'")
                for statement in statements:
                    database.execute_sql(statement)
            return
        except Exception as error:
            if getattr(error, "reason", None) != "lock_timeout" or attempt == _ATTEMPTS - 1:
                raise
            time.sleep(0.2)
