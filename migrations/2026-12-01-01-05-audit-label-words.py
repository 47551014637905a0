"""A label may have a reason of any length: what is unique is its hash, since an entry of an index is short.

Rows of the trail may have such reasons, and the migrations after this one move them.
"""

UNIQUE = """
CREATE UNIQUE INDEX charter_audit_labels_unique ON charter_audit_labels
    (action, outcome, permission, md5(reason), target_type) NULLS NOT DISTINCT;
DROP INDEX charter_audit_labels_words
"""
# A reason that is too long for the former index stays under the present one.
FORMER_UNIQUE = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM charter_audit_labels WHERE octet_length(reason) > 1000) THEN
        ALTER INDEX charter_audit_labels_unique RENAME TO charter_audit_labels_words;
    ELSE
        CREATE UNIQUE INDEX charter_audit_labels_words ON charter_audit_labels
            (action, outcome, permission, reason, target_type) NULLS NOT DISTINCT;
        DROP INDEX charter_audit_labels_unique;
    END IF;
END $$
"""


def migrate(migrator, database, **kwargs):
    """Replace the index; the table is small."""
    database.execute_sql(UNIQUE)


def rollback(migrator, database, **kwargs):
    """Put the former index in its place."""
    database.execute_sql(FORMER_UNIQUE)
