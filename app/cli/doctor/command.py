"""The command: goes through the checks, prints them, and ends with a code that scripts can use."""

import os

import click

EPILOG = """
\b
Exit codes; of several, the first that applies:
  0  nothing failed, though there may be warnings
  78 the settings or the document are wrong
  69 the database or the cache is away
  1  something else failed
"""


@click.command(epilog=EPILOG)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Check the whole deployment, and say how to mend what is wrong.

    Looks at settings, database, cache, migrations, partitions, document and keys. It changes nothing, and may run
    beside the server. In development the servers under .charter are started for the look when they do not run.
    """
    from app.cli.doctor.deployment import deployment
    from app.cli.doctor.examination import examine
    from app.cli.doctor.report import Report, as_document, exit_code

    with deployment(os.environ) as found:
        report = None if as_json else Report()
        findings = []
        for finding in examine(found):
            findings.append(finding)
            if report:
                report.tell(finding)
    if report:
        report.sum_up(findings)
    else:
        click.echo(as_document(findings))
    ctx.exit(exit_code(findings))
