"""Changes of operations, their policies, parameters, bodies and responses."""

from tests.diffs.document import BODY, CREATE, CREATED, DELETE, DOCUMENT, LIST, OLD, READ, REPLACE, SCHEMAS
from tests.diffs.edit import GONE, edit

_READ_BODY = DOCUMENT["paths"]["/v1/things/{thing_id}"]["get"]
_ITEM = ("paths", "/v1/things/{thing_id}")
_NEW = {"operationId": "new_thing", "tags": ["things"], "responses": {"204": {"description": "Done."}}}
_HEADER = {"name": "If-Match", "in": "header", "required": True, "schema": {"type": "string"}}
_OPTIONAL = {"name": "size", "in": "query", "schema": {"type": "string"}}

OPERATIONS = (
    edit("remove an operation", "operation-removed", CREATE, GONE),
    edit("remove a path", "operation-removed operation-removed operation-removed", _ITEM, GONE),
    edit("remove an operation before its end", "operation-removed", DELETE, GONE),
    edit("remove an operation after its end", "operation-removed-after-sunset", OLD, GONE),
    edit("add an operation", "operation-added", ("paths", "/v1/new", "post"), _NEW),
    edit(
        "move an operation",
        "operation-moved",
        READ,
        GONE,
        ("paths", "/v2/things/{thing_id}"),
        {"parameters": DOCUMENT["paths"]["/v1/things/{thing_id}"]["parameters"], "get": _READ_BODY},
    ),
    edit("rename an operationId", "operation-id-renamed", (*READ, "operationId"), "read_thing"),
    edit("change the group", "operation-group-changed", (*READ, "tags"), ["items"]),
    edit("change a further tag", "text-changed", (*CREATE, "tags"), ["things"]),
    edit("deprecate", "operation-deprecated", (*READ, "deprecated"), True),
    edit(
        "deprecate with a date",
        "operation-deprecated sunset-added",
        (*READ, "deprecated"),
        True,
        (*READ, "x-sunset"),
        "2031-01-01",
    ),
    edit("restore", "operation-restored sunset-removed", (*DELETE, "deprecated"), GONE, (*DELETE, "x-sunset"), GONE),
    edit("end earlier", "sunset-earlier", (*DELETE, "x-sunset"), "2029-01-01"),
    edit("end later", "sunset-later", (*DELETE, "x-sunset"), "2031-01-01"),
    edit("an end that is no day", "unknown-change", (*DELETE, "x-sunset"), "soon"),
    edit("serve a path elsewhere", "servers-changed", (*_ITEM, "servers"), [{"url": "https://things.example.com"}]),
    edit("an unknown key of a path", "unknown-change", (*_ITEM, "x-new"), True),
    edit("reword a summary", "text-changed", (*LIST, "summary"), "List all things"),
)

POLICIES = (
    edit("require one more permission", "permission-required", (*READ, "x-permission"), ["things:read", "things:all"]),
    edit("require another permission", "permission-required permission-waived", (*READ, "x-permission"), "things:all"),
    edit("require one permission less", "permission-waived", (*CREATE, "x-permission"), "things:write"),
    edit("list the permissions in another order", "", (*CREATE, "x-permission"), ["things:read", "things:write"]),
    edit(
        "end public access",
        "public-access-removed security-alternative-added security-alternative-removed",
        (*LIST, "x-public"),
        GONE,
        (*LIST, "x-permission"),
        "things:read",
        (*LIST, "security"),
        [{"bearer": []}],
    ),
    edit(
        "open to the public",
        "public-access-added security-alternative-added",
        (*READ, "x-permission"),
        GONE,
        (*READ, "x-public"),
        True,
        (*READ, "security"),
        [],
    ),
    edit("repeat the security of the document", "", (*READ, "security"), [{"bearer": []}]),
    edit("give the owner access", "owner-access-added", (*REPLACE, "x-owner"), "thing_id"),
    edit("take the owner's access", "owner-access-removed", (*READ, "x-owner"), GONE),
    edit("limit", "rate-limit-added", (*LIST, "x-rate-limit"), "read"),
    edit("change the bucket", "rate-limit-changed", (*CREATE, "x-rate-limit"), "login"),
    edit("name the default bucket", "", (*READ, "x-rate-limit"), "default"),
    edit("stop limiting", "rate-limit-removed", (*CREATE, "x-rate-limit"), "none"),
    edit("accept a key", "idempotency-added", (*DELETE, "x-idempotency"), "accepted"),
    edit("require a key", "idempotency-required", (*CREATE, "x-idempotency"), "required"),
    edit("no longer require a key", "idempotency-relaxed", (*REPLACE, "x-idempotency"), "accepted"),
    edit("ignore the key", "idempotency-removed", (*CREATE, "x-idempotency"), GONE),
    edit("accept a precondition", "precondition-added", (*DELETE, "x-precondition"), "accepted"),
    edit("require a precondition", "precondition-required", (*CREATE, "x-precondition"), "required"),
    edit("no longer require a precondition", "precondition-relaxed", (*REPLACE, "x-precondition"), "accepted"),
    edit("ignore the precondition", "precondition-removed", (*REPLACE, "x-precondition"), GONE),
    edit("require a recent sign-in", "step-up-added", (*DELETE, "x-step-up"), "recent"),
    edit("require another recency", "step-up-changed", (*REPLACE, "x-step-up"), "very_recent"),
    edit("require no recent sign-in", "step-up-removed", (*REPLACE, "x-step-up"), GONE),
    edit("page by cursor", "pagination-changed", (*READ, "x-paginated"), "cursor"),
    edit("page by cursor, too", "cursor-added", (*READ, "x-paginated"), ["offset", "cursor"]),
    edit("rename the event", "audit-event-changed", (*CREATE, "x-audit"), "thing.made"),
    edit("name the event as it is called", "", (*DELETE, "x-audit"), "delete_thing"),
    edit("cache differently", "caching-changed", (*LIST, "x-cache", "policy"), "settings"),
    edit("invalidate", "caching-changed", (*CREATE, "x-invalidates"), ["things"]),
    edit("run elsewhere", "execution-changed", (*CREATE, "x-executor"), GONE),
    edit(
        "change a security scheme",
        "security-scheme-changed",
        ("components", "securitySchemes", "bearer", "scheme"),
        "basic",
    ),
    edit(
        "describe a security scheme", "text-changed", ("components", "securitySchemes", "bearer", "description"), "It."
    ),
    edit(
        "rename a security scheme",
        "text-changed",
        ("components", "securitySchemes"),
        {"token": {"type": "http", "scheme": "bearer"}},
        ("security",),
        [{"token": []}],
    ),
    edit("remove a security scheme", "security-scheme-changed", ("components", "securitySchemes", "bearer"), GONE),
)

REQUESTS = (
    edit("add an optional parameter", "parameter-added", (*READ, "parameters"), [_OPTIONAL]),
    edit(
        "add a required parameter", "parameter-added-required", (*READ, "parameters"), [_OPTIONAL | {"required": True}]
    ),
    edit("remove a parameter", "parameter-removed", (*LIST, "parameters", 0), GONE),
    edit("require a parameter", "parameter-became-required", (*LIST, "parameters", 0, "required"), True),
    edit("no longer require a parameter", "parameter-became-optional", (*LIST, "parameters", 1, "required"), False),
    edit("require a header", "parameter-added-required", (*DELETE, "parameters"), [_HEADER]),
    edit("require a known header", "parameter-became-required", (*LIST, "parameters", 3, "required"), True),
    edit("no longer require a header", "parameter-became-optional", (*REPLACE, "parameters", 0, "required"), False),
    edit("write a header in small letters", "", (*REPLACE, "parameters", 0, "name"), "if-match"),
    edit(
        "rename a path parameter",
        "path-parameter-renamed",
        _ITEM,
        GONE,
        ("paths", "/v1/things/{id}"),
        DOCUMENT["paths"]["/v1/things/{thing_id}"]
        | {"parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]},
    ),
    edit("write a list differently", "parameter-encoding-changed", (*LIST, "parameters", 2, "explode"), False),
    edit("state the usual style", "", (*LIST, "parameters", 2, "style"), "form"),
    edit("deprecate a parameter", "parameter-deprecated", (*LIST, "parameters", 0, "deprecated"), True),
    edit("restore a parameter", "text-changed", (*LIST, "parameters", 3, "deprecated"), GONE),
    edit("tighten a parameter", "request-bound-tightened", (*LIST, "parameters", 0, "schema", "maximum"), 50),
    edit("change a default", "request-default-changed", (*LIST, "parameters", 0, "schema", "default"), 10),
    edit("narrow an enum of requests", "request-enum-value-removed", (*SCHEMAS, "Colour", "enum"), ["red", "green"]),
    edit(
        "widen an enum of requests",
        "request-enum-value-added",
        (*SCHEMAS, "Colour", "enum"),
        ["red", "green", "blue", "grey"],
    ),
    edit(
        "accept a body",
        "request-body-added",
        (*DELETE, "requestBody"),
        {"content": {"application/json": {"schema": {"type": "object"}}}},
    ),
    edit(
        "require a new body",
        "request-body-added-required",
        (*DELETE, "requestBody"),
        {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
    ),
    edit("remove a body", "request-body-removed", BODY, GONE),
    edit("require the body", "request-body-became-required", (*REPLACE, "requestBody", "required"), True),
    edit("no longer require the body", "request-body-became-optional", (*BODY, "required"), False),
    edit(
        "accept another media type",
        "request-media-type-added",
        (*BODY, "content", "text/json"),
        {"schema": {"type": "string"}},
    ),
    edit("refuse a media type", "request-media-type-removed", (*BODY, "content", "application/xml"), GONE),
    edit(
        "encode parts differently",
        "request-encoding-changed",
        (*REPLACE, "requestBody", "content", "multipart/form-data", "encoding"),
        {"name": {"contentType": "text/plain"}},
    ),
    edit(
        "change an example",
        "example-changed",
        (*BODY, "content", "application/json", "examples", "one", "value", "name"),
        "Desk",
    ),
)

RESPONSES = (
    edit("add a success", "success-status-added", (*READ, "responses", "206"), {"description": "A part."}),
    edit("remove a success", "success-status-removed", (*CREATE, "responses", "202"), GONE),
    edit("add an error", "other-status-added", (*READ, "responses", "404"), {"description": "None."}),
    edit("remove an error", "other-status-removed", (*CREATE, "responses", "409"), GONE),
    edit(
        "give a response a body",
        "response-body-added",
        (*CREATE, "responses", "202", "content"),
        {"application/json": {"schema": {"type": "object"}}},
    ),
    edit(
        "return another media type",
        "response-media-type-added",
        (*CREATED, "content", "text/plain"),
        {"schema": {"type": "string"}},
    ),
    edit(
        "no longer return a media type", "response-media-type-removed", (*CREATED, "content", "application/xml"), GONE
    ),
    edit("add a header", "response-header-added", (*CREATED, "headers", "Location"), {"schema": {"type": "string"}}),
    edit("remove a header", "response-header-removed", (*CREATED, "headers", "ETag"), GONE),
    edit(
        "a header may be missing", "response-header-became-optional", (*CREATED, "headers", "ETag", "required"), False
    ),
    edit(
        "a header is always there",
        "response-header-became-required",
        (*CREATED, "headers", "X-Colour", "required"),
        True,
    ),
    edit("change a link", "link-changed", (*CREATED, "links", "read", "operationId"), "list_things"),
)

TEXTS = (
    edit("nothing", ""),
    edit("a new version alone", "", ("info", "version"), "1.0.1"),
    edit("introduce differently", "text-changed", ("info", "description"), "On things."),
    edit("describe tags", "text-changed", ("tags",), [{"name": "things"}]),
    edit("move the deployment", "servers-changed", ("servers", 0, "url"), "https://api.example.com"),
    edit("an unknown key of an operation", "unknown-change", (*READ, "x-new"), True),
    edit("an unknown key of a schema", "unknown-change", (*SCHEMAS, "Hue", "x-new"), True),
)
