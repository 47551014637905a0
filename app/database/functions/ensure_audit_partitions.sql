-- Makes the partitions of the audit trail for a month and the three months after it, where they are missing.
--
-- There is always a partition for the rows of today, and each refuses TRUNCATE by a trigger of its own (law 4). The row
-- trigger against UPDATE and DELETE comes from the parent table when the partition is attached; see
-- refuse_audit_change.sql.
--
-- Called by: app/database/functions/make_audit_partitions.sql, app/database/migrator.py
--
-- Arguments:
--   moment          any moment of the first month; months are those of UTC
--
-- Returns how many partitions it made. It is run by the owner of the tables.
CREATE OR REPLACE FUNCTION ensure_audit_partitions(moment timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    first timestamp := date_trunc('month', moment AT TIME ZONE 'UTC');
    lower_bound uuid;
    upper_bound uuid;
    partition text;
    created integer := 0;
BEGIN
    -- One at a time: two servers that start together would both find the partition missing.
    PERFORM pg_advisory_xact_lock(hashtext('ensure_audit_partitions'));

    FOR ahead IN 0..3 LOOP
        partition := to_char(first + make_interval(months => ahead), '"charter_audit_entries_"YYYY_MM');
        CONTINUE WHEN to_regclass(partition) IS NOT NULL;

        -- The id of a row begins with its time, so a month is a range of ids.
        lower_bound := lowest_id((first + make_interval(months => ahead)) AT TIME ZONE 'UTC');
        upper_bound := lowest_id((first + make_interval(months => ahead + 1)) AT TIME ZONE 'UTC');

        -- Rows cannot be moved, and PostgreSQL attaches no partition whose rows are in the default one.
        IF EXISTS (SELECT FROM charter_audit_entries_default WHERE id >= lower_bound AND id < upper_bound) THEN
            RAISE WARNING 'rows of % already lie in charter_audit_entries_default and stay there', partition;
            CONTINUE;
        END IF;

        -- ATTACH takes a lighter lock on charter_audit_entries than CREATE TABLE ... PARTITION OF: writers need not wait.
        EXECUTE format('CREATE TABLE %I (LIKE charter_audit_entries INCLUDING DEFAULTS INCLUDING CONSTRAINTS)',
                       partition);
        -- A trigger on TRUNCATE is not passed on to partitions.
        EXECUTE format('CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON %I
                        FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()', partition);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER audit_no_truncate', partition);
        EXECUTE format('ALTER TABLE charter_audit_entries ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                       partition, lower_bound, upper_bound);
        created := created + 1;
    END LOOP;

    RETURN created;
END $$;
