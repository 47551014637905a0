"""What `charter scaffold` and `charter add resource` write: decided as a whole, before anything is written."""

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.project import Project
from app.scaffold.appending import Additions, Appender, with_rows
from app.scaffold.code import code_files
from app.scaffold.document_part import CannotAdd, Changes, document_part
from app.scaffold.module_edit import module_path
from app.scaffold.names import WrongName
from app.scaffold.reading import classes_of, names_of, resources_of, with_owner_of_model
from app.scaffold.reserved import wrong_names, wrong_parameters
from app.scaffold.resource import Resource
from app.scaffold.writing import write_changed
from app.spec.document import DocumentError, load

_MOMENT = "%Y-%m-%d-%H-%M"


class CannotScaffold(Exception):
    """Nothing can be written as the project is; the message has a line for each reason."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Attributes:
        new, changed: paths in the project.
        resources: that something was written for.
        todo: what the project lacks and a person has to write, because it cannot be added safely.
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
        try:
            document = load(draft.document, base=base)
        except DocumentError as error:
            load(project.document, base=base)  # what was wrong before is told as it is
            raise CannotAdd("\n".join(_taken(error, resource))) from error
    resources = [each for each in resources_of(document) if each.plural == resource.plural]
    return _write(project, part, resources)


def _taken(error: DocumentError, resource: Resource) -> Iterator[str]:
    """Yield why the names of a resource do not go with those of the document, without the files of the draft."""
    for fault in error.faults:
        names = "choose another name for the resource, or for one of it with --singular"
        yield f"{resource.plural} ({resource.singular}) cannot be added: {fault.message.rstrip('.')}: {names}"


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
            if _add_missing(project, resource, moment, models.get(resource.model), changes, todo):
                touched.append(resource)
                moment += timedelta(minutes=1)
    except WrongName as error:
        raise CannotScaffold(str(error)) from error
    except SyntaxError as error:
        raise CannotScaffold(f"{error.filename}:{error.lineno}: this is not Python: correct it first") from error
    write_changed(project.root, changes.new, changes.changed)
    return Written(sorted(changes.new), sorted(changes.changed), touched, todo)


def _add_missing(
    project: Project, resource: Resource, moment: datetime, model_module: str | None, changes: Changes, todo: list[str]
) -> bool:
    """Add to the changes what a resource lacks, and to `todo` what a person has to add; return whether there is any."""
    handlers = project.root / module_path(project.root, f"handlers.{resource.plural}")
    known = names_of(handlers)
    lacking = [operation.name for operation in resource.operations if operation.name not in known]
    needs_model = resource.has_model and model_module is None
    if not lacking and not needs_model:
        return False
    faults = [*(wrong_names(resource) if needs_model else ()), *wrong_parameters(resource, lacking)]
    if faults:
        raise WrongName("\n".join(f"the tag {resource.plural}: {fault}" for fault in faults))
    if model_module:
        resource = with_owner_of_model(resource, project, model_module)
    files = code_files(resource, now=moment, model_module=model_module)
    if not needs_model:
        files = {path: text for path, text in files.items() if not path.startswith(("models/", "migrations/"))}
    if handlers.is_file():
        files = _appended(project, resource, lacking, files, changes, todo)
    new = {path: text for path, text in files.items() if path not in changes.new and not (project.root / path).exists()}
    changes.new |= new
    return bool(new or lacking)


def _appended(
    project: Project,
    resource: Resource,
    lacking: Sequence[str],
    files: Mapping[str, str],
    changes: Changes,
    todo: list[str],
) -> dict[str, str]:
    """Add functions to the modules of a resource that exist; return the files that are to be written as they are."""
    code = {path: text for path, text in files.items() if path.endswith(".py") and not path.startswith("migrations/")}
    appender, all_added = Appender(project.root, code), Additions()
    wanted = {path for path in files if path.startswith(("models/", "migrations/"))}
    done = []
    for name in lacking:
        test = f"tests/operations/test_{name}.py"
        added = appender.needed(f"handlers.{resource.plural}", name, test)
        if added.problems:
            todo.append(f"{name}, because {'; '.join(added.problems)}. Add this text:\n\n{appender.shown(added)}\n")
            continue
        all_added.include(added)
        wanted.add(test)
        done.append(name)
    page = f"docs/features/{resource.plural}.md"
    if (project.root / page).is_file():
        text = (project.root / page).read_text(encoding="utf-8")
        changes.changed[page] = (text, with_rows(text, files[page], done))
    written = {path: files[path] for path in wanted}
    for path, before, after in appender.texts(all_added):
        if before is None:
            written[path] = after
        else:
            changes.changed[path] = (before, after)
    folders = {path.rpartition("/")[0] for path in written}
    initial = {path: files[path] for path in files if path.endswith("/__init__.py") and path[:-12] in folders}
    changes.changed = {path: texts for path, texts in changes.changed.items() if texts[0] != texts[1]}
    return {**initial, **written}


def _free_moment(project: Project) -> datetime:
    """Return the present, or a minute after the latest migration that is dated later."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    for path in project.migrations.glob("*.py"):
        if dated := re.match(r"\d{4}(-\d\d){4}", path.name):
            now = max(now, datetime.strptime(dated[0], _MOMENT).replace(tzinfo=UTC) + timedelta(minutes=1))
    return now
