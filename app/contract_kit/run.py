"""A run from beginning to end: reach the deployment, make accounts, check, remove everything, report."""

import secrets
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

from app.contract_kit.checks.catalogue import CHECKS, Check
from app.contract_kit.client import Address, Client, StoppedError, UnreachableError
from app.contract_kit.document import Document
from app.contract_kit.exchange import Request
from app.contract_kit.kit import Kit
from app.contract_kit.ledger import Entry
from app.contract_kit.options import Options
from app.contract_kit.people import DOMAIN, SetupError
from app.contract_kit.progress import Progress
from app.contract_kit.results import Results
from app.contract_kit.sender import CannotTryError, place_of

PROVEN, FAILED, NOT_RUN = 0, 1, 2
_SETUP_SHARE = 8
# Given what a deployment says of itself, the name of its host, and what raises when the run is to stop, returns whether
# the person wants to go on.
Ask = Callable[[str, str, Callable[[], object]], bool]


@dataclass
class Outcome:
    """How a run ended.

    Attributes:
        reason: why it did not run to its end; empty if it did.
        checks: the names of the checks that ran to their end.
    """

    options: Options
    run: str
    results: Results
    reason: str = ""
    document: Document | None = None
    checks: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.time)
    seconds: float = 0.0
    requests: int = 0
    waited: float = 0.0

    @property
    def code(self) -> int:
        """The exit code."""
        results = self.results
        if results.failures:
            return FAILED
        return NOT_RUN if self.reason or results.open_gaps or results.left_behind else PROVEN


def execute(options: Options, stream: TextIO = sys.stderr, *, ask: Ask | None = None) -> Outcome:
    """Run the kit.

    Args:
        stream: where progress goes.
        ask: asks before a deployment is tried that may be a production; None: nobody can be asked, so it is not tried.

    Returns:
        the outcome, whatever happens; nothing that the run has made is left, or the outcome lists it.
    """
    run = f"ck{secrets.token_hex(4)}"
    results = Results()
    outcome = Outcome(options, run, results)
    chosen = [check for check in CHECKS if not options.only or check.name in options.only]
    progress = Progress(stream, _SETUP_SHARE + sum(check.share for check in chosen))
    client = Client(options.address, run, waiting=progress.waiting, sent=progress.sent)
    began = time.monotonic()
    with _signals(client):
        try:
            _run(outcome, client, chosen, progress, ask)
        except (UnreachableError, SetupError, CannotTryError) as error:
            outcome.reason = str(error)
        except StoppedError:
            outcome.reason = "stopped"
        except Exception as error:  # noqa: BLE001  # a run that breaks off is no proof, and its report is wanted
            outcome.reason = f"the run broke off with {type(error).__name__}: {error} ({place_of(error)})"
    outcome.seconds = time.monotonic() - began
    outcome.requests, outcome.waited = client.sent, client.waited
    return outcome


def _run(outcome: Outcome, client: Client, chosen: list[Check], progress: Progress, ask: Ask | None) -> None:
    options, results = outcome.options, outcome.results
    started = time.monotonic()
    progress.begin("reach", "is a Charter there", 1)
    document, deployment = fetch_document(client)
    outcome.document = document
    if not options.production and _needs_consent(options.address, deployment):
        _get_consent(client, deployment, progress, ask)
    kit = Kit(client, document, results, options, run=outcome.run)
    unknown = options.skipped - set(document.operations)
    if unknown:
        raise SetupError(f"the document has no operation {', '.join(sorted(unknown))}, which is to be left out")
    for name in sorted(options.skipped):
        results.gap("run", name, "the operation", "left out by --skip", accepted=True)
    try:
        kit.check = "people"
        kit.people.sign_in_given()
        progress.begin("people", "making accounts", _SETUP_SHARE)
        kit.people.create()
        progress.end("done", time.monotonic() - started)
        for check in chosen:
            _check(kit, check, outcome, progress)
            if options.fail_fast and results.failures:
                outcome.reason = f"stopped after {check.name}, which failed"
                break
    finally:
        client.cleaning = True
        _clean(kit, outcome, progress)


def fetch_document(client: Client) -> tuple[Document, str]:
    """Return the document of a deployment, and what the deployment says that it is; empty if it does not say.

    Raises:
        UnreachableError: nothing responds.
        SetupError: what responds has no document of Charter.
    """
    response = client.send(Request("GET", "/openapi.json"), key="address")
    where = f"{client.address.url}/openapi.json"
    if response.status != 200 or not isinstance(response.json, dict):
        raise SetupError(f"{where} is {response.status}, not a document: check the URL")
    try:
        document = Document(response.json)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SetupError(f"{where} is no OpenAPI document that the kit can read: {error}") from error
    policies = [operation for operation in document if operation.public or operation.permissions]
    if len(policies) < len(document.operations):
        raise SetupError(f"{where} has operations without x-permission and x-public: it is not of a Charter server")
    return document, response.header("charter-deployment") or ""


def _needs_consent(address: Address, deployment: str) -> bool:
    """Return whether a deployment may be a production: it says so, or says nothing and is not on this machine."""
    local = address.host in ("localhost", "127.0.0.1", "::1")
    return "prod" in deployment.lower() or deployment.lower() == "live" or (not deployment and not local)


def _get_consent(client: Client, deployment: str, progress: Progress, ask: Ask | None) -> None:
    """Ask whether to go on.

    Raises:
        SetupError: nobody can be asked, or they do not want to.
        StoppedError: the question was answered with Ctrl-C.
    """
    address = client.address
    told = f"{address.url} says that it is {deployment}" if deployment else f"{address.url} may be a production"
    if ask is None:
        raise SetupError(f"{told}: add --yes-production to run against it")
    progress.clear()
    if not ask(told, address.host, lambda: client.wait(0)):
        raise SetupError(f"{told}: {address.host} was not typed, so nothing was done")


def _check(kit: Kit, check: Check, outcome: Outcome, progress: Progress) -> None:
    kit.check = check.name
    progress.begin(check.name, check.title, check.share)
    began, failures = time.monotonic(), len(kit.results.failures)
    with kit.trying("", check.title):
        check.run(kit)
    seconds = time.monotonic() - began
    kit.results.seconds[check.name] = seconds
    outcome.checks.append(check.name)
    progress.end("FAILED" if len(kit.results.failures) > failures else "passed", seconds)


def _clean(kit: Kit, outcome: Outcome, progress: Progress) -> None:
    """Remove all that the run has made."""
    kit.check = "cleaning"
    began = time.monotonic()
    progress.begin("cleaning", "removing what was made", 0)
    people, results = kit.people, kit.results
    if not people.given.id:
        return
    try:
        _find_accounts(kit)
        _find_roles(kit)
        count = len(kit.ledger)
        results.left_behind += kit.ledger.remove_all(people.remove_given)
        if "logout" in kit.document:
            kit.call("logout", people.given, body={"scope": "this"})
        progress.end("done" if not results.left_behind else "FAILED", time.monotonic() - began)
        results.notes.append(f"{count} accounts, roles and other things were made and removed")
    except Exception as error:  # noqa: BLE001  # whatever it is, what is left must be listed
        results.left_behind += kit.ledger.names() or ["accounts whose address has the name of the run in it"]
        outcome.reason = outcome.reason or f"what was made could not be removed: {error}"
        progress.end("FAILED", time.monotonic() - began)


def _find_accounts(kit: Kit) -> None:
    """Have accounts removed that the run does not know by id: it got no good response when they were made.

    `register` never tells the id.
    """
    if "list_users" not in kit.document:
        return
    starts = {f"{word}-{kit.run}" for word in (*kit.people.words, "new", "fuzz")}
    for start in sorted(starts | kit.people.registered):
        for user in kit.rows("list_users", kit.people.given, {"q": start[:100]}):
            ours = user["email"].endswith(f"@{DOMAIN}") or user["email"] in kit.people.registered
            request = kit.request("delete_user", values={"user_id": user["id"]})
            if ours and not kit.ledger.owns(request.target):
                kit.ledger.add(Entry("account", f"account {user['email']}", request))


def _find_roles(kit: Kit) -> None:
    """Have roles removed likewise: their names have that of the run in them."""
    if "list_roles" not in kit.document or not any(entry.kind == "role" for entry in kit.ledger):
        return
    for role in kit.rows("list_roles", kit.people.given):
        request = kit.request("delete_role", values={"role_name": role["name"]})
        if f"-{kit.run}-" in role["name"] and not kit.ledger.owns(request.target):
            kit.ledger.add(Entry("role", f"role {role['name']}", request))


@contextmanager
def _signals(client: Client) -> Iterator[None]:
    """Let SIGINT and SIGTERM stop a run between two requests, so that the run knows all that it has made."""

    def stop(_number: int, _frame: object) -> None:
        client.stopping = True

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
