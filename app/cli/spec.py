"""`charter spec`: check, print, compare and release the document, without a server."""

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.errors import raise_document_errors
from app.cli.printing import print_json
from app.cli.project import current_project
from app.cli.spec_diff import diff
from app.cli.spec_docs import docs
from app.cli.spec_editor import editor
from app.cli.spec_fix import fix
from app.cli.spec_journeys import journeys
from app.cli.spec_keys import keys
from app.cli.spec_lint import lint
from app.cli.spec_release import release
from app.cli.spec_show import show
from app.cli.tables import print_table
from app.cli.writing import read_bytes, write_file
from app.config import Config

if TYPE_CHECKING:
    from app.pipeline.contract import Contract
    from app.spec.policy import Policy


@click.group(short_help="Check, print, compare and release the document.")
def spec() -> None:
    """Check the document under openapi/, print it, compare it with others, and release it."""


spec.add_command(diff)
spec.add_command(docs)
spec.add_command(editor)
spec.add_command(release)
spec.add_command(journeys)
spec.add_command(keys)
spec.add_command(lint)
spec.add_command(show)
spec.add_command(fix)


@spec.command()
@click.option("--format", "form", type=click.Choice(["json", "yaml"]), default="json", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file instead.")
def bundle(form: str, output: Path | None) -> None:
    """Print the document that clients get as one file; references to components stay."""
    text = _as_text(read_bundle(), form)
    if output is None:
        click.echo(text, nl=False)
    elif output.exists() and not output.is_file():  # a pipe or a device
        output.write_text(text, encoding="utf-8")
    else:
        before = read_bytes(output, Path.cwd()) if output.exists() else None
        write_file(output, text.encode(), Path.cwd(), before=before)


@spec.command()
def routes() -> None:
    """List the operations by path."""
    rows = [(policy.method.upper(), policy.path, name) for name, policy in _contract().policies.items()]
    print_table(("METHOD", "PATH", "OPERATION"), sorted(rows, key=lambda row: (row[1], row[0])))


@spec.command(short_help="List the policy of each operation.")
@click.option("--json", "as_json", is_flag=True, help="Print every key of every operation as JSON.")
def policy(as_json: bool) -> None:
    """List the policy of each operation: the security review on one page."""
    contract = _contract()
    weakened: dict[str, list[str]] = {}
    for weakening in contract.weakenings:
        weakened.setdefault(weakening.operation, []).append(weakening.key)
    policies, hidden = [policy for _, policy in sorted(contract.policies.items())], contract.document.choices.hidden
    if as_json:
        print_json(
            [
                {**_as_json(policy, policy.operation_id in hidden), "weakened": weakened.get(policy.operation_id, [])}
                for policy in policies
            ]
        )
        return
    header = ("OPERATION", "PERMISSION", "OWNER", "LIMIT", "CACHE", "INVALIDATES", "AUDIT", "ALSO")
    rows = [_row(one, one.operation_id in hidden, weakened.get(one.operation_id, ())) for one in policies]
    print_table(header, rows)


def _row(policy: "Policy", hidden: bool, weakened: Collection[str]) -> tuple[str, ...]:
    also = {
        "guards": ", ".join(".".join(path) for path, _ in policy.write_permissions),
        "step-up": policy.step_up,
        "if-match": policy.precondition,
        "idempotency": policy.idempotency,
        "pages": ", ".join(policy.page_kinds),
        "runs": None if policy.executor == "common" else policy.executor,
        "sunset": policy.sunset and str(policy.sunset.on),
        "document": "hidden" if hidden else None,
        "overlay weakens": ", ".join(weakened),
    }
    return (
        policy.operation_id,
        "public" if policy.public else " ".join(policy.permissions),
        str(policy.owner or policy.owned_row or "-"),
        policy.bucket or "-",
        f"{policy.cache.policy} {' '.join(map(str, policy.cache.tags))}" if policy.cache else "-",
        " ".join(map(str, policy.invalidates)) or "-",
        "-" if policy.safe else policy.event,
        "; ".join(f"{word} {value}" for word, value in also.items() if value) or "-",
    )


def _as_json(policy: "Policy", hidden: bool) -> dict[str, Any]:
    return {
        "operation": policy.operation_id,
        "method": policy.method.upper(),
        "path": policy.path,
        "public": policy.public,
        "permissions": policy.permissions,
        "owner": policy.owner or (policy.owned_row and str(policy.owned_row)),
        "guarded": {".".join(path): permission for path, permission in policy.write_permissions},
        "step_up": policy.step_up,
        "rate_limit": policy.bucket,
        "cache": policy.cache and {"policy": policy.cache.policy, "tags": [str(tag) for tag in policy.cache.tags]},
        "invalidates": [str(tag) for tag in policy.invalidates],
        "precondition": policy.precondition,
        "idempotency": policy.idempotency,
        "paginated": policy.paginated,
        "page_kinds": policy.page_kinds,
        "executor": policy.executor,
        "audit": None if policy.safe else policy.event,
        "sunset": policy.sunset and str(policy.sunset.on),
        "hidden": hidden,
    }


def read_bundle() -> dict[str, Any]:
    """Return the document that clients get as one, checked.

    Raises:
        CommandError: it has faults.
    """
    return _contract().published.bundle


def _contract() -> "Contract":
    from app.pipeline.contract import read_contract
    from app.spec.document import DocumentError

    try:
        return read_contract(Config(), project=current_project())
    except DocumentError as error:
        raise_document_errors(error.faults)


def _as_text(document: dict[str, Any], form: str) -> str:
    if form == "json":
        import orjson

        return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
    import yaml

    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
