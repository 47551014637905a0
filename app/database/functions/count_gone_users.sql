-- Counts the accounts that a statement deletes, by role and status, as negative numbers.
--
-- See count_new_users.sql. No law depends on it.
--
-- Called by: the trigger below
--
-- A trigger function has no arguments. `before` holds the deleted rows. The value it returns is not used.
CREATE OR REPLACE FUNCTION count_gone_users() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO user_counts (role_id, status, number)
    SELECT role_id, status, -count(*) FROM before GROUP BY role_id, status;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER users_counted_delete AFTER DELETE ON users REFERENCING OLD TABLE AS before
    FOR EACH STATEMENT EXECUTE FUNCTION count_gone_users();
