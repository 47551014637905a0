-- Counts the accounts that a statement moves to another role or status: one less there, one more here.
--
-- See count_new_users.sql. No law depends on it.
--
-- Called by: the trigger below
--
-- A trigger function has no arguments. `before` and `after` hold the old and the new rows. The value it returns is not
-- used.
CREATE OR REPLACE FUNCTION count_changed_users() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A trigger that reads old and new rows runs for an update of any column. An update of other columns adds up to
    -- zero, and writes no row.
    INSERT INTO user_counts (role_id, status, number)
    SELECT role_id, status, sum(number)
    FROM (
        SELECT role_id, status, 1 AS number FROM after
        UNION ALL
        SELECT role_id, status, -1 FROM before
    ) changed
    GROUP BY role_id, status
    HAVING sum(number) <> 0;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER users_counted_update AFTER UPDATE ON users REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION count_changed_users();
