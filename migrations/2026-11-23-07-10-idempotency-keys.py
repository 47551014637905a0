"""Idempotency keys with the answers kept under them, and the function that claims one.

A function, so that the wait for a twin is bounded for this one statement alone: its lock_timeout ends with it, where
SET LOCAL would go on for the rest of the work.
"""

TABLE = """
CREATE TABLE idempotency_keys (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    operation text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status integer,
    headers jsonb,
    body bytea,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX idempotency_keys_user_id_operation_key ON idempotency_keys (user_id, operation, key);
CREATE INDEX idempotency_keys_expires_at ON idempotency_keys (expires_at);
"""

# No row: the key is the caller's from now on, until the transaction ends. A row: what is kept under it. A twin that is
# still at work holds the key's row: waiting for it fails with lock_not_available. An expired row is taken over.
CLAIM = """
CREATE FUNCTION claim_idempotency_key(
    p_id uuid, p_user_id uuid, p_operation text, p_key text, p_fingerprint bytea, p_now timestamptz,
    p_expires_at timestamptz
) RETURNS TABLE (fingerprint bytea, status integer, headers jsonb, body bytea)
LANGUAGE plpgsql SET lock_timeout = '100ms' AS $$
#variable_conflict use_column
BEGIN
    INSERT INTO idempotency_keys AS kept (id, user_id, operation, key, fingerprint, expires_at, created_at, updated_at)
    VALUES (p_id, p_user_id, p_operation, p_key, p_fingerprint, p_expires_at, p_now, p_now)
    ON CONFLICT (user_id, operation, key) DO UPDATE SET
        fingerprint = excluded.fingerprint, status = NULL, headers = NULL, body = NULL,
        expires_at = excluded.expires_at, created_at = excluded.created_at, updated_at = excluded.updated_at
        WHERE kept.expires_at <= p_now;
    IF NOT FOUND THEN
        RETURN QUERY SELECT kept.fingerprint, kept.status, kept.headers, kept.body FROM idempotency_keys kept
        WHERE kept.user_id = p_user_id AND kept.operation = p_operation AND kept.key = p_key;
    END IF;
END $$
"""


def migrate(migrator, database, **kwargs):
    """Create the table and the function."""
    database.execute_sql(TABLE)
    database.execute_sql(CLAIM)


def rollback(migrator, database, **kwargs):
    """Drop both; what is repeated from then on is done again."""
    database.execute_sql("DROP FUNCTION claim_idempotency_key; DROP TABLE idempotency_keys")
