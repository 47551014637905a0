"""Mutants of requests and responses: shapes, statuses, headers, caching, limits, lists, keys, preconditions."""

from tests.prove.mutants.mutant import Mutant

_PRESENTERS = "handlers/presenters.py"
_ENTITY_TAGS = "app/entity_tags.py"
_JSON = "app/spec/validation/json_body.py"
_HEAD = "app/gateway/http/request_head.py"
_LIMITER = "app/cache/limiter.py"

MUTANTS = (
    Mutant(
        "a response has a property too many",
        _PRESENTERS,
        '        "email_verified": user.verified_at is not None,',
        '        "email_verified": user.verified_at is not None,\n        "name_key": user.__data__.get("name_key"),',
        unchecked=True,
    ),
    Mutant(
        "a response lacks a property",
        _PRESENTERS,
        '        "visibility": declaration.visibility,\n',
        "",
        unchecked=True,
    ),
    Mutant(
        "a response has a null where the document has none",
        _PRESENTERS,
        '"status": user.status',
        '"status": None',
        True,
    ),
    Mutant(
        "a refusal has another status",
        "app/errors.py",
        'code = "EMAIL_TAKEN"',
        'code = "EMAIL_TAKEN"\n    status = 400',
    ),
    Mutant(
        "a success has another status", "handlers/roles.py", 'location=f"/v1/roles/{role.name}"', "status=200", True
    ),
    Mutant(
        "a path that does not exist is a 403",
        "app/errors.py",
        'status = 404\n    code = "NOT_FOUND"',
        'status = 403\n    code = "NOT_FOUND"',
    ),
    Mutant(
        "times have a fraction of another length",
        "app/pipeline/envelope.py",
        "rfc3339(now).encode()",
        "now.isoformat().encode()",
    ),
    Mutant(
        "a security header is missing",
        "app/gateway/default_headers.py",
        '    (b"x-content-type-options", b"nosniff"),\n',
        "",
    ),
    Mutant(
        "refusals may be stored",
        "app/gateway/default_headers.py",
        '    (b"cache-control", b"no-store"),\n)',
        '    (b"cache-control", b"max-age=60"),\n)',
    ),
    Mutant(
        "what belongs to one caller may be stored for all",
        "app/gateway/default_headers.py",
        'b"private, no-cache"',
        'b"public, max-age=60"',
    ),
    Mutant(
        "the challenge of a 401 is missing",
        "app/pipeline/envelope.py",
        "    if error.code in _CHALLENGES:",
        "    if not error.code:",
    ),
    Mutant(
        "the request id of the client is ignored",
        "app/gateway/request_parser.py",
        "sent_id if _REQUEST_ID.fullmatch(sent_id) else str(new_id())",
        "str(new_id())",
    ),
    Mutant(
        "HEAD has a body of no length",
        "app/gateway/response_sender.py",
        'if context.method == "HEAD":\n            body = b""',
        'if context.method == "HEAD":\n            status, body = 204, b""',
    ),
    Mutant(
        "a write leaves an old value in the cache",
        "app/services/invalidations.py",
        "        execute(PendingInvalidation.insert_many(rows))\n        if cache is not None and cache.configured:",
        '        if tags[0] != "users":\n            execute(PendingInvalidation.insert_many(rows))\n'
        '        if cache is not None and cache.configured and tags[0] != "users":',
    ),
    Mutant(
        "a cached value is shown of another account",
        "app/pipeline/steps/cache.py",
        "        identity = {name: value for name, value in arguments.items() if name != _CONDITION}",
        "        identity: dict[str, Any] = {}",
    ),
    Mutant(
        "the ETag stays when the data changes",
        "app/services/user_rows.py",
        "    return str(user.version) if name in rights.BUILT_IN",
        '    return "1" if name in rights.BUILT_IN or name',
    ),
    Mutant(
        "an unchanged resource is sent again",
        "app/pipeline/rendering.py",
        "        if self._policy.safe and headers and _is_not_modified(context, headers):",
        "        if False:",
    ),
    Mutant(
        "every If-None-Match is current",
        _ENTITY_TAGS,
        "    return tags is None or is_named(current, tags)",
        "    return True",
    ),
    Mutant(
        "If-Match is not compared",
        _ENTITY_TAGS,
        "    if is_named(current, expected):",
        "    if current:",
    ),
    Mutant(
        "a required If-Match may be missing",
        "app/pipeline/steps/precondition.py",
        '    required = operation.policy.precondition == "required"',
        "    required = False",
    ),
    Mutant(
        "two writes to one version both succeed",
        "app/services/user_rows.py",
        '    fetch_one(row.for_update("FOR NO KEY UPDATE"))',
        "    fetch_one(row)",
    ),
    Mutant(
        "a repeated request is carried out again",
        "app/pipeline/steps/idempotency.py",
        "IdempotencyClaim(key, fingerprints.of(content))",
        "IdempotencyClaim(key + context.request_id, fingerprints.of(content))",
    ),
    Mutant(
        "a key is good for every request",
        "app/pipeline/stored_responses.py",
        "        if bytes(fingerprint) not in claim.fingerprints:",
        "        if not fingerprint:",
    ),
    Mutant(
        "a repetition does not say that it is one",
        "app/pipeline/stored_responses.py",
        "return response._replace(headers=[*headers, REPLAYED])",
        "return response",
    ),
    Mutant(
        "a property twice is accepted", _JSON, "    if len(value) != len(pairs):", "    if len(value) > len(pairs):"
    ),
    Mutant("half of a surrogate pair is accepted", _JSON, '    if b"\\\\u" in raw:', '    if b"\\\\u0000" in raw:'),
    Mutant(
        "unknown parameters are ignored",
        "app/spec/validation/parameters.py",
        'violations.append(Violation("Is not a parameter of this operation.", name[:_MAX_NAME_LENGTH]))',
        "pass",
    ),
    Mutant(
        "two lengths of a body are accepted", _HEAD, "        if length is not None or is_old:", "        if is_old:"
    ),
    Mutant(
        "a request is not counted",
        _LIMITER,
        "lambda client: _consume(client, key, interval, tolerance)",
        "lambda client: _consume(client, key + str(self._clock()), interval, tolerance)",
    ),
    Mutant(
        "all accounts share one bucket",
        "app/pipeline/steps/rate_limit.py",
        "who = str(context.caller.user_id) if context.caller and by_account else context.client.network",
        "who = context.client.network",
    ),
    Mutant(
        "a limit refuses nobody",
        "app/pipeline/steps/rate_limit.py",
        "        if state.retry_seconds:\n",
        "        if False:\n",
    ),
    Mutant(
        "Retry-After is missing",
        "app/errors.py",
        'cls(reason=reason, headers={"Retry-After": str(max(1, seconds))})',
        "cls(reason=reason)",
    ),
    Mutant(
        "a page skips a row",
        "app/pipeline/pagination.py",
        "    following = url(offset + limit)",
        "    following = url(offset + limit + 1)",
    ),
    Mutant(
        "a cursor skips a row",
        "app/services/audit_search.py",
        "entries[-1].id if len(rows) > page.limit",
        "rows[-1][0] if len(rows) > page.limit",
    ),
    Mutant(
        "a cursor is good for every caller",
        "app/pipeline/steps/parameters.py",
        "orjson.dumps([operation_id, user_id, filters]",
        "orjson.dumps([operation_id, None, filters]",
    ),
    Mutant(
        "a list counts one too many",
        "app/services/roles.py",
        "min(counted, MAX_COUNTED), counted <= MAX_COUNTED)",
        "min(counted + 1, MAX_COUNTED), counted <= MAX_COUNTED)",
    ),
    Mutant(
        "an undocumented path is served",
        "app/gateway/router.py",
        '        segments = raw_path.split("/")[1:]\n',
        '        segments = raw_path.rstrip("/").split("/")[1:]\n',
    ),
)
