"""The audit log: partitioned by month, append-only, and the clients it names."""

TABLES = """
CREATE TABLE audit_events (
    id uuid PRIMARY KEY,
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
) PARTITION BY RANGE (id);
CREATE INDEX audit_events_actor_id ON audit_events (actor_id);
CREATE INDEX audit_events_target_type_target_id ON audit_events (target_type, target_id);
CREATE INDEX audit_events_action ON audit_events (action);

CREATE TABLE audit_clients (
    id uuid PRIMARY KEY,
    address text NOT NULL,
    user_agent text,
    created_at timestamptz NOT NULL DEFAULT now()
);
"""

# A row trigger on the parent is cloned to each partition, one on TRUNCATE is not: partitions get their own.
# ALWAYS: a session cannot switch them off with session_replication_role.
REFUSAL = """
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_events is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER audit_events_no_change BEFORE UPDATE OR DELETE ON audit_events
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
ALTER TABLE audit_events ENABLE ALWAYS TRIGGER audit_events_no_change;
CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
ALTER TABLE audit_events ENABLE ALWAYS TRIGGER audit_events_no_truncate;

CREATE TABLE audit_events_default PARTITION OF audit_events DEFAULT;
CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON audit_events_default
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
ALTER TABLE audit_events_default ENABLE ALWAYS TRIGGER audit_events_no_truncate;
"""

# ATTACH takes a lighter lock on the parent than CREATE ... PARTITION OF: writers are not held up.
# A month whose rows already lie in the default partition stays there: they cannot be moved.
PARTITIONS = """
CREATE FUNCTION lowest_id(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid
$$;

CREATE FUNCTION ensure_audit_partitions(moment timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    first timestamp := date_trunc('month', moment AT TIME ZONE 'UTC');
    lower_bound uuid;
    upper_bound uuid;
    partition text;
    created integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ensure_audit_partitions'));
    FOR ahead IN 0..3 LOOP
        partition := to_char(first + make_interval(months => ahead), '"audit_events_"YYYY_MM');
        CONTINUE WHEN to_regclass(partition) IS NOT NULL;
        lower_bound := lowest_id((first + make_interval(months => ahead)) AT TIME ZONE 'UTC');
        upper_bound := lowest_id((first + make_interval(months => ahead + 1)) AT TIME ZONE 'UTC');
        IF EXISTS (SELECT FROM audit_events_default WHERE id >= lower_bound AND id < upper_bound) THEN
            RAISE WARNING 'rows of % already lie in audit_events_default and stay there', partition;
            CONTINUE;
        END IF;
        EXECUTE format('CREATE TABLE %I (LIKE audit_events INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition);
        EXECUTE format('CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON %I
                        FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()', partition);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER audit_events_no_truncate', partition);
        EXECUTE format('ALTER TABLE audit_events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                       partition, lower_bound, upper_bound);
        created := created + 1;
    END LOOP;
    RETURN created;
END $$;
"""


def migrate(migrator, database, **kwargs):
    """Create the tables, the triggers, the default partition and the function that makes the others."""
    database.execute_sql(TABLES)
    database.execute_sql(REFUSAL)
    database.execute_sql(PARTITIONS)


def rollback(migrator, database, **kwargs):
    """Drop the log with all its partitions."""
    database.execute_sql("DROP FUNCTION ensure_audit_partitions(timestamptz); DROP FUNCTION lowest_id(timestamptz)")
    database.execute_sql("DROP TABLE audit_clients; DROP TABLE audit_events; DROP FUNCTION refuse_audit_change()")
