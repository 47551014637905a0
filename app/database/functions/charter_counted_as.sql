-- Returns as what the activity statistics count a row of the audit trail; null, as for nearly all rows: not at all.
--
-- Called by: app/database/functions/charter_write_audit_entry.sql
--
-- Arguments:
--   action, outcome, details    those of the row
--
-- Returns 1: a registration; 2: a sign-in; 3: a sign-in that failed. No law depends on it.
CREATE OR REPLACE FUNCTION charter_counted_as(action text, outcome text, details jsonb) RETURNS smallint
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE action
        WHEN 'user.registered' THEN CASE WHEN outcome = 'succeeded' AND details ? 'user_id' THEN 1 END
        WHEN 'session.created' THEN CASE outcome WHEN 'succeeded' THEN 2 WHEN 'failed' THEN 3 END
    END::smallint
$$;
