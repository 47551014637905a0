-- Makes the partitions of the audit trail as the owner of the tables.
--
-- The role that serves owns nothing and so cannot make a table. This function runs with the owner's rights (SECURITY
-- DEFINER) and does only this one thing for it. Afterwards nobody but the owner has a right on the new partitions, so
-- their rows are reached through charter_audit_entries alone and cannot be changed or deleted (law 4).
--
-- Called by: app/services/maintenance.py, app/database/migrator.py
--
-- Arguments:
--   moment          any moment of the first month
--
-- Returns how many partitions were made, as ensure_audit_partitions.sql does; 0 with a warning for a moment that only a
-- wrong clock can tell.
CREATE OR REPLACE FUNCTION make_audit_partitions(moment timestamptz) RETURNS integer
LANGUAGE plpgsql
SECURITY DEFINER
-- The schema of our tables, and temporary objects last: no table or function of the calling role can be taken for one
-- of ours. The migration writes the schema that the tables are in, which is not `public` everywhere.
SET search_path = public, pg_temp
AS $$
DECLARE
    before oid[] := ARRAY(SELECT inhrelid FROM pg_inherits WHERE inhparent = 'charter_audit_entries'::regclass);
    made integer;
    grantee record;
BEGIN
    -- Partitions of a far future would stay forever, and nobody needs them.
    IF moment NOT BETWEEN now() - interval '2 months' AND now() + interval '4 years' THEN
        RAISE WARNING 'no partitions are made for %: the clock that tells it must be wrong', moment;
        RETURN 0;
    END IF;

    made := ensure_audit_partitions(moment);

    -- Default privileges may have granted something on the new tables (ALTER DEFAULT PRIVILEGES): take it back.
    FOR grantee IN
        SELECT DISTINCT part.oid::regclass AS partition, given.grantee AS role
        FROM pg_inherits
        JOIN pg_class part ON part.oid = inhrelid
        CROSS JOIN aclexplode(part.relacl) given
        WHERE inhparent = 'charter_audit_entries'::regclass AND inhrelid <> ALL (before)
          AND given.grantee <> part.relowner
    LOOP
        -- 0 stands for PUBLIC.
        EXECUTE format('REVOKE ALL ON TABLE %s FROM %s', grantee.partition,
                       CASE WHEN grantee.role = 0 THEN 'PUBLIC' ELSE grantee.role::regrole::text END);
    END LOOP;

    RETURN made;
END $$;

-- Everybody may call a new function. This one has the owner's rights: `charter db grants` names who may.
REVOKE EXECUTE ON FUNCTION make_audit_partitions(timestamptz) FROM PUBLIC;
