-- Checks that the database accepts writes and has space on its disk; it fails with PostgreSQL's own error if not.
--
-- Its commit fails on a server that is read-only, or that cannot write its log. That commit extends no file, so it does
-- not show a full disk. The sort does: it does not fit into work_mem and goes through a temporary file. Nothing stays
-- behind. It serves law 9: what is wrong is reported openly.
--
-- Called by: app/services/health.py
--
-- It has no arguments and returns nothing.
--
-- What health looks at, and what it cannot see: docs/decisions/0016-health-has-a-background-check.md
CREATE OR REPLACE FUNCTION check_health() RETURNS void
LANGUAGE plpgsql
-- The least that PostgreSQL allows.
SET work_mem = '64kB'
AS $$
BEGIN
    -- There is one row, written again in its place.
    UPDATE health_checks SET checked_at = clock_timestamp() WHERE id = 1;

    -- About 200 kB.
    PERFORM n, repeat('x', 1000) || n AS filler FROM generate_series(1, 200) n ORDER BY filler;
END $$;
