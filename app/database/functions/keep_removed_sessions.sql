-- Keeps the times of deleted sessions, so that the statistics of activity still count them.
--
-- A session may be deleted with its account. It was alive before, and it ends now at the latest. The row that is kept
-- names nobody. app/services/activity_statistics.py counts these rows, and deletes them once their hours are final.
-- No law depends on it.
--
-- Called by: the trigger below
--
-- A trigger function has no arguments. `before` holds the deleted rows. The value it returns is not used.
CREATE OR REPLACE FUNCTION keep_removed_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO removed_sessions (created_at, ended_at)
    SELECT created_at, over_at
    FROM (
        -- The earliest of its ends, and never before its beginning.
        SELECT
            created_at,
            greatest(created_at, least(ended_at, idle_expires_at, expires_at, clock_timestamp())) AS over_at
        FROM before
    ) gone
    -- Hours before final_until have been counted and are not counted again.
    WHERE over_at >= coalesce((SELECT final_until FROM activity_watermarks), '-infinity');
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER sessions_removed AFTER DELETE ON sessions REFERENCING OLD TABLE AS before
    FOR EACH STATEMENT EXECUTE FUNCTION keep_removed_sessions();
