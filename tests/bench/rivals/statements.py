"""The statements of the hand-written rival. Each is prepared once for a connection, and planned once by PostgreSQL.

The first parameters are always the session, the account and the permission: each statement finds out itself whether
the caller is signed in and has the right, so a request needs one round trip.
"""

_ACCOUNT = """u.id, u.email, u.status, u.verified_at, u.created_at, u.updated_at, ur.name,
    p.display_name, p.locale, p.time_zone, p.avatar_url, p.bio"""
_TABLES = """users u JOIN roles ur ON ur.id = u.role_id JOIN user_profiles p ON p.user_id = u.id"""
_CALLER = """SELECT {right} AS allowed
    FROM sessions s
    JOIN users a ON a.id = s.user_id
    JOIN roles r ON r.id = a.role_id
    WHERE s.id = $1 AND s.user_id = $2 AND s.ended_at IS NULL AND s.idle_expires_at > now() AND s.expires_at > now()
      AND a.status = 'active'"""
_HOLDS = "(r.holds_all OR EXISTS (SELECT FROM role_permissions h WHERE h.role_id = r.id AND h.permission = $3))"
_OWN_OR_HOLDS = f"(a.id = $4 OR {_HOLDS})"

PREPARED = {
    # The caller.
    "me (uuid, uuid, text)": f"""
        SELECT {_HOLDS.replace("r.", "ur.")}, {_ACCOUNT}
        FROM sessions s JOIN {_TABLES.replace("users u", "users u ON u.id = s.user_id", 1)}
        WHERE s.id = $1 AND s.user_id = $2 AND s.ended_at IS NULL AND s.idle_expires_at > now()
          AND s.expires_at > now() AND u.status = 'active'""",
    # An account: $4.
    "account (uuid, uuid, text, uuid)": f"""
        SELECT allowed, {_ACCOUNT}
        FROM ({_CALLER.format(right=_OWN_OR_HOLDS)}) caller
        LEFT JOIN ({_TABLES}) ON u.id = $4""",
    # A page of accounts, newest first: $4 of them from offset $5; and how many there are, counted up to 10 001.
    "page (uuid, uuid, text, int, int)": f"""
        SELECT allowed, page.*, (SELECT count(*) FROM (SELECT FROM users LIMIT 10001) counted)
        FROM ({_CALLER.format(right=_HOLDS)}) caller
        LEFT JOIN LATERAL (
            SELECT {_ACCOUNT} FROM {_TABLES} ORDER BY u.created_at DESC, u.id DESC LIMIT $4 OFFSET $5
        ) page ON allowed""",
    # Whether the caller may read the profile of account $4, which comes from Redis.
    "may_read (uuid, uuid, text, uuid)": _CALLER.format(right=_OWN_OR_HOLDS),
    # The profile of account $1.
    "profile (uuid)": """
        SELECT user_id, display_name, locale, time_zone, avatar_url, bio, created_at, updated_at
        FROM user_profiles WHERE user_id = $1""",
    # Replaces the digest $2 of the refresh token of session $1 with $3. A token is good for one use.
    "rotate (uuid, bytea, bytea)": """
        UPDATE rival_sessions s SET token_digest = $3, idle_expires_at = now() + interval '30 days'
        FROM users u
        WHERE s.id = $1 AND s.token_digest = $2 AND s.idle_expires_at > now() AND s.expires_at > now()
          AND u.id = s.user_id AND u.status = 'active'
        RETURNING s.user_id""",
}
