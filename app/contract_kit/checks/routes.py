"""What is served is what is documented: paths, methods, HEAD and OPTIONS, and nothing beside them."""

from app.contract_kit.document import METHODS, Document
from app.contract_kit.exchange import Request, Response
from app.contract_kit.kit import Kit

_OTHER_SPELLINGS = ("{path}/", "/{path}", "{upper}")
_UNSENT = (
    "date",
    "x-request-id",
    "ratelimit",
    "content-length",
    "age",
    "transfer-encoding",
    "connection",
    "keep-alive",
)


def check(kit: Kit) -> None:
    """Compare the paths and methods that are served with those of the document."""
    with kit.trying("", "the document"):
        again = _plain(kit, "GET", "/openapi.json").json
        kit.expect(again == kit.document.source, "the document has changed during the run")
    for path in sorted({operation.path for operation in kit.operations()}):
        with kit.trying("", path):
            _methods(kit, path)
    for operation in kit.operations():
        if operation.safe:
            with kit.trying(operation.name, "HEAD"):
                _head(kit, operation.name)
    with kit.trying("", "unknown paths"):
        for target in ("/v1/no-such-path", "/v1", "/v1/users/me/no-such-path", "/v1/%2e%2e/v1/users/me"):
            response = _plain(kit, "GET", target)
            kit.expect_status(response, 404, code="NOT_FOUND", why=f"{target} is not in the document")


def _plain(kit: Kit, method: str, target: str) -> Response:
    return kit.send(Request(method, target))


def _methods(kit: Kit, path: str) -> None:
    document: Document = kit.document
    documented = {method.upper() for method in METHODS if document.at(method.upper(), path)}
    implied = {"OPTIONS", *(["HEAD"] if "GET" in documented else [])}
    target = path.replace("{", "").replace("}", "")
    options = _plain(kit, "OPTIONS", target)
    allowed = {method.strip() for method in (options.header("allow") or "").split(",")}
    kit.expect(options.status == 204, f"OPTIONS {path} is {options.told()}", options)
    kit.expect(allowed == documented | implied, f"Allow of {path} is {sorted(allowed)}", options)
    for method in sorted({method.upper() for method in METHODS} - documented):
        response = _plain(kit, method, target)
        kit.expect(response.status == 405, f"{method} {path} is {response.told()}, but not documented", response)
    for spelling in _OTHER_SPELLINGS:
        other = spelling.format(path=target, upper=target.upper())
        response = _plain(kit, "GET", other)
        kit.expect(response.status == 404, f"GET {other} is {response.told()}, but not documented", response)


def _head(kit: Kit, name: str) -> None:
    operation = kit.document[name]
    prepared = kit.values.prepare(operation, None if operation.public else kit.people.worker())
    request = kit.values.request(prepared)
    get = kit.send(request, prepared.caller)
    head = kit.send(request.but(method="HEAD"), prepared.caller)
    kit.expect(head.status == get.status, f"HEAD is {head.status}, but GET {get.status}", head)
    names = {known for known, _ in get.headers} ^ {known for known, _ in head.headers}
    kit.expect(not names - set(_UNSENT), f"HEAD and GET differ in the headers {sorted(names - set(_UNSENT))}", head)
