-- Keeps the name by which an account is searched, when a writer other than this release's server changes the profile.
--
-- The server writes users.name_key itself, folded by app/text.py, in the same transaction as the profile. Other
-- writers, such as the release before this one, do not. For them the trigger writes the name in lower case; the server
-- replaces that when it next saves the account. No law depends on it.
--
-- Called by: the trigger below
--
-- A trigger function has no arguments. The value it returns is not used.
--
-- Why names are folded by the server: docs/decisions/0018-names-are-folded-here.md
CREATE OR REPLACE FUNCTION keep_name_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A profile that is saved with the same name leaves the folded key alone.
    IF TG_OP = 'INSERT' OR NEW.display_name IS DISTINCT FROM OLD.display_name THEN
        -- An account that is made together with its profile has its folded key already.
        UPDATE users SET name_key = lower(NEW.display_name)
        WHERE id = NEW.user_id AND name_key IS DISTINCT FROM lower(NEW.display_name)
            AND (TG_OP = 'UPDATE' OR name_key IS NULL);
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER user_profiles_name_key AFTER INSERT OR UPDATE OF display_name ON user_profiles
    FOR EACH ROW EXECUTE FUNCTION keep_name_key();
