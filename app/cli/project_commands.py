"""The commands that a project adds to `charter`: those that its pyproject.toml names."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from app.cli.errors import MISCONFIGURED, CharterGroup, CommandError
from app.cli.project import current_project
from app.context.context import Context
from app.context.terminal import Terminal
from app.project import Project, ProjectError, commands_fault

T = TypeVar("T")


class ProjectGroup(CharterGroup):
    """The root of the command, with the commands of the project after Charter's."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        own = super().list_commands(ctx)
        return own + [name for name in self._added(ctx) if name not in own]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command of Charter's, else one of the project's."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        project = current_project()
        found = self._load(project).get(cmd_name) if project else None
        if found is not None:
            ctx.obj = Terminal(_act_as_operator)
        return found

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what is wrong with the commands of the project, beside the rest."""
        super().format_epilog(ctx, formatter)
        try:
            self._load(current_project())
        except (CommandError, ProjectError) as error:
            formatter.write(f"\nThe project's commands cannot be loaded: {str(error).splitlines()[0]}\n")

    def _added(self, ctx: click.Context) -> list[str]:
        try:
            return list(self._load(current_project()))
        except (CommandError, ProjectError):
            return []

    def _load(self, project: Project | None) -> dict[str, click.Command]:
        return load_commands(project, taken=self.commands) if project else {}


def load_commands(project: Project, taken: Mapping[str, object]) -> dict[str, click.Command]:
    """Import the commands of a project, by name.

    Args:
        taken: Charter's commands, by name.

    Raises:
        ProjectError: pyproject.toml names something that is no command, or one that has the name of another.
        CommandError: a module cannot be imported.
    """
    from app.pipeline.handlers import ModuleSearch

    search, found = ModuleSearch(), {}
    for word in project.commands:
        module_name, _, attribute = word.partition(":")
        module = search.load(module_name, project.root)
        if search.faults:
            raise CommandError(*map(str, search.faults), exit_code=MISCONFIGURED)
        command = getattr(module, attribute, None)
        if not isinstance(command, click.Command):
            message = f"{word} is no command." if hasattr(module, attribute) else f"There is no {word}."
            fix = "Name a function with @click.command() or @click.group() as package.module:function."
            raise ProjectError([commands_fault(project, message, fix)])
        name = command.name or attribute
        if name in taken or name in found:
            message = f"{word} has the name of {'a command of Charter' if name in taken else 'another'}, {name}."
            raise ProjectError([commands_fault(project, message, "Give it another name: @click.command(name=…).")])
        found[name] = command
    return found


def _act_as_operator(event: str, work: Callable[[Context], T], **named: Any) -> T:
    from app.cli.operator_actions import act, operating

    with operating() as dependencies:
        return act(event, work, dependencies=dependencies, **named)
