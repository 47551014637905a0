"""Mutants of who may do what: permissions, owners, tokens, sessions, and the trail."""

from tests.prove.mutants.mutant import Mutant

_AUTH = "app/services/auth.py"
_REFRESH_TOKENS = "app/security/refresh_tokens.py"
_ROTATIONS = "app/services/rotations.py"
_SESSIONS = "app/services/sessions.py"
_TOKENS = "app/security/access_tokens.py"
_USERS = "app/services/users.py"

MUTANTS = (
    Mutant(
        "no permission is asked for", "charter_decide_request", "OR permissions @> required)", "OR true)", "permissions"
    ),
    Mutant(
        "everybody is the owner", "charter_decide_request", "id = p_owner OR", "p_owner IS NOT NULL OR", "permissions"
    ),
    Mutant("nobody is the owner", "charter_decide_request", "id = p_owner OR", "false OR", "permissions"),
    Mutant(
        "an operation needs another permission than documented",
        "app/pipeline/steps/authorization.py",
        'permission = " ".join(policy.permissions)',
        'permission = "users:read" if policy.operation_id == "list_users" else " ".join(policy.permissions)',
        "permissions",
    ),
    Mutant(
        "guarded properties are open to all",
        "app/pipeline/steps/property_permissions.py",
        "if permission not in held and",
        "if False and",
        "permissions",
    ),
    Mutant(
        "admins can be touched by anybody with a permission",
        "app/services/rights.py",
        '        raise Forbidden(reason="beyond_actor")',
        "        pass",
        "escalation",
    ),
    Mutant(
        "a target is looked up before the decision",
        "app/pipeline/steps/authorization.py",
        "        context.decision_id = new_id()\n",
        "        context.decision_id = new_id()\n"
        '        whose = (context.arguments.get("user_id"),)\n'
        '        if action == "get_user" and not run("SELECT 1 FROM users WHERE id = %s", whose):\n'
        "            from app.errors import NotFound\n\n"
        "            raise NotFound\n",
        "objects",
    ),
    Mutant(
        "signatures are not compared",
        _TOKENS,
        '        if not hmac.compare_digest(expected, signature.encode("ascii")):',
        "        if not expected:",
        "tokens",
    ),
    Mutant(
        "only the first half of a signature counts",
        _TOKENS,
        'hmac.compare_digest(expected, signature.encode("ascii"))',
        'hmac.compare_digest(expected[:20], signature.encode("ascii")[:20])',
        "tokens",
    ),
    Mutant("ended sessions stay good", "charter_decide_request", "WHEN is_over THEN", "WHEN false THEN", "sessions"),
    Mutant(
        "a restored account has its sessions back",
        _USERS,
        'sessions.end(context, user_id, reason="suspended")',
        "pass",
        "sessions",
    ),
    Mutant(
        "logout ends nothing",
        _AUTH,
        'principal.user_id, reason="logout"',
        'principal.session_id, reason="logout"',
        "sessions",
    ),
    Mutant(
        "logout elsewhere ends this session, too",
        _SESSIONS,
        '    if scope != "all":',
        '    if scope == "this":',
        "sessions",
    ),
    Mutant(
        "a change of password ends no other session",
        _AUTH,
        'reason="password_changed", scope="others"',
        'reason="password_changed", scope="this"',
        "sessions",
    ),
    Mutant(
        "any session can be ended with one's own id in the path",
        _SESSIONS,
        "return (Session.user == user_id) & Session.ended_at.is_null() & unexpired",
        "return Session.ended_at.is_null() & unexpired",
        "objects",
    ),
    Mutant(
        "the refresh token is not replaced",
        _REFRESH_TOKENS,
        "        return self.generation + 1\n",
        "        return self.generation\n",
        "sessions",
    ),
    Mutant(
        "reuse ends no session",
        _ROTATIONS,
        "        on_rollback(lambda: _end_reused_session(context, claim))",
        "        pass",
        "sessions",
    ),
    Mutant(
        "an ended session is refreshed",
        "charter_refresh_sessions",
        "AND s.ended_at IS NULL",
        "",
        "sessions",
    ),
    Mutant("reuse is taken for a repetition", "rotate_refresh_token", "ELSE 'reuse'", "ELSE 'grace'", "sessions"),
    Mutant(
        "unknown addresses are told",
        _AUTH,
        'raise InvalidCredentials(reason="unknown_address")',
        'raise InvalidCredentials("There is no such account.", reason="unknown_address")',
        "enumeration",
    ),
    Mutant(
        "no time is spent on unknown addresses",
        _AUTH,
        "        passwords.simulate_verify(password)\n",
        "",
        "enumeration",
    ),
    Mutant(
        "a decision is not written where the permission is missing",
        "charter_decide_request",
        "FROM (SELECT 1) AS once LEFT JOIN verdict ON true",
        "FROM (SELECT 1) AS once LEFT JOIN verdict ON true WHERE refusal IS DISTINCT FROM 'permission_missing'",
        "trail",
    ),
    Mutant(
        "a denial is recorded as allowed",
        "charter_decide_request",
        "CASE WHEN verdict.id IS NULL OR refusal IS NOT NULL THEN 'denied' ELSE 'allowed' END",
        "'allowed'",
        "trail",
    ),
    Mutant(
        "an event is not written",
        "app/pipeline/steps/run_handler.py",
        '            record(operation, context, "succeeded")',
        '            if operation.policy.event != "user.suspended":\n'
        '                record(operation, context, "succeeded")',
        "trail",
    ),
    Mutant(
        "an event of a refused request is not written",
        "app/pipeline/steps/audit_event.py",
        '                    record(operation, context, "failed", context.event.reason or reason)',
        "                    pass",
        "trail",
    ),
)
