"""`charter spec journeys`: the journeys through the document as Arazzo workflows."""

from pathlib import Path

import click

from app import resources
from app.cli.errors import raise_document_errors
from app.cli.project import current_project
from app.config import Config


@click.command(short_help="Write the journeys as Arazzo workflows.")
@click.option(
    "--output", type=click.Path(file_okay=False, path_type=Path), required=True, help="The folder to write to."
)
def journeys(output: Path) -> None:
    """Write an Arazzo document for each journey of openapi/journeys.yaml, and the bundle beside them.

    A tool that runs Arazzo sends the requests to a deployment, and compares the responses with the document:
    docs/journeys.md shows how. In a project, these are the journeys of the project, and those of Charter that its
    document allows. A journey that does not fit the document is a fault, with its file and line.
    """
    import orjson
    import yaml

    from app.pipeline.contract import read_contract
    from app.spec.document import DocumentError
    from app.spec.journeys import read_workflows

    try:
        project = current_project()
        document = read_contract(Config(), project=project).published
        workflows = read_workflows(resources.OPENAPI / "journeys.yaml", document, only_fitting=project is not None)
        if project and (own := project.openapi / "journeys.yaml").is_file():
            workflows |= read_workflows(own, document)
    except DocumentError as error:
        raise_document_errors(error.faults)
    output.mkdir(parents=True, exist_ok=True)
    files = {"openapi.json": orjson.dumps(document.bundle)}
    for name, workflow in workflows.items():
        text = yaml.safe_dump(workflow, sort_keys=False, allow_unicode=True, width=100)
        files[f"{name}.arazzo.yaml"] = text.encode()
    for name, raw in files.items():
        (output / name).write_bytes(raw)
        click.echo(output / name)
