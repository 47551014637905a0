"""`charter settings`: what may be changed at run time, changed without the API; no variables of the environment."""

import json
from typing import TYPE_CHECKING, Any

import click

from app.cli.asking import Text, confirm, read_secret
from app.cli.examples import example
from app.cli.printing import print_json, printable, told_moment
from app.cli.refusals import Refusal
from app.cli.tables import print_table

if TYPE_CHECKING:
    from app.context.declarations import SettingDeclaration
    from app.context.dependencies import Dependencies
    from app.services.settings import Setting

KEY_LONGEST = 64
VALUE_LONGEST = 16_384
SHOWN_LONGEST = 60
# What a change drops, as x-invalidates of put_setting has it.
TAGS = ("settings",)

key_argument = click.argument("key", type=Text(KEY_LONGEST))
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(short_help="Look at what can be changed at run time, and change it.")
def settings() -> None:
    """Look at what can be changed at run time, and change it, without signing in.

    Which settings there are, openapi/settings.yaml says. A change counts from the next request on, on every server of
    this database. Each command leaves one row in the audit trail, also one that fails; secret values are in none.
    """


@settings.command("list", short_help="List the settings.", epilog=example("charter settings list"))
@json_option
def list_settings(as_json: bool) -> None:
    """List the settings and what they are now."""
    from app.cli.audited import act, operating
    from app.services import settings as service
    from handlers.presenters import present_setting

    with operating() as dependencies:
        found = act("settings.listed", lambda _: service.listing(dependencies=dependencies), dependencies=dependencies)
    if as_json:
        print_json({"settings": [present_setting(setting) for setting in found]})
    else:
        print_table(("KEY", "VISIBILITY", "SET (UTC)", "VALUE"), [_row(setting) for setting in found])


@settings.command("get", short_help="Show a setting.", epilog=example("charter settings get registration.open"))
@key_argument
@json_option
def get_setting(key: str, as_json: bool) -> None:
    """Show the setting KEY: what it is now, its default, and what its values look like."""
    from app.cli.audited import act, operating
    from app.context.event import Event
    from app.services import settings as service
    from handlers.presenters import present_setting

    def work(event: Event) -> "Setting":
        event.target = ("setting", key)
        return service.find(key, dependencies=dependencies)

    with operating() as dependencies:
        setting = act("setting.shown", work, dependencies=dependencies)
    if as_json:
        print_json(present_setting(setting))
    else:
        _print_setting(setting)


@settings.command(
    "set",
    short_help="Set a setting.",
    epilog=example(
        "charter settings set registration.open false",
        'charter settings set service.notice "Closed for repairs from noon to one."',
        """charter settings set registration.allowed_domains '["example.com"]'""",
        "charter settings set registration.invitation_code < code",
    ),
)
@key_argument
@click.argument("value", type=Text(VALUE_LONGEST), required=False)
def set_setting(key: str, value: str | None) -> None:
    """Set the setting KEY to VALUE, from the next request on.

    VALUE is JSON, or plain text where that is what the setting takes; a text that is JSON too, such as null, is written
    in quotes. Without VALUE a secret one is asked for twice at a terminal, and is else the first line of standard
    input: what is written on the command line, others can read.
    """
    from app.cli.audited import act, operating
    from app.context.event import Event
    from app.errors import ValidationError
    from app.services import settings as service

    with operating() as dependencies:
        given = _given(key, value, dependencies)

        def work(event: Event) -> "Setting":
            event.target = ("setting", key)
            return service.put(key, given, expected_version=None, dependencies=dependencies, event=event)

        try:
            setting = act("setting.changed", work, drops=TAGS, dependencies=dependencies)
        except ValidationError as error:
            faults = "; ".join(f"{fault.field}: {fault.message}" for fault in error.details)
            raise Refusal(f"{key} does not take this: {faults}") from error
    click.echo(f"{key} is set" if setting.declared.is_secret else f"{key} is {_shown(setting.value)}")


@settings.command(
    "reset", short_help="Let the default count again.", epilog=example("charter settings reset registration.open")
)
@key_argument
@click.option("--yes", is_flag=True, help="Do not ask; without a terminal nothing is asked anyway.")
def reset_setting(key: str, yes: bool) -> None:
    """Let the default of the setting KEY count again, from the next request on."""
    from app.cli.audited import act, operating
    from app.context.event import Event
    from app.services import settings as service

    def work(event: Event) -> "Setting":
        event.target = ("setting", key)
        return service.reset(key, expected_version=None, dependencies=dependencies, event=event)

    with operating() as dependencies:
        if key in dependencies.declarations.by_key:
            confirm(f"Let the default of {key} count again, and forget what it is now?", yes)
        setting = act("setting.reset", work, drops=TAGS, dependencies=dependencies)
    default = "its default" if setting.declared.is_secret else f"{_shown(setting.value)}, its default"
    click.echo(f"{key} is {default}")


def _given(key: str, value: str | None, dependencies: "Dependencies") -> Any:
    """Return the value that is meant; of an unknown key, which the service refuses, none.

    Raises:
        UsageError: there is none, and it is no secret that could be asked for.
        Refusal: nothing came from standard input, or no text.
    """
    declared = dependencies.declarations.by_key.get(key)
    if declared is None:
        return None
    if value is None and not declared.is_secret:
        raise click.UsageError(f"say what {key} is to be")
    text = read_secret(f"New value of {key}") if value is None else value
    if text is None:
        raise Refusal(f"there is no value on standard input for {key}")
    return _meant(text, declared)


def _meant(text: str, declared: "SettingDeclaration") -> Any:
    """Return what a text stands for: a JSON value if the setting takes it, else the text itself if it takes that."""
    from app.errors import MalformedBody
    from app.spec.validation.json_body import parse

    try:
        value = parse(text.encode())
    except UnicodeEncodeError:
        raise Refusal("the value is not valid text") from None
    except MalformedBody:
        return text
    return text if declared.faults(value) and not declared.faults(text) else value


def _row(setting: "Setting") -> tuple[str, ...]:
    declared = setting.declared
    shown = _shown(setting.value)
    cut = shown if len(shown) <= SHOWN_LONGEST else shown[: SHOWN_LONGEST - 1] + "…"
    return declared.key, declared.visibility, told_moment(setting.updated_at), "***" if declared.is_secret else cut


def _print_setting(setting: "Setting") -> None:
    declared = setting.declared
    facts = {
        "value": "***" if declared.is_secret else _shown(setting.value),
        "default": "***" if declared.is_secret else _shown(declared.default),
        "set (UTC)": told_moment(setting.updated_at),
        "visibility": declared.visibility,
        "schema": _shown(declared.schema),
        "about": declared.description,
    }
    click.echo(declared.key)
    for name, value in facts.items():
        click.echo(f"  {name:<12}{printable(value)}")


def _shown(value: Any) -> str:
    return json.dumps(value)
