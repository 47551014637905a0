-- Empties the counts when the accounts are emptied by TRUNCATE.
--
-- See count_new_users.sql. No law depends on it.
--
-- Called by: the trigger below
--
-- A trigger function has no arguments. The value it returns is not used.
CREATE OR REPLACE FUNCTION count_no_users() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE user_counts;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER users_counted_truncate AFTER TRUNCATE ON users
    FOR EACH STATEMENT EXECUTE FUNCTION count_no_users();
