"""A name is found in whatever case, width and form it is typed, and alike on every server.

What names are searched by was made with lower() of the database, which goes by its version and locale and knows no
other form of a letter. It is folded here, as the server does it from this release on: NFKC_Casefold (Unicode, 3.13).
Only the names that come out otherwise are written, a few thousand accounts at a time. No account gets another version.

The trigger stays for whoever else writes a name, the release before this one among them: such a name is searched in
small letters, until the server saves its account the next time.
"""

import re
import unicodedata

atomic = False

_LOCK_WAIT = "5s"
_BATCH = 5000
_SEARCHED = 200

KEEP = """
CREATE OR REPLACE FUNCTION keep_name_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.display_name IS DISTINCT FROM OLD.display_name THEN
        UPDATE users SET name_key = lower(NEW.display_name)
        WHERE id = NEW.user_id AND name_key IS DISTINCT FROM lower(NEW.display_name)
            AND (TG_OP = 'UPDATE' OR name_key IS NULL);
    END IF;
    RETURN NULL;
END $$
"""
FORMER = """
CREATE OR REPLACE FUNCTION keep_name_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE users SET name_key = lower(NEW.display_name)
    WHERE id = NEW.user_id AND name_key IS DISTINCT FROM lower(NEW.display_name);
    RETURN NULL;
END $$
"""

# Two statements: the second one sees every name as it is once nobody can change it any more.
LOCK = "SELECT id FROM users WHERE id > %s ORDER BY id LIMIT %s FOR NO KEY UPDATE"
NAMES = """
SELECT u.id, p.display_name, u.name_key FROM users u JOIN user_profiles p ON p.user_id = u.id
WHERE u.id = ANY(%s::uuid[]) AND p.display_name IS NOT NULL
"""
WRITE = """
UPDATE users SET name_key = folded.key FROM unnest(%s::uuid[], %s::text[]) AS folded (id, key)
WHERE users.id = folded.id
"""
LOWER = """
UPDATE users u SET name_key = lower(p.display_name) FROM user_profiles p
WHERE p.user_id = u.id AND u.id = ANY(%s::uuid[]) AND u.name_key IS DISTINCT FROM lower(p.display_name)
"""

# Default_Ignorable_Code_Point of Unicode 17.
_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)


def migrate(migrator, database, **kwargs):
    """Fold the names, and let the trigger leave alone what comes folded."""
    _briefly(database, KEEP)
    _walk(database, _fold_batch)


def rollback(migrator, database, **kwargs):
    """Search names as the database writes them in small letters again."""
    _briefly(database, FORMER)
    _walk(database, _lower_batch)


def folded(name):
    """Return what a name is searched by; cut first, since normalising a long text takes quadratic time."""
    once = unicodedata.normalize("NFD", name[: 2 * _SEARCHED]).casefold()
    twice = unicodedata.normalize("NFKC", once).casefold()
    seen = _IGNORABLE.sub("", unicodedata.normalize("NFKC", twice))
    return " ".join(unicodedata.normalize("NFKC", seen).split())[:_SEARCHED]


def _fold_batch(database, ids):
    rows = database.execute_sql(NAMES, (ids,)).fetchall()
    changed = [(id_, key) for id_, name, former in rows if (key := folded(name)) != former]
    if changed:
        database.execute_sql(WRITE, ([id_ for id_, _ in changed], [key for _, key in changed]))


def _lower_batch(database, ids):
    database.execute_sql(LOWER, (ids,))


def _walk(database, work):
    last = "00000000-0000-0000-0000-000000000000"
    while last:
        with database.transaction():
            ids = [row[0] for row in database.execute_sql(LOCK, (last, _BATCH)).fetchall()]
            work(database, ids)
        last = ids[-1] if ids else None


def _briefly(database, statement):
    with database.transaction():
        database.execute_sql(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'")
        database.execute_sql(statement)
