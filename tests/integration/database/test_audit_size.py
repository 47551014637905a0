"""A row of the audit trail takes at most 250 bytes on disk, with its share of all indexes."""

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from app.database import Database, run
from app.identifiers import lowest_id, new_id

BYTES = 250
ROWS = 10_000
# A hundred requests in a second.
STEP = timedelta(milliseconds=10)

ACCOUNTS = """
WITH made AS (
    INSERT INTO users (id, email, password_hash, role_id)
    SELECT id, id || '@example.com', 'x', (SELECT id FROM roles WHERE name = 'admin') FROM unnest(%(ids)s::uuid[]) id
    RETURNING id
), profiles AS (INSERT INTO user_profiles (id, user_id) SELECT id, id FROM made)
INSERT INTO sessions (id, user_id, generation, key_id, idle_expires_at, expires_at, address, network)
SELECT id, id, 1, 'k', now() + interval '1 day', now() + interval '1 day', '127.0.0.1', '127.0.0.1' FROM made
"""
# Of a hundred requests, so many are of this kind: action, permission, whether it is about an account, event.
KINDS = (
    (45, "get_me", "account:read", False, None),
    (25, "get_user", "users:read", True, None),
    (10, "list_users", "users:list", False, None),
    (10, "update_me", "account:update", False, "profile.updated"),
    (10, None, None, False, "session.refreshed"),
)
DECIDE = """
SELECT count(*) FROM unnest(%(rows)s::text[]) line
CROSS JOIN LATERAL string_to_array(line, ' ', '') parts
CROSS JOIN LATERAL charter_decide_request(
    now(), parts[1]::uuid, parts[1]::uuid, %(permission)s, NULL, NULL, parts[2]::uuid, parts[3], %(action)s,
    CASE WHEN %(about)s THEN 'user' END, CASE WHEN %(about)s THEN parts[4] END,
    parts[5]::uuid, '127.0.0.1', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0')
"""
RECORD = """
SELECT count(record_event(
    now(), parts[6]::uuid, parts[3], parts[1]::uuid, 'admin', %(event)s, 'succeeded', NULL, NULL, NULL, NULL,
    parts[5]::uuid, '127.0.0.1', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'))
FROM unnest(%(rows)s::text[]) line CROSS JOIN LATERAL string_to_array(line, ' ', '') parts
"""
SIZES = """
SELECT oid::regclass::text, pg_relation_size(oid) FROM pg_class
WHERE relkind = 'r' AND relname ~ %(tables)s
    OR oid IN (SELECT indexrelid FROM pg_index JOIN pg_class t ON t.oid = indrelid WHERE t.relname ~ %(tables)s)
"""
PAGE = 8192


def written(accounts: int, tables: str) -> float:
    """Write rows of all kinds, in the order of a server, and return how many bytes one of them takes in some tables.

    The free space maps, of 24 kB for each index, and the last page of each table and index are left out: among some
    more rows they are nothing.
    """
    luck = Random(1)
    begin = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    people = [new_id() for _ in range(accounts)]
    run(ACCOUNTS, {"ids": people})
    before = dict(run(SIZES, {"tables": tables}))
    weights = [weight for weight, *_ in KINDS]
    for block in range(0, ROWS, 20):
        requests: dict[int, list[str]] = {}
        for number in range(block, block + 20):
            made = lowest_id(begin + number * STEP).int + luck.getrandbits(60)
            actor, about = luck.choice(people), luck.choice(people)
            client = UUID(int=actor.int ^ 1)
            line = f"{actor} {UUID(int=made)} {UUID(int=made - 1)} {about} {client} {UUID(int=made + 1)}"
            requests.setdefault(luck.choices(range(len(KINDS)), weights)[0], []).append(line)
        for kind, lines in requests.items():
            _, action, permission, is_about, event = KINDS[kind]
            if action:
                run(DECIDE, {"rows": lines, "permission": permission, "action": action, "about": is_about})
            if event:
                run(RECORD, {"rows": lines, "event": event})
    grown = sum(max(0, size - before[name] - PAGE) for name, size in run(SIZES, {"tables": tables}))
    [(rows,)] = run("SELECT count(*) FROM charter_audit_entries")
    return float(grown) / int(rows)


def test_a_row_takes_no_more_bytes_than_promised(database: Database) -> None:
    """The mixture of a few hundred accounts, with the rows of their clients."""
    assert written(300, "^(charter_audit_|audit_clients$)") <= BYTES


def test_a_row_takes_no_more_bytes_when_no_two_in_a_row_have_anything_in_common(database: Database) -> None:
    assert written(ROWS, "^charter_audit_") <= BYTES
