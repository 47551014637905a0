"""`charter spec fix`: the files of the document in the layout of the house."""

from pathlib import Path

import click

from app import resources
from app.cli.errors import MISCONFIGURED, CommandError
from app.cli.help_examples import example
from app.cli.printing import printable
from app.cli.project import current_project, document_root, require_document
from app.cli.writing import read_bytes, write_file


@click.command(
    short_help="Lay out the files of the document.",
    epilog=example(
        "charter spec fix", "charter spec fix --check  # change nothing; the exit code says whether it would"
    ),
)
@click.option("--check", is_flag=True, help="Change nothing. The exit code is 1 if a file would change.")
def fix(check: bool) -> None:
    """Lay out the YAML files under openapi/.

    The keys of path items, operations, responses and parameters get their usual order. Statuses get quotes. Spaces at
    the end of lines and needless blank lines go. Comments stay with the key below them. The meaning of a file never
    changes: each is read again and compared before it is written. A file that is not YAML stays as it is, and its
    faults are listed.
    """
    if resources.CHECKOUT is None and current_project() is None:
        raise CommandError("charter spec fix works in a project or a checkout only: this is an installed release")
    require_document()
    fixed, problems = fix_files(document_root().parent, check=check)
    for name in fixed:
        click.echo(f"{'would change' if check else 'changed'} {printable(name)}")
    if problems:
        raise CommandError(*problems, exit_code=MISCONFIGURED)
    if not fixed:
        click.echo("nothing to change")
    elif check:
        raise CommandError(
            "run charter spec fix to change them" if len(fixed) > 1 else "run charter spec fix to change it"
        )


def fix_files(folder: Path, *, check: bool) -> tuple[list[str], list[str]]:
    """Lay out the files of a document one by one; return the names of those that change, and what stayed and why.

    Args:
        folder: of the document.
        check: write nothing.
    """
    from app.spec.document.sources import file_name
    from app.spec.layout import NotYamlError, UnsafeChangeError, arranged

    fixed: list[str] = []
    problems: list[str] = []
    for path in sorted(folder.rglob("*.yaml")):
        name = file_name(path, folder)
        try:
            raw = read_bytes(path, Path.cwd())
            result = arranged(raw, path.relative_to(folder), name)
            if result != raw and not check:
                write_file(path, result, Path.cwd(), before=raw)
        except CommandError as error:
            problems += error.lines
            continue
        except NotYamlError as error:
            problems += [printable(str(fault)) for fault in error.faults]
            continue
        except UnsafeChangeError:
            problems.append(f"{printable(name)} cannot be laid out without a change of its meaning: it stays as it is")
            continue
        if result != raw:
            fixed.append(name)
    return fixed, problems
