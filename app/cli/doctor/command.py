"""`charter doctor`: runs the checks, prints the findings, and ends with an exit code that scripts can use."""

import os

import click

EPILOG = """
\b
Exit codes; of several, the first that applies:
  0  nothing failed, though there may be warnings
  78 the configuration or the document is wrong
  69 the database or the cache does not respond
  1  something else failed
"""


@click.command(epilog=EPILOG)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Check the whole deployment and say how to fix each fault.

    The command checks configuration, database, cache, migrations, partitions, document and keys. It changes nothing,
    and may run beside the server. In development it starts the servers under .charter for the check if they do not run.
    """
    from app.cli.doctor.deployment import deployment
    from app.cli.doctor.examination import examine
    from app.cli.doctor.report import Report, as_document, exit_code

    with deployment(os.environ) as examined:
        report = None if as_json else Report()
        findings = []
        for finding in examine(examined):
            findings.append(finding)
            if report:
                report.print_finding(finding)
    if report:
        report.print_summary(findings)
    else:
        click.echo(as_document(findings))
    ctx.exit(exit_code(findings))
