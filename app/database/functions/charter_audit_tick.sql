-- Returns the column `tick` of a row of the audit trail: the time of its id in units of 4096 ms.
--
-- It is the first 36 bits of the id. An id that no clock makes before the year 2248 has the last tick, so that the order
-- by tick and id is the order by id. `tick_of` in app/services/audit_search.py returns the same. The column is no
-- generated one, because PostgreSQL plans the expression of such a column for each statement.
--
-- Called by: app/database/functions/charter_decide_request.sql, app/database/functions/charter_write_audit_entry.sql
--
-- Arguments:
--   id              the id of the row
--
-- Returns the tick. No law depends on it.
CREATE OR REPLACE FUNCTION charter_audit_tick(id uuid) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN id < '08000000-0000-0000-0000-000000000000' THEN
        (get_byte(uuid_send(id), 0) << 28) | (get_byte(uuid_send(id), 1) << 20) | (get_byte(uuid_send(id), 2) << 12)
        | (get_byte(uuid_send(id), 3) << 4) | (get_byte(uuid_send(id), 4) >> 4)
        ELSE 2147483647 END
$$;
