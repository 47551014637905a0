-- Counts the accounts that a statement adds, by role and status.
--
-- It adds rows to user_counts and never changes one, so writers need not wait for each other. The sum of all rows is
-- the exact number of accounts: app/services/user_statistics.py reads it, and now and then puts the rows together. The
-- other changes are counted by count_changed_users.sql, count_gone_users.sql and count_no_users.sql. No law depends
-- on it.
--
-- Called by: the trigger below
--
-- A trigger function has no arguments. `after` holds the new rows. The value it returns is not used.
CREATE OR REPLACE FUNCTION count_new_users() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO user_counts (role_id, status, number)
    SELECT role_id, status, count(*) FROM after GROUP BY role_id, status;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER users_counted_insert AFTER INSERT ON users REFERENCING NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION count_new_users();
