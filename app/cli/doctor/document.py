"""The document: the faults that stop the start of a server, and those that an OpenAPI validator finds."""

from collections.abc import Iterator

from app.cli.doctor.deployment import Deployment
from app.cli.doctor.findings import Verdict, counted, failed, ok, skipped
from app.cli.project import current_project
from app.pipeline.contract import read_contract
from app.spec.document import DocumentError


def operations(deployment: Deployment) -> Iterator[Verdict]:
    """Read the document as the start of a server does: policies, permissions, and a handler for each operation."""
    try:
        contract = deployment.contract = read_contract(deployment.config, project=current_project())
    except DocumentError as error:
        for fault in error.faults:
            yield failed(f"{fault.place}: {fault.message}", fault.fix)
    else:
        yield ok(f"{counted(len(contract.policies), 'operation')}, each with a policy and a handler")


def lint(deployment: Deployment) -> Iterator[Verdict]:
    """Compare the document with the OpenAPI specification."""
    if deployment.contract is None:
        yield skipped("the document cannot be read as a whole")
        return
    try:
        from openapi_spec_validator import OpenAPIV30SpecValidator
    except ModuleNotFoundError:
        yield skipped("openapi-spec-validator is not installed; only development needs it")
        return
    faults = list(OpenAPIV30SpecValidator(deployment.contract.document.bundle).iter_errors())
    for fault in faults:
        place = ".".join(str(part) for part in fault.absolute_path)
        yield failed(f"{place}: {fault.message[:200]}", "fix it there, then check it with: charter spec lint")
    if not faults:
        yield ok("the document is valid OpenAPI 3.0")
