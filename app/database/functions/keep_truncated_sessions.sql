-- Does for TRUNCATE what keep_removed_sessions.sql does for DELETE: keeps the times of the removed sessions.
--
-- TRUNCATE passes no table of removed rows to its trigger. So this one runs before, and reads `sessions` itself. The
-- function serves no law.
--
-- Called by: the trigger below
--
-- A trigger function has no arguments. The value it returns is not used.
CREATE OR REPLACE FUNCTION keep_truncated_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO removed_sessions (created_at, ended_at)
    SELECT created_at, over_at
    FROM (
        -- The earliest of its ends, and never before its beginning.
        SELECT
            created_at,
            greatest(created_at, least(ended_at, idle_expires_at, expires_at, clock_timestamp())) AS over_at
        FROM sessions
    ) gone
    -- Hours before final_until have been counted and are not counted again.
    WHERE over_at >= coalesce((SELECT final_until FROM activity_watermarks), '-infinity');
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER sessions_truncated BEFORE TRUNCATE ON sessions
    FOR EACH STATEMENT EXECUTE FUNCTION keep_truncated_sessions();
