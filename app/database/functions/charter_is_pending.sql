-- Returns whether a write has queued one of these cache tags, and no server has invalidated it yet.
--
-- As long as it is so, requests do not use the cache (law 6).
--
-- Called by: app/services/invalidations.py
--
-- Arguments:
--   p_tags          the tags of a cache entry
--
-- Returns true or false.
--
-- It is a function because PostgreSQL keeps the plan of its statement: planned for each cached read, the same condition
-- takes twice as long. docs/decisions/0005-hot-statements-are-functions.md
CREATE OR REPLACE FUNCTION charter_is_pending(p_tags text[]) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM pending_invalidations WHERE tag = ANY (p_tags));
END $$;
