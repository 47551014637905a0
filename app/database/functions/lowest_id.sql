-- Returns the lowest UUIDv7 that can be made in a given millisecond: the bound between the months of the audit trail.
--
-- The first 48 bits are the milliseconds since 1970. The version (7) and the variant (binary 10) are at their places,
-- and all other bits are zero. The function of the same name in app/identifiers.py returns the same for a whole
-- millisecond.
--
-- Called by: app/database/functions/ensure_audit_partitions.sql
--
-- Arguments:
--   moment          any time from 1970 on; the part below a millisecond is rounded
--
-- Returns a UUID. No law depends on it.
CREATE OR REPLACE FUNCTION lowest_id(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid
$$;
