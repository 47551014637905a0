"""What `charter scaffold` and `charter add resource` write: decided as a whole, before anything is written."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.project import Project
from app.scaffold.code import code_files
from app.scaffold.document_part import Changes, document_part
from app.scaffold.reading import classes_of, functions_of, resources_of
from app.scaffold.resource import Resource
from app.scaffold.writing import write_changed
from app.spec.document import load

_MOMENT = "%Y-%m-%d-%H-%M"


class CannotScaffold(Exception):
    """Nothing can be written as the project is; the message has a line for each reason."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Attributes:
        new, changed: paths in the project.
        resources: that something was written for.
        todo: what the project lacks and a person has to write, because the file exists.
    """

    new: Sequence[str]
    changed: Sequence[str]
    resources: Sequence[Resource]
    todo: Sequence[str]


def add_resource(project: Project, base: Path, resource: Resource, kinds: Sequence[str]) -> Written:
    """Add a resource to the document of a project, and write its code.

    Args:
        base: the root file of Charter's document.
        kinds: its operations.

    Raises:
        CannotAdd, CannotScaffold, DocumentError, OSError: nothing has changed.
    """

    def read(path: str) -> str | None:
        file = project.root / path
        return file.read_text(encoding="utf-8") if file.is_file() else None

    part = document_part(resource, kinds, read)
    with tempfile.TemporaryDirectory(prefix=".charter-", dir=project.root) as made:
        # The code follows from the document as it will be.
        draft = Project(project.name, Path(made), project.handlers)
        if project.openapi.is_dir():
            shutil.copytree(project.openapi, draft.openapi)
        for path, text in {**part.new, **{path: after for path, (_, after) in part.changed.items()}}.items():
            (draft.root / path).parent.mkdir(parents=True, exist_ok=True)
            (draft.root / path).write_text(text, encoding="utf-8")
        resources = [each for each in resources_of(load(draft.document, base=base)) if each.plural == resource.plural]
    return _write(project, part, resources)


def scaffold(project: Project, base: Path) -> Written:
    """Write the code of every operation that has no handler, and of every schema that has no model.

    Raises:
        CannotScaffold, DocumentError, OSError: nothing has changed.
    """
    return _write(project, Changes(), resources_of(load(project.document, base=base)))


def _write(project: Project, changes: Changes, resources: Sequence[Resource]) -> Written:
    todo: list[str] = []
    touched: list[Resource] = []
    moment = _free_moment(project)
    try:
        models = classes_of(project, "models")
        for resource in resources:
            files = _missing_files(project, resource, moment, models, todo)
            if files:
                touched.append(resource)
                moment += timedelta(minutes=1)
            changes.new |= {path: text for path, text in files.items() if path not in changes.new}
    except SyntaxError as error:
        raise CannotScaffold(f"{error.filename}:{error.lineno}: this is not Python: correct it first") from error
    changes.new = {path: _formatted(path, text, project) for path, text in changes.new.items()}
    write_changed(project.root, changes.new, changes.changed)
    return Written(sorted(changes.new), sorted(changes.changed), touched, todo)


def _missing_files(
    project: Project, resource: Resource, moment: datetime, models: set[str], todo: list[str]
) -> dict[str, str]:
    """Return the files that a resource lacks; what a file that exists lacks is added to `todo`."""
    handlers = project.root / "handlers" / f"{resource.plural}.py"
    known = functions_of(handlers)
    lacking = [operation for operation in resource.operations if operation.name not in known]
    files = code_files(resource, now=moment)
    if not lacking and resource.model in models:
        return {}
    if handlers.is_file():
        todo += [f"handlers/{resource.plural}.py has no function {operation.name}: add it" for operation in lacking]
        wanted = {f"tests/operations/test_{operation.name}.py" for operation in lacking}
        files = {path: text for path, text in files.items() if path in wanted or path.startswith("tests/operations/__")}
    if resource.model in models:
        files = {path: text for path, text in files.items() if not path.startswith(("models/", "migrations/"))}
    return {path: text for path, text in files.items() if not (project.root / path).exists()}


def _free_moment(project: Project) -> datetime:
    """Return the present, or a minute after the latest migration that is dated later."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    for path in project.migrations.glob("*.py"):
        if dated := re.match(r"\d{4}(-\d\d){4}", path.name):
            now = max(now, datetime.strptime(dated[0], _MOMENT).replace(tzinfo=UTC) + timedelta(minutes=1))
    return now


def _formatted(path: str, text: str, project: Project) -> str:
    """Return Python as ruff formats it; as it is where ruff is not installed."""
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent)) or shutil.which("ruff")
    if not path.endswith(".py") or ruff is None:
        return text
    command = [ruff, "format", "--quiet", "--stdin-filename", path, "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, cwd=project.root, check=False)
    return done.stdout if done.returncode == 0 and done.stdout else text
