-- Claims an idempotency key for the current transaction, or returns the response that is stored under it.
--
-- It keeps law 7: of several requests with the same key, one does the work. The unique index on account, operation and
-- key decides which. A claim ends with its transaction: the caller stores the response in the claimed row before the
-- commit, and a rollback gives the key back.
--
-- Called by: app/pipeline/stored_responses.py
--
-- Arguments:
--   p_id            the id of a new row
--   p_user_id       the account that sends the request
--   p_operation     the operationId
--   p_key           the Idempotency-Key header
--   p_fingerprint   the HMAC of the request's parameters and body
--   p_now           the present moment; the caller passes the database's clock, tests pass their own
--   p_expires_at    until when the key is remembered
--
-- Returns no row: the key is claimed. One row: the request was done before, and this is its fingerprint and response.
-- It fails with lock_not_available (55P03) when another transaction holds the key for longer than lock_timeout.
--
-- Why responses are rows: docs/decisions/0011-stored-responses-are-rows.md
-- It is a function so that the short lock_timeout holds for this statement alone. SET LOCAL would go on for the rest of
-- the transaction.
CREATE OR REPLACE FUNCTION claim_idempotency_key(
    p_id uuid,
    p_user_id uuid,
    p_operation text,
    p_key text,
    p_fingerprint bytea,
    p_now timestamptz,
    p_expires_at timestamptz
) RETURNS TABLE (
    fingerprint bytea,
    status integer,
    headers jsonb,
    body bytea
)
LANGUAGE plpgsql
SET lock_timeout = '100ms'
AS $$
#variable_conflict use_column
BEGIN
    -- A new key, or one whose row has expired and is taken over.
    INSERT INTO idempotency_keys AS kept (
        id, user_id, operation, key, fingerprint, expires_at, created_at, updated_at
    )
    VALUES (p_id, p_user_id, p_operation, p_key, p_fingerprint, p_expires_at, p_now, p_now)
    ON CONFLICT (user_id, operation, key) DO UPDATE SET
        fingerprint = excluded.fingerprint,
        status = NULL,
        headers = NULL,
        body = NULL,
        expires_at = excluded.expires_at,
        created_at = excluded.created_at,
        updated_at = excluded.updated_at
        WHERE kept.expires_at <= p_now;

    -- FOUND is false when the row exists and has not expired.
    IF NOT FOUND THEN
        RETURN QUERY
        SELECT kept.fingerprint, kept.status, kept.headers, kept.body
        FROM idempotency_keys kept
        WHERE kept.user_id = p_user_id AND kept.operation = p_operation AND kept.key = p_key;
    END IF;
END $$;
