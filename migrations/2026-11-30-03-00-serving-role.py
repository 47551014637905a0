"""What a role needs that serves and owns nothing: partitions made on its behalf, and a row to write for its health.

The function that makes partitions stays as it is for the release before this one, which calls it as the owner.
"""

# The owner of the tables makes the partitions, whoever asks. The search path is fixed, and temporary objects come last,
# so that no table or function of the caller's can pass for one of ours. What default privileges grant on a new table is
# revoked: rows are reached through audit_events, whose rights count. A moment that a wrong clock tells would leave
# partitions that nobody needs.
MAKE = """
CREATE FUNCTION make_audit_partitions(moment timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_temp AS $$
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
        FROM pg_inherits JOIN pg_class part ON part.oid = inhrelid CROSS JOIN aclexplode(part.relacl) given
        WHERE inhparent = 'audit_events'::regclass AND inhrelid <> ALL (before) AND given.grantee <> part.relowner
    LOOP
        EXECUTE format('REVOKE ALL ON TABLE %s FROM %s', grantee.partition,
                       CASE WHEN grantee.role = 0 THEN 'PUBLIC' ELSE grantee.role::regrole::text END);
    END LOOP;
    RETURN made;
END $$;
REVOKE EXECUTE ON FUNCTION make_audit_partitions(timestamptz) FROM PUBLIC;
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION make_audit_partitions(timestamptz) SET search_path = %s, pg_temp', (
        SELECT relnamespace::regnamespace FROM pg_class WHERE oid = 'audit_events'::regclass
    ));
END $$;
"""

# One row, which is written again and again in its place: its page has room for the versions of a row that are not
# cleared away yet.
HEALTH = """
CREATE TABLE health_checks (
    id integer PRIMARY KEY CONSTRAINT health_checks_id CHECK (id = 1),
    checked_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 10);
INSERT INTO health_checks (id) VALUES (1);
"""

# A commit tells of a server that is read-only, or whose log cannot be written. Files of tables are not extended by it:
# that the disk has room tells the sort, which does not fit into so little memory and goes through a temporary file.
CHECK = """
CREATE FUNCTION check_health() RETURNS void LANGUAGE plpgsql SET work_mem = '64kB' AS $$
BEGIN
    UPDATE health_checks SET checked_at = clock_timestamp() WHERE id = 1;
    PERFORM n, repeat('x', 1000) || n AS filler FROM generate_series(1, 200) n ORDER BY filler;
END $$
"""


def migrate(migrator, database, **kwargs):
    """Create the functions and the table."""
    database.execute_sql(MAKE)
    database.execute_sql(HEALTH)
    database.execute_sql(CHECK)


def rollback(migrator, database, **kwargs):
    """Drop them; partitions are made by the owner of the tables alone again."""
    database.execute_sql("DROP FUNCTION check_health(); DROP TABLE health_checks")
    database.execute_sql("DROP FUNCTION make_audit_partitions(timestamptz)")
