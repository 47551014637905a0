"""The checks of a contract that no server needs: of what works, but is of no use to generators, or misleads readers."""

from collections.abc import Collection

from app.pipeline.contract_files import ContractFiles
from app.pipeline.models import check_models, known_models
from app.spec.checks.examples import check_examples
from app.spec.checks.generators import check_generators
from app.spec.checks.links import check_links
from app.spec.document import Document, Faults
from app.spec.journeys import journey_faults
from app.spec.operation import operations as all_operations


def add_faults_for_clients(
    document: Document, files: ContractFiles, policies: Collection[str], faults: Faults, *, well_formed: bool
) -> None:
    """Add the faults that these checks find.

    Args:
        policies: the operationIds of the operations that have one.
        faults: those that are known, and the parts of the document that cannot be judged because of them.
        well_formed: whether the document has the form of OpenAPI.
    """
    faults.add(lambda: check_models(document, known_models(files.project)) if document.models else ())
    faults.add(lambda: check_generators(document))
    if not faults.incomplete.gaps:
        faults.add(lambda: check_links(document, faults.incomplete.pointers))
    faults.add(lambda: check_examples(document))
    # Of an operation that is missing, incomplete or has no valid name, a journey would only repeat the fault.
    if well_formed and not faults.incomplete.pointers and len(policies) == len(list(all_operations(document))):
        faults.add(lambda: journey_faults(files.journeys, document))
