"""Commands of the shop."""

import click
from models.project import Project

from charter import Context, Terminal, execute, transaction


@click.command()
@click.argument("name")
@click.pass_obj
def archive(terminal: Terminal, name: str) -> None:
    """Archive every project called NAME."""

    def work(context: Context) -> int:
        with transaction():
            return execute(Project.update(status="archived").where(Project.name == name))

    click.echo(f"{terminal.act('projects.archived', work, details={'name': name})} archived")
