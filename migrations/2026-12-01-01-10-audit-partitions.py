"""Partitions of the tables that the audit trail moves into: of each month that the trail has, and of those to come.

Whoever may read or write the former table may do the same in the new ones, and nobody more.
"""

FUNCTIONS = """
CREATE OR REPLACE FUNCTION ensure_audit_partitions(moment timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    first timestamp := date_trunc('month', moment AT TIME ZONE 'UTC');
    lower_bound uuid;
    upper_bound uuid;
    partition text;
    created integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ensure_audit_partitions'));
    FOR ahead IN 0..3 LOOP
        partition := to_char(first + make_interval(months => ahead), '"charter_audit_entries_"YYYY_MM');
        CONTINUE WHEN to_regclass(partition) IS NOT NULL;
        lower_bound := lowest_id((first + make_interval(months => ahead)) AT TIME ZONE 'UTC');
        upper_bound := lowest_id((first + make_interval(months => ahead + 1)) AT TIME ZONE 'UTC');
        IF EXISTS (SELECT FROM charter_audit_entries_default WHERE id >= lower_bound AND id < upper_bound) THEN
            RAISE WARNING 'rows of % already lie in charter_audit_entries_default and stay there', partition;
            CONTINUE;
        END IF;
        EXECUTE format('CREATE TABLE %I (LIKE charter_audit_entries INCLUDING DEFAULTS INCLUDING CONSTRAINTS)',
                       partition);
        EXECUTE format('CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON %I
                        FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()', partition);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER audit_no_truncate', partition);
        EXECUTE format('ALTER TABLE charter_audit_entries ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                       partition, lower_bound, upper_bound);
        created := created + 1;
    END LOOP;
    RETURN created;
END $$;
CREATE OR REPLACE FUNCTION make_audit_partitions(moment timestamptz) RETURNS integer
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_temp
AS $$
DECLARE
    before oid[] := ARRAY(SELECT inhrelid FROM pg_inherits WHERE inhparent = 'charter_audit_entries'::regclass);
    made integer;
    grantee record;
BEGIN
    IF moment NOT BETWEEN now() - interval '2 months' AND now() + interval '4 years' THEN
        RAISE WARNING 'no partitions are made for %: the clock that tells it must be wrong', moment;
        RETURN 0;
    END IF;
    made := ensure_audit_partitions(moment);
    FOR grantee IN
        SELECT DISTINCT part.oid::regclass AS partition, given.grantee AS role
        FROM pg_inherits
        JOIN pg_class part ON part.oid = inhrelid
        CROSS JOIN aclexplode(part.relacl) given
        WHERE inhparent = 'charter_audit_entries'::regclass AND inhrelid <> ALL (before)
          AND given.grantee <> part.relowner
    LOOP
        EXECUTE format('REVOKE ALL ON TABLE %s FROM %s', grantee.partition,
                       CASE WHEN grantee.role = 0 THEN 'PUBLIC' ELSE grantee.role::regrole::text END);
    END LOOP;
    RETURN made;
END $$;
"""
FORMER_FUNCTIONS = """
CREATE OR REPLACE FUNCTION ensure_audit_partitions(moment timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
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
CREATE OR REPLACE FUNCTION make_audit_partitions(moment timestamptz) RETURNS integer
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_temp
AS $$
DECLARE
    before oid[] := ARRAY(SELECT inhrelid FROM pg_inherits WHERE inhparent = 'audit_events'::regclass);
    made integer;
    grantee record;
BEGIN
    IF moment NOT BETWEEN now() - interval '2 months' AND now() + interval '4 years' THEN
        RAISE WARNING 'no partitions are made for %: the clock that tells it must be wrong', moment;
        RETURN 0;
    END IF;
    made := ensure_audit_partitions(moment);
    FOR grantee IN
        SELECT DISTINCT part.oid::regclass AS partition, given.grantee AS role
        FROM pg_inherits
        JOIN pg_class part ON part.oid = inhrelid
        CROSS JOIN aclexplode(part.relacl) given
        WHERE inhparent = 'audit_events'::regclass AND inhrelid <> ALL (before) AND given.grantee <> part.relowner
    LOOP
        EXECUTE format('REVOKE ALL ON TABLE %s FROM %s', grantee.partition,
                       CASE WHEN grantee.role = 0 THEN 'PUBLIC' ELSE grantee.role::regrole::text END);
    END LOOP;
    RETURN made;
END $$;
"""
PLACE = """
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION make_audit_partitions(timestamptz) SET search_path = %s, pg_temp', (
        SELECT relnamespace::regnamespace FROM pg_class WHERE oid = 'audit_events'::regclass
    ));
END $$;
"""

MONTHS = """
SELECT ensure_audit_partitions(month)
FROM pg_inherits CROSS JOIN to_date(right(inhrelid::regclass::text, 7) || '_15', 'YYYY_MM_DD') AS month
WHERE inhparent = 'audit_events'::regclass AND inhrelid::regclass::text !~ '_default$'
  AND month < now() - interval '1 month'
UNION ALL
SELECT ensure_audit_partitions(now())
WHERE EXISTS (SELECT FROM pg_inherits WHERE inhparent = 'audit_events'::regclass OFFSET 1)
"""

RIGHTS = """
DO $$
DECLARE
    made record;
    given record;
BEGIN
    FOR made IN
        SELECT oid::regclass AS name, CASE relname
            WHEN 'charter_audit_entries' THEN '{SELECT,INSERT}'::text[]
            WHEN 'charter_audit_entries_default' THEN '{SELECT}'
            WHEN 'charter_audit_labels' THEN '{SELECT}'
            WHEN 'charter_audit_roles' THEN '{SELECT}'
            ELSE '{}' END AS rights
        FROM pg_class WHERE relkind IN ('r', 'p') AND relname ~ '^charter_audit_'
          AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'audit_events'::regclass)
    LOOP
        -- Default privileges may have granted something (ALTER DEFAULT PRIVILEGES). 0 stands for PUBLIC.
        FOR given IN
            SELECT DISTINCT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END AS role
            FROM pg_class CROSS JOIN aclexplode(relacl) WHERE oid = made.name AND grantee <> relowner
        LOOP
            EXECUTE format('REVOKE ALL ON TABLE %s FROM %s', made.name, given.role);
        END LOOP;
        FOR given IN
            SELECT privilege_type AS privilege,
                   CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END AS role
            FROM pg_class CROSS JOIN aclexplode(relacl) WHERE oid = 'audit_events'::regclass AND grantee <> relowner
        LOOP
            IF given.privilege = ANY (made.rights) THEN
                EXECUTE format('GRANT %s ON TABLE %s TO %s', given.privilege, made.name, given.role);
            END IF;
            IF given.privilege = 'INSERT' THEN
                EXECUTE format('GRANT EXECUTE ON FUNCTION charter_learn_audit_label(text, text, text, text, text), '
                               'charter_learn_audit_role(text) TO %s', given.role);
            END IF;
        END LOOP;
    END LOOP;
END $$
"""


def migrate(migrator, database, **kwargs):
    """Replace the functions that make partitions, and make those that are missing."""
    database.execute_sql(FUNCTIONS)
    database.execute_sql(PLACE)
    database.execute_sql(MONTHS)
    database.execute_sql(RIGHTS)


def rollback(migrator, database, **kwargs):
    """Let the functions make partitions of audit_events again."""
    database.execute_sql(FORMER_FUNCTIONS)
    database.execute_sql(PLACE)
